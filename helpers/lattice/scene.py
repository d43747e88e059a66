"""The display list: what is drawn and where, in pixels, for any back end.

x grows to the right and y downward, as on a screen; `Grid` alone knows that t goes to the right and u upward
(Graves, 2012, figure 1). Every primitive has an id that means something ("node-3-2", "blank-3-2", "label-3-2",
"halo-0"), unique within its scene. A later layer finds a node by that id and its place by `Scene.grids`.
"""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Circle:
    """A disc. `level` in [0, 1] fills it with the heat colour; `tip` is shown when a mouse rests on it."""

    id: str
    x: float
    y: float
    r: float
    classes: tuple[str, ...]
    level: float | None = None
    tip: str = ""


@dataclass(frozen=True)
class Rect:
    """An upright rectangle from its upper left corner, filled as a Circle is."""

    id: str
    x: float
    y: float
    width: float
    height: float
    classes: tuple[str, ...]
    level: float | None = None
    tip: str = ""


@dataclass(frozen=True, eq=False)
class Heat:
    """A rectangle of cells filled by `levels` in [0, 1], top row first: a heat map as one picture."""

    id: str
    x: float
    y: float
    width: float
    height: float
    levels: np.ndarray
    classes: tuple[str, ...] = ("heat-map",)


@dataclass(frozen=True)
class Line:
    """A straight line; `head` > 0 gives it an arrow head of that length with its point at (x2, y2).

    `width` overrules the class.
    """

    id: str
    x1: float
    y1: float
    x2: float
    y2: float
    classes: tuple[str, ...]
    head: float = 0.0
    width: float | None = None
    tip: str = ""


@dataclass(frozen=True)
class Strokes:
    """Straight lines (x1, y1, x2, y2) of one look, as one element: where there are too many to name."""

    id: str
    segments: tuple[tuple[float, float, float, float], ...]
    classes: tuple[str, ...]
    width: float | None = None


@dataclass(frozen=True)
class Polyline:
    """A line through `points`; `width` overrules the class."""

    id: str
    points: tuple[tuple[float, float], ...]
    classes: tuple[str, ...]
    width: float | None = None


@dataclass(frozen=True)
class Text:
    """A run of text whose middle height is at y. anchor: "start", "middle" or "end"; `size` overrules the class."""

    id: str
    x: float
    y: float
    text: str
    classes: tuple[str, ...]
    anchor: str = "middle"
    size: float | None = None


@dataclass(frozen=True, eq=False)
class Image:
    """A picture of numbers, such as a spectrogram, stretched over a rectangle: `levels` (rows, columns), integers from
    0 to 63, the first row at the top. Its colours are the same in every theme."""

    id: str
    x: float
    y: float
    width: float
    height: float
    levels: np.ndarray
    classes: tuple[str, ...] = ("image",)


Primitive = Circle | Rect | Heat | Image | Line | Strokes | Polyline | Text


def arrow_head(item: Line) -> tuple[tuple[float, float], list[tuple[float, float]]]:
    """Where the shaft ends and the three corners of the head; the shaft ends where the head begins."""
    length = ((item.x2 - item.x1) ** 2 + (item.y2 - item.y1) ** 2) ** 0.5
    ux, uy = (item.x2 - item.x1) / length, (item.y2 - item.y1) / length
    bx, by = item.x2 - item.head * ux, item.y2 - item.head * uy
    half = 0.48 * item.head
    corners = [(item.x2, item.y2), (bx - half * uy, by + half * ux), (bx + half * uy, by - half * ux)]
    return (bx, by), corners


@dataclass(frozen=True)
class Grid:
    """Where node (t, u) is: `dx`, `dy` between neighbours, `rx`, `ry` half the extent of a node."""

    T: int
    U: int
    x0: float
    y0: float
    dx: float
    dy: float
    rx: float
    ry: float
    tail: float  # from the last column to the final dot

    def x(self, t: float) -> float:
        """Grows with t."""
        return self.x0 + t * self.dx

    def y(self, u: float) -> float:
        """Falls with u, since y points down the screen."""
        return self.y0 - u * self.dy

    @property
    def end(self) -> tuple[float, float]:
        """The final dot, behind the terminal blank."""
        return self.x(self.T - 1) + self.tail, self.y(self.U)

    def walk(self, path: str) -> list[tuple[float, float]]:
        """The corners of an alignment, from node (0, 0) to the final dot."""
        t = u = 0
        points = [(self.x(0), self.y(0))]
        for step in path:
            t, u = (t + 1, u) if step == "b" else (t, u + 1)
            points.append(self.end if t == self.T else (self.x(t), self.y(u)))
        return points


@dataclass(frozen=True)
class Scene:
    """A finished drawing: a size in pixels, primitives from back to front, the grid of each panel by its prefix."""

    width: float
    height: float
    items: tuple[Primitive, ...]
    grids: dict[str, Grid] = field(default_factory=dict)

    def __post_init__(self):
        ids = [item.id for item in self.items]
        if len(set(ids)) != len(ids):
            twice = next(i for n, i in enumerate(ids) if i in ids[:n])
            raise ValueError(f'Two primitives of one scene are called "{twice}".')

    def find(self, id: str) -> Primitive:
        """The primitive with this id; KeyError when there is none."""
        for item in self.items:
            if item.id == id:
                return item
        raise KeyError(id)
