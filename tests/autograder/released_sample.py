"""A small released notebook in the shape of the seminar's, for the tests of matching and intake."""

import copy

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

FORWARD_STUB = '''def forward(log_probs, targets, blank=-1):
    """Forward variables of the lattice.

    log_probs: (T, U+1, V); targets: (U,).
    Returns log_alpha (T, U+1) and the cost, -ln P(y|x).
    """
    # YOUR CODE HERE
    raise NotImplementedError("forward: fill alpha with the recurrence above")
'''
BACKWARD_STUB = '''def backward(log_probs, targets, blank=-1):
    """Backward variables of the lattice.

    log_probs: (T, U+1, V); targets: (U,).
    Returns log_beta (T, U+1) and the cost, -ln P(y|x).
    """
    # YOUR CODE HERE
    raise NotImplementedError("backward: fill beta with the recurrence above")
'''
FORWARD = FORWARD_STUB.split("    # YOUR")[0] + "    log_alpha = walk(log_probs)\n    return log_alpha, 1.5\n"
BACKWARD = BACKWARD_STUB.split("    # YOUR")[0] + "    log_beta = walk(log_probs[::-1])\n    return log_beta, 1.5\n"


def settings(grade_id: str, *, grade=False, solution=False, locked=True, points=None) -> dict:
    nbgrader = {"grade": grade, "grade_id": grade_id, "locked": locked, "schema_version": 3, "solution": solution}
    nbgrader["task"] = False
    if points is not None:
        nbgrader["points"] = points
    return {"nbgrader": nbgrader, "deletable": False} | ({} if solution else {"editable": False})


def template():
    """Seven given cells, two answers, two checks."""

    def text(name, source):
        return new_markdown_cell(source, id=name, metadata=settings(name))

    def given(name, source):
        return new_code_cell(source, id=name, metadata=settings(name))

    def answer(name, source):
        return new_code_cell(source, id=name, metadata=settings(name, solution=True, locked=False))

    def check(name, source):
        return new_code_cell(source, id=name, metadata=settings(name, grade=True, points=5))

    return new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        cells=[
            text("title", "# Seminar 4\n\nThe lattice of a transducer and two ways to walk over it."),
            given("imports", "import torch\n\nfrom helpers import checks, lattice"),
            given(
                "example",
                'cat = checks.case("cat")\nsymbols = ("∅", "C", "A", "T")\nlattice.trellis(T=4, labels="CAT")',
            ),
            text("forward-text", "## Forward\n\nFill in the recurrence for the forward variables, row by row."),
            answer("forward", FORWARD_STUB),
            check("check-forward", "checks.forward(forward)"),
            text("backward-text", "## Backward\n\nThe same from the other end of the utterance."),
            answer("backward", BACKWARD_STUB),
            check("check-backward", "checks.backward(backward)"),
            text("posterior-text", "## Posteriors\n\nBoth together say how often an arc is used."),
            given(
                "posterior",
                "log_alpha, cost = forward(cat.log_probs, cat.targets, cat.blank)\nlattice.alpha(cat, log_alpha)",
            ),
        ],
    )


def cell(notebook, name: str):
    """The cell with this grade id."""
    found = [one for one in notebook.cells if one.metadata.get("nbgrader", {}).get("grade_id") == name]
    assert len(found) == 1, f"{name}: {len(found)} times"
    return found[0]


def position(notebook, name: str) -> int:
    return notebook.cells.index(cell(notebook, name))


def solved():
    """An honest hand-in."""
    notebook = copy.deepcopy(template())
    cell(notebook, "forward").source = FORWARD
    cell(notebook, "backward").source = BACKWARD
    return notebook
