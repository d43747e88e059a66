"""One node under the microscope: f_t + g_u goes in, a distribution over symbols comes out."""

from collections.abc import Sequence

import numpy as np

from .figure import Figure
from .lattice import BLANK_TEXT, as_array, visible
from .panel import Density, Footer, Panel
from .scene import Line, Polyline, Primitive, Rect, Text
from .views import assemble

MOST_FRAMES, MOST_NODES, MOST_DIMENSIONS = 16, 64, 128
_NODES = Density("pair", 40, 40, 13, 5, node_numbers=False, arc_numbers=False)
_BARS, _BAR, _PITCH = 8, 120, 18
_STRIP, _GAP = 30, 8  # height of half a strip of numbers, and the space between two


def node_microscope(
    f, g, logits, *, symbols: Sequence[str], labels: Sequence[str], node: tuple[int, int] | None = None, blank: int = -1
) -> Figure:
    """The joiner at every node of a small lattice, one node at a time, and what the whole tensor weighs.

    Args:
        f: (T, J), what the encoder says of each frame.
        g: (U+1, J), what the prediction network says after each label.
        logits: (T, U+1, V), the joiner's scores of f_t + g_u.
        symbols: V texts; the blank is shown as ∅.
        labels: U texts, the rows between g_0, g_1, ...
        node: (t, u) to begin with; the most undecided one by default.
        blank: index of the blank.
    """
    f, g, logits = (as_array(values, name) for values, name in ((f, "f"), (g, "g"), (logits, "logits")))
    if f.ndim != 2 or g.ndim != 2 or f.shape[1] != g.shape[1]:
        raise ValueError(f"f must be (T, J) and g (U+1, J) with one J; their shapes are {f.shape} and {g.shape}.")
    T, rows, V = len(f), len(g), len(symbols)
    if logits.shape != (T, rows, V):
        raise ValueError(f"logits must have shape (T, U+1, V) = {(T, rows, V)}; they have shape {logits.shape}.")
    if len(labels) != rows - 1:
        raise ValueError(f"labels must name the U = {rows - 1} rows above the first; there are {len(labels)}.")
    if T > MOST_FRAMES or T * rows > MOST_NODES:
        raise ValueError(
            f"{T} × {rows} nodes are too many for a microscope: "
            f"cut out at most {MOST_FRAMES} frames and {MOST_NODES} nodes."
        )
    shares = _softmax(logits)
    texts = [BLANK_TEXT if i == blank % V else visible(str(symbol)) for i, symbol in enumerate(symbols)]
    J, kept = f.shape[1], _telling(f, g)
    f, g = f[:, kept], g[:, kept]
    if node is None:
        entropy = -(shares * np.log(np.maximum(shares, 1e-12))).sum(axis=2)
        node = tuple(int(i) for i in np.unravel_index(entropy.argmax(), entropy.shape))
    t, u = node
    if not (0 <= t < T and 0 <= u < rows):
        raise ValueError(f"node is {node}, not a node (t, u) with t in 0..{T - 1} and u in 0..{rows - 1}.")
    top = [[_top(shares[i, j], texts) for j in range(rows)] for i in range(T)]

    panel = Panel(T, list(labels), density=_NODES)
    panel.arcs(faint=True)
    panel.nodes(levels=shares[:, :, blank % V])
    right, height = panel.right + 20, panel.bottom
    items: list[Primitive] = []
    _bars(items, right, 30, top[t][u], (t, u))
    width = max(right + _BAR + 130, 720)
    scale = float(max(np.abs(f).max(), np.abs(g).max(), np.abs(f[:, None] + g[None]).max(), 1e-9))
    y = max(height, 30 + _BARS * _PITCH + 20) + 8
    strips = {}
    left, across = 78.0, (width - 78 - 24) / len(kept)
    shown = (("f", f"f{_below(t)}", f[t]), ("g", f"g{_below(u)}", g[u]), ("sum", "f + g", f[t] + g[u]))
    for name, title, values in shown:
        middle = y + _STRIP
        items.append(Line(f"strip-{name}-zero", left, middle, left + across * len(kept), middle, ("grid",)))
        points = spikes(values, left, middle, across, _STRIP / scale)
        items.append(Polyline(f"strip-{name}", points, (f"strip-{name}",), min(6.0, max(1.0, 0.6 * across))))
        items.append(Text(f"strip-{name}-title", left - 12, middle, title, ("text", "heading"), "end"))
        strips[name] = round(middle, 1)
        y += 2 * _STRIP + _GAP
    panel.items += items
    footer = Footer(0, y, width)
    footer.key(bar=("0", "1", "probability of ∅ at a node"))
    words = f"The {len(kept)} of {J} numbers that vary most" if len(kept) < J else f"All {J} numbers"
    footer.sentence(
        f"{words} of f{_below(t)} and g{_below(u)}. Their sum goes through the joiner, and its softmax over V = {V} "
        f"symbols says {top[t][u][0][0]} with {top[t][u][0][1]:.2f}.",
        "of-film",
    )
    footer.sentence(
        f"All T × (U+1) × V = {T} × {rows} × {V} = {T * rows * V:,} scores exist at once in training.", "of-film"
    )
    spec = {
        "T": T,
        "labels": list(labels),
        "V": V,
        "J": J,
        "node": [t, u],
        "top": [[[list(pair) for pair in one] for one in column] for column in top],
        "f": np.round(f, 2),
        "g": np.round(g, 2),
        "sum": np.round(f[:, None] + g[None], 2).reshape(T * rows, -1),  # two axes: large ones travel packed
        "strips": {"left": left, "across": across, "scale": _STRIP / scale, **strips},
        "bar": _BAR,
    }
    alt = (
        f"Small lattice of {T} frames and {rows - 1} labels with node ({t}, {u}) chosen: the vectors f{_below(t)} and "
        f"g{_below(u)}, their sum, and the softmax of the joiner, in which {top[t][u][0][0]} has {top[t][u][0][1]:.2f}."
    )
    figure = Figure("node_microscope", assemble([panel], footer, width), alt, spec)
    return figure.ask(
        "You keep g_u and take the f of another frame. Where are you then?",
        ("At another node of the same row", "At another node of the same column", "Outside the lattice"),
        0,
        "The node (t, u) is the pair of frame t and text so far. T vectors f and U+1 vectors g make T × (U+1) pairs, "
        "and the joiner answers for each: that is why its output is so large.",
    )


def spikes(values, left: float, middle: float, across: float, scale: float) -> tuple[tuple[float, float], ...]:
    """A bar up or down for each number, in one line."""
    points: list[tuple[float, float]] = []
    for j, value in enumerate(values):
        x = left + (j + 0.5) * across
        points += [(x, middle), (x, middle - scale * float(value)), (x, middle)]
    return tuple(points)


def _below(number: int) -> str:
    """A number as an index: ₁₂."""
    return str(number).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def _softmax(logits: np.ndarray) -> np.ndarray:
    shares = np.exp(logits - logits.max(axis=2, keepdims=True))
    return shares / shares.sum(axis=2, keepdims=True)


def _telling(f: np.ndarray, g: np.ndarray) -> np.ndarray:
    """Which of J numbers are shown: all, or those that differ most between frames and between texts."""
    if f.shape[1] <= MOST_DIMENSIONS:
        return np.arange(f.shape[1])
    return np.sort(np.argsort(-(f.std(axis=0) + g.std(axis=0)))[:MOST_DIMENSIONS])


def _top(shares: np.ndarray, texts: Sequence[str]) -> list[tuple[str, float]]:
    return [(texts[i], round(float(shares[i]), 4)) for i in np.argsort(-shares)[:_BARS]]


def _bars(items: list[Primitive], x: float, y: float, top: list[tuple[str, float]], node: tuple[int, int]) -> None:
    items.append(Text("bars-title", x, y, f"softmax at ({node[0]}, {node[1]})", ("text", "bar-title"), "start"))
    for i in range(_BARS):
        symbol, share = top[i] if i < len(top) else ("", 0.0)
        middle = y + 20 + i * _PITCH
        kind = "bar-blank" if symbol == BLANK_TEXT else "bar-label"
        items.append(Text(f"bar-symbol-{i}", x + 20, middle, symbol, ("text", "bar-symbol"), "end"))
        items.append(Rect(f"bar-{i}", x + 28, middle - 6.5, max(0.5, _BAR * share), 13, ("bar", kind)))
        items.append(Text(f"bar-share-{i}", x + 34 + _BAR, middle, f"{share:.3f}", ("text", "bar-share"), "start"))
