"""Newer Colab keeps ids and adds widget state without the key that the format asks for."""


def damage(notebook):
    notebook["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {"a1": {"model_name": "X"}}}
    for cell in notebook["cells"]:
        cell["metadata"]["colab"] = {"base_uri": "https://localhost:8080/"}
    return dumped(notebook)
