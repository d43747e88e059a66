"""Typical wrong implementations of forward and backward, to be recognised by their numbers.

Each is the textbook recurrence with one knob turned; a pair of common mistakes turns the knobs of both. Their words are
in `helpers.checks.words`; students get only the numbers that they give on the public cases.
"""

from collections.abc import Callable, Mapping
from functools import cache
from itertools import combinations

import numpy as np

from helpers.checks.cases import Inputs, Truth
from helpers.checks.probing import PAIR

from . import oracle

Combine = Callable[[float, float], float]
Knobs = Mapping[str, object]


def _plus(a: float, b: float) -> float:
    return a + b


def _forward(
    inputs: Inputs,
    *,
    blank: int | None = None,
    blank_at: tuple[int, int] = (-1, 0),
    label_at: tuple[int, int] = (0, -1),
    label_comes_from: tuple[int, int] = (0, -1),
    target: int = -1,
    position_as_class: bool = False,
    combine: Combine = np.logaddexp,
    times: Combine = _plus,
    untouched: tuple[str, float] = ("", 0.0),
    outside: str = "impossible",
    final: str = "last node",
    **ending: object,
) -> Truth:
    """The forward recurrence with knobs. Offsets are relative to the node (t, u) that is being computed."""
    scores, y = inputs.log_probs.astype(np.float64), inputs.targets
    blank = inputs.blank if blank is None else blank
    frames, rows = inputs.shape
    cells = np.zeros((frames, rows))
    for t in range(frames):
        for u in range(rows):
            if t == u == 0:
                continue
            if _lies_in(untouched[0], t, u, inputs.shape):
                cells[t, u] = untouched[1]
                continue
            terms = []
            if t > 0 or outside == "wraps":
                terms.append(times(cells[t - 1, u], scores[t + blank_at[0], u + blank_at[1], blank]))
            dt, du = label_comes_from
            if (u > 0 and t + dt >= 0) or (outside == "wraps" and len(y)):
                symbol = u + target if position_as_class else y[min(u + target, len(y) - 1)]
                at = max(t + label_at[0], 0) if outside == "impossible" else t + label_at[0]
                terms.append(times(cells[t + dt, u + du], scores[at, u + label_at[1], symbol]))
            cells[t, u] = terms[0] if len(terms) == 1 else combine(*terms) if terms else -np.inf
    left = {"last node": scores[-1, -1, blank], "bottom row": scores[-1, 0, blank], "nowhere": 0.0}[final]
    return _ended(inputs, cells, -times(cells[-1, -1], left), **ending)


def _backward(
    inputs: Inputs,
    *,
    blank: int | None = None,
    blank_at: tuple[int, int] = (0, 0),
    label_at: tuple[int, int] = (0, 0),
    label_goes_to: tuple[int, int] = (0, 1),
    target: int = 0,
    position_as_class: bool = False,
    combine: Combine = np.logaddexp,
    times: Combine = _plus,
    untouched: tuple[str, float] = ("", 0.0),
    start: float | None = None,
    forwards: bool = False,
    cost_at: tuple[int, int] = (0, 0),
    **ending: object,
) -> Truth:
    """The backward recurrence with knobs. Offsets are relative to the node (t, u) that is being computed."""
    scores, y = inputs.log_probs.astype(np.float64), inputs.targets
    blank = inputs.blank if blank is None else blank
    frames, rows = inputs.shape
    cells = np.full((frames, rows), -np.inf)
    cells[-1, -1] = scores[-1, -1, blank] if start is None else start
    for t in range(frames) if forwards else reversed(range(frames)):
        for u in range(rows) if forwards else reversed(range(rows)):
            if t == frames - 1 and u == rows - 1:
                continue
            if _lies_in(untouched[0], t, u, inputs.shape):
                cells[t, u] = untouched[1]
                continue
            terms = []
            if t < frames - 1:
                terms.append(times(cells[t + 1, u], scores[t + blank_at[0], u + blank_at[1], blank]))
            dt, du = label_goes_to
            if u < rows - 1 and t + dt < frames:
                symbol = u + target if position_as_class else y[min(u + target, len(y) - 1)]
                terms.append(times(cells[t + dt, u + du], scores[t + label_at[0], u + label_at[1], symbol]))
            cells[t, u] = terms[0] if len(terms) == 1 else combine(*terms) if terms else -np.inf
    return _ended(inputs, cells, -cells[cost_at], **ending)


def _lies_in(border: str, t: int, u: int, shape: tuple[int, int]) -> bool:
    return {
        "": False,
        "bottom row": u == 0,
        "top row": u == shape[1] - 1,
        "first frame": t == 0,
        "last frame": t == shape[0] - 1,
    }[border]


def _ended(
    inputs: Inputs, cells: np.ndarray, cost: float, *, sign: int = 1, over: str = "", probabilities: bool = False
) -> Truth:
    """What is returned: array and cost, perhaps negated, divided, or no logarithms."""
    length = {"": 1, "frames": inputs.shape[0], "labels": len(inputs.targets)}[over]
    return Truth(np.exp(cells) if probabilities else cells, float(np.float64(sign * cost) / length))


def _in_float32_probabilities(a: float, b: float) -> float:
    """log(exp(a) * exp(b)) in float32: 0 times anything, then log(0)."""
    return float(np.log(np.exp(np.float32(a)) * np.exp(np.float32(b))))


def _through_exp(a: float, b: float) -> float:
    """log(exp(a) + exp(b)): 0 below -745."""
    return float(np.log(np.exp(a) + np.exp(b)))


def _through_float32_exp(a: float, b: float) -> float:
    """The same in float32: 0 below -103.9."""
    return float(np.log(np.exp(np.float32(a)) + np.exp(np.float32(b))))


NEVER = -np.inf

_BOTH: dict[str, Knobs] = {
    "blank-always-last": {"blank": -1},
    "blank-always-first": {"blank": 0},
    "best-path": {"combine": max},
    "logs-added": {"combine": _plus},
    "probability-domain": {"times": _in_float32_probabilities},
    "sums-through-exp": {"combine": _through_exp},
    "sums-through-float32-exp": {"combine": _through_float32_exp},
    "position-as-class": {"position_as_class": True},
    "probabilities-returned": {"probabilities": True},
    "cost-not-negated": {"sign": -1},
    "cost-over-frames": {"over": "frames"},
    "cost-over-labels": {"over": "labels"},
}

KNOBS: dict[str, dict[str, Knobs]] = {
    "forward": _BOTH
    | {
        "label-advances-frame": {"label_comes_from": (-1, -1), "label_at": (-1, -1)},
        "final-blank-dropped": {"final": "nowhere"},
        "final-blank-of-the-bottom-row": {"final": "bottom row"},
        "blank-at-arrival": {"blank_at": (0, 0)},
        "label-at-arrival": {"label_at": (0, 0)},
        "label-from-previous-frame": {"label_at": (-1, -1)},
        "target-one-ahead": {"target": 0},
        "target-one-behind": {"target": -2},
        "bottom-row-zero": {"untouched": ("bottom row", 0.0)},
        "first-frame-zero": {"untouched": ("first frame", 0.0)},
        "bottom-row-impossible": {"untouched": ("bottom row", NEVER)},
        "first-frame-impossible": {"untouched": ("first frame", NEVER)},
        "last-frame-forgotten": {"untouched": ("last frame", NEVER)},
        "top-row-forgotten": {"untouched": ("top row", NEVER)},
        "borders-wrap-around": {"outside": "wraps"},
    },
    "backward": _BOTH
    | {
        "label-advances-frame": {"label_goes_to": (1, 1)},
        "start-at-zero": {"start": 0.0},
        "blank-at-arrival": {"blank_at": (1, 0)},
        "label-at-arrival": {"label_at": (0, 1)},
        "target-one-behind": {"target": -1},
        "target-one-ahead": {"target": 1},
        "top-row-zero": {"untouched": ("top row", 0.0)},
        "last-frame-zero": {"untouched": ("last frame", 0.0)},
        "top-row-impossible": {"untouched": ("top row", NEVER)},
        "last-frame-impossible": {"untouched": ("last frame", NEVER)},
        "first-frame-forgotten": {"untouched": ("first frame", NEVER)},
        "bottom-row-forgotten": {"untouched": ("bottom row", NEVER)},
        "loops-run-forwards": {"forwards": True},
        "cost-read-at-the-end": {"cost_at": (-1, -1)},
        "forward-returned": {"forward": True},
    },
}

COMMON = {
    "forward": (
        "blank-always-last", "best-path", "label-advances-frame", "final-blank-dropped", "blank-at-arrival",
        "label-at-arrival", "target-one-ahead", "target-one-behind", "bottom-row-zero", "first-frame-zero",
        "cost-not-negated",
    ),
    "backward": (
        "blank-always-last", "best-path", "label-advances-frame", "start-at-zero", "blank-at-arrival",
        "label-at-arrival", "target-one-behind", "target-one-ahead", "top-row-zero", "last-frame-zero",
        "cost-not-negated",
    ),
}  # fmt: skip
"""Mistakes that often come in pairs."""

ZOO: dict[str, tuple[str, ...]] = {exercise: tuple(mistakes) for exercise, mistakes in KNOBS.items()}


def pairs(exercise: str) -> tuple[str, ...]:
    """The names of two common mistakes at once, wherever they turn different knobs."""
    knobs = KNOBS[exercise]
    return tuple(
        f"{one}{PAIR}{other}"
        for one, other in combinations(COMMON[exercise], 2)
        if not knobs[one].keys() & knobs[other].keys()
    )


@cache
def _knobs(exercise: str, name: str) -> Knobs:
    return {knob: value for part in name.split(PAIR) for knob, value in KNOBS[exercise][part].items()}


def everything(exercise: str) -> tuple[str, ...]:
    """The names of all mistakes, the single ones first."""
    return ZOO[exercise] + pairs(exercise)


def answers(exercise: str, name: str, inputs: Inputs) -> Truth | None:
    """What that mistake, or pair of mistakes, gives on these inputs; None where it crashes."""
    knobs = _knobs(exercise, name)
    try:
        with np.errstate(all="ignore"):
            if "forward" in knobs:
                return Truth(*oracle.forward(inputs.log_probs, inputs.targets, inputs.blank))
            return (_forward if exercise == "forward" else _backward)(inputs, **knobs)
    except IndexError:
        return None
