"""Which of the two terms of a wrong node is off, and what may stand in its place.

The nodes before the first wrong one are right, so its value can only be wrong by its own two terms.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .cases import Inputs

Node = tuple[int, int]


@dataclass(frozen=True)
class Term:
    """A way into a node: the value of a neighbour plus the score of an arc."""

    neighbour: Node
    read_at: Node
    symbol: str
    """As the formulas write it: ∅, y[u], or a class by number."""
    value: float

    def differs(self, right: "Term") -> int:
        """In how many of its three parts."""
        return (self.neighbour != right.neighbour) + (self.read_at != right.read_at) + (self.symbol != right.symbol)

    def instead_of(self, right: "Term", table: str) -> str:
        """What is read, and what belongs there."""
        parts = []
        if self.neighbour != right.neighbour:
            parts.append(f"{table}{_at(self.neighbour)} instead of {table}{_at(right.neighbour)}")
        if (self.symbol, self.read_at) != (right.symbol, right.read_at):
            parts.append(f"{self.score} instead of {right.score}")
        return " and ".join(parts)

    @property
    def score(self) -> str:
        """The arc's probability in the notation of the text."""
        return f"P({self.symbol} | {self.read_at[0]}, {self.read_at[1]})"


def _at(node: Node) -> str:
    return f"({node[0]}, {node[1]})"


def right_terms(exercise: str, inputs: Inputs, cells: np.ndarray, t: int, u: int) -> dict[str, Term]:
    """The terms that belong into a node, by the arc they come along: "blank", "label"."""
    frames, rows = inputs.shape
    found = {}
    if exercise == "forward":
        if t > 0:
            found["blank"] = _term(inputs, cells, (t - 1, u), (t - 1, u), inputs.blank, "∅")
        if u > 0:
            found["label"] = _term(inputs, cells, (t, u - 1), (t, u - 1), inputs.targets[u - 1], f"y[{u - 1}]")
        return found
    if t < frames - 1:
        found["blank"] = _term(inputs, cells, (t + 1, u), (t, u), inputs.blank, "∅")
    if u < rows - 1:
        found["label"] = _term(inputs, cells, (t, u + 1), (t, u), inputs.targets[u], f"y[{u}]")
    return found


def _term(inputs: Inputs, cells: np.ndarray, neighbour: Node, read_at: Node, k: int, symbol: str) -> Term:
    return Term(neighbour, read_at, symbol, float(cells[neighbour]) + float(inputs.log_probs[(*read_at, int(k))]))


def candidates(exercise: str, inputs: Inputs, cells: np.ndarray, t: int, u: int) -> Iterator[Term]:
    """What could stand in place of a term: nodes nearby, and the symbols that one could confuse."""
    frames, rows = inputs.shape
    step = -1 if exercise == "forward" else 1
    neighbours = [(t + step, u), (t, u + step), (t + step, u + step)]
    places = [(t + dt, u + du) for dt in (0, -1, 1) for du in (0, -1, 1)]
    symbols = {"∅": inputs.blank, "the first class": 0, "the last class": -1}
    symbols |= {f"y[{i}]": inputs.targets[i] for i in range(u - 2, u + 3) if 0 <= i < len(inputs.targets)}
    inside = [node for node in neighbours if 0 <= node[0] < frames and 0 <= node[1] < rows]
    for neighbour in inside:
        for read_at in places:
            if 0 <= read_at[0] < frames and 0 <= read_at[1] < rows:
                for symbol, k in symbols.items():
                    yield _term(inputs, cells, neighbour, read_at, k, symbol)


def explain(exercise: str, inputs: Inputs, cells: np.ndarray, t: int, u: int, value: float, close) -> str:
    """One sentence that says which term is off and what stands there; empty where nothing simple explains the value.

    `close(a, b)` decides whether two log values are the same.
    """
    right = right_terms(exercise, inputs, cells, t, u)
    table = {"forward": "α", "backward": "β"}[exercise]
    found: list[tuple[int, str, str]] = []
    for arc, belongs in right.items():
        others = [term.value for other, term in right.items() if other != arc]
        for candidate in candidates(exercise, inputs, cells, t, u):
            changes = candidate.differs(belongs)
            if changes and not close(candidate.value, belongs.value):
                total = float(np.logaddexp.reduce([candidate.value, *others]))
                if close(total, value):
                    found.append((changes, arc, candidate.instead_of(belongs, table)))
    if not found:
        return ""
    fewest = min(changes for changes, _, _ in found)
    simplest = {(arc, words) for changes, arc, words in found if changes == fewest}
    if len(simplest) > 1 or fewest > 2:
        return ""
    ((arc, words),) = simplest
    only = "" if len(right) == 1 else f" The {'label' if arc == 'blank' else 'blank'} term is right."
    return f"The {arc} term is off: it looks like {words}.{only}"


def implied(exercise: str, inputs: Inputs, cells: np.ndarray, t: int, u: int, value: float) -> str:
    """What each term would have to be if the other one is right; empty on a border, where there is only one."""
    right = right_terms(exercise, inputs, cells, t, u)
    sentences = []
    for arc, other in (("label", "blank"), ("blank", "label")):
        if len(right) == 2 and np.isfinite(value) and np.isfinite(right[other].value) and value > right[other].value:
            # log(e^value - e^other), without leaving the logs.
            rest = value + np.log1p(-np.exp(right[other].value - value))
            sentences.append(
                f"If your {other} term is right, your {arc} term is {rest:.5g} and should be {right[arc].value:.5g}."
            )
    return " ".join(sentences)
