"""Imports of what the grading machine does not have, in a cell of the student's own."""


def damage(notebook):
    notebook["cells"].insert(0, own_cell("import seaborn as sns\nimport tensorflow as tf\nfrom google.colab import drive\ndrive.mount('/content/drive')"))
    return dumped(notebook)
