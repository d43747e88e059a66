"""Pictures and sound in the outputs: 50 MB of them. Made here, not stored."""


def damage(notebook):
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for cell in cells[:10]:
        cell["outputs"] = [{"output_type": "display_data", "metadata": {}, "data": {"image/png": "iVBORw0KGgo" * 480_000}}]
    return dumped(notebook)
