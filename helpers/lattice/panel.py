"""One lattice on a display list: axes, arcs, nodes, halos. Views decide what to show, a panel decides where.

How densely it draws depends on the size alone: roomy (numbers in nodes and on arcs), close (numbers in nodes), dots
(no numbers), and beyond about 400 nodes a heat map in which a cell stands for a node, or for a block of nodes when
there are more nodes than a picture can hold.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .lattice import BLANK_TEXT, visible, walk
from .scene import Circle, Grid, Heat, Line, Polyline, Primitive, Rect, Strokes, Text
from .style import HALOS, text_width, wrap

MOST_NODES = 400  # drawn as circles; measured: beyond it neither eye nor browser follows
MOST_CELLS = 6400  # of a heat map: T = 150, U = 40 fits; a picture has no pixels for more
_MAP_WIDTH, _MAP_HEIGHT = 720, 360


@dataclass(frozen=True)
class Density:
    """Distances in pixels, and which numbers still have room."""

    name: str
    dx: float
    dy: float
    r: float
    head: float
    node_numbers: bool
    arc_numbers: bool


ROOMY = Density("roomy", 78, 62, 19, 7, node_numbers=True, arc_numbers=True)
PAIR = Density("pair", 49, 46, 17.5, 5, node_numbers=True, arc_numbers=False)  # two panels side by side
CLOSE = Density("close", 50, 46, 17.5, 5.5, node_numbers=True, arc_numbers=False)
DOTS = Density("dots", 26, 24, 7.5, 4, node_numbers=False, arc_numbers=False)
MAP = Density("map", 0, 0, 0, 0, node_numbers=False, arc_numbers=False)


def density_for(T: int, U: int, pair: bool = False) -> Density:
    """The roomiest density at which T x (U+1) nodes still make one picture."""
    nodes = T * (U + 1)
    if pair and T <= 12 and nodes <= 80:
        return PAIR
    if not pair and T <= 10 and nodes <= 100:
        return ROOMY
    if not pair and T <= 18 and U <= 14 and nodes <= 150:
        return CLOSE
    if nodes <= (MOST_NODES // 2 if pair else MOST_NODES) and T <= 50 and U <= 40:
        return DOTS
    return MAP


class Panel:
    """Draws one lattice with its upper left corner at (left, top). `prefix` keeps the ids of two panels apart."""

    def __init__(
        self,
        T: int,
        symbols: Sequence[str],
        left: float = 0,
        top: float = 0,
        prefix: str = "",
        heading: str = "",
        density: Density | None = None,
    ):
        self.T, self.U, self.prefix = T, len(symbols), prefix
        self.symbols = [visible(symbol) for symbol in symbols]
        self.density = density or density_for(T, self.U)
        self.items: list[Primitive] = []
        self.is_map = self.density is MAP
        self.block = _block(T, self.U, MOST_CELLS) if self.is_map else (1, 1)
        self._place(left, top, heading)

    # ---- places

    def _place(self, left: float, top: float, heading: str) -> None:
        d, T, U = self.density, self.T, self.U
        if self.is_map:
            dx, dy = _cell(T, _MAP_WIDTH), _cell(U + 1, _MAP_HEIGHT)
            rx, ry = dx / 2, dy / 2
            self.symbol_size = min(15.0, 1.15 * dy)
        else:
            dx, dy, rx, ry = d.dx, d.dy, d.r, d.r
            self.symbol_size = min(17.0, 0.5 * dy)
        self.show_symbols = self.symbol_size >= 7
        shown = [_short(symbol) for symbol in self.symbols] if self.show_symbols else []
        self.row_text = "{}" if self.is_map or d is DOTS else "u={}"
        margin = max([text_width(self.row_text.format(U), 11), *(text_width(s, self.symbol_size) for s in shown)])
        x0 = left + 12 + margin + 9 + rx
        y = top + 12
        if heading:
            self.items.append(Text(self.prefix + "heading", left + 12, y + 6, heading, ("text", "heading"), "start"))
            y += 25
        axis = Text(self.prefix + "axis-u", left + 12, y + 5, "u = labels emitted so far ↑", ("text", "axis"), "start")
        self.items.append(axis)
        y += 20
        tail = 0.92 * dx if not self.is_map else rx + 26
        self.grid = Grid(T, U, x0, y + ry + U * dy, dx, dy, rx, ry, tail)
        bottom = self.grid.y(0) + ry
        self.items.append(
            Text(self.prefix + "axis-t", x0 + (T - 1) * dx / 2, bottom + 33, "encoder frame t →", ("text", "axis"))
        )
        self.right = max(self.grid.end[0] + 22, left + 12 + text_width(axis.text, 11), x0 + (T - 1) * dx / 2 + 70)
        if heading:
            self.right = max(self.right, left + 12 + text_width(heading, 13))
        self.bottom = bottom + 44
        self._ticks(bottom, shown)

    def _ticks(self, bottom: float, shown: list[str]) -> None:
        g, edge = self.grid, self.grid.x(0) - self.grid.rx - 9
        for t in range(0, self.T, _every(self.T, g.dx, 24)):
            self.items.append(Text(f"{self.prefix}tick-t-{t}", g.x(t), bottom + 14, str(t), ("text", "tick")))
        size = min(11.0, max(8.0, 0.9 * g.dy))
        if not (self.is_map and shown):  # in a map the rows are too narrow for both
            for u in range(0, self.U + 1, _every(self.U + 1, g.dy, 13)):
                text = self.row_text.format(u)
                self.items.append(Text(f"{self.prefix}tick-u-{u}", edge, g.y(u), text, ("text", "tick"), "end", size))
        for u, symbol in enumerate(shown):
            place = edge - (text_width("u", 11) / 2 if self.row_text != "{}" and len(symbol) == 1 else 0)
            self.items.append(
                Text(
                    f"{self.prefix}symbol-{u}", place, g.y(u + 0.5), symbol, ("text", "symbol"), "end", self.symbol_size
                )
            )

    # ---- parts, from back to front

    def halos(self, paths: Sequence[str], badges: bool = True) -> None:
        """Paths as broad lines under everything else, side by side where they share an arc, each with its number."""
        g, n = self.grid, len(paths)
        room = min(2 * g.rx, 2 * g.ry) if not self.is_map else 12
        width = min(10.0, 0.75 * room)
        slim = min(9.0, 0.8 * room / max(1, n))
        walks = [list(walk(path)) for path in paths]
        users: dict = {}
        for i, arcs in enumerate(walks):
            for arc in arcs:
                users.setdefault(arc, []).append(i)
        marks = []
        for i, path in enumerate(paths):
            corners, points, alone = g.walk(path), [], []
            for k, arc in enumerate(walks[i]):
                # Tracks lie down and to the right of each other, so they keep their order around a corner. Where a path
                # changes track it does so behind a node.
                shift = (users[arc].index(i) - (len(users[arc]) - 1) / 2) * (slim + 1)
                dx, dy = (0, shift) if arc[0] == "b" else (shift, 0)
                points += [(x + dx, y + dy) for x, y in corners[k : k + 2]]
                if users[arc] == [i]:
                    alone.append(k)
            self.items.append(
                Polyline(f"{self.prefix}halo-{i}", tuple(points), ("halo", f"halo-{i}"), width if n == 1 else slim)
            )
            k = alone[len(alone) // 2] if alone else i % len(path)
            (ax, ay), (bx, by) = points[2 * k : 2 * k + 2]
            marks += self._badge(f"{self.prefix}badge-{i}", (ax + bx) / 2, (ay + by) / 2, i)
        self._marks = marks if badges and n > 1 else []

    @staticmethod
    def _badge(id: str, x: float, y: float, i: int) -> list[Primitive]:
        return [
            Circle(id, x, y, 8, ("badge", f"badge-{i % HALOS}")),
            Text(f"{id}-number", x, y, str(i + 1), ("text", "on-badge")),
        ]

    def badges(self) -> None:
        """The numbers of the halos, on top of everything else."""
        self.items += getattr(self, "_marks", [])

    def arcs(
        self,
        blank_numbers: Sequence[Sequence[str]] | None = None,
        label_numbers: Sequence[Sequence[str]] | None = None,
        faint: bool = False,
        taken: frozenset[tuple[str, int, int]] = frozenset(),
        weights: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> None:
        """Every arc with the terminal blank and the final dot.

        Numbers are text per arc, (T, U+1) and (T, U). `taken` arcs, as (step, t, u), stand out; `weights` in [0, 1] set
        how broad an arc is.
        """
        g, d = self.grid, self.density
        if self.is_map:
            self._map_frame()
            return
        if d is DOTS:
            self._bundles(faint, taken, weights)
            self._final()
            return
        gap = 1.5
        for t in range(self.T):
            for u in range(self.U + 1):
                x, y = g.x(t), g.y(u)
                last = t == self.T - 1
                if not last or u == self.U:
                    to = g.end[0] - self._final_radius - gap if last else g.x(t + 1) - g.rx - gap
                    number = blank_numbers[t][u] if blank_numbers is not None else ""
                    look, width = self._look("b", t, u, faint, taken, weights)
                    tip = f"blank at t={t}, u={u}: {number}" if number and d.node_numbers else ""
                    self.items.append(
                        Line(
                            f"{self.prefix}blank-{t}-{u}",
                            x + g.rx,
                            y,
                            to,
                            y,
                            ("arc", "blank", *look),
                            d.head,
                            width,
                            tip,
                        )
                    )
                    if number and d.arc_numbers:
                        middle = (x + g.rx + to) / 2
                        self._number(f"blank-{t}-{u}", middle, y - 10.5, number, "of-blank", "middle", g.dx - 2 * g.rx)
                if u < self.U:
                    number = label_numbers[t][u] if label_numbers is not None else ""
                    look, width = self._look("l", t, u, faint, taken, weights)
                    tip = f"label {self.symbols[u]} at t={t}, u={u}: {number}" if number and d.node_numbers else ""
                    line = (x, y - g.ry, x, g.y(u + 1) + g.ry + gap)
                    self.items.append(
                        Line(f"{self.prefix}label-{t}-{u}", *line, ("arc", "label", *look), d.head, width, tip)
                    )
                    if number and d.arc_numbers:
                        self._number(f"label-{t}-{u}", x + 6.5, g.y(u + 0.5), number, "of-label", "start", g.dx - 40)
        self._final()

    def _bundles(self, faint, taken, weights) -> None:
        """All arcs of a look as one element, without heads: hundreds of them have no room for more."""
        g = self.grid
        bundles: dict[tuple, list] = {}
        for t in range(self.T):
            for u in range(self.U + 1):
                x, y, last = g.x(t), g.y(u), t == self.T - 1
                if not last or u == self.U:
                    to = g.end[0] - self._final_radius if last else g.x(t + 1) - g.rx
                    bundles.setdefault(("blank", *self._look("b", t, u, faint, taken, weights)), []).append(
                        (x + g.rx, y, to, y)
                    )
                if u < self.U:
                    bundles.setdefault(("label", *self._look("l", t, u, faint, taken, weights)), []).append(
                        (x, y - g.ry, x, g.y(u + 1) + g.ry)
                    )
        for i, ((kind, look, width), segments) in enumerate(bundles.items()):
            self.items.append(Strokes(f"{self.prefix}{kind}s-{i}", tuple(segments), ("arc", kind, *look), width))

    def _look(self, step, t, u, faint, taken, weights) -> tuple[tuple[str, ...], float | None]:
        if weights is not None:
            w = float(np.clip(weights[0][t, u] if step == "b" else weights[1][t, u], 0, 1))
            if self.density is DOTS:
                w = round(6 * w) / 6  # few widths, few bundles
            return (() if w >= 0.1 else ("faint",)), (0.9 + 4.1 * w) * max(0.5, self.density.r / ROOMY.r)
        if (step, t, u) in taken:
            return ("taken",), None
        return (("faint",) if faint else ()), None

    def _number(self, arc, x, y, text, role, anchor, room) -> None:
        size = min(9.5, 9.5 * room / text_width(text, 9.5))
        size = None if size == 9.5 else size
        self.items.append(Text(f"{self.prefix}number-{arc}", x, y, text, ("text", "number", role), anchor, size))

    @property
    def _final_radius(self) -> float:
        return min(7.0, 0.8 * self.grid.rx) if not self.is_map else 5.0

    def _final(self) -> None:
        (x, y), r = self.grid.end, self._final_radius
        self.items.append(
            Circle(f"{self.prefix}final", x, y, r, ("final",), tip="the end: all frames read, all labels out")
        )
        self.items.append(Circle(f"{self.prefix}final-dot", x, y, 0.5 * r, ("final-dot",)))

    def nodes(
        self,
        texts: Sequence[Sequence[str]] | None = None,
        levels: np.ndarray | None = None,
        tips: Sequence[Sequence[str]] | None = None,
        odd: frozenset[tuple[int, int]] = frozenset(),
        index: bool = False,
    ) -> None:
        """Every node, filled by `levels` (T, U+1) in [0, 1], with `texts` inside where there is room.

        `odd` nodes are tinted red, with a dashed outline, instead. index: the texts are (t, u) rather than values.
        """
        if self.is_map:
            self._cells(levels, odd)
            return
        g, d = self.grid, self.density
        r = 0.86 * d.r if index and d.node_numbers else d.r
        look = ("text", "index") if index else ("text", "value")
        for t in range(self.T):
            for u in range(self.U + 1):
                x, y, name = g.x(t), g.y(u), f"{t}-{u}"
                level = None if levels is None or (t, u) in odd else float(np.clip(levels[t, u], 0, 1))
                classes = ("node", "odd") if (t, u) in odd else ("node",)
                tip = tips[t][u] if tips is not None else f"t={t}, u={u}"
                self.items.append(Circle(f"{self.prefix}node-{name}", x, y, r, classes, level, tip))
                if texts is not None and d.node_numbers and texts[t][u]:
                    fit = (9.5 if index or d is not ROOMY else 10.5, 2 * 0.93 * r / text_width(texts[t][u], 1))
                    self.items.append(Text(f"{self.prefix}value-{name}", x, y, texts[t][u], look, size=min(fit)))

    def _cells(self, levels: np.ndarray | None, odd: frozenset[tuple[int, int]]) -> None:
        g, (bt, bu) = self.grid, self.block
        if levels is not None:
            # A cell is as full as the fullest of its nodes, so no peak gets lost.
            peaks = np.maximum.reduceat(np.clip(levels, 0, 1), range(0, self.T, bt), axis=0)
            peaks = np.maximum.reduceat(peaks, range(0, self.U + 1, bu), axis=1)
            shown = peaks.repeat(bt, axis=0)[: self.T].repeat(bu, axis=1)[:, : self.U + 1]
            left, top = g.x(0) - g.rx, g.y(self.U) - g.ry
            self.items.append(Heat(f"{self.prefix}nodes", left, top, self.T * g.dx, (self.U + 1) * g.dy, shown.T[::-1]))
        self._tints({(t // bt, u // bu) for t, u in odd})
        self._map_frame_lines(levels is None)

    def _tints(self, blocks: set[tuple[int, int]]) -> None:
        """Tints cells, given by their block; a run of cells in a row is one rectangle."""
        g, (bt, bu) = self.grid, self.block
        for i, j in sorted(blocks):
            if (i - 1, j) in blocks:
                continue
            stop = i + 1
            while (stop, j) in blocks:
                stop += 1
            t, u = i * bt, j * bu
            nt, nu = min(stop * bt, self.T) - t, min(bu, self.U + 1 - u)
            x, y = g.x(t) - g.rx, g.y(u + nu - 1) - g.ry
            self.items.append(Rect(f"{self.prefix}odd-{t}-{u}", x, y, nt * g.dx, nu * g.dy, ("tint",)))

    def _map_frame(self) -> None:
        g = self.grid
        x, y = g.end
        start, stop = g.x(self.T - 1) + g.rx + 2, x - self._final_radius - 1.5
        self.items.append(Line(f"{self.prefix}blank-{self.T - 1}-{self.U}", start, y, stop, y, ("arc", "blank"), 5))
        self._final()

    def _map_frame_lines(self, empty: bool) -> None:
        g = self.grid
        left, right = g.x(0) - g.rx, g.x(self.T - 1) + g.rx
        top, bottom = g.y(self.U) - g.ry, g.y(0) + g.ry
        if empty:  # nothing to fill cells with: rule a grid instead
            for t in range(0, self.T, max(1, round(6 / g.dx))):
                x = g.x(t) - g.rx
                self.items.append(Line(f"{self.prefix}column-{t}", x, top, x, bottom, ("grid",)))
            for u in range(0, self.U + 1, max(1, round(6 / g.dy))):
                y = g.y(u) + g.ry
                self.items.append(Line(f"{self.prefix}row-{u}", left, y, right, y, ("grid",)))
        self.items.append(Rect(f"{self.prefix}frame", left, top, right - left, bottom - top, ("frame",)))

    def ring(self, t: int, u: int) -> None:
        """A red ring around node (t, u)."""
        g = self.grid
        r = g.rx + 4.5 if not self.is_map else 8
        self.items.append(Circle(f"{self.prefix}ring-{t}-{u}", g.x(t), g.y(u), r, ("ring",)))


class Footer:
    """Lines under the panels: a key to the arcs, a colour bar, paths, sentences."""

    def __init__(self, left: float, top: float, width: float):
        self.left, self.y, self.right = left + 12, top, left + width - 12
        self.items: list[Primitive] = []
        self.widest = 0.0

    def key(self, bar: tuple[str, str, str] | None = None, arcs: bool = True) -> None:
        """How blanks and labels are drawn; `bar` = (text at the empty end, at the full end, what the fill shows)."""
        x, y = self.left, self.y + 12
        if arcs:
            for name, word in (("blank", f"{BLANK_TEXT} blank: next frame"), ("label", "label: next symbol")):
                if name == "blank":
                    self.items.append(Line("key-blank", x, y, x + 28, y, ("arc", "blank"), 6))
                    x += 35
                else:
                    self.items.append(Line("key-label", x + 5, y + 8, x + 5, y - 9, ("arc", "label"), 6))
                    x += 17
                self.items.append(Text(f"key-{name}-text", x, y, word, ("text", "key"), "start"))
                x += text_width(word, 11) + 18
        if bar:
            need = sum(text_width(part, 11) for part in bar) + 12 * 8 + 26
            if arcs and x + need > self.right and x > self.left:
                x, y = self.left, y + 22
            low, high, what = bar
            self.items.append(Text("key-bar-what", x, y, what, ("text", "key"), "start"))
            x += text_width(what, 11) + 10
            self.items.append(Text("key-bar-low", x, y, low, ("text", "key"), "start"))
            x += text_width(low, 11) + 5
            self.items.append(Rect("key-bar-frame", x, y - 6, 96, 12, ("frame",)))
            for i in range(12):
                self.items.append(Rect(f"key-bar-{i}", x + 8 * i, y - 6, 8, 12, ("cell",), i / 11))
            x += 101
            self.items.append(Text("key-bar-high", x, y, high, ("text", "key"), "start"))
            x += text_width(high, 11)
        self.widest = max(self.widest, x)
        self.y = y + 14

    def path(self, i: int, text: str, numbered: bool) -> None:
        """One line of the list of highlighted paths."""
        y = self.y + 11
        x = self.left
        line = Polyline(f"key-halo-{i}", ((x, y), (x + 34, y)), ("halo", f"halo-{i}"), 9)
        self.items.append(line)
        if numbered:
            self.items += Panel._badge(f"key-badge-{i}", x + 17, y, i)
        self.items.append(Text(f"key-path-{i}", x + 44, y, text, ("text", "caption"), "start"))
        self.widest = max(self.widest, x + 44 + text_width(text, 12))
        self.y = y + 13

    def sentence(self, text: str, *classes: str) -> None:
        """A sentence, broken into lines that fit."""
        weight = 1.08 if "of-wrong" in classes else 1.0  # bold runs wider
        for line in wrap(text, 12 * weight, self.right - self.left):
            name = f"caption-{sum(item.id.startswith('caption-') for item in self.items)}"
            self.items.append(Text(name, self.left, self.y + 10, line, ("text", "caption", *classes), "start"))
            self.widest = max(self.widest, self.left + text_width(line, 12 * weight))
            self.y += 18


def _short(symbol: str) -> str:
    return symbol if len(symbol) <= 9 else symbol[:8] + "…"


def _cell(n: int, room: float) -> float:
    """The side of a cell: whole pixels where possible, so that a heat map has no seams."""
    side = min(22.0, room / n)
    return float(int(side)) if side >= 3 else side


def _block(T: int, U: int, most: int) -> tuple[int, int]:
    """How many nodes (in t, in u) share a cell when there are more than `most` nodes."""
    bt = bu = 1
    while -(-T // bt) * -(-(U + 1) // bu) > most:
        # Widen the side on which a node takes fewer pixels.
        if _cell(T, _MAP_WIDTH) * bt <= _cell(U + 1, _MAP_HEIGHT) * bu:
            bt += 1
        else:
            bu += 1
    return bt, bu


def _every(n: int, pitch: float, room: float) -> int:
    """A round step between ticks so that each has `room` pixels."""
    for step in (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000):
        if step * pitch >= room:
            return step
    return max(1, n)
