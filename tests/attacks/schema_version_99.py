# tries: writes a version of the metadata that does not exist
# only: ours, nbgrader
# gain: the run of the whole class ends
# verdict: graded

# %% notebook
def change(notebook):
    for cell in notebook["cells"]:
        mark = cell["metadata"].get("nbgrader", {})
        if mark.get("grade"):
            mark['schema_version'] = 99
