# tries: copies answer and check cells, so that every grade id is there twice
# only: ours, nbgrader
# gain: the run of the whole class ends
# verdict: graded

# %% notebook
import json
def change(notebook):
    marked = [cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade") or cell["metadata"].get("nbgrader", {}).get("solution")]
    for number, cell in enumerate(json.loads(json.dumps(marked))):
        cell["id"] = f"copy-{number}"
        notebook["cells"].append(cell)
