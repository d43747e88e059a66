"""An editor on Windows writes a byte order mark."""


def damage(notebook):
    return b"\xef\xbb\xbf" + json.dumps(notebook, ensure_ascii=False).encode()
