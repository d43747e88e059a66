"""All checks were moved to the end of the notebook."""


def damage(notebook):
    checks = [named(notebook, "check-forward"), named(notebook, "check-backward")]
    notebook["cells"] = [cell for cell in notebook["cells"] if cell not in checks] + checks
    return dumped(notebook)
