"""Cells that were cut and pasted come back without nbgrader's metadata."""

SAYS = 'had lost the mark'


def damage(notebook):
    for name in ("forward", "backward"):
        cell = named(notebook, name)
        cell["metadata"], cell["id"] = {}, f"pasted-{len(name)}"
    return dumped(notebook)
