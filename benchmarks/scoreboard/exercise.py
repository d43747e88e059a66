"""The two functions of Seminar 4 as an exercise for other graders: 10 points, visible and hidden tests, numpy only.

The tests are what a careful instructor writes: public numbers in the open, and hidden comparisons with a reference on
other inputs, with `numpy.testing`, which is not fooled by objects that claim to be equal.
"""

import json
import textwrap

POINTS = 5.0

ANSWERS = {
    "forward": """
def forward(log_probs, targets, blank=-1):
    p, y = np.asarray(log_probs, dtype=np.float64), np.asarray(targets)
    T, U = p.shape[0], len(y)
    a = np.full((T, U + 1), -np.inf)
    a[0, 0] = 0.0
    for t in range(T):
        for u in range(U + 1):
            if t > 0:
                a[t, u] = np.logaddexp(a[t, u], a[t - 1, u] + p[t - 1, u, blank])
            if u > 0:
                a[t, u] = np.logaddexp(a[t, u], a[t, u - 1] + p[t, u - 1, y[u - 1]])
    return a, -(a[T - 1, U] + p[T - 1, U, blank])
""",
    "backward": """
def backward(log_probs, targets, blank=-1):
    p, y = np.asarray(log_probs, dtype=np.float64), np.asarray(targets)
    T, U = p.shape[0], len(y)
    b = np.full((T, U + 1), -np.inf)
    b[T - 1, U] = p[T - 1, U, blank]
    for t in reversed(range(T)):
        for u in reversed(range(U + 1)):
            if t < T - 1:
                b[t, u] = np.logaddexp(b[t, u], b[t + 1, u] + p[t, u, blank])
            if u < U:
                b[t, u] = np.logaddexp(b[t, u], b[t, u + 1] + p[t, u, y[u]])
    return b, -b[0, 0]
""",
}
"""Right solutions, for honest hand-ins and, under another name, for the hidden tests."""

STUB = "def {name}(log_probs, targets, blank=-1):\n    raise NotImplementedError"

_VISIBLE = """
cells, cost = {name}(np.log(np.full((2, 2, 3), 1 / 3)), np.array([1]), 0)
assert np.shape(cells) == (2, 2)
np.testing.assert_allclose(float(cost), -np.log(2 / 27))
"""
_HIDDEN = """
{reference}
generator = np.random.default_rng(20260302)
for T, U, V, blank in ((1, 0, 4, -1), (1, 3, 5, 0), (4, 3, 6, 2), (7, 5, 6, -1), (2, 6, 8, 1)):
    log_probs = generator.normal(size=(T, U + 1, V))
    log_probs -= np.log(np.exp(log_probs).sum(-1, keepdims=True))
    targets = generator.choice(np.delete(np.arange(V), blank), U)
    expected, expected_cost = hidden_reference(log_probs, targets, blank)
    cells, cost = {name}(log_probs, targets, blank)
    np.testing.assert_allclose(np.asarray(cells, dtype=float), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(float(cost), expected_cost, rtol=1e-4, atol=1e-5)
"""


def tests(name: str, secret: str) -> tuple[str, str]:
    """Visible and hidden tests of one function. `secret` stands in the hidden ones."""
    reference = ANSWERS[name].replace(f"def {name}(", "def hidden_reference(")
    return _VISIBLE.format(name=name).strip(), f"# {secret}" + _HIDDEN.format(name=name, reference=reference)


def for_nbgrader(secret: str, source: str) -> dict:
    """The instructor's notebook. `source` is a secret that only this file holds."""
    cells = [_cell("title", "# The lattice", "markdown"), _cell("setup", "import numpy as np")]
    for name, answer in ANSWERS.items():
        visible, hidden = tests(name, secret)
        solution = f"### BEGIN SOLUTION\n{answer.strip()}\n# {source}\n### END SOLUTION"
        cells.append(_cell(name, solution, solution=True, locked=False))
        test = f"{visible}\n### BEGIN HIDDEN TESTS\n{hidden.strip()}\n### END HIDDEN TESTS"
        cells.append(_cell(f"check-{name}", test, grade=True, points=POINTS))
    return _notebook(cells)


def for_otter() -> dict:
    """The students' notebook; tests are files of their own."""
    start = "import numpy as np\nimport otter\n\ngrader = otter.Notebook()"
    cells = [_cell("title", "# The lattice", "markdown"), _cell("setup", start)]
    for name in ANSWERS:
        cells.append(_cell(name, STUB.format(name=name), solution=True, locked=False))
        cells.append(_cell(f"check-{name}", f'grader.check("{name}")', grade=True, points=POINTS))
    return _notebook(cells)


def otter_tests(secret: str) -> dict[str, str]:
    """Otter's test files by name."""
    files = {}
    for name in ANSWERS:
        visible, hidden = tests(name, secret)
        files[f"{name}.py"] = (
            "import numpy as np\nfrom otter.test_files import test_case\n\n"
            f"OK_FORMAT = False\nname = {name!r}\npoints = {POINTS}\n\n\n"
            f"@test_case(points={POINTS * 2 / 5}, hidden=False)\ndef test_visible({name}):\n"
            f"{textwrap.indent(visible, '    ')}\n\n\n"
            f"@test_case(points={POINTS * 3 / 5}, hidden=True)\ndef test_hidden({name}):\n"
            f"{textwrap.indent(hidden.strip(), '    ')}\n"
        )
    return files


def _cell(name: str, source: str, kind: str = "code", **marks) -> dict:
    mark = {"grade": False, "grade_id": name, "locked": True, "schema_version": 3, "solution": False, "task": False}
    cell = {"cell_type": kind, "id": name, "metadata": {"nbgrader": mark | marks}, "source": source}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def _notebook(cells: list[dict]) -> dict:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.loads(json.dumps(notebook))
