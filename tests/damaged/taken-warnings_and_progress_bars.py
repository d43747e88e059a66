"""Answers that print, warn and draw a progress bar on stderr."""


def damage(notebook):
    cell = named(notebook, "forward")
    first, rest = cell["source"].split(":\n", 1)
    noise = "    import sys, warnings\n    print('called')\n    warnings.warn('slow')\n    print('50 %', file=sys.stderr)\n"
    cell["source"] = first + ":\n" + noise + rest
    return dumped(notebook)
