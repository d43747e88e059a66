"""An editor writes cells without any metadata and without ids."""

SAYS = 'had lost the mark'


def damage(notebook):
    notebook["metadata"] = {}
    for cell in notebook["cells"]:
        cell["metadata"] = {}
        cell.pop("id", None)
    return dumped(notebook)
