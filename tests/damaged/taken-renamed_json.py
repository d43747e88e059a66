"""A browser saves by the media type: .json."""

FILE = '{name}.ipynb.json'


def damage(notebook):
    return json.dumps(notebook).encode()
