"""An old tool saved format 3: worksheets, `input` for `source`, and heading cells."""


def damage(notebook):
    cells = []
    for cell in notebook["cells"]:
        old = {"cell_type": cell["cell_type"], "metadata": cell["metadata"]}
        if cell["cell_type"] == "code":
            old |= {"input": cell["source"], "language": "python", "outputs": [], "collapsed": False, "prompt_number": 1}
        else:
            old["source"] = cell["source"]
        cells.append(old)
    cells.insert(0, {"cell_type": "heading", "level": 2, "metadata": {}, "source": "My notebook"})
    old = {"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": cells, "metadata": {}}]}
    return json.dumps(old).encode()
