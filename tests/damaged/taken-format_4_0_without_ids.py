"""Format 4.0 has no cell ids."""


def damage(notebook):
    notebook["nbformat_minor"] = 0
    for cell in notebook["cells"]:
        cell.pop("id", None)
    return dumped(notebook)
