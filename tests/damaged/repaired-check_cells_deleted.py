"""The check cells were deleted: they had turned red."""

SAYS = 'check-forward'


def damage(notebook):
    for name in ("check-forward", "check-backward"):
        notebook["cells"].remove(named(notebook, name))
    return dumped(notebook)
