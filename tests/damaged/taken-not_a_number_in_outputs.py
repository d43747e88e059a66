"""Python writes NaN and Infinity into JSON, which has neither."""


def damage(notebook):
    code_cell = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    code_cell["outputs"] = [{"output_type": "display_data", "metadata": {}, "data": {"application/json": {"x": [float("nan"), float("inf")]}}}]
    return dumped(notebook)
