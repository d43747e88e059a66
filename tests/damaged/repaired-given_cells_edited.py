"""The student tried things in the given cells and in a check."""

SAYS = 'check-forward'


def damage(notebook):
    named(notebook, "setup")["source"] += "\nprint('hello')"
    named(notebook, "check-forward")["source"] = "# my own test\nforward\n"
    return dumped(notebook)
