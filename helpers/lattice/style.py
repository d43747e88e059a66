"""Colours and strokes, once for both back ends.

A primitive carries class names; each class sets some properties, later classes in `STYLES` win, exactly as in a style
sheet. SVG turns the table into CSS, matplotlib looks the values up.

Nothing is told by colour alone: blanks are dashed and horizontal, labels solid and vertical, every highlighted path has
its own dash and number. Text colours keep a contrast of 4.5 (WCAG AA) on their background in both themes.
"""

from dataclasses import dataclass

FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "DejaVu Sans", sans-serif'


@dataclass(frozen=True)
class Colour:
    """A literal for light and dark pages; `host` names a JupyterLab variable that overrules both."""

    light: str
    dark: str
    host: str = ""


PALETTE = {
    "paper": Colour("#ffffff", "#15171c", "--jp-layout-color0"),
    "ink": Colour("#1f2328", "#e6e8eb", "--jp-ui-font-color1"),
    "muted": Colour("#5c636d", "#a9b1bc", "--jp-ui-font-color2"),
    "outline": Colour("#3f434b", "#b9bfc9"),
    "hair": Colour("#c9cdd4", "#4a505b"),
    "blank": Colour("#0069a8", "#74bfec"),
    "label": Colour("#c04f00", "#ffa05a"),
    "heat": Colour("#7b4fa3", "#a17ad6"),
    "odd": Colour("#fbdcdf", "#55222a"),
    "wrong": Colour("#b3001b", "#ff8a92"),
    "halo-0": Colour("#009e73", "#28c397"),
    "halo-1": Colour("#c2569a", "#e58ac4"),
    "halo-2": Colour("#b38600", "#d9b23a"),
    "halo-3": Colour("#5b6fd6", "#97a5ff"),
    "halo-4": Colour("#7a7f87", "#a9b1bc"),
    "halo-5": Colour("#6b4a2b", "#c79a6e"),
    # The number on a path must be readable on its badge, so badges are darker (lighter) than halos.
    "badge-0": Colour("#00684b", "#28c397"),
    "badge-1": Colour("#943a73", "#e58ac4"),
    "badge-2": Colour("#705400", "#d9b23a"),
    "badge-3": Colour("#4052b0", "#97a5ff"),
    "badge-4": Colour("#565b63", "#a9b1bc"),
    "badge-5": Colour("#6b4a2b", "#c79a6e"),
}

HEAT_OPACITY = 0.62  # of the fullest cell: ink on it stays readable in both themes
HALOS = 6  # so many paths can be told apart

# property -> value. stroke and fill name a colour of PALETTE (or "none"); width, size and dash are in pixels.
STYLES: dict[str, dict] = {
    "node": {"stroke": "outline", "width": 1.1, "fill": "paper"},
    "cell": {"stroke": "none", "fill": "none"},
    "heat-map": {},
    "frame": {"stroke": "hair", "width": 1, "fill": "none"},
    "grid": {"stroke": "hair", "width": 0.6},
    "arc": {"width": 1.6, "cap": "butt"},
    "blank": {"stroke": "blank", "dash": (5, 3)},
    "label": {"stroke": "label"},
    "faint": {"opacity": 0.45},
    "taken": {"width": 2.6, "opacity": 1},
    "final": {"stroke": "ink", "width": 1.3, "fill": "paper"},
    "final-dot": {"stroke": "none", "fill": "ink"},
    "halo": {"fill": "none", "width": 10, "opacity": 0.38, "cap": "round"},
    "halo-0": {"stroke": "halo-0"},
    "halo-1": {"stroke": "halo-1", "dash": (11, 4), "cap": "butt", "opacity": 0.5},
    "halo-2": {"stroke": "halo-2", "dash": (4, 4), "cap": "butt", "opacity": 0.6},
    "halo-3": {"stroke": "halo-3", "dash": (16, 4, 4, 4), "cap": "butt", "opacity": 0.5},
    "halo-4": {"stroke": "halo-4", "dash": (8, 8), "cap": "butt", "opacity": 0.6},
    "halo-5": {"stroke": "halo-5", "dash": (2, 3), "cap": "butt", "opacity": 0.6},
    "badge": {"stroke": "paper", "width": 1.2},
    **{f"badge-{i}": {"fill": f"badge-{i}"} for i in range(HALOS)},
    "odd": {"stroke": "wrong", "width": 1.8, "dash": (3, 2), "fill": "odd"},
    "tint": {"stroke": "none", "fill": "wrong", "opacity": 0.28},
    "cut": {"stroke": "halo-3", "width": 3, "dash": (10, 4), "fill": "none"},
    "ring": {"stroke": "wrong", "width": 3, "fill": "none"},
    "strip-f": {"stroke": "blank", "fill": "none"},
    "strip-g": {"stroke": "label", "fill": "none"},
    "strip-sum": {"stroke": "ink", "fill": "none"},
    "image": {},
    "emit": {"stroke": "paper", "width": 0.8, "opacity": 0.6},
    "word": {"stroke": "hair", "width": 1, "fill": "paper"},
    "walked": {"stroke": "halo-0", "width": 4, "fill": "none", "cap": "round"},
    "strayed": {"stroke": "wrong", "width": 3, "fill": "none", "dash": (5, 3)},
    "walker": {"stroke": "ink", "width": 2.4, "fill": "paper"},
    "card": {"stroke": "hair", "width": 1, "fill": "paper"},
    "curve-loss": {"stroke": "label", "width": 2, "fill": "none"},
    "curve-blank": {"stroke": "blank", "width": 2, "fill": "none", "dash": (5, 3)},
    "now": {"stroke": "ink", "width": 1.4},
    "now-loss": {"stroke": "paper", "width": 1.2, "fill": "label"},
    "now-blank": {"stroke": "blank", "width": 1.8, "fill": "paper"},
    "bar": {"width": 1.2},
    "bar-label": {"stroke": "label", "fill": "label"},
    "bar-blank": {"stroke": "blank", "fill": "none", "dash": (4, 2)},
    "text": {"fill": "ink", "size": 11},
    "value": {"size": 10.5},
    "index": {"fill": "muted", "size": 9.5},
    "number": {"size": 9.5},
    "of-blank": {"fill": "blank"},
    "of-label": {"fill": "label"},
    "tick": {"fill": "muted", "size": 11},
    "symbol": {"fill": "label", "size": 17, "weight": "bold"},
    "axis": {"fill": "muted", "size": 11},
    "heading": {"size": 13, "weight": "bold"},
    "key": {"size": 11},
    "caption": {"size": 12},
    "of-wrong": {"fill": "wrong", "weight": "bold"},
    "bar-title": {"size": 11, "weight": "bold"},
    "bar-symbol": {"size": 12, "weight": "bold"},
    "bar-share": {"fill": "muted", "size": 11},
    "of-film": {"size": 12},
    "of-written": {"size": 12},
    "of-verdict": {"size": 12, "weight": "bold"},
    "on-badge": {"fill": "paper", "size": 10, "weight": "bold"},
}


def resolve(classes: tuple[str, ...]) -> dict:
    """All properties of a primitive with these classes."""
    found: dict = {}
    for name, properties in STYLES.items():
        if name in classes:
            found.update(properties)
    return found


def text_width(text: str, size: float) -> float:
    """Upper estimate in pixels, after DejaVu Sans, the widest of the usual system fonts: what fits it fits all."""
    narrow, wide = "iIjl.,:;|'()[]! ", "mwMW@%—→"
    return size * sum(0.4 if c in narrow else 0.98 if c in wide else 0.61 if c.islower() else 0.68 for c in text)


def wrap(text: str, size: float, width: float) -> list[str]:
    """Splits a sentence into lines of at most `width` pixels, at spaces."""
    lines: list[str] = []
    for word in text.split():
        if lines and text_width(f"{lines[-1]} {word}", size) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
