"""Everything but the answers was deleted, the imports too."""

SAYS = 'had been deleted'


def damage(notebook):
    notebook["cells"] = [named(notebook, "forward"), named(notebook, "backward")]
    return dumped(notebook)
