"""Windows Notepad saved it as Unicode, which is UTF-16."""


def damage(notebook):
    return json.dumps(notebook, ensure_ascii=False).encode("utf-16")
