"""Cut the lattice: what alpha times beta sums to along an anti-diagonal and down a column."""

import numpy as np

from .figure import Figure
from .lattice import Lattice
from .live import Question
from .numerals import percent, probability, three_digits
from .panel import Panel
from .scene import Polyline
from .views import _exp, _figure, _footer, _lattice, _node_array, _pooled, _size, _spec, _texts, _too_many

_TERMS = 6  # of a sum that is written out

ONCE = Question(
    "Why does every anti-diagonal sum to P(y|x), and a column to more?",
    (
        "A column has more nodes than an anti-diagonal",
        "A path meets each anti-diagonal once, but a column once and again after every label in that frame",
        "β holds the final blank already, so columns count it twice",
    ),
    1,
    "Each step, blank or label, adds 1 to t + u. A label stays in its column, so the path meets that column once more.",
)


def cut(cat: Lattice, log_alpha, log_beta, *, at: int | None = None, question: Question | None = ONCE) -> Figure:
    """alpha times beta at every node, and a cut through the lattice along which they are summed.

    Every anti-diagonal t + u = n sums to P(y|x), and the column of a frame to (1 + expected labels in it) P(y|x), if
    both arrays are right; both are taken as given, so a wrong one shows.

    Args:
        cat: the lattice.
        log_alpha: (T, U+1), natural logarithms.
        log_beta: (T, U+1); P(y|x) is read from log_beta[0, 0].
        at: the anti-diagonal t + u that is cut at first; the middle one, if None.
        question: what stands under the drawing; None for nothing.
    """
    log_alpha = _node_array(log_alpha, "log_alpha", cat)
    log_beta = _node_array(log_beta, "log_beta", cat)
    T, U = _lattice(cat).T, cat.U
    log_p = float(log_beta[0, 0])
    if log_p == -np.inf:
        raise ValueError("log_beta[0, 0] is -inf, so P(y|x) is 0: there is nothing to cut.")
    at = (T + U - 1) // 2 if at is None else at
    if not isinstance(at, int | np.integer) or not 0 <= at <= T + U - 1:
        raise ValueError(f"at is {at!r}, not an anti-diagonal t + u of this lattice: take one of 0..{T + U - 1}.")
    product = log_alpha + log_beta
    panel = Panel(T, cat.symbols)
    nodes = [(t, at - t) for t in range(T) if 0 <= at - t <= U]
    g = panel.grid
    ends = [(-0.45, 0.45), *((0.0, 0.0) for _ in nodes[1:-1]), (0.45, -0.45)] if len(nodes) > 1 else []
    line = [(g.x(t + dt), g.y(u + du)) for (t, u), (dt, du) in zip(nodes, ends, strict=False)]
    if not line:
        (t, u) = nodes[0]
        line = [(g.x(t - 0.45), g.y(u + 0.45)), (g.x(t + 0.45), g.y(u - 0.45))]
    panel.items.append(Polyline("cut", tuple(line), ("cut",)))
    panel.arcs(faint=True)
    tips = [
        [f"t={t}, u={u}: αβ = {three_digits(v)}, {percent(v - log_p)} of P" for u, v in enumerate(row)]
        for t, row in enumerate(product)
    ]
    panel.nodes(_texts(product), _exp(product - log_p), tips)
    footer = _footer(panel)
    footer.key(bar=("0", probability(log_p), "α[t, u] · β[t, u]"), arcs=not panel.is_map)
    crop = footer.y
    if panel.is_map:
        footer.sentence(_too_many(T, U) + ": a cell shows α[t, u] · β[t, u]" + _pooled(panel))
        crop = footer.y
    values = sorted((float(product[node]) for node in nodes), reverse=True)
    total = float(np.logaddexp.reduce(values))
    shown = " + ".join(three_digits(v) for v in values[:_TERMS])
    rest = f" + {len(values) - _TERMS} smaller ones" if len(values) > _TERMS else ""
    verdict = "=" if abs(total - log_p) < 1e-3 else "≠"
    said = f"t + u = {at}: {shown}{rest} = {three_digits(total)} {verdict} P(y|x) = {three_digits(log_p)}."
    footer.sentence(said, *(() if verdict == "=" else ("of-wrong",)))
    alt = f"Lattice of {_size(T, cat.symbols)} with alpha times beta in each node, cut along an anti-diagonal. {said}"
    spec = _spec(cat, log_alpha=log_alpha, log_beta=log_beta, at=int(at), crop=crop)
    figure = _figure("cut", panel, footer, alt, spec)
    return figure if question is None else figure.ask(**vars(question))
