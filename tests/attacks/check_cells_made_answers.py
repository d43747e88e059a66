# tries: marks the check cells as answers and the answers as checks
# only: ours, nbgrader
# gain: checks that the student may write

# %% notebook
def change(notebook):
    for cell in notebook["cells"]:
        mark = cell["metadata"].get("nbgrader", {})
        if mark.get("grade"):
            mark['grade'], mark['solution'] = False, True
