"""What can be seen of a lattice. Every function returns a `Figure`, or raises ValueError with one sentence.

Arrays of forward and backward variables are always given, never computed here: computing them is the student's work,
and a picture of a wrong array must show the wrong array.
"""

from collections.abc import Sequence

import numpy as np

from .figure import Figure
from .lattice import Lattice, as_array, check_path, refuse_nan, walk
from .numerals import logarithm, percent, probability
from .panel import MOST_NODES, Footer, Panel
from .scene import Scene
from .style import HALOS

_LEAST_WIDTH = 400


def trellis(
    cat: Lattice | None = None,
    *,
    paths: Sequence[str] = (),
    T: int | None = None,
    labels: Sequence[str] | None = None,
) -> Figure:
    """The empty trellis, nodes named (t, u), with up to six alignments as halos.

    Give a lattice, or its size alone: `trellis(T=4, labels="CAT")`. `labels` is a string (one symbol a letter) or a
    list of strings.
    """
    if cat is None:
        if T is None or labels is None:
            raise ValueError('A trellis needs a lattice or its size: trellis(cat) or trellis(T=4, labels="CAT").')
        if not isinstance(T, int | np.integer) or T < 1:
            raise ValueError(f"T is {T!r}: a trellis needs at least one encoder frame.")
        T, symbols = int(T), tuple(str(label) for label in labels)
    else:
        if T is not None or labels is not None:
            raise ValueError("Give trellis either a lattice or T and labels, not both.")
        T, symbols = _lattice(cat).T, cat.symbols
    paths = _paths(paths, T, len(symbols))
    panel = Panel(T, symbols)
    panel.halos(paths)
    panel.arcs(taken=_arcs_of(paths) if len(paths) == 1 else frozenset())
    panel.nodes([[f"{t},{u}" for u in range(len(symbols) + 1)] for t in range(T)], index=True)
    panel.badges()
    footer = _footer(panel)
    footer.key()
    reader = cat if cat is not None else Lattice(np.zeros((T, len(symbols) + 1)), np.zeros((T, len(symbols))), symbols)
    for i, path in enumerate(paths):
        text = _cut(reader.spell(path)) + (
            f" · probability {probability(cat.log_prob(path), 2)}" if cat is not None else ""
        )
        footer.path(i, text, numbered=len(paths) > 1)
    if panel.is_map:
        footer.sentence(_too_many(T, len(symbols)) + ", so a grid stands for them.")
    alt = f"Empty trellis of {_size(T, symbols)}"
    if paths:
        spelled = " and ".join(_cut(reader.spell(path)) for path in paths)
        alt += f" with {_count(len(paths), 'alignment')} highlighted: {spelled}"
    return _figure("trellis", panel, footer, f"{alt}.", {"T": T, "symbols": list(symbols), "paths": list(paths)})


def arcs(cat: Lattice, *, paths: Sequence[str] = ()) -> Figure:
    """The probability of every arc, as broad as it is probable; `paths` as halos."""
    paths = _paths(paths, _lattice(cat).T, cat.U)
    panel = Panel(cat.T, cat.symbols)
    footer = _footer(panel)
    panel.halos(paths)
    if panel.is_map:
        panel.nodes(levels=np.exp(cat.blank))
        panel.arcs()
        footer.key(bar=("0", "1", "probability of the blank"), arcs=False)
        footer.sentence(_too_many(cat.T, cat.U) + ": a cell shows the probability of the blank there" + _pooled(panel))
    else:
        panel.arcs(*_arc_texts(cat), weights=(np.exp(cat.blank), np.exp(cat.label)))
        panel.nodes([[f"{t},{u}" for u in range(cat.U + 1)] for t in range(cat.T)], index=True)
        footer.key()
    panel.badges()
    for i, path in enumerate(paths):
        text = f"{_cut(cat.spell(path))} · probability {probability(cat.log_prob(path), 2)}"
        footer.path(i, text, numbered=len(paths) > 1)
    alt = f"Lattice of {_size(cat.T, cat.symbols)} with the probability of each blank and each label on its arc."
    return _figure("arcs", panel, footer, alt, _spec(cat, paths=list(paths)))


def alpha(cat: Lattice, log_alpha) -> Figure:
    """Forward variables at the nodes: exp(log_alpha[t, u]), log_alpha (T, U+1). The fill is on a log scale."""
    log_alpha = _node_array(log_alpha, "log_alpha", cat)
    return _variables(cat, log_alpha, "alpha", "α[t, u]", "forward probability")


def beta(cat: Lattice, log_beta) -> Figure:
    """Backward variables at the nodes: exp(log_beta[t, u]), log_beta (T, U+1). The fill is on a log scale."""
    log_beta = _node_array(log_beta, "log_beta", cat)
    return _variables(cat, log_beta, "beta", "β[t, u]", "backward probability")


def _variables(cat: Lattice, values: np.ndarray, view: str, sign: str, meaning: str) -> Figure:
    levels, low, high = log_levels(values)
    panel = Panel(cat.T, cat.symbols)
    if panel.is_map:  # no room for numbers
        panel.arcs()
        panel.nodes(levels=levels)
    else:
        panel.arcs(*_arc_texts(cat), faint=True)
        tips = [
            [f"t={t}, u={u}: {sign[0]} = {probability(v)}, ln {sign[0]} = {logarithm(v, 3)}" for u, v in enumerate(row)]
            for t, row in enumerate(values)
        ]
        panel.nodes(_texts(values), levels, tips)
    footer = _footer(panel)
    bar = (("≤ " if low > -np.inf and (values < low).any() else "") + probability(low), probability(high))
    footer.key(bar=(*bar, f"{sign}, log scale"), arcs=not panel.is_map)
    if panel.is_map:
        footer.sentence(_too_many(cat.T, cat.U) + f": a cell shows {sign}" + _pooled(panel))
    alt = (
        f"Lattice of {_size(cat.T, cat.symbols)} with the {meaning} {view}[t, u] in each node: "
        f"{probability(values[0, 0])} at (0, 0), {probability(values[-1, -1])} at ({cat.T - 1}, {cat.U})."
    )
    return _figure(view, panel, footer, alt, _spec(cat, **{f"log_{view}": values}))


def occupancy(cat: Lattice, log_alpha, log_beta) -> Figure:
    """How much of P(y|x) passes through every node and arc, 0 to 1, on a linear scale.

    Nodes: alpha[t, u] beta[t, u] / P, where P = beta[0, 0] (Graves, 2012, equation 19). Arcs: alpha at the tail times
    the arc times beta at the head, over P; both (T, U+1) arrays are taken as given.
    """
    log_alpha = _node_array(log_alpha, "log_alpha", cat)
    log_beta = _node_array(log_beta, "log_beta", cat)
    log_p = log_beta[0, 0]
    if log_p == -np.inf:
        raise ValueError("log_beta[0, 0] is -inf, so P(y|x) is 0: there is no occupancy to draw.")
    nodes = log_alpha + log_beta - log_p
    onward = np.vstack([log_beta[1:], np.full((1, cat.U + 1), -np.inf)])
    onward[-1, -1] = 0.0  # behind the terminal blank nothing is left to do
    blank = log_alpha + cat.blank + onward - log_p
    label = log_alpha[:, :-1] + cat.label + log_beta[:, 1:] - log_p
    panel = Panel(cat.T, cat.symbols)
    if panel.is_map:
        panel.arcs()
        panel.nodes(levels=_exp(nodes))
    else:
        panel.arcs(_texts(blank), _texts(label), weights=(_exp(blank), _exp(label)))
        tips = [
            [f"t={t}, u={u}: {percent(min(v, 50.0))} of P(y|x) passes here" for u, v in enumerate(row)]
            for t, row in enumerate(nodes)
        ]
        panel.nodes(_texts(nodes), _exp(nodes), tips)
    footer = _footer(panel)
    footer.key(bar=("0", "1", "share of P(y|x)"), arcs=not panel.is_map)
    if panel.is_map:
        footer.sentence(_too_many(cat.T, cat.U) + ": a cell shows its share of P(y|x)" + _pooled(panel))
    other = log_alpha[-1, -1] + cat.blank[-1, -1]
    if not np.isclose(other, log_p, rtol=1e-4, atol=1e-4):
        footer.sentence(
            f"The arrays disagree about ln P(y|x): log_alpha ends at {logarithm(other, 4)}, "
            f"log_beta begins at {logarithm(log_p, 4)}.",
            "of-wrong",
        )
    alt = (
        f"Lattice of {_size(cat.T, cat.symbols)} with the occupancy of each node, the share of P(y|x) passing "
        "through it, and the posterior of each arc."
    )
    spec = _spec(cat, log_alpha=log_alpha, log_beta=log_beta, blank_posterior=_exp(blank), label_posterior=_exp(label))
    return _figure("occupancy", panel, footer, alt, {**spec, "occupancy": _exp(nodes)})


def best_path(cat: Lattice) -> Figure:
    """The most probable single alignment and its share of P(y|x), by enumeration (at most 200,000 alignments)."""
    path = _lattice(cat).best_path()
    score, total = cat.log_prob(path), cat.log_total()
    if score == -np.inf:
        raise ValueError("Every alignment of this lattice has probability 0: there is no best one to draw.")
    panel = Panel(cat.T, cat.symbols)
    panel.halos([path])
    taken = _arcs_of([path])
    panel.arcs(*_arc_texts(cat), faint=True, taken=taken)
    panel.nodes([[f"{t},{u}" for u in range(cat.U + 1)] for t in range(cat.T)], index=True)
    footer = _footer(panel)
    footer.key()
    footer.path(0, f"{_cut(cat.spell(path))} · probability {probability(score, 2)}", numbered=False)
    many = cat.count_alignments()
    share = percent(score - total)
    footer.sentence(f"The best of {_count(many, 'alignment')}: {share} of P(y|x) = {probability(total, 2)}.")
    if panel.is_map:
        footer.sentence(_too_many(cat.T, cat.U) + ", so a grid stands for them.")
    alt = (
        f"Lattice of {_size(cat.T, cat.symbols)} with its best alignment {_cut(cat.spell(path))} highlighted, "
        f"{share} of P(y|x)."
    )
    return _figure("best_path", panel, footer, alt, _spec(cat, paths=[path], log_prob=score, log_total=total))


# ---- shared by the views


def log_levels(values: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Fill levels in [0, 1], linear in the logarithm, and the values at both ends. -inf gets 0.

    In a large lattice the empty end is the second percentile: a few nodes that are next to impossible must not make all
    others look alike.
    """
    finite = values[np.isfinite(values)]
    if not finite.size:
        return np.zeros(values.shape), -np.inf, -np.inf
    high = float(finite.max())
    low = min(float(np.quantile(finite, 0.02) if finite.size > MOST_NODES else finite.min()), high - 1.0)
    levels = np.where(np.isfinite(values), (np.where(np.isfinite(values), values, low) - low) / (high - low), 0.0)
    return np.clip(levels, 0, 1), low, high


def assemble(panels: Sequence[Panel], footer: Footer, width: float) -> Scene:
    """Panels and what stands under them as one scene."""
    items = [item for panel in panels for item in panel.items] + footer.items
    width = max(width, footer.widest + 12)
    return Scene(round(width), round(footer.y + 12), tuple(items), {panel.prefix: panel.grid for panel in panels})


def _figure(view: str, panel: Panel, footer: Footer, alt: str, spec: dict) -> Figure:
    return Figure(view, assemble([panel], footer, max(panel.right, _LEAST_WIDTH)), alt, spec)


def _footer(panel: Panel) -> Footer:
    return Footer(0, panel.bottom, max(panel.right, _LEAST_WIDTH))


def _lattice(cat) -> Lattice:
    if not isinstance(cat, Lattice):
        raise ValueError(
            f"The first argument must be a Lattice; this is a {type(cat).__name__}: "
            "make one with Lattice.from_log_probs(log_probs, targets)."
        )
    return cat


def _node_array(values, name: str, cat: Lattice) -> np.ndarray:
    array = as_array(values, name)
    wanted = (_lattice(cat).T, cat.U + 1)
    if array.shape != wanted:
        raise ValueError(f"{name} must have shape (T, U+1) = {wanted}; it has shape {array.shape}.")
    refuse_nan(array, name)
    return array


def _paths(paths, T: int, U: int) -> tuple[str, ...]:
    if isinstance(paths, str):
        raise ValueError(f'paths must be a list of alignments: write paths=["{paths}"].')
    paths = tuple(paths)
    if len(paths) > HALOS:
        raise ValueError(f"{len(paths)} paths cannot be told apart: draw at most {HALOS} at once.")
    for path in paths:
        check_path(path, T, U)
    return paths


def _arcs_of(paths: Sequence[str]) -> frozenset[tuple[str, int, int]]:
    return frozenset(arc for path in paths for arc in walk(path))


def _texts(log_values: np.ndarray) -> list[list[str]]:
    return [[probability(v) for v in row] for row in log_values]


def _arc_texts(cat: Lattice) -> tuple[list[list[str]], list[list[str]]]:
    return _texts(cat.blank), _texts(cat.label)


def _exp(log_values: np.ndarray) -> np.ndarray:
    # A wrong array may hold shares far above 1: they are drawn as full, not as an overflow.
    return np.exp(np.minimum(log_values, 700.0))


def _spec(cat: Lattice, **more) -> dict:
    return {"T": cat.T, "symbols": list(cat.symbols), "blank": cat.blank, "label": cat.label, **more}


def _size(T: int, symbols: Sequence[str]) -> str:
    U = len(symbols)
    names = "" if not U else " " + _cut(("" if all(len(s) == 1 for s in symbols) else " ").join(symbols), 30)
    return f"T = {T} encoder {'frame' if T == 1 else 'frames'} (to the right) and U = {U} labels{names} (upward)"


def _count(n: int, word: str) -> str:
    return f"{n:,} {word}" + ("" if n == 1 else "s")


def _cut(text: str, most: int = 60) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _too_many(T: int, U: int) -> str:
    return f"T × (U+1) = {T * (U + 1):,} nodes are too many to draw one by one"


def _pooled(panel: Panel) -> str:
    bt, bu = panel.block
    return "." if bt * bu == 1 else f", the largest of {bt} × {bu} nodes (t × u)."
