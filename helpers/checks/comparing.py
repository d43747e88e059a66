"""Compare an answer with the truth and say what is wrong, where, why (probably) and what to do next."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from . import terms
from .calling import ARRAY_NAMES, Answer
from .cases import Inputs, Truth

# A correct float32 solution differs from float64 by about 1e-6 of the largest number it added up (measured: 1e-3 at a
# cost of 1469 nats); a float16 one by 1e-3. The tolerance lies between, and grows with the numbers in the lattice.
RELATIVE = 1e-4
OF_LARGEST = 1e-5

IMPOSSIBLE = -1e8
"""Below this a log-probability means "impossible": some write -1e9 or -1e30 for -inf, and that is fine."""

FLOAT32_EXP_FADES, FLOAT32_EXP_IS_ZERO = -87.3, -103.9
"""exp(x) in float32 loses digits below the first and is 0 below the second (nats)."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, in the student's words."""

    what: str
    where: str = ""
    why: str = ""
    next: str = ""
    numbers: str = ""
    """The figures behind it. Only shown for public cases."""
    cell: tuple[int, int] | None = None
    """The first wrong node (t, u)."""

    def without_numbers(self) -> "Finding":
        """The same finding for a hidden input, whose figures are never printed."""
        return replace(self, numbers="")


def close(got: np.ndarray | float, expected: np.ndarray | float, scale: float | None = None) -> np.ndarray:
    """Element-wise: is `got` the right log value? `scale` is the largest magnitude in the lattice (nats)."""
    got, expected = np.asarray(got, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    got, expected = (_with_infinities(values) for values in (got, expected))
    if scale is None:
        scale = largest(expected)
    with np.errstate(invalid="ignore"):
        near = np.abs(got - expected) <= RELATIVE * np.abs(expected) + OF_LARGEST * scale
    return (near & np.isfinite(expected)) | (got == expected)


def _with_infinities(values: np.ndarray) -> np.ndarray:
    """Numbers that stand for "impossible" made -inf, and costs that follow from them inf."""
    return np.where(values < IMPOSSIBLE, -np.inf, np.where(values > -IMPOSSIBLE, np.inf, values))


def largest(expected: np.ndarray) -> float:
    """The largest finite magnitude, at least 1 nat."""
    magnitudes = np.abs(expected[np.isfinite(expected)])
    return max(1.0, float(magnitudes.max(initial=0.0)))


def same_answer(answer: Answer, truth: Truth) -> bool:
    """Whether array and cost agree."""
    return (
        answer.status == "ok"
        and answer.cells.shape == truth.cells.shape
        and bool(close(answer.cells, truth.cells).all())
        and bool(close(answer.cost, truth.cost))
    )


def compare(
    exercise: str, inputs: Inputs, truth: Truth, answer: Answer, look_at: frozenset[str] = frozenset({"cells", "cost"})
) -> Finding | None:
    """None where the answer is right; else the first thing to look at. `look_at` names the halves that count."""
    if answer.status != "ok":
        return Finding(what=answer.problem, next=_NEXT_STEP[answer.status])
    if "cells" in look_at and (finding := _compare_cells(exercise, inputs, truth, answer)):
        return finding
    if "cost" in look_at and not close(answer.cost, truth.cost, largest(truth.cells)):
        return _wrong_cost(exercise, inputs, truth, answer)
    return None


_NEXT_STEP = {
    "not implemented": "Replace the line that raises NotImplementedError with your code, run the cell, run the check.",
    "raised": "Call the function yourself on checks.case('cat') and look at the shapes at that line.",
    "malformed": "The last line of the function should return the pair.",
    "timeout": "Each node should be visited once: the work is T times (U+1), not more.",
}


def _compare_cells(exercise: str, inputs: Inputs, truth: Truth, answer: Answer) -> Finding | None:
    name, expected, got = ARRAY_NAMES[exercise], truth.cells, answer.cells
    if got.shape != expected.shape:
        return _wrong_shape(name, expected.shape, got.shape)
    right = close(got, expected)
    if right.all():
        return None
    if not (np.isneginf(expected) | close(np.exp(expected), 0)).all() and close(got, np.exp(expected)).all():
        return Finding(
            what=f"{name} holds probabilities, not their logarithms.",
            next=f"Start from log(1) = 0, add where you multiplied, and use np.logaddexp where you added ({name}).",
        )
    t, u = next((t, u) for t, u in nodes_in_order(exercise, expected.shape) if not right[t, u])
    share = f"{(~right).sum()} of {right.size} cells are off" if (~right).sum() > 1 else "only this cell is off"
    why, following = _why_this_cell(exercise, inputs, expected, got, t, u)
    numbers = f"{name}[{t}, {u}] should be {_written(exercise, inputs, expected, t, u)}; yours is {got[t, u]:.5g}."
    if not why:
        numbers = f"{numbers} {terms.implied(exercise, inputs, expected, t, u, got[t, u])}".strip()
    return Finding(
        what=f"{name} is wrong.",
        where=f"First at t={t}, u={u} ({_place(t, u, expected.shape)}); {share}.",
        why=why,
        next=following,
        numbers=numbers,
        cell=(t, u),
    )


def nodes_in_order(exercise: str, shape: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """All (t, u), each after the nodes that it is computed from: by anti-diagonals, from the corner that starts."""
    frames, rows = shape
    diagonals = range(frames + rows - 1)
    for n in diagonals if exercise == "forward" else reversed(diagonals):
        for u in range(max(0, n - frames + 1), min(rows - 1, n) + 1):
            yield n - u, u


def _wrong_shape(name: str, expected: tuple[int, ...], got: tuple[int, ...]) -> Finding:
    why = ""
    if got == expected[::-1]:
        why = "It is transposed: the first index is the frame t, the second is u."
    elif got == (expected[0], expected[1] - 1):
        why = "There is one row too few: u runs from 0 (nothing emitted yet) to U, so the second axis has U+1 entries."
    elif got == (expected[0] + 1, expected[1]):
        why = "There is one frame too many: the final blank leaves the lattice, its end node is not stored."
    return Finding(
        what=f"{name} has shape {got}; expected {expected}, that is (T, U+1).",
        why=why,
        next="Make it like the first two axes of log_probs.",
    )


def incoming(exercise: str, inputs: Inputs, cells: np.ndarray, t: int, u: int) -> dict[str, float]:
    """The terms whose log-sum is the value of a node, by the arc they come along: "blank", "label", or "end"."""
    ways = {arc: term.value for arc, term in terms.right_terms(exercise, inputs, cells, t, u).items()}
    corner = {"start": 0.0} if exercise == "forward" else {"end": float(inputs.log_probs[t, u, inputs.blank])}
    return ways or corner


def _written(exercise: str, inputs: Inputs, cells: np.ndarray, t: int, u: int) -> str:
    ways = incoming(exercise, inputs, cells, t, u)
    inner = ", ".join(f"{value:.5g} ({arc})" for arc, value in ways.items())
    value = f"{cells[t, u]:.5g}"
    return f"logaddexp({inner}) = {value}" if len(ways) > 1 else f"{inner}"


def _place(t: int, u: int, shape: tuple[int, int]) -> str:
    frames, rows = shape
    corners = {(0, 0): "the first node", (frames - 1, rows - 1): "the last node"}
    if (t, u) in corners:
        return corners[t, u]
    if u == 0:
        return "bottom row, nothing emitted yet"
    if t == 0:
        return "first frame"
    if t == frames - 1:
        return "last frame"
    if u == rows - 1:
        return "top row, everything emitted"
    return "inside the lattice"


def _why_this_cell(
    exercise: str, inputs: Inputs, expected: np.ndarray, got: np.ndarray, t: int, u: int
) -> tuple[str, str]:
    """A likely cause and a next step for the first wrong node, whose neighbours are still right."""
    value, truth = got[t, u], expected[t, u]
    ways = incoming(exercise, inputs, expected, t, u)
    scale = largest(expected)
    formula = _FORMULA[exercise]
    if np.isnan(value):
        return "It is nan: -inf minus -inf, or the log of a negative number.", "Look for a subtraction or a np.log."
    if np.isneginf(value) and truth > IMPOSSIBLE:
        if truth < FLOAT32_EXP_IS_ZERO:
            return (
                "The value underflowed: exp(x) is 0 in float32 below x = -104, and log(0) is -inf.",
                "Stay in the log domain: a product is a sum of logs, a sum is np.logaddexp. No np.exp anywhere.",
            )
        return "It is -inf: no path reaches it in your code.", f"Check which neighbours you read there: {formula}."
    if truth < FLOAT32_EXP_FADES and abs(value - truth) < 0.2 * abs(truth):
        return (
            "All is right until probabilities get too small for float32: exp(x) fades out below x = -87.",
            "Stay in the log domain: a product is a sum of logs, a sum is np.logaddexp. No np.exp anywhere.",
        )
    if "end" in ways or "start" in ways:
        corner = (
            "log_beta[T-1, U] is not 0: the final blank is still to come, so it is ln P(blank | T-1, U)."
            if exercise == "backward"
            else "log_alpha[0, 0] is ln 1 = 0: we are there before anything happened."
        )
        return "The starting corner is off.", corner
    if value == 0:
        return "It still holds 0, that is, probability 1.", f"Fill this border too: {formula}, without the missing arc."
    if len(ways) == 2:
        along, up = ways["blank"], ways["label"]
        if close(value, max(along, up), scale):
            return "It holds the larger of the two terms: that is the best path, not the sum.", "Use np.logaddexp."
        if close(value, along + up, scale):
            return "The two terms are added as logs, so the probabilities got multiplied.", "Use np.logaddexp."
        for arc, other in (("blank", "label"), ("label", "blank")):
            if close(value, ways[arc], scale):
                return f"It holds the {arc} term only; the {other} term is missing.", f"Both arcs count: {formula}."
    off = terms.explain(exercise, inputs, expected, t, u, value, lambda a, b: bool(close(a, b, scale)))
    if off:
        return off, f"Put in what belongs there: {formula}."
    if len(ways) == 2 and value < max(ways.values()) and not close(value, max(ways.values()), scale):
        larger = max(ways, key=ways.get)
        return (
            f"It is less than its {larger} term alone, and a sum of probabilities is not: the {larger} term is off.",
            f"Compute this one node by hand: {formula}.",
        )
    return "", f"Compute this one node by hand: {formula}."


_FORMULA = {
    "forward": "α(t, u) = α(t-1, u) P(∅ | t-1, u) + α(t, u-1) P(y[u-1] | t, u-1), in logs",
    "backward": "β(t, u) = β(t+1, u) P(∅ | t, u) + β(t, u+1) P(y[u] | t, u), in logs",
}


_COST = {
    "forward": "The cost is -ln of α(T-1, U) P(∅ | T-1, U).",
    "backward": "The cost is -ln of β(0, 0).",
}


def _wrong_cost(exercise: str, inputs: Inputs, truth: Truth, answer: Answer) -> Finding:
    last_blank = float(inputs.log_probs[-1, -1, inputs.blank])
    scale = largest(truth.cells)
    frames, labels = inputs.shape[0], len(inputs.targets)
    got, why, following = answer.cost, "", "The cost is read off the array: put the array right first."
    if answer.cells.shape == truth.cells.shape and close(answer.cells, truth.cells).all():
        why, following = "The array is right, so only the last step is off.", _COST[exercise]
    if close(got, -truth.cost, scale):
        why, following = "The sign is wrong: it is ln P, not -ln P.", "Put a minus in front."
    elif np.isfinite(last_blank) and close(got, truth.cost + last_blank, scale):
        why, following = "The final blank is missing: the last frame must be left as well.", _COST[exercise]
    elif close(got, np.exp(-truth.cost), scale):
        why, following = "It is the probability itself.", "Return its negative logarithm."
    elif close(got, truth.cost / frames, scale) or (labels and close(got, truth.cost / labels, scale)):
        why, following = "It is divided by a length.", "The loss of one utterance is the plain sum, in nats."
    elif not np.isfinite(got):
        why = "It is not finite: the probability underflowed to 0 before its logarithm was taken."
        following = "Stay in the log domain: no np.exp, a sum of probabilities is np.logaddexp."
    return Finding(
        what="The cost is wrong.",
        where=f"T={frames}, U={labels}.",
        why=why,
        next=following,
        numbers=f"It should be {truth.cost:.6g}; yours is {got:.6g}.",
    )
