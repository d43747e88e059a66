"""A disk that was full or a sync client left zero bytes at the end."""


def damage(notebook):
    return json.dumps(notebook).encode() + bytes(4096)
