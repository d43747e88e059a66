"""Two answers were merged into one cell, and the other cell is gone."""

SAYS = 'backward'


def damage(notebook):
    first, second = named(notebook, "forward"), named(notebook, "backward")
    first["source"] += "\n\n" + second["source"]
    notebook["cells"].remove(second)
    return dumped(notebook)
