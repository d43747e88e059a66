"""A cell asks for the keyboard, where nobody sits."""


def damage(notebook):
    notebook["cells"].insert(0, own_cell("name = input('Your name? ')\nimport getpass\ngetpass.getpass('Token: ')"))
    return dumped(notebook)
