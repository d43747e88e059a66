"""Typical wrong implementations of forward and backward, to be recognised by their numbers.

Each is the textbook recurrence with one thing changed. Their names and explanations are in
`helpers.checks.misconceptions`; students get only the numbers that they give on the public cases.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from helpers.checks.cases import Inputs, Truth

from . import oracle

Combine = Callable[[float, float], float]


def _forward(
    inputs: Inputs,
    *,
    blank: int | None = None,
    blank_at: tuple[int, int] = (-1, 0),
    label_at: tuple[int, int] = (0, -1),
    label_comes_from: tuple[int, int] = (0, -1),
    target: int = -1,
    combine: Combine = np.logaddexp,
    zero: str = "",
    outside: str = "impossible",
) -> Truth:
    """The forward recurrence with knobs. Offsets are relative to the node (t, u) that is being computed."""
    scores, y = inputs.log_probs.astype(np.float64), inputs.targets
    blank = inputs.blank if blank is None else blank
    frames, rows = inputs.shape
    cells = np.zeros((frames, rows))
    for t in range(frames):
        for u in range(rows):
            if t == u == 0 or (zero == "row" and u == 0) or (zero == "frame" and t == 0):
                continue
            terms = []
            if t > 0 or outside == "wraps":
                terms.append(cells[t - 1, u] + scores[t + blank_at[0], u + blank_at[1], blank])
            dt, du = label_comes_from
            if (u > 0 and t + dt >= 0) or (outside == "wraps" and len(y)):
                symbol = y[min(u + target, len(y) - 1)]
                at = max(t + label_at[0], 0) if outside == "impossible" else t + label_at[0]
                terms.append(cells[t + dt, u + du] + scores[at, u + label_at[1], symbol])
            cells[t, u] = terms[0] if len(terms) == 1 else combine(*terms) if terms else -np.inf
    return Truth(cells, float(-(cells[-1, -1] + scores[-1, -1, blank])))


def _backward(
    inputs: Inputs,
    *,
    blank: int | None = None,
    blank_at: tuple[int, int] = (0, 0),
    label_at: tuple[int, int] = (0, 0),
    label_goes_to: tuple[int, int] = (0, 1),
    target: int = 0,
    combine: Combine = np.logaddexp,
    zero: str = "",
    start: float | None = None,
) -> Truth:
    """The backward recurrence with knobs. Offsets are relative to the node (t, u) that is being computed."""
    scores, y = inputs.log_probs.astype(np.float64), inputs.targets
    blank = inputs.blank if blank is None else blank
    frames, rows = inputs.shape
    cells = np.zeros((frames, rows))
    cells[-1, -1] = scores[-1, -1, blank] if start is None else start
    for t in reversed(range(frames)):
        for u in reversed(range(rows)):
            corner = t == frames - 1 and u == rows - 1
            if corner or (zero == "row" and u == rows - 1) or (zero == "frame" and t == frames - 1):
                continue
            terms = []
            if t < frames - 1:
                terms.append(cells[t + 1, u] + scores[t + blank_at[0], u + blank_at[1], blank])
            dt, du = label_goes_to
            if u < rows - 1 and t + dt < frames:
                symbol = y[min(u + target, len(y) - 1)]
                terms.append(cells[t + dt, u + du] + scores[t + label_at[0], u + label_at[1], symbol])
            cells[t, u] = terms[0] if len(terms) == 1 else combine(*terms) if terms else -np.inf
    return Truth(cells, float(-cells[0, 0]))


def _through_float32_probabilities(a: float, b: float) -> float:
    """log(exp(a) * exp(b)) in float32: 0 times anything, then log(0)."""
    with np.errstate(divide="ignore", under="ignore"):
        return float(np.log(np.exp(np.float32(a)) * np.exp(np.float32(b))))


def _in_probabilities(exercise: str, inputs: Inputs) -> Truth:
    scores, y = inputs.log_probs, inputs.targets
    frames, rows = inputs.shape
    times = _through_float32_probabilities
    cells = np.zeros((frames, rows), dtype=np.float32)
    if exercise == "forward":
        for t in range(frames):
            for u in range(rows):
                terms = [times(cells[t - 1, u], scores[t - 1, u, inputs.blank])] if t else []
                terms += [times(cells[t, u - 1], scores[t, u - 1, y[u - 1]])] if u else []
                cells[t, u] = np.logaddexp.reduce(terms) if terms else 0.0
        cells = cells.astype(np.float64)
        return Truth(cells, -times(cells[-1, -1], scores[-1, -1, inputs.blank]))
    cells[-1, -1] = scores[-1, -1, inputs.blank]
    for t in reversed(range(frames)):
        for u in reversed(range(rows)):
            terms = [times(cells[t + 1, u], scores[t, u, inputs.blank])] if t < frames - 1 else []
            terms += [times(cells[t, u + 1], scores[t, u, y[u]])] if u < rows - 1 else []
            cells[t, u] = np.logaddexp.reduce(terms) if terms else cells[t, u]
    cells = cells.astype(np.float64)
    return Truth(cells, -float(cells[0, 0]))


def _truth(exercise: str, inputs: Inputs) -> Truth:
    return Truth(*getattr(oracle, exercise)(inputs.log_probs, inputs.targets, inputs.blank))


def _final_blank_dropped(inputs: Inputs) -> Truth:
    cells = _truth("forward", inputs).cells
    return Truth(cells, float(-cells[-1, -1]))


def _not_negated(exercise: str, inputs: Inputs) -> Truth:
    right = _truth(exercise, inputs)
    return Truth(right.cells, -right.cost)


def _probabilities(exercise: str, inputs: Inputs) -> Truth:
    right = _truth(exercise, inputs)
    return Truth(np.exp(right.cells), right.cost)


def _add(a: float, b: float) -> float:
    return a + b


def _both(exercise: str, walk: Callable[..., Truth]) -> dict[str, Callable[[Inputs], Truth]]:
    return {
        "blank-always-last": partial(walk, blank=-1),
        "blank-always-first": partial(walk, blank=0),
        "best-path": partial(walk, combine=max),
        "logs-added": partial(walk, combine=_add),
        "probability-domain": partial(_in_probabilities, exercise),
        "probabilities-returned": partial(_probabilities, exercise),
        "cost-not-negated": partial(_not_negated, exercise),
    }


ZOO: dict[str, dict[str, Callable[[Inputs], Truth]]] = {
    "forward": _both("forward", _forward)
    | {
        "label-advances-frame": partial(_forward, label_comes_from=(-1, -1), label_at=(-1, -1)),
        "final-blank-dropped": _final_blank_dropped,
        "blank-at-arrival": partial(_forward, blank_at=(0, 0)),
        "label-at-arrival": partial(_forward, label_at=(0, 0)),
        "label-from-previous-frame": partial(_forward, label_at=(-1, -1)),
        "target-one-ahead": partial(_forward, target=0),
        "target-one-behind": partial(_forward, target=-2),
        "bottom-row-zero": partial(_forward, zero="row"),
        "first-frame-zero": partial(_forward, zero="frame"),
        "borders-wrap-around": partial(_forward, outside="wraps"),
    },
    "backward": _both("backward", _backward)
    | {
        "label-advances-frame": partial(_backward, label_goes_to=(1, 1)),
        "start-at-zero": partial(_backward, start=0.0),
        "blank-at-arrival": partial(_backward, blank_at=(1, 0)),
        "label-at-arrival": partial(_backward, label_at=(0, 1)),
        "target-one-behind": partial(_backward, target=-1),
        "target-one-ahead": partial(_backward, target=1),
        "top-row-zero": partial(_backward, zero="row"),
        "last-frame-zero": partial(_backward, zero="frame"),
        "forward-returned": partial(_truth, "forward"),
    },
}


def answers(exercise: str, name: str, inputs: Inputs) -> Truth | None:
    """What that mistake gives on these inputs; None where it crashes."""
    try:
        with np.errstate(all="ignore"):
            return ZOO[exercise][name](inputs)
    except IndexError:
        return None
