"""From a recording to a story: the steps in which a table was filled, the first look at an empty cell, the first
wrong number.
"""

from dataclasses import dataclass

import numpy as np

from helpers.checks.cases import Case, Inputs, public_cases
from helpers.checks.comparing import close, incoming, nodes_in_order

from .numerals import logarithm
from .recording import OUTSIDE, Access, Recording

Node = tuple[int, int]


@dataclass(frozen=True)
class Read:
    """A look at a cell. state: "ready", "early" (filled only later) or "never" (filled at no time)."""

    node: Node
    value: float
    state: str
    wrapped: bool


@dataclass(frozen=True)
class Step:
    """Everything up to one assignment, and the assignment. The last step may only read: it makes the cost."""

    writes: tuple[tuple[Node, float], ...]
    reads: tuple[Read, ...]
    scores: tuple[tuple[int, int, int], ...]
    """(t, u, k) of each score that was looked up."""
    line: int | None
    """Line within the function, the first one being 0."""


@dataclass(frozen=True)
class Wrong:
    """The first wrong cell. `terms` says what should come in along which arc."""

    node: Node
    yours: float
    should: float
    terms: dict[str, float]
    step: int | None
    """The step that wrote it last; None for a cell that no step writes."""


@dataclass(frozen=True)
class Early:
    """The first look at a cell that was not filled yet."""

    step: int
    node: Node
    value: float
    wrapped: bool


@dataclass(frozen=True)
class Playback:
    """The whole story. `start` is the table before the first step, (T, U+1)."""

    start: np.ndarray
    steps: tuple[Step, ...]
    early: Early | None

    def gives(self, table: np.ndarray) -> bool:
        """Whether the steps lead to this very table, so that no assignment went unseen."""
        end = self.start.copy()
        for step in self.steps:
            for node, value in step.writes:
                end[node] = value
        return bool(np.array_equal(end, table, equal_nan=True))


def play(recording: Recording, shape: tuple[int, int]) -> Playback:
    """The recorded accesses as steps. `shape` is (T, U+1); a table of another shape has none."""
    cells = recording.cells
    start = np.full(shape, np.nan)
    if cells is None or cells.shape != shape:
        return Playback(start, (), None)
    nodes = {int(cell): (int(t), int(u)) for (t, u), cell in np.ndenumerate(cells) if cell != OUTSIDE}
    start = recording.table.start[cells].copy()
    groups: list[tuple[Access | None, list[Access]]] = []
    waiting: list[Access] = []
    for access in recording.accesses:
        if access.root is recording.table and access.kind == "write":
            if _is_preparation(access, len(nodes)):
                for cell, value in zip(access.cells.tolist(), access.values, strict=True):
                    if cell in nodes:
                        start[nodes[cell]] = value
                waiting = []
                continue
            groups.append((access, waiting))
            waiting = []
        elif access.root is recording.table or access.root.given:
            waiting.append(access)
    if waiting:
        groups.append((None, waiting))
    groups = _merged(groups)

    last_write = {}
    for i, (write, _) in enumerate(groups):
        for cell in write.cells.tolist() if write is not None else ():
            last_write[cell] = i
    steps, early, written = [], None, set()
    for i, (write, looks) in enumerate(groups):
        own = set(write.cells.tolist()) if write is not None else set()
        reads, scores = [], []
        for look in looks:
            if look.root.given:
                scores += _scores(look, shape)
                continue
            for cell, value in zip(look.cells.tolist(), look.values, strict=True):
                if cell in own or cell not in nodes:
                    continue
                state = "ready" if cell in written else "early" if cell in last_write else "never"
                read = Read(nodes[cell], float(value), state, look.wrapped)
                if read not in reads:
                    reads.append(read)
                if state == "early" and early is None:
                    early = Early(i, read.node, read.value, read.wrapped)
        written |= own
        writes = ()
        if write is not None:
            pairs = zip(write.cells.tolist(), write.values.tolist(), strict=True)
            writes = tuple((nodes[cell], value) for cell, value in pairs if cell in nodes)
        lines = [one.line for one in ([write] if write is not None else looks) if one.line is not None]
        line = lines[-1] - recording.first_line if lines else None
        steps.append(Step(writes, tuple(reads), tuple(dict.fromkeys(scores)), line))
    return Playback(start, tuple(step for step in steps if step.writes or step.reads), _renumbered(early, steps))


def _is_preparation(access: Access, nodes: int) -> bool:
    """One number into the whole table: that fills it as `np.full` does, it does not work anything out."""
    return access.cells.size >= nodes > 1 and len(set(access.values.tolist())) == 1


def _merged(groups):
    """Two assignments in a row to the same cells are one step: first the blank came in, say, then the label."""
    merged = []
    for write, looks in groups:
        if merged and write is not None and merged[-1][0] is not None:
            before, earlier = merged[-1]
            if np.array_equal(before.cells, write.cells):
                merged[-1] = (write, earlier + looks)
                continue
        merged.append((write, looks))
    return merged


def _scores(look: Access, shape: tuple[int, int]) -> list[tuple[int, int, int]]:
    """The scores that were looked up; nothing for a look at the whole table, which prepares something."""
    if len(look.root.shape) != 3 or look.cells.size > 2 * max(shape):
        return []
    known = look.cells[look.cells != OUTSIDE]
    return [tuple(map(int, place)) for place in zip(*np.unravel_index(known, look.root.shape), strict=True)]


def _renumbered(early: Early | None, steps: list[Step]) -> Early | None:
    if early is None:
        return None
    kept = sum(bool(step.writes or step.reads) for step in steps[: early.step])
    return Early(kept, early.node, early.value, early.wrapped)


def first_wrong(exercise: str, case: Case, table: np.ndarray, steps: tuple[Step, ...]) -> Wrong | None:
    """The first cell, in the order in which the function finished them, that differs from the published truth.

    A cell that no step writes counts from the moment when it is first read. What the first wrong one was computed from
    is right, so the `terms` of the truth are also those of the learner's table.

    There is no such judgement for other inputs here: code that tells right from wrong on any input would be the answer
    to the exercise. In the browser the script compares each cell with its two neighbours instead.
    """
    truth = case.truth(exercise)
    finished: dict[Node, float] = {}
    writer: dict[Node, int] = {}
    for i, step in enumerate(steps):
        for node, _ in step.writes:
            finished[node], writer[node] = i, i
        for read in step.reads:
            if read.state == "never":
                finished.setdefault(read.node, i - 0.5)
    order = list(nodes_in_order(exercise, case.shape))
    order.sort(key=lambda node: finished.get(node, len(steps)))  # stable: ties keep the order of the recursion
    right = close(table, truth.cells)
    for node in order:
        if not right[node]:
            terms = incoming(exercise, case, truth.cells, *node)
            return Wrong(node, float(table[node]), float(truth.cells[node]), terms, writer.get(node))
    return None


def published(inputs: Inputs) -> Case | None:
    """The public case with these very inputs, if there is one."""
    for case in public_cases():
        if (
            case.shape == inputs.shape
            and case.log_probs.shape == inputs.log_probs.shape
            and np.array_equal(case.targets, inputs.targets)
            and (case.blank - inputs.blank) % case.log_probs.shape[2] == 0
            and np.allclose(case.log_probs, inputs.log_probs, rtol=1e-5, atol=1e-6)
        ):
            return case
    return None


def arithmetic(wrong: Wrong, digits: int = 3) -> str:
    """How the right number comes about, in numbers."""
    terms = [f"{logarithm(float(value), digits)} ({arc})" for arc, value in wrong.terms.items()]
    return terms[0] if len(terms) == 1 else f"logaddexp({', '.join(terms)})"
