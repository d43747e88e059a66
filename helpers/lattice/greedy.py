"""Greedy decoding as a walk through the lattice of what was really said."""

import numpy as np

from .figure import Figure
from .lattice import BLANK_TEXT, visible
from .panel import MAP, Footer, Panel
from .scene import Circle, Grid, Heat, Line, Polyline, Primitive, Rect, Text
from .views import _size, assemble
from .walking import Walk

_MOST_FRAMES, _MOST_LABELS = 400, 200
_BARS, _BAR, _PITCH = 6, 112, 17  # of the joiner's answer: how many, how long at probability 1, from one to the next


def greedy_walk(walk: Walk | int = 1) -> Figure:
    """Where a greedy walk went, over the lattice of the transcript, with the joiner's answer where it first errs.

    walk: what `helpers.decoding.watch` wrote down; or a number from 1 to 6, the reference recogniser's walk over that
        recording.
    """
    walk = walk if isinstance(walk, Walk) else Walk.recorded(walk)
    if not walk.steps:
        raise ValueError("This walk has no steps: there is nothing to draw.")
    truth = walk.truth or tuple(symbol for symbol, _ in walk.labels)
    rows = max(len(truth), len(walk.labels), *(step.u for step in walk.steps))
    if walk.T > _MOST_FRAMES or rows > _MOST_LABELS:
        raise ValueError(
            f"A walk of T = {walk.T} frames and {rows} labels is too long to follow: "
            f"take an utterance of at most {_MOST_FRAMES} frames and {_MOST_LABELS} labels."
        )
    panel = Panel(walk.T, [*truth, *[" "] * (rows - len(truth))], density=MAP)
    panel.items = [i for i in panel.items if not (i.id.startswith("symbol-") and int(i.id[7:]) >= len(truth))]
    if walk.occupancy is not None:
        shares(panel, walk.occupancy)
    _frame(panel.items, panel.grid, len(truth))
    points, good = _points(walk, panel.grid), walk.first_error if walk.first_error is not None else len(walk.steps)
    panel.items.append(Polyline("walked", tuple(points[: good + 1]), ("walked",)))
    astray = points[good:] if good < len(walk.steps) else points[-1:] * 2
    panel.items.append(Polyline("strayed", tuple(astray), ("strayed",)))
    shown = walk.first_error if walk.first_error is not None else len(walk.steps) - 1
    _bars(panel.items, panel.grid, walk, shown)
    panel.items.append(Circle("walker", *points[shown], 7, ("walker",)))

    footer = Footer(0, panel.bottom, panel.right)
    x, y = footer.left, footer.y + 12
    footer.items += [
        Polyline("key-walked", ((x, y), (x + 30, y)), ("walked",)),
        Text("key-walked-text", x + 37, y, "the walk", ("text", "key"), "start"),
        Polyline("key-strayed", ((x + 110, y), (x + 140, y)), ("strayed",)),
        Text("key-strayed-text", x + 147, y, "after its first wrong label", ("text", "key"), "start"),
    ]
    if walk.occupancy is not None:
        footer.items.append(Rect("key-heat", x + 318, y - 6, 26, 12, ("cell",), 0.8))
        text = "where the loss sees what was said"
        footer.items.append(Text("key-heat-text", x + 351, y, text, ("text", "key"), "start"))
        footer.widest = x + 560
    footer.y += 28
    if walk.truth:
        footer.sentence(f"said: {''.join(walk.truth)}")
    footer.sentence(f"written: {walk.text}", "of-written")
    footer.sentence(walk.verdict, "of-verdict")
    spec = {
        "T": walk.T,
        "truth": list(walk.truth),
        "steps": [[s.t, s.u, [c for c, _ in s.top], [round(p, 4) for _, p in s.top], list(s.read)] for s in walk.steps],
        "error": -1 if walk.first_error is None else walk.first_error,
        "points": [[round(x, 1), round(y, 1)] for x, y in points],
        "bar": _BAR,
        "bars": _BARS,
        "verdict": walk.verdict,
    }
    whose = f" of {walk.name}" if walk.name else ""
    alt = (
        f"Greedy walk{whose} through a lattice of {_size(walk.T, truth)}: "
        f"{len(walk.steps)} steps, writing “{walk.text}”. {walk.verdict}"
    )
    figure = Figure("greedy_walk", assemble([panel], footer, panel.right), alt, spec)
    calls, blanks = len(walk.steps), sum(step.is_blank for step in walk.steps)
    if blanks != walk.T or len(walk.labels) in (0, blanks):
        return figure  # it was cut short, or the options would coincide
    return figure.ask(
        f"The joiner was asked {calls} times. How many of its answers were blanks?",
        (f"{blanks}, the number of frames T", f"{calls - blanks}, the number of labels written", "It depends on luck"),
        0,
        "Each blank moves on by one frame, and the walk is over when it has left the last one: always T blanks. "
        "All other steps are labels.",
    )


def shares(panel: Panel, values) -> None:
    """A heat map of values (T, U+1) in [0, 1] behind a panel, which may have more rows."""
    g = panel.grid
    shown = np.zeros((g.T, g.U + 1))
    shown[:, : values.shape[1]] = np.clip(values, 0, 1)
    box = (g.x(0) - g.rx, g.y(g.U) - g.ry, g.T * g.dx, (g.U + 1) * g.dy)
    panel.items.append(Heat("nodes", *box, shown.T[::-1]))


def _frame(items: list[Primitive], g: Grid, U: int) -> None:
    """The border of the map and the way out, at the height of the last true label."""
    left, right, top = g.x(0) - g.rx, g.x(g.T - 1) + g.rx, g.y(g.U) - g.ry
    items.append(Rect("frame", left, top, right - left, g.y(0) + g.ry - top, ("frame",)))
    if U < g.U:
        items.append(Line("top", left, g.y(U) - g.ry, right, g.y(U) - g.ry, ("grid",)))
    x, y = g.end[0], g.y(U)
    items.append(Line("blank-last", right + 2, y, x - 6.5, y, ("arc", "blank"), 5))
    items.append(Circle("final", x, y, 5, ("final",)))
    items.append(Circle("final-dot", x, y, 2.5, ("final-dot",)))


def _points(walk: Walk, g: Grid) -> list[tuple[float, float]]:
    """Where each step was taken, and where the last one led."""
    points = [(g.x(step.t), g.y(step.u)) for step in walk.steps]
    last = walk.steps[-1]
    if not last.is_blank:
        return [*points, (g.x(last.t), g.y(last.u + 1))]
    return [*points, (g.x(last.t + 1) if last.t < walk.T - 1 else g.end[0], g.y(last.u))]


def _bars(items: list[Primitive], g: Grid, walk: Walk, shown: int) -> None:
    """The joiner's answer at one step, in the corner that a walk never visits."""
    x, y = g.x(0) - g.rx + 10, g.y(g.U) - g.ry + 8
    items.append(Rect("card", x, y, _BAR + 142, 26 + _BARS * _PITCH, ("card",)))
    step = walk.steps[shown]
    title = f"joiner at ({step.t}, {step.u})"
    items.append(Text("bars-title", x + 8, y + 12, title, ("text", "bar-title"), "start"))
    for i in range(_BARS):
        symbol, share = step.top[i] if i < len(step.top) else ("", 0.0)
        top = y + 24 + i * _PITCH
        kind = "bar-blank" if symbol == BLANK_TEXT else "bar-label"
        middle = top + 6.5
        items.append(Text(f"bar-symbol-{i}", x + 26, middle, visible(symbol), ("text", "bar-symbol"), "end"))
        items.append(Rect(f"bar-{i}", x + 32, top, max(0.5, _BAR * share), 13, ("bar", kind)))
        items.append(Text(f"bar-share-{i}", x + 38 + _BAR, middle, f"{share:.3f}", ("text", "bar-share"), "start"))
