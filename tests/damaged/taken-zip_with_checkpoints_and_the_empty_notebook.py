"""The zip holds the released notebook and Jupyter's checkpoints beside the answered one."""

FILE = '{name}.zip'


def damage(notebook):
    data, empty = json.dumps(notebook).encode(), copy.deepcopy(notebook)
    for cell in empty["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            cell["source"] = "raise NotImplementedError"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rnnt/seminar4.ipynb", json.dumps(empty))
        archive.writestr("rnnt/seminar4 (answered).ipynb", data)
        archive.writestr("rnnt/.ipynb_checkpoints/seminar4-checkpoint.ipynb", json.dumps(empty))
    return buffer.getvalue()
