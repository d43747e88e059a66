# tries: writes lists, objects and numbers where the format has texts
# only: ours, nbgrader
# gain: a fault in whoever reads them

# %% notebook
def change(notebook):
    for number, cell in enumerate(notebook["cells"]):
        mark = cell["metadata"].get("nbgrader")
        if mark and number % 3 == 0:
            mark["grade_id"] = [[mark["grade_id"]], {"a": 1}, 3, None, True, "../../etc", "\ud800"][number % 7]
        if number % 5 == 0:
            cell["metadata"]["nbgrader"] = ["x"]
        if number % 7 == 0:
            cell["id"] = {"$": number}
    notebook["metadata"] = {"kernelspec": {"name": "../../evil", "display_name": ["x"]}, "language_info": 3}
