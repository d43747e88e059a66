"""A browser that does not know notebooks adds .txt."""

FILE = '{name}.ipynb.txt'


def damage(notebook):
    return json.dumps(notebook).encode()
