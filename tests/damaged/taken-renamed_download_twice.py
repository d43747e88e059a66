"""A browser numbers the second download."""

FILE = '{name} (1).ipynb'


def damage(notebook):
    return json.dumps(notebook).encode()
