"""Google Drive puts `Copy of` before the name."""

FILE = 'Copy of {name}.ipynb'


def damage(notebook):
    return json.dumps(notebook).encode()
