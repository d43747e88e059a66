"""A keystroke (m) turned an answer into a text cell."""

SAYS = 'forward'


def damage(notebook):
    cell = named(notebook, "forward")
    cell["cell_type"] = "markdown"
    for key in ("outputs", "execution_count"):
        cell.pop(key, None)
    return dumped(notebook)
