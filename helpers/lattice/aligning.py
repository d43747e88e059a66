"""Walk your own alignment: step by step, with the product written out."""

import numpy as np

from .figure import Figure
from .lattice import Lattice
from .live import Question
from .numerals import percent, probability, three_digits
from .panel import Panel
from .views import _arc_texts, _count, _cut, _figure, _footer, _lattice, _size, _spec

MOST_RANKED = 5000  # alignments whose probabilities travel with the drawing, to tell the rank of yours

ALL_FOUND = Question(
    "You have found every alignment of the transcript. What do their probabilities add up to?",
    ("1", "P(y|x)", "the probability of the best one"),
    1,
    "Alignments of one transcript do not overlap, so their probabilities add up to that of the transcript. What is "
    "missing to 1 belongs to all other transcripts.",
)


def walk(cat: Lattice, *, log_p: float | None = None, question: Question | None = ALL_FOUND) -> Figure:
    """A lattice to walk through: click arcs, or press b (blank), l (label) and Backspace.

    The product of the arcs is written out; at the end come its share of P(y|x), its rank among all alignments (where
    there are at most 5000), and how many of them were found. A button copies `path = "blb..."` for a cell below.
    Without JavaScript it shows one alignment with its product.

    Args:
        cat: the lattice.
        log_p: ln P(y|x), such as -cost of your own `forward`. Without it P(y|x) is summed over all alignments, as far
            as there are at most 200,000.
        question: what stands under the drawing; None for nothing.
    """
    many = _lattice(cat).count_alignments()
    scores = None
    if many <= MOST_RANKED:
        scores = np.sort(np.concatenate([scores for _, scores in cat._in_batches()]))[::-1]
    if log_p is None:
        try:
            log_p = cat.log_total()
        except ValueError:  # too many to sum: then the share is not shown
            log_p = None
        log_p = None if log_p == -np.inf else log_p
    elif not np.isfinite(log_p) or log_p > 1e-3:
        raise ValueError(f"log_p is {log_p}, not the logarithm of a probability above 0: pass -cost.")
    path = _even_path(cat.T, cat.U)
    panel = Panel(cat.T, cat.symbols)
    panel.halos([path])
    panel.arcs(*_arc_texts(cat))
    panel.nodes([[f"{t},{u}" for u in range(cat.U + 1)] for t in range(cat.T)], index=True)
    footer = _footer(panel)
    footer.key(arcs=not panel.is_map)
    crop = footer.y
    score = cat.log_prob(path)
    footer.path(0, _cut(cat.spell(path)), numbered=False)
    factors = [probability(cat.blank[t, u] if step == "b" else cat.label[t, u]) for step, t, u in cat._walk(path)]
    product = " × ".join(factors) if len(factors) <= 24 else " × ".join(factors[:20]) + " × …"
    footer.sentence(f"{product} = {three_digits(score)}")
    share = "" if log_p is None else f", {percent(score - log_p)} of P(y|x) = {probability(log_p, 2)}"
    rank = "" if scores is None else f", rank {1 + int((scores > score + 1e-9).sum()):,} of {many:,}"
    footer.sentence(f"One of {_count(many, 'alignment')}{share}{rank}.")
    example = f"one alignment, {_cut(cat.spell(path))}, and its product{share}{rank}"
    alt = f"Lattice of {_size(cat.T, cat.symbols)} with {example}."
    spec = _spec(cat, many=many, log_p=log_p, example=path, crop=crop)
    if scores is not None:
        spec["ranking"] = scores
    figure = _figure("walk", panel, footer, alt, spec)
    return figure if question is None else figure.ask(**vars(question))


def _even_path(T: int, U: int) -> str:
    """An alignment that spreads its labels evenly over the frames."""
    frames = [int((u + 0.5) * T / U) for u in range(U)]
    return "".join("l" * frames.count(t) + "b" for t in range(T))
