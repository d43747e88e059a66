"""A cell was split in two; the metadata stays with the first half, where only a helper function is."""

SAYS = 'forward'


def damage(notebook):
    cell = named(notebook, "forward")
    source, helper = cell["source"], "def never():\n    return -np.inf"
    cell["source"] = helper
    rest = own_cell(source.replace("-np.inf", "never()"))
    notebook["cells"].insert(notebook["cells"].index(cell) + 1, rest)
    return dumped(notebook)
