"""A tool writes `source` as one string, another as lines without ends."""


def damage(notebook):
    for number, cell in enumerate(notebook["cells"]):
        cell["source"] = cell["source"] if number % 2 else cell["source"].split("\n")
    return dumped(notebook)
