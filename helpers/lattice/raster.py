"""Display list -> matplotlib: PNG, PDF, or axes in a figure of your own.

Uses matplotlib's object interface only: no pyplot, so no global state and no window. matplotlib is imported when a
picture is asked for, because importing it takes longer than drawing.
"""

from io import BytesIO

import numpy as np

from .scene import Circle, Heat, Image, Line, Polyline, Rect, Scene, Strokes, Text, arrow_head
from .style import HEAT_OPACITY, PALETTE, resolve

FAMILY = "DejaVu Sans"  # comes with matplotlib and has ∅ α β − ∞ → ↑ ␣


def draw(scene: Scene, ax) -> None:
    """Draws on matplotlib axes, which lose their own ticks; text and strokes scale with the axes' present width."""
    from matplotlib.collections import PolyCollection

    ax.set_axis_off()
    ax.set_xlim(0, scene.width)
    ax.set_ylim(scene.height, 0)
    ax.set_aspect("equal", adjustable="box")
    figure = ax.get_figure(root=True)
    box = ax.get_position().transformed(figure.transSubfigure)
    points = min(box.width / scene.width, box.height / scene.height) * 72 / figure.dpi  # points per scene pixel
    cells: list[Rect] = []
    for z, item in enumerate(scene.items, start=1):
        if isinstance(item, Rect) and item.classes == ("cell",):
            cells.append(item)
        else:
            _artist(ax, item, points, z)
    if cells:  # one collection: thousands of patches would take seconds
        corners = [
            [(c.x, c.y), (c.x + c.width, c.y), (c.x + c.width, c.y + c.height), (c.x, c.y + c.height)] for c in cells
        ]
        colours = [_mix(c.level) for c in cells]
        ax.add_collection(
            PolyCollection(corners, facecolors=colours, edgecolors="none", antialiaseds=False, zorder=0.5),
            autolim=False,
        )


def to_png(scene: Scene, dpi: float) -> bytes:
    """PNG bytes; 72 dpi is one image pixel per scene pixel."""
    from PIL import Image

    figure = _page(scene)
    figure.set_dpi(dpi)
    figure.canvas.draw()
    # A palette image is a third of the size. The palette is our own: one guessed from the pixels loses rare colours.
    palette = np.round(255 * np.array(_palette(scene))).astype(np.int32)
    pixels = np.asarray(figure.canvas.buffer_rgba())[:, :, :3].astype(np.int32)
    found, where = np.unique(pixels @ (65536, 256, 1), return_inverse=True)
    found = np.stack([found >> 16, found >> 8 & 255, found & 255], axis=1)
    nearest = ((found[:, None, :] - palette[None, :, :]) ** 2).sum(axis=2).argmin(axis=1).astype(np.uint8)
    image = Image.fromarray(nearest[where].reshape(pixels.shape[:2]))
    image.putpalette(palette.astype(np.uint8).tobytes())
    buffer = BytesIO()
    image.save(buffer, format="PNG", optimize=True, dpi=(dpi, dpi))
    return buffer.getvalue()


def _palette(scene: Scene) -> list[tuple[float, float, float]]:
    """At most 256 colours: every colour in use on its way to paper, and ink on its way to every shade of heat."""
    paper, ink, heat = (_rgb(PALETTE[role].light) for role in ("paper", "ink", "heat"))
    looks = {item.classes for item in scene.items}
    used = {style[key] for style in map(resolve, looks) for key in ("stroke", "fill") if style.get(key) in PALETTE}
    colours = [paper]
    colours += [_blend(_rgb(PALETTE[role].light), paper, step / 7) for role in sorted(used) for step in range(1, 8)]
    colours += [_blend(heat, paper, HEAT_OPACITY * step / 39) for step in range(1, 40)]
    colours += [_blend(ink, _mix(level / 7), step / 7) for level in range(8) for step in range(1, 7)]
    if ("tint",) in looks:
        style = resolve(("tint",))
        colours += [
            _blend(_rgb(PALETTE[style["fill"]].light), _mix(level / 15), style["opacity"]) for level in range(16)
        ]
    if any(isinstance(item, Image) for item in scene.items):
        colours = colours[: 256 - IMAGE_LEVELS] + image_colours()
    return colours[:256]


IMAGE_LEVELS = 64


def image_colours() -> list[tuple[float, float, float]]:
    """The colours of an Image from its lowest level to its highest."""
    from matplotlib import colormaps

    return [tuple(colour[:3]) for colour in colormaps["magma"](np.linspace(0, 1, IMAGE_LEVELS)).tolist()]


def to_palette_png(levels: np.ndarray) -> bytes:
    """PNG bytes of the levels of an Image, a pixel each."""
    from PIL import Image as Pixels

    image = Pixels.fromarray(np.asarray(levels, dtype=np.uint8))
    image.putpalette(np.round(255 * np.array(image_colours())).astype(np.uint8).tobytes())
    buffer = BytesIO()
    image.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def to_pdf(scene: Scene) -> bytes:
    """PDF bytes, without a date, so that the same drawing gives the same file."""
    buffer = BytesIO()
    _page(scene).savefig(buffer, format="pdf", metadata={"CreationDate": None, "Creator": None, "Producer": None})
    return buffer.getvalue()


def _page(scene: Scene):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(scene.width / 72, scene.height / 72), dpi=72, facecolor=PALETTE["paper"].light)
    FigureCanvasAgg(figure)
    draw(scene, figure.add_axes((0, 0, 1, 1)))
    return figure


def _artist(ax, item, points: float, z: int) -> None:
    from matplotlib import patches
    from matplotlib.lines import Line2D

    if isinstance(item, Image):
        # Not imshow, which would change the limits and the aspect of the axes.
        from matplotlib.image import AxesImage

        image = AxesImage(ax, extent=(item.x, item.x + item.width, item.y + item.height, item.y), zorder=z)
        image.set_data(np.array(image_colours())[np.asarray(item.levels, dtype=np.int64)])
        image.set_interpolation("nearest")
        image.set_clip_path(ax.patch)
        ax.add_artist(image)
        return
    if isinstance(item, Heat):
        _heat(ax, item)
        return
    style = resolve(item.classes)
    alpha = style.get("opacity", 1.0)
    stroke, fill = _colour(style.get("stroke")), _colour(style.get("fill"))
    width = (getattr(item, "width", None) if isinstance(item, Line | Polyline | Strokes) else None) or style.get(
        "width", 1
    )
    dash = style.get("dash")
    # matplotlib measures dashes in line widths.
    pattern = (0, [d / width for d in dash]) if dash else "-"
    edge = {"linewidth": width * points if stroke != "none" else 0, "linestyle": pattern, "alpha": alpha, "zorder": z}
    if isinstance(item, Text):
        size = item.size or style["size"]
        ax.text(
            item.x,
            item.y + 0.35 * size,
            item.text,
            color=fill,
            fontsize=size * points,
            family=FAMILY,
            fontweight=style.get("weight", "normal"),
            ha={"start": "left", "middle": "center", "end": "right"}[item.anchor],
            va="baseline",
            parse_math=False,  # a "$" among the symbols is a dollar
            zorder=z,
        )
    elif isinstance(item, Circle):
        face = fill if item.level is None else _mix(item.level)
        ax.add_patch(patches.Circle((item.x, item.y), item.r, facecolor=face, edgecolor=stroke, **edge))
    elif isinstance(item, Rect):
        face = fill if item.level is None else _mix(item.level)
        corner = (item.x, item.y)
        ax.add_patch(patches.Rectangle(corner, item.width, item.height, facecolor=face, edgecolor=stroke, **edge))
    else:
        # Line2D rather than plot(): plot would change the limits of the axes.
        if isinstance(item, Polyline):
            xs, ys = [x for x, _ in item.points], [y for _, y in item.points]
            corners = None
        elif isinstance(item, Strokes):  # broken by NaN where the pen is lifted
            xs = [x for x1, _, x2, _ in item.segments for x in (x1, x2, np.nan)]
            ys = [y for _, y1, _, y2 in item.segments for y in (y1, y2, np.nan)]
            corners = None
        else:
            (bx, by), corners = arrow_head(item) if item.head else ((item.x2, item.y2), None)
            xs, ys = [item.x1, bx], [item.y1, by]
        if corners:
            ax.add_patch(patches.Polygon(corners, facecolor=stroke, edgecolor="none", alpha=alpha, zorder=z))
        cap = style.get("cap", "butt")
        caps = {"solid_capstyle": cap, "dash_capstyle": cap, "solid_joinstyle": "round", "dash_joinstyle": "round"}
        ax.add_line(Line2D(xs, ys, color=stroke, **caps, **edge))


def _heat(ax, item: Heat) -> None:
    from matplotlib.image import AxesImage

    # AxesImage rather than imshow(): imshow would change the limits and the aspect of the axes.
    extent = (item.x, item.x + item.width, item.y + item.height, item.y)
    image = AxesImage(ax, extent=extent, interpolation="nearest", zorder=0.5)
    image.set_data(np.array([_mix(level) for level in np.linspace(0, 1, 256)])[np.round(255 * item.levels).astype(int)])
    image.set_clip_path(ax.patch)
    ax.add_image(image)


def _colour(role: str | None) -> str:
    return PALETTE[role].light if role in PALETTE else "none"


def _mix(level: float) -> tuple[float, float, float]:
    """The heat colour laid over paper, as the browser does it."""
    return _blend(_rgb(PALETTE["heat"].light), _rgb(PALETTE["paper"].light), HEAT_OPACITY * level)


def _blend(over, under, share: float) -> tuple[float, float, float]:
    return tuple(share * a + (1 - share) * b for a, b in zip(over, under, strict=True))


def _rgb(literal: str) -> tuple[float, ...]:
    return tuple(int(literal[i : i + 2], 16) / 255 for i in (1, 3, 5))
