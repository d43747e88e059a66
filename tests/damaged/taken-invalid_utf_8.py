"""Outputs with bytes of another encoding, as a program printed them."""


def damage(notebook):
    next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": "temperature: 20 @@C"}
    ]
    return json.dumps(notebook, ensure_ascii=False).encode().replace(b"@@", b"\xb0")
