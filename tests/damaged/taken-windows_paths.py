"""Paths of the student's own computer, in a cell and in a comment."""


def damage(notebook):
    source = "import os\nos.chdir('C:\\\\Users\\\\Ann\\\\rnnt')\ndata = open(r'D:\\data\\train.csv').read()"
    notebook["cells"].insert(0, own_cell(source))
    cell = named(notebook, "forward")
    cell["source"] = "# as in C:\\Users\\Ann\\notes\n" + cell["source"]
    return dumped(notebook)
