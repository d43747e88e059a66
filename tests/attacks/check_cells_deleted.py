# tries: deletes the check cells
# only: ours, nbgrader
# gain: an earlier score that stays, or silence that counts
# verdict: graded

# %% notebook
def change(notebook):
    notebook["cells"] = [cell for cell in notebook["cells"] if not cell["metadata"].get("nbgrader", {}).get("grade")]
