"""Display list -> SVG.

Several drawings share a page with each other and with a host's style sheet, so: no `id` attributes (ids are
`data-id`), no markers or references, every rule scoped by a class made of the drawing's own content and marked
important, every property that a host could pass down reset. Colours are CSS variables:
`--lattice-<name>` (a page may set it), then JupyterLab's own, then a literal; dark literals apply under the marks that
JupyterLab, VS Code, Colab and Sphinx put on a dark page, and under `data-theme="auto"` when the system is dark.
"""

import re
from base64 import b64encode
from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from .raster import to_palette_png
from .scene import Circle, Heat, Image, Line, Polyline, Rect, Scene, Strokes, Text, arrow_head
from .style import FONT, HEAT_OPACITY, PALETTE, STYLES, resolve

XMLNS = "http://www.w3.org/2000/svg"
MOST_HEADS = 160  # arrow heads with an element of their own; more would make the drawing half as large again
_QUOTES = {'"': "&quot;"}
_TIP = re.compile("<title>[^<]*</title>")
DARK_HOSTS = (
    '[data-jp-theme-light="false"]',
    "body.vscode-dark",
    "body.vscode-high-contrast:not(.vscode-high-contrast-light)",
    '[theme="dark"]',
    '[data-theme="dark"]',
)


def to_svg(scene: Scene, alt: str, tips: bool = True) -> str:
    """One self-contained <svg> element that may be saved as a file or set into a page.

    tips: what a mouse reads when it rests on a node. A script that shows more does without.
    """
    shared = sum(isinstance(item, Line) and item.head > 0 for item in scene.items) > MOST_HEADS
    body, heads = "", _heads(scene) if shared else ""
    for cells, group in groupby(scene.items, key=lambda item: item.classes == ("cell",)):
        items = list(group)
        for i, item in enumerate(items):
            if heads and isinstance(item, Circle) and "node" in item.classes:  # arcs lie below nodes, heads and all
                items[i:i], heads = [heads], ""
                break
        drawn = "".join(item if isinstance(item, str) else _element(item, shared) for item in items)
        body += f'<g class="cells">{drawn}</g>' if cells else drawn
    body += heads
    scope = "lattice-" + sha256(f"{alt}{body}".encode()).hexdigest()[:10]
    width, height = _n(scene.width), _n(scene.height)
    if not tips:
        body = _TIP.sub("", body)
    return (
        f'<svg xmlns="{XMLNS}" class="{scope}" role="img" aria-label={quoteattr(alt)} '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f"<title>{escape(alt, _QUOTES)}</title><style>{_style_sheet(scope, _classes(scene), scene.width)}</style>"
        f'<rect class="sheet" x="0" y="0" width="{width}" height="{height}"/>{body}</svg>'
    )


def _classes(scene: Scene) -> set[str]:
    return {name for item in scene.items for name in item.classes}


def _style_sheet(scope: str, used: set[str], width: float) -> str:
    # Three times the class: more specific than any rule a host is likely to write for svg, text or circle.
    root = f".{scope}" * 3
    roles = {value for name in used for key, value in STYLES[name].items() if key in ("stroke", "fill")}
    roles = [role for role in PALETTE if role in roles | {"paper", "heat"}]

    def variables(theme: str) -> str:
        return "".join(f"--c-{role}:{colour_value(role, theme)};" for role in roles)

    rules = [
        f"{root}{{{variables('light')}display:block!important;width:{_n(width)}px!important;max-width:100%!important;"
        "height:auto!important;opacity:1!important;filter:none!important;transform:none!important;"
        "background:none!important}",
        ",".join(f"{host} {root}" for host in DARK_HOSTS) + f"{{{variables('dark')}}}",
        f'@media (prefers-color-scheme:dark){{[data-theme="auto"] {root}{{{variables("dark")}}}}}',
        f"{root} *{{display:inline!important;visibility:visible!important;opacity:1!important;filter:none!important;"
        "transform:none!important;transition:none!important;animation:none!important;fill:none!important;"
        "stroke:none!important;stroke-width:1px!important;stroke-dasharray:none!important}",
        f"{root} text{{font-family:{FONT}!important;font-style:normal!important;font-weight:400!important;"
        "letter-spacing:normal!important;word-spacing:normal!important;text-transform:none!important;"
        "text-shadow:none!important;text-decoration:none!important;text-anchor:middle!important;pointer-events:none;"
        "font-variant-numeric:tabular-nums!important;direction:ltr!important;writing-mode:horizontal-tb!important}",
        f"{root} .at-start{{text-anchor:start!important}}{root} .at-end{{text-anchor:end!important}}",
        f"{root} .sheet{{fill:var(--c-paper)!important}}",
    ]
    rules += [f"{root} .{name}{{{_css(STYLES[name])}}}" for name in STYLES if name in used and STYLES[name]]
    # Last, because a head also carries the classes of its arc.
    strokes = [role for role in ("blank", "label") if role in used]
    rules += [f"{root} .{role}.head{{fill:var(--c-{role})!important;stroke:none!important}}" for role in strokes]
    rules.append(f"{root} .heat,{root} .cells>*{{fill:var(--c-heat)!important;stroke:none!important}}")
    rules.append(f"{root} .cells>*{{shape-rendering:crispEdges}}")
    if "heat-map" in used:  # a picture has its colour in it: one for light pages, one for dark
        rules.append(f"{root} image{{image-rendering:pixelated}}{root} .on-dark{{display:none!important}}")
        swap = ("{}.on-light{{display:none!important}}", "{}.on-dark{{display:inline!important}}")
        rules += [one.format(f"{host} {root} ") for host in DARK_HOSTS for one in swap]
        auto = "".join(one.format(f'[data-theme="auto"] {root} ') for one in swap)
        rules.append(f"@media (prefers-color-scheme:dark){{{auto}}}")
    return "".join(rules)


def colour_value(role: str, theme: str) -> str:
    """CSS value of a colour: what a page sets, then JupyterLab's own, then the literal."""
    colour = PALETTE[role]
    literal = getattr(colour, theme)
    host = f"var({colour.host},{literal})" if colour.host else literal
    return f"var(--lattice-{role},{host})"


def _css(properties: dict) -> str:
    parts = []
    for key, value in properties.items():
        if key in ("stroke", "fill"):
            parts.append(f"{key}:" + ("none" if value == "none" else f"var(--c-{value})"))
        elif key == "width":
            parts.append(f"stroke-width:{_n(value)}px")
        elif key == "dash":
            parts.append("stroke-dasharray:" + " ".join(_n(v) for v in value))
        elif key == "cap":
            parts.append(f"stroke-linecap:{value};stroke-linejoin:round")
        elif key == "size":
            parts.append(f"font-size:{_n(value)}px")
        elif key == "weight":
            parts.append("font-weight:700")
        elif key == "opacity":
            parts.append(f"opacity:{_n(value)}")
    return ";".join(f"{rule}!important" for part in parts for rule in part.split(";"))


def _element(item, shared_heads: bool) -> str:
    own = f'data-id="{item.id}" class="{" ".join(item.classes)}"'
    if isinstance(item, Text):
        size = item.size or _size(item.classes)
        style = f' style="font-size:{_n(item.size)}px!important"' if item.size else ""
        # A third of the size below the middle is the base line of digits and capitals in every usual font.
        anchor = "" if item.anchor == "middle" else f" at-{item.anchor}"
        return (
            f'<text data-id="{item.id}" class="{" ".join(item.classes)}{anchor}" x="{_n(item.x)}" '
            f'y="{_n(item.y + 0.35 * size)}"{style}>{escape(item.text, _QUOTES)}</text>'
        )
    if isinstance(item, Circle):
        return _shape("circle", f'cx="{_n(item.x)}" cy="{_n(item.y)}" r="{_n(item.r)}"', item, own)
    if isinstance(item, Rect):
        place = f'x="{_n(item.x)}" y="{_n(item.y)}" width="{_n(item.width)}" height="{_n(item.height)}"'
        return _shape("rect", place, item, own)
    if isinstance(item, Image):
        place = f'x="{_n(item.x)}" y="{_n(item.y)}" width="{_n(item.width)}" height="{_n(item.height)}"'
        data = b64encode(to_palette_png(item.levels)).decode("ascii")
        return f'<image {own} {place} preserveAspectRatio="none" href="data:image/png;base64,{data}"/>'
    if isinstance(item, Heat):
        place = f'x="{_n(item.x)}" y="{_n(item.y)}" width="{_n(item.width)}" height="{_n(item.height)}"'
        images = (
            f'<image class="on-{theme}" {place} preserveAspectRatio="none" href="{_picture(item.levels, theme)}"/>'
            for theme in ("light", "dark")
        )
        return f"<g {own}>{''.join(images)}</g>"
    weight = f' style="stroke-width:{_n(item.width)}px!important"' if item.width is not None else ""
    if isinstance(item, Strokes):
        return f'<path {own} d="{"".join(_stroke(*line) for line in item.segments)}"{weight}/>'
    if isinstance(item, Polyline):
        points = " ".join(f"{_n(x)},{_n(y)}" for x, y in item.points)
        return f'<polyline {own} points="{points}"{weight}/>'
    return _line(item, own, weight, shared_heads)


# Classes sit on the shapes, not on a group around them: a host's rule for `circle` would beat an inherited colour.


def _shape(tag: str, place: str, item: Circle | Rect, own: str) -> str:
    tip = f"<title>{escape(item.tip)}</title>" if item.tip else ""
    if item.level is None:
        return f"<{tag} {own} {place}>{tip}</{tag}>" if tip else f"<{tag} {own} {place}/>"
    opacity = f'fill-opacity="{_n(HEAT_OPACITY * item.level, 2)}"'
    if item.classes == ("cell",):  # thousands of these in a heat map: one element each
        return f'<{tag} data-id="{item.id}" {place} {opacity}/>'
    # Paper below, heat above: arcs and halos that pass behind the shape do not shine through.
    shape = f'<{tag} class="{" ".join(item.classes)}" {place}/>'
    return f'<g data-id="{item.id}">{tip}{shape}<{tag} class="heat" {place} {opacity}/></g>'


def _picture(levels: np.ndarray, theme: str) -> str:
    """A PNG of one pixel a cell as a data URI: the heat colour, as opaque as the cell is full."""
    from PIL import Image  # slow to import, and only large lattices need it

    colour = getattr(PALETTE["heat"], theme)
    image = Image.fromarray(np.round(255 * levels).astype(np.uint8))
    image.putpalette([int(colour[i : i + 2], 16) for i in (1, 3, 5)] * 256)
    buffer = BytesIO()
    opacity = bytes(round(HEAT_OPACITY * level) for level in range(256))
    image.save(buffer, format="PNG", optimize=True, transparency=opacity)
    return f"data:image/png;base64,{b64encode(buffer.getvalue()).decode('ascii')}"


def _line(item: Line, own: str, weight: str, shared_heads: bool) -> str:
    if not item.head:
        return f'<line {own} x1="{_n(item.x1)}" y1="{_n(item.y1)}" x2="{_n(item.x2)}" y2="{_n(item.y2)}"{weight}/>'
    tip = f"<title>{escape(item.tip)}</title>" if item.tip else ""
    neck, corners = arrow_head(item)
    shaft = f'd="{_stroke(item.x1, item.y1, *neck)}"{weight}'
    if shared_heads:
        return f"<path {own} {shaft}>{tip}</path>" if tip else f"<path {own} {shaft}/>"
    classes = " ".join(item.classes)
    head = f'<path class="{classes} head" d="{_head(corners)}"/>'
    return f'<g data-id="{item.id}">{tip}<path class="{classes}" {shaft}/>{head}</g>'


def _stroke(x1: float, y1: float, x2: float, y2: float) -> str:
    end = f"H{_n(x2)}" if y1 == y2 else f"V{_n(y2)}" if x1 == x2 else f"L{_n(x2)} {_n(y2)}"
    return f"M{_n(x1)} {_n(y1)}{end}"


def _head(corners: list[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in corners) + "z"


def _heads(scene: Scene) -> str:
    """The arrow heads of all lines of a look as one element."""
    looks: dict[tuple[str, ...], list[str]] = {}
    for item in scene.items:
        if isinstance(item, Line) and item.head:
            looks.setdefault(item.classes, []).append(_head(arrow_head(item)[1]))
    return "".join(f'<path class="{" ".join(look)} head" d="{"".join(all)}"/>' for look, all in looks.items())


@lru_cache
def _size(classes: tuple[str, ...]) -> float:
    return resolve(classes)["size"]


@lru_cache(maxsize=10_000)
def _n(value: float, digits: int = 1) -> str:
    """A coordinate in as few characters as it needs."""
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:.0f}"
    return "0" if text in ("", "-0") else text
