"""Break it: what too small numbers, padding and a push towards early labels do to a lattice.

Every number is made by the learner's own functions; a drawing shows one variant after the other.
"""

from collections.abc import Callable, Sequence

import numpy as np

from helpers.checks.cases import log_softmax

from .figure import Figure
from .lattice import Lattice
from .live import Question
from .numerals import logarithm, probability
from .panel import Footer, Panel
from .views import _LEAST_WIDTH, _count, _size, assemble, log_levels
from .xray import MOST_CELLS, unwritten
from .yours import NotYet, Shares, shares, table_of, train

FASTEMIT = (0.0, 0.03, 0.1, 0.3, 1.0)
STEPS = 30

NO_CURE = Question(
    "float64 survives this lattice. Why is it no cure?",
    (
        "It rounds too coarsely",
        "A sentence of ten seconds has a probability near 1e-1279, and float64 ends at 5e-324",
        "A GPU has no float64",
    ),
    1,
    "A larger float moves the end, it does not remove it. A logarithm of −2946 is an ordinary number.",
)
ZEROS = Question(
    "The padding holds nothing but zeros. Why does it change the cost?",
    (
        "Zeros have no logarithm",
        "A softmax of zeros is no zero: paths may write letters there, and have to leave each frame by a blank",
        "It makes the average over the batch smaller",
    ),
    1,
    "Every class has some probability there. A loss that is not told the lengths also counts what comes after the end.",
)
TOO_EARLY = Question(
    "With λ = 1 the cost is the lowest of all. Why would nobody train like this?",
    (
        "The gradient becomes infinite",
        "All letters come out in the first frame, before they are heard",
        "The blanks are never trained",
    ),
    1,
    "One utterance can be learnt by heart, so it costs nothing to write it at once. On new speech the model has to "
    "wait for the sound; a small λ only takes away needless waiting.",
)


def underflow(forward: Callable, T: int = 16, labels: str = "HELLO", classes: int = 1000) -> Figure:
    """alpha of a lattice in which all `classes` are equally likely, as logarithms and as floats of three sizes.

    A cell whose probability a float type cannot hold is 0 there, whatever the order of the multiplications.
    """
    symbols = tuple(labels)
    log_probs = np.full((T, len(symbols) + 1, classes), -np.log(classes))
    targets = np.arange(1, len(symbols) + 1)
    cat = Lattice(log_probs[:, :, 0], log_probs[:, : len(symbols), 1], symbols)
    try:
        table, cost = table_of(forward, "forward", log_probs, targets, 0)
    except NotYet as problem:
        return unwritten(cat, str(problem))
    levels, _, _ = log_levels(table)
    nodes = f"{table.size} cells"
    slides = [
        _slide(
            "logarithms",
            [[probability(value) for value in row] for row in table],
            levels,
            [
                f"All {nodes} are there: a logarithm only grows more negative.",
                f"The cost is {logarithm(cost, 2)} nats.",
            ],
        )
    ]
    for dtype in (np.float64, np.float32, np.float16):
        with np.errstate(under="ignore"):
            held = np.exp(table).astype(dtype)
            total = np.exp(-cost).astype(dtype) if np.isfinite(cost) else dtype(0)
        dead = (held == 0) & np.isfinite(table)
        texts = [
            ["0" if gone else probability(value) for value, gone in zip(row, lost, strict=True)]
            for row, lost in zip(table, dead, strict=True)
        ]
        least = float(np.log(np.finfo(dtype).smallest_subnormal))
        name = dtype.__name__
        smallest = f"{name} ends at {probability(least)}"
        if dead.any():
            last = "P(y|x) = 0, the cost is infinite and the gradient nan" if total == 0 else "P(y|x) just survives"
            lines = [f"{smallest}: {int(dead.sum())} of {nodes} are 0 (ringed).", f"{last}."]
        else:
            steps = int(-least / np.log(classes))
            lines = [
                f"{smallest}: all {nodes} survive here.",
                f"After {steps} steps, blanks and labels together, nothing would be left.",
            ]
        slides.append(_slide(name, texts, np.where(dead, 0.0, levels), lines, wrong=dead))
    hint = f"{classes:,} classes, all equally likely, as before training. Choose what holds the numbers."
    return _slides(cat, "numbers held as", slides, hint, NO_CURE)


def padding(
    f,
    g,
    targets,
    forward: Callable,
    backward: Callable,
    blank: int = 0,
    symbols: Sequence[str] | None = None,
    frames: int = 2,
    labels: int = 1,
) -> Figure:
    """Occupancy of an utterance in a padded batch, when the loss is told its lengths and when it is not.

    Args:
        f: (T, V) encoder outputs. The batch adds `frames` rows of zeros.
        g: (U+1, V) outputs of the prediction network. The batch adds `labels` rows of zeros, for labels of class 0.
        targets: (U,).
        forward: yours.
        backward: yours.
        blank: class of the blank.
        symbols: text of every class.
        frames: frames of padding.
        labels: labels of padding.
    """
    f, g, targets = np.asarray(f, dtype=float), np.asarray(g, dtype=float), np.asarray(targets, dtype=np.int64)
    T, U = len(f), len(targets)
    names = tuple(str(y) if symbols is None else str(symbols[y]) for y in targets) + ("pad",) * labels
    f = np.vstack([f, np.zeros((frames, f.shape[1]))])
    g = np.vstack([g, np.zeros((labels, g.shape[1]))])
    targets = np.concatenate([targets, np.zeros(labels, dtype=np.int64)])
    log_probs = log_softmax(f[:, None] + g[None])
    whole = Lattice(log_probs[:, :, blank], log_probs[:, np.arange(len(targets)), targets], names)
    sizes = {
        "both lengths": (T, U),
        "frames not cut": (T + frames, U),
        "labels not cut": (T, U + labels),
        "neither cut": (T + frames, U + labels),
    }
    found = {}
    try:
        for name, (t, u) in sizes.items():
            found[name] = shares(forward, backward, log_probs[:t, : u + 1], targets[:u], blank, names[:u])
    except NotYet as problem:
        return unwritten(whole, str(problem))
    true = found["both lengths"].cost
    slides = []
    for name, one in found.items():
        t, u = sizes[name]
        lines = [f"T = {t}, U = {u}: the cost is {logarithm(one.cost, 3)} nats."]
        if name == "both lengths":
            lines.append("The grey part of the batch is padding. No path goes there.")
        else:
            lines[0] += f" It should be {logarithm(true, 3)}."
            late = float(one.label[T:, :U].sum(axis=0).max(initial=0.0))
            said = []
            if t > T:
                said.append(f"{100 * late:.0f} % of the probability writes a letter after the speech has ended")
            if u > U:
                said.append("every path has to write the padding, too")
            sentence = " and ".join(said)
            lines.append(f"{sentence[0].upper()}{sentence[1:]}.")
        slides.append(_of_shares(name, one, whole, lines))
    hint = f"A batch pads this utterance to {T + frames} frames and {U + labels} labels. What is the loss told?"
    return _slides(whole, "the loss knows", slides, hint, ZEROS)


def fastemit(
    f, g, targets, forward: Callable, backward: Callable, blank: int = 0, symbols: Sequence[str] | None = None
) -> Figure:
    """Occupancy after training with FastEmit at several strengths: the labels come earlier, and one can overdo it.

    f (T, V) and g (U+1, V) are trained themselves, by gradient descent on what your functions say.
    """
    f, g, targets = np.asarray(f, dtype=float), np.asarray(g, dtype=float), np.asarray(targets, dtype=np.int64)
    names = tuple(str(y) if symbols is None else str(symbols[y]) for y in targets)
    scores = log_softmax(f[:, None] + g[None])
    cat = Lattice(scores[:, :, blank], scores[:, np.arange(len(targets)), targets], names)
    slides = []
    try:
        before = shares(forward, backward, scores, targets, blank, names)
        slides.append(_of_shares("untrained", before, cat, [_when(before, names), _cost(before)]))
        for strength in FASTEMIT:
            pair = train(f, g, targets, forward, backward, blank, names, STEPS, strength)
            trained = shares(forward, backward, log_softmax(pair[0][:, None] + pair[1][None]), targets, blank, names)
            slides.append(_of_shares(f"λ = {strength:g}", trained, cat, [_when(trained, names), _cost(trained)]))
    except NotYet as problem:
        return unwritten(cat, str(problem))
    hint = f"The same {STEPS} training steps, each with another λ. Watch when the letters come out."
    return _slides(cat, "trained with", slides, hint, TOO_EARLY)


def _when(found: Shares, names: Sequence[str]) -> str:
    parts = [f"{name} {frame:.2f}" for name, frame in zip(names, found.frames, strict=True)]
    return f"Average frame of each letter: {', '.join(parts)}."


def _cost(found: Shares) -> str:
    return f"The cost is {logarithm(found.cost, 2)} nats."


# ---- a drawing with several variants


def _slide(name, texts, levels, lines, wrong=None, arcs=None, size=None) -> dict:
    """One variant. wrong: (T, U+1) cells to ring; arcs: texts of blanks and labels; size: (T, U) of what is in use."""
    return {
        "name": name,
        "texts": texts,
        "levels": np.round(levels, 2),
        "lines": lines,
        "wrong": [] if wrong is None else np.argwhere(wrong).tolist(),
        "arcs": arcs,
        "size": size,
    }


def _of_shares(name: str, found: Shares, whole: Lattice, lines: list[str]) -> dict:
    """Occupancy of a lattice that may be the lower left part of `whole`."""
    T, U = found.lattice.T, found.lattice.U

    def laid(values, shape):
        grid = np.full(shape, np.nan)
        grid[: values.shape[0], : values.shape[1]] = values
        with np.errstate(divide="ignore"):
            texts = [["·" if np.isnan(v) else probability(np.log(v)) for v in row] for row in grid]
        return texts, np.nan_to_num(grid)

    texts, levels = laid(found.nodes, (whole.T, whole.U + 1))
    blank, _ = laid(found.blank, (whole.T, whole.U + 1))
    label, _ = laid(found.label, (whole.T, whole.U))
    return _slide(name, texts, np.clip(levels, 0, 1), lines, arcs={"blank": blank, "label": label}, size=[T, U])


def _slides(cat: Lattice, label: str, slides: list[dict], hint: str, question: Question) -> Figure:
    if cat.T * (cat.U + 1) > MOST_CELLS:
        raise ValueError(
            f"T × (U+1) = {cat.T * (cat.U + 1):,} nodes are too many for {len(slides)} variants: "
            f"take at most {MOST_CELLS}."
        )
    first = slides[0]
    panel = Panel(cat.T, cat.symbols)
    arcs = first["arcs"]
    panel.arcs(*((arcs["blank"], arcs["label"]) if arcs else ()), faint=True)
    panel.nodes(first["texts"], np.asarray(first["levels"]))
    footer = Footer(0, panel.bottom, max(panel.right, _LEAST_WIDTH))
    footer.key()
    scene = assemble([panel], footer, max(panel.right, _LEAST_WIDTH))
    said = " ".join(f"{slide['name']}: {' '.join(slide['lines'])}" for slide in slides)
    alt = f"Lattice of {_size(cat.T, cat.symbols)} in {_count(len(slides), 'variant')}. {said}"
    spec = {"T": cat.T, "symbols": list(cat.symbols), "label": label, "hint": hint, "slides": slides}
    return Figure("breaking", scene, alt, spec, question)
