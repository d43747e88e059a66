"""A zip in a zip, with the clutter that macOS adds."""

FILE = '{name}.zip'


def damage(notebook):
    data, inner = json.dumps(notebook).encode(), io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("hand in/final/seminar4.ipynb", data)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("work.zip", inner.getvalue())
        archive.writestr("__MACOSX/._work.zip", b"\0\5\26\7")
        archive.writestr(".DS_Store", b"\0\0\0\1Bud1")
    return buffer.getvalue()
