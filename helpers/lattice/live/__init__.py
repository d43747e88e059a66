"""Drawings that answer: the scene's SVG and one inline script, in one piece of HTML.

`fragment` is all that `Figure.html` needs. The script is `page.js`, `question.js`, `core.js` (its head documents what
a view can use) and the file of the view, `NAME.js`; a view without a file stays a picture. Without JavaScript the
picture and the question under it are seen as they are; the script puts them into a shadow root, so that host pages and
figures leave each other alone. `asked` is the same for a question without a drawing.

Where only pictures are wanted, set the environment variable RNNT_PICTURES to "static": notebooks then show PNG with
alt text, and `Figure.html()` is the plain SVG.
"""

import os
import re
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from ..style import FONT, HEAT_OPACITY, PALETTE
from ..svg import DARK_HOSTS, colour_value, to_svg
from .packing import to_json
from .question import Prediction, Question

if TYPE_CHECKING:
    from ..figure import Figure

__all__ = ["Prediction", "Question", "asked", "fragment", "pictures_only"]

PICTURES = "RNNT_PICTURES"
MOST_LIVE_NODES = 8000  # the numbers of more would make a page of megabytes
SHARED_PARTS = ("page", "question", "core")
_HERE = Path(__file__).parent
# Views that share a script. Any other view "name" has name.js, or is static.
_SHARED = dict.fromkeys(("trellis", "arcs", "alpha", "beta", "occupancy", "best_path", "compare"), "reading")

# Parts of a spec that the script does not need, because it writes them out as products of the others.
_WRITTEN_OUT = {"occupancy": ("occupancy", "blank_posterior", "label_posterior")}


def pictures_only() -> bool:
    """True when RNNT_PICTURES is "static"."""
    return os.environ.get(PICTURES, "").strip().lower() == "static"


def fragment(figure: "Figure") -> str:
    """HTML of a figure: the SVG, the question as text, and the script that brings both to life."""
    question = figure.question.html() if figure.question else ""
    key = "lattice-" + sha256(figure.svg().encode()).hexdigest()[:10]
    attributes = f'data-lattice="{figure.view}" data-key="{key}"'
    script = "" if pictures_only() else _script(figure, key)
    picture = _picture(figure) if script else figure.svg()
    return f'<div {attributes} style="overflow-x:auto">{picture}{question}{script}</div>'


def _script(figure: "Figure", key: str) -> str:
    source = script_source(_SHARED.get(figure.view, figure.view))
    grids = figure.scene.grids
    if not source or not grids or max(grid.T * (grid.U + 1) for grid in grids.values()) > MOST_LIVE_NODES:
        return ""
    payload = {
        "view": figure.view,
        "key": key,
        "grids": {
            prefix: [g.T, g.U, *(round(v, 2) for v in (g.x0, g.y0, g.dx, g.dy, g.rx, g.ry, g.tail))]
            for prefix, g in grids.items()
        },
        "spec": {key: value for key, value in figure.spec.items() if key not in _WRITTEN_OUT.get(figure.view, ())},
        "question": None if figure.question is None else vars(figure.question),
        "heat": HEAT_OPACITY,
        "dark": ",".join(DARK_HOSTS),
        "theme": _theme(),
    }
    return _wrapped(source, f"start(document.currentScript,{to_json(payload)});")


def asked(prediction: Prediction) -> str:
    """HTML of a question on its own, which answers without a kernel."""
    key = "predict-" + sha256(prediction.html().encode()).hexdigest()[:10]
    script = ""
    if not pictures_only():
        question = {name: value for name, value in vars(prediction).items() if name != "key"}
        payload = {
            "key": key,
            "question": {**question, "told": prediction.told},
            "dark": ",".join(DARK_HOSTS),
            "theme": _theme(),
        }
        script = _wrapped(_parts("page", "question"), f"predict(document.currentScript,{to_json(payload)});")
    return f'<div data-predict="{key}">{prediction.html()}{script}</div>'


def _wrapped(source: str, call: str) -> str:
    # The braces keep every name of the script off the page.
    return f'<script>(()=>{{"use strict";{source}\n{call}}})();</script>'


def _picture(figure: "Figure") -> str:
    """The SVG as the background of an element: seen where no script runs, and read from there by the script.

    JupyterLab takes <svg> and its texts apart when a notebook is not trusted, and empties an <img>; a background stays.
    """
    svg = to_svg(figure.scene, figure.alt, tips=False).replace("'", "&#39;").replace('"', "'")
    for sign in "%#()\\\n":  # what ends or changes a URL in a style sheet
        svg = svg.replace(sign, f"%{ord(sign):02X}")
    size = f"width:{figure.scene.width:g}px;height:{figure.scene.height:g}px;max-width:100%"
    place = "background-size:contain;background-repeat:no-repeat"
    style = f'background-image:url("data:image/svg+xml,{svg}");{place};{size}'
    alt = quoteattr(figure.alt)
    style = style.replace("&", "&amp;").replace('"', "&quot;")
    return f'<div data-picture role="img" aria-label={alt} title={alt} style="{style}"></div>'


@lru_cache
def script_source(name: str) -> str:
    """The shared files and that of a view, without comments that fill a line and without indentation.

    "" for a view without a file.
    """
    if name in SHARED_PARTS or not (_HERE / f"{name}.js").is_file():
        return ""
    return _parts(*SHARED_PARTS, name)


def _parts(*names: str) -> str:
    return "\n".join(_shorter((_HERE / f"{name}.js").read_text("utf-8")) for name in names)


def _shorter(source: str) -> str:
    source = re.sub(r"\A\s*/\*.*?\*/", "", source, flags=re.DOTALL)
    lines = (line.strip() for line in source.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


@lru_cache
def _theme() -> str:
    """The palette as CSS variables on the stage; svg.py gives the same names to a drawing on its own."""
    rules = ""
    for theme in ("light", "dark"):
        colours = "".join(f"--c-{role}:{colour_value(role, theme)};" for role in PALETTE)
        rules += f".stage[data-theme={theme}]{{{colours}--font:{FONT}}}"
    return rules
