"""A notebook as the list of things to do with it: cells to run, and places where an exercise is asked."""

from collections.abc import Collection, Iterable, Mapping, Sequence


def steps(cells: Iterable[Mapping], skipped: Collection[str], keys: Sequence[str]) -> tuple[list[dict], set[str]]:
    """Lay the cells out as {"run": source, "name": title} or {"ask": exercise}, in the order of the notebook.

    cells: of a notebook in which every cell has "cell_type", "metadata" and "source", a string.
    skipped: grade ids of cells that are for the student's eyes alone.
    keys: the exercises; those without a check cell are asked at the end.

    Also returns the names of the steps whose source is the course's: an exception there is a consequence, not news.
    """
    found, given, asked = [], set(), []
    for number, cell in enumerate(cells, start=1):
        mark = cell["metadata"].get("nbgrader", {})
        name = f"cell {number}" + (f" ({mark['grade_id']})" if mark else "")
        if cell["cell_type"] != "code" or not cell["source"].strip() or mark.get("grade_id") in skipped:
            continue
        if mark.get("grade"):
            exercise = mark["grade_id"].removeprefix("check-")
            asked.append(exercise)
            found.append({"ask": exercise})
            continue
        if mark and not mark.get("solution"):
            given.add(name)
        found.append({"run": cell["source"], "name": name})
    return found + [{"ask": key} for key in keys if key not in asked], given


def for_the_eyes(cells: Iterable[Mapping]) -> set[str]:
    """Grade ids of the cells that grading skips."""
    return {
        cell["metadata"]["nbgrader"]["grade_id"]
        for cell in cells
        if "nbgrader" in cell["metadata"] and cell["metadata"].get("rnnt", {}).get("grading") == "skip"
    }
