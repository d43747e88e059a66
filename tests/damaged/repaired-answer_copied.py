"""Copying a cell copies its metadata: the grade id is there twice."""

SAYS = '2 times'


def damage(notebook):
    cell = named(notebook, "forward")
    notebook["cells"].insert(notebook["cells"].index(cell) + 1, copy.deepcopy(cell) | {"id": "copy"})
    return dumped(notebook)
