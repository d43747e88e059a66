"""A finished drawing that knows how to show itself: in a notebook, on a page, in a file, on axes."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from . import live, raster
from .scene import Scene
from .svg import to_svg

PNG_DPI = 144  # two image pixels per scene pixel: sharp on dense screens and in print


@dataclass(frozen=True, eq=False)
class Figure:
    """What every view returns.

    Attributes:
        view: name of the view, such as "alpha".
        scene: the display list.
        alt: one sentence that says what is seen.
        spec: the numbers behind the drawing, as arrays, strings and numbers: what the script of the view reads.
        question: one question that stands under the drawing.
        still: what is drawn where nothing can move, PNG and PDF; the scene itself where it is None.
    """

    view: str
    scene: Scene
    alt: str
    spec: dict[str, Any] = field(default_factory=dict)
    question: live.Question | None = None
    still: Scene | None = None

    def ask(self, text: str, options: Sequence[str], right: int, because: str) -> "Figure":
        """The same figure with this question under it; `right` is the index of the right option."""
        return replace(self, question=live.Question(text, tuple(options), right, because))

    def svg(self) -> str:
        """One self-contained <svg> element."""
        return self._svg

    @cached_property
    def _svg(self) -> str:
        return to_svg(self.scene, self.alt)

    def html(self) -> str:
        """A fragment that can be set into any page: the drawing, and the script that makes it answer.

        Nothing is fetched, nothing outside is touched; where scripts do not run, the drawing stands still.
        """
        return live.fragment(self)

    def png(self, dpi: float = PNG_DPI) -> bytes:
        """PNG bytes, light colours; 72 dpi is one image pixel per scene pixel."""
        return raster.to_png(self.still or self.scene, dpi)

    def draw(self, ax) -> None:
        """Draws on given matplotlib axes, scaled to their present size."""
        raster.draw(self.still or self.scene, ax)

    def save(self, path: str | Path) -> None:
        """Writes a file of the kind its suffix names: .svg, .png, .pdf or .html. ValueError for any other."""
        path = Path(path)
        match path.suffix.lower():
            case ".svg":
                data = self.svg().encode()
            case ".png":
                data = self.png()
            case ".pdf":
                data = raster.to_pdf(self.still or self.scene)
            case ".html":
                data = self._page().encode()
            case other:
                raise ValueError(f'Cannot save a drawing as "{other}": end the name in .svg, .png, .pdf or .html.')
        path.write_bytes(data)

    def _page(self) -> str:
        return (
            '<!DOCTYPE html><html lang="en" data-theme="auto"><head><meta charset="utf-8">'
            '<meta name="color-scheme" content="light dark"><meta name="viewport" content="width=device-width">'
            f"<title>Lattice</title></head><body>{self.html()}</body></html>\n"
        )

    def __repr__(self) -> str:
        return f"lattice.{self.view}: {self.alt}"

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
        """HTML for notebooks, PNG for LaTeX and for notebooks that are not trusted, one line for terminals.

        With RNNT_PICTURES=static no HTML.
        """
        makers = {
            **({} if live.pictures_only() else {"text/html": self.html}),
            "image/png": lambda: b64encode(self.png()).decode("ascii"),
            "text/plain": lambda: repr(self),
        }
        wanted = [kind for kind in makers if (not include or kind in include) and kind not in (exclude or ())]
        data = {kind: makers[kind]() for kind in wanted}
        drawn = self.still or self.scene
        # The width is that of the SVG: without it a 144 dpi picture shows at twice its size.
        metadata = {"image/png": {"alt": self.alt, "width": round(drawn.width), "height": round(drawn.height)}}
        return data, {kind: value for kind, value in metadata.items() if kind in data}
