"""The lattice as data: two grids of log-probabilities, and alignments as strings.

An alignment is a walk from node (0, 0) to the final dot behind node (T-1, U). It is written as a string: `"b"` is a
blank (one frame to the right), `"l"` is a label (one row up). It always ends in `"b"`, the terminal blank
(Graves, "Sequence Transduction with Recurrent Neural Networks", 2012, figure 1).

Everything here goes alignment by alignment. The clever sum is the student's work.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, islice
from math import comb

import numpy as np

BLANK_TEXT = "∅"
MOST_ALIGNMENTS = 200_000  # about a second of enumeration; the count explodes right behind it
_ROUNDING = 1e-3  # a float16 log-softmax may leave the log of a certain event this far above 0


@dataclass(frozen=True, eq=False)
class Lattice:
    """The scores of every arc of one utterance.

    Attributes:
        blank: float64 (T, U+1), log P(blank | t, u), the arc (t, u) -> (t+1, u). The one at (T-1, U) ends the walk.
        label: float64 (T, U), log P(y[u] | t, u), the arc (t, u) -> (t, u+1).
        symbols: U strings, the text of each target.

    Scores may be -inf (probability 0), never NaN or +inf. Raises ValueError otherwise.
    """

    blank: np.ndarray
    label: np.ndarray
    symbols: tuple[str, ...]

    def __post_init__(self):
        symbols = tuple(str(symbol) for symbol in self.symbols)
        blank, label = as_array(self.blank, "blank"), as_array(self.label, "label")
        if blank.ndim != 2 or blank.shape[0] < 1 or blank.shape[1] < 1:
            raise ValueError(f"blank must be an array of shape (T, U+1) with T at least 1; it has shape {blank.shape}.")
        wanted = (blank.shape[0], blank.shape[1] - 1)
        if label.shape != wanted:
            raise ValueError(f"label must have shape (T, U) = {wanted} to go with blank; it has shape {label.shape}.")
        if len(symbols) != wanted[1]:
            raise ValueError(f"symbols must name the U = {wanted[1]} targets one by one; it has {len(symbols)}.")
        for name, array in (("blank", blank), ("label", label)):
            refuse_nan(array, name)
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        object.__setattr__(self, "symbols", symbols)

    @classmethod
    def from_log_probs(cls, log_probs, targets, blank: int = 0, symbols: Sequence[str] | None = None) -> "Lattice":
        """Picks the arcs of one utterance out of the joiner's output.

        Args:
            log_probs: (T, U+1, V), natural logarithms of probabilities, numpy or torch.
            targets: (U,), classes in [0, V) without the blank.
            blank: class of the blank; negative counts from the end, so -1 is V-1.
            symbols: text of every class (V strings). Without it a target is shown as its number.
        """
        scores = as_array(log_probs, "log_probs")
        if scores.ndim != 3:
            hint = " Draw one utterance at a time, for example log_probs[0]." if scores.ndim == 4 else ""
            raise ValueError(f"log_probs must have shape (T, U+1, V); it has shape {scores.shape}.{hint}")
        T, rows, V = scores.shape
        if T < 1 or V < 1:
            raise ValueError(f"log_probs needs at least one frame and one class; it has shape {scores.shape}.")
        classes = _as_classes(targets)
        U = len(classes)
        if rows != U + 1:
            raise ValueError(
                f"log_probs has {rows} rows on its second axis, which is room for {rows - 1} labels, "
                f"but targets has {U}: the axis must be U+1 = {U + 1} long."
            )
        if not isinstance(blank, int | np.integer):
            raise ValueError(f"blank must be the number of a class; this is a {type(blank).__name__}.")
        if not -V <= blank < V:
            raise ValueError(f"blank is {blank}, outside the {V} classes of log_probs: take one of 0..{V - 1}, or -1.")
        blank = int(blank) % V
        for u, y in enumerate(classes):
            if not 0 <= y < V:
                raise ValueError(f"targets[{u}] is {y}, outside the {V} classes of log_probs: take one of 0..{V - 1}.")
            if y == blank:
                raise ValueError(f"targets[{u}] is {y}, the blank: targets hold labels only, leave the blanks out.")
        if symbols is not None and len(symbols) != V:
            raise ValueError(
                f"symbols must name all V = {V} classes of log_probs, blank included; it has {len(symbols)}."
            )
        names = tuple(str(y) if symbols is None else str(symbols[y]) for y in classes)

        arcs_blank = scores[:, :, blank]
        arcs_label = scores[:, np.arange(U), classes]
        for array, column in ((arcs_blank, [blank] * rows), (arcs_label, classes)):
            wrong = np.argwhere(np.isnan(array) | (array > _ROUNDING))
            if len(wrong):
                t, u = map(int, wrong[0])
                raise ValueError(
                    f"log_probs[{t}, {u}, {column[u]}] is {array[t, u]:.4g}, not the logarithm of a probability: "
                    "pass the output of log_softmax over the last axis."
                )
        return cls(arcs_blank, arcs_label, names)

    @property
    def T(self) -> int:
        """Number of encoder frames."""
        return self.blank.shape[0]

    @property
    def U(self) -> int:
        """Number of labels to emit."""
        return self.blank.shape[1] - 1

    def __repr__(self) -> str:
        return f"Lattice(T={self.T}, U={self.U}, symbols={self.symbols!r})"

    def alignments(self) -> Iterator[str]:
        """Every alignment once, labels as early as possible first: (T+U-1 choose U) strings such as "lbblblb"."""
        return (_spelled(frames, self.T) for frames in combinations_with_replacement(range(self.T), self.U))

    def count_alignments(self) -> int:
        """How many alignments there are, (T+U-1 choose U), without listing them."""
        return comb(self.T + self.U - 1, self.U)

    def log_prob(self, path: str) -> float:
        """Natural logarithm of the product of the arcs along `path`. Raises ValueError when it is no path here."""
        return float(sum(self.blank[t, u] if step == "b" else self.label[t, u] for step, t, u in self._walk(path)))

    def _walk(self, path: str) -> Iterator[tuple[str, int, int]]:
        check_path(path, self.T, self.U)
        return walk(path)

    def best_path(self) -> str:
        """The most probable alignment, found by trying all of them. Raises ValueError above 200,000 alignments."""
        best, best_score = (), -np.inf
        for frames, scores in self._in_batches():
            i = int(np.argmax(scores))
            if not best or scores[i] > best_score:
                best, best_score = (frames[i],), scores[i]
        return _spelled(best[0], self.T)

    def log_total(self) -> float:
        """ln P(y | x): the sum over all alignments, one by one. Raises ValueError above 200,000 alignments."""
        scores = np.concatenate([scores for _, scores in self._in_batches()])
        top = scores.max()
        return float(top + np.log(np.exp(scores - top).sum())) if top > -np.inf else -np.inf

    def spell(self, path: str) -> str:
        """The alignment in symbols, such as "C∅∅A∅T∅"; symbols longer than a letter are set apart by spaces."""
        words = [BLANK_TEXT if step == "b" else visible(self.symbols[u]) for step, _, u in self._walk(path)]
        return ("" if all(len(word) == 1 for word in words) else " ").join(words)

    def _in_batches(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """(frames (N, U): the frame at which each label is emitted, scores (N,)), in the order of `alignments()`."""
        if self.count_alignments() > MOST_ALIGNMENTS:
            raise ValueError(
                f"T = {self.T} and U = {self.U} give {self.count_alignments():.3g} alignments, too many to try "
                f"one by one (at most {MOST_ALIGNMENTS:,}): take fewer frames or a shorter target."
            )
        every = combinations_with_replacement(range(self.T), self.U)
        size = max(1, 2_000_000 // (self.T * max(1, self.U)))  # keeps the comparison below at a few megabytes
        t = np.arange(self.T)
        while batch := list(islice(every, size)):
            frames = np.array(batch, dtype=np.int64).reshape(len(batch), self.U)
            emitted = (frames[:, None, :] <= t[None, :, None]).sum(axis=2)  # (N, T): labels out before frame t is left
            scores = self.blank[t, emitted].sum(axis=1) + self.label[frames, np.arange(self.U)].sum(axis=1)
            yield frames, scores


def walk(path: str) -> Iterator[tuple[str, int, int]]:
    """The arcs of a path in order, as (step, t, u): the step taken at node (t, u)."""
    t = u = 0
    for step in path:
        yield step, t, u
        t, u = (t + 1, u) if step == "b" else (t, u + 1)


def check_path(path: str, T: int, U: int) -> None:
    """Raises ValueError with one sentence unless `path` is an alignment of a lattice of T frames and U labels."""
    if not isinstance(path, str):
        raise ValueError(f'A path is a string of "b" (blank) and "l" (label); this is a {type(path).__name__}.')
    for i, step in enumerate(path):
        if step not in "bl":
            raise ValueError(f'Path "{path}" has "{step}" at step {i}: write "b" for a blank and "l" for a label.')
    blanks, labels = path.count("b"), path.count("l")
    if (blanks, labels) != (T, U):
        raise ValueError(
            f'Path "{path}" has {blanks} blanks and {labels} labels; '
            f"a lattice of T = {T} frames and U = {U} labels needs {T} and {U}."
        )
    if not path.endswith("b"):
        raise ValueError(f'Path "{path}" ends in a label; the last step must be "b", the terminal blank.')


def visible(symbol: str) -> str:
    """A symbol as it can be read in a picture: a space becomes "␣"."""
    return symbol.replace(" ", "␣") if symbol else "“”"


def as_array(values, name: str) -> np.ndarray:
    """A float64 copy of an array, a nested list or a torch tensor (also one that requires grad, or sits on a GPU)."""
    if hasattr(values, "detach"):
        values = values.detach().cpu().double().numpy()
    try:
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be an array of numbers; this is a {type(values).__name__}.") from None


def refuse_nan(array: np.ndarray, name: str) -> None:
    """Raises ValueError naming the first NaN or +inf; -inf is the logarithm of 0 and passes."""
    wrong = np.argwhere(np.isnan(array) | (array == np.inf))
    if len(wrong):
        where = ", ".join(str(int(i)) for i in wrong[0])
        value = "NaN" if np.isnan(array[tuple(wrong[0])]) else "+inf"
        raise ValueError(f"{name}[{where}] is {value}: log-probabilities are finite numbers or -inf.")


def _as_classes(targets) -> list[int]:
    values = as_array(targets, "targets")
    if values.ndim != 1:
        raise ValueError(f"targets must have shape (U,), one class per label; it has shape {values.shape}.")
    if not np.all(np.isfinite(values)) or np.any(values != np.round(values)):
        raise ValueError("targets must hold whole numbers, one class per label.")
    return [int(y) for y in values]


def _spelled(frames, T: int) -> str:
    """The string that emits label u while frame frames[u] is read."""
    emitted = np.bincount(np.asarray(frames, dtype=np.int64), minlength=T)
    return "".join("l" * int(n) + "b" for n in emitted)
