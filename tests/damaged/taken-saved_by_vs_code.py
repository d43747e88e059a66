"""VS Code adds its language marks and drops the kernel's name."""


def damage(notebook):
    notebook["metadata"] = {"language_info": {"name": "python"}, "orig_nbformat": 4, "vscode": {"interpreter": {"hash": "x"}}}
    for cell in notebook["cells"]:
        cell["metadata"]["vscode"] = {"languageId": "python"}
    return dumped(notebook)
