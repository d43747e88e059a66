# tries: adds check cells of its own, worth 100 points each, under known and under new names
# only: ours, nbgrader
# gain: points for checks that the student wrote

# %% notebook
def change(notebook):
    for name in ("check-bonus", "check-forward-2", "forward", "check-"):
        mark = {"grade": True, "grade_id": name, "locked": True, "points": 100, "schema_version": 3, "solution": False, "task": False}
        notebook["cells"].append({"cell_type": "code", "execution_count": None, "id": "forged" + name, "metadata": {"nbgrader": mark}, "outputs": [], "source": "5.0"})
