"""The sections were moved around: backward and its check stand before forward."""


def damage(notebook):
    moved = [named(notebook, "backward"), named(notebook, "check-backward")]
    for cell in moved:
        notebook["cells"].remove(cell)
    at = notebook["cells"].index(named(notebook, "forward"))
    notebook["cells"][at:at] = moved
    return dumped(notebook)
