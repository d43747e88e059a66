"""A script that joined notebooks wrote the same id everywhere, and one with blanks."""


def damage(notebook):
    for number, cell in enumerate(notebook["cells"]):
        cell["id"] = "same" if number % 2 else "not an id!"
    return dumped(notebook)
