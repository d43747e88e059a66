"""A film of training: the lattice of one utterance at many steps, over the curve of its loss."""

import numpy as np

from .codes import to_code
from .figure import Figure
from .film import Film
from .greedy import shares
from .lattice import visible
from .panel import MAP, Footer, Panel
from .scene import Circle, Heat, Line, Polyline, Primitive, Rect, Scene, Text
from .style import text_width
from .views import _cut, _size, assemble

MOST_NODES = 3000  # of one frame: more would make a heavy page
_CURVE = 84  # pixels, the height of the curves
_TELLING = (0.0, 0.25, 0.5, 1.0)  # where in a film the frames of a still picture are, by number


def training_film(film: Film | str = "learning") -> Figure:
    """Occupancy while a model trains, with the loss of the utterance and the mean probability of the blank below.

    film: what a `helpers.filming.Camera` recorded, or the name of one that comes with the course: "learning" or
        "blank collapse".
    """
    film = Film.preset(film) if isinstance(film, str) else film
    if not len(film):
        raise ValueError("This film is empty: give its camera to training.train(..., camera=camera) first.")
    N, T, rows = film.occupancy.shape
    if T * rows > MOST_NODES:
        raise ValueError(
            f"T × (U+1) = {T * rows:,} nodes, more than {MOST_NODES:,}, make a heavy film: film a shorter sentence."
        )
    symbols = [visible(symbol) for symbol in film.symbols]
    panel = Panel(T, symbols, density=MAP)
    last = film.occupancy[-1] / 255
    shares(panel, last)
    panel.arcs()
    panel._map_frame_lines(empty=False)
    footer = Footer(0, panel.bottom, panel.right)
    left, right = panel.grid.x(0) - panel.grid.rx, panel.grid.x(T - 1) + panel.grid.rx
    curve = _curves(footer.items, film, left, right, footer.y + 24)
    x = curve["x"][-1]
    footer.items.append(Line("now", x, curve["top"], x, curve["bottom"], ("now",)))
    footer.items.append(Circle("now-loss", x, curve["loss"][-1], 4.5, ("now-loss",)))
    footer.items.append(Circle("now-blank", x, curve["blank"][-1], 4.5, ("now-blank",)))
    footer.y = curve["bottom"] + 34
    footer.key(bar=("0", "1", "share of P(y|x) through a node"), arcs=False)
    footer.sentence(f"{film.name[0].upper()}{film.name[1:]}. {_told(film, N - 1)}", "of-film")

    spec = {
        "T": T,
        "symbols": list(film.symbols),
        "steps": [int(step) for step in film.steps],
        "loss": [round(float(v), 3) for v in film.loss],
        "blank": [round(float(v), 3) for v in film.blank],
        "written": [_cut(text, 80) for text in film.written],
        "frames": [to_code(picture / 255) for picture in film.occupancy],
        "x": curve["x"],
        "y": {"loss": curve["loss"], "blank": curve["blank"]},
        "name": film.name,
        "sharp": [_sharpness(picture) for picture in film.occupancy],
    }
    alt = (
        f"Film of {film.name}: occupancy of a lattice of {_size(T, symbols)} in {N} frames, from step {film.steps[0]} "
        f"to {film.steps[-1]}; the loss of the utterance goes from {film.loss[0]:.2f} to {film.loss[-1]:.2f} nats per "
        f"label, the mean probability of the blank from {film.blank[0]:.2f} to {film.blank[-1]:.2f}."
    )
    scene = assemble([panel], footer, panel.right)
    figure = Figure("training_film", scene, alt, spec, still=_still(film, scene.width))
    return figure.ask(
        "Watch the first steps: the loss falls fast. What has the model learned by then?",
        (
            "How likely a blank is",
            "Where each letter is spoken",
            "Which letters the sentence has",
        ),
        0,
        "The curve of the blank rises while the cloud stays as wide as before. Most steps of any alignment are blanks, "
        "so liking the blank everywhere is the quickest way down; it needs no listening at all.",
    )


def _told(film: Film, n: int) -> str:
    written = ""
    if film.written:
        written = f" It writes “{_cut(film.written[n])}”." if film.written[n] else " It writes nothing."
    step = "Untrained" if film.steps[n] == 0 else f"After {film.steps[n]} step{'s' if film.steps[n] > 1 else ''}"
    return f"{step}: {film.loss[n]:.2f} nats per label, the blank has {film.blank[n]:.2f} on average.{written}"


def _sharpness(picture: np.ndarray) -> float:
    """How much of P(y|x) the likeliest node of a frame holds, on average: near 1, the alignment is known."""
    return round(float(picture.max(axis=1).mean()) / 255, 3)


def _curves(items: list[Primitive], film: Film, left: float, right: float, top: float, prefix: str = "") -> dict:
    """Loss and blank over the frames, evenly spaced so that a scrubber and the curve agree. Returns their places."""
    N, bottom = len(film), top + _CURVE
    xs = [round(left + (right - left) * i / max(1, N - 1), 1) for i in range(N)]
    high = max(float(film.loss.max()), 1e-6)
    loss = [round(bottom - _CURVE * max(0.0, float(v)) / high, 1) for v in film.loss]
    blank = [round(bottom - _CURVE * float(v), 1) for v in film.blank]
    items.append(Rect(f"{prefix}curves", left, top, right - left, _CURVE, ("frame",)))
    if N > 1:
        items.append(Polyline(f"{prefix}loss", tuple(zip(xs, loss, strict=True)), ("curve-loss",)))
        items.append(Polyline(f"{prefix}blank-curve", tuple(zip(xs, blank, strict=True)), ("curve-blank",)))
    title = "loss of this utterance, nats per label"
    items.append(Line(f"{prefix}key-loss", left, top - 11, left + 22, top - 11, ("curve-loss",)))
    items.append(Text(f"{prefix}key-loss-text", left + 28, top - 11, title, ("text", "axis"), "start"))
    x = left + 28 + text_width(title, 11) + 22
    items.append(Line(f"{prefix}key-blank", x, top - 11, x + 22, top - 11, ("curve-blank",)))
    items.append(Text(f"{prefix}key-blank-text", x + 28, top - 11, "mean probability of ∅", ("text", "axis"), "start"))
    for name, y, text in (("top", top, f"{high:.1f}"), ("bottom", bottom, "0")):
        items.append(Text(f"{prefix}loss-{name}", left - 6, y, text, ("text", "tick"), "end"))
    for name, y, text in (("top", top, "1"), ("bottom", bottom, "0")):
        items.append(Text(f"{prefix}blank-{name}", right + 6, y, text, ("text", "tick"), "start"))
    free = -np.inf
    for i in range(N):
        if xs[i] - free > 44 or (i == N - 1 and xs[i] - free > 30):
            items.append(Text(f"{prefix}step-{i}", xs[i], bottom + 13, str(int(film.steps[i])), ("text", "tick")))
            free = xs[i]
    middle = (left + right) / 2
    items.append(Text(f"{prefix}steps", middle, bottom + 29, "training steps →", ("text", "axis")))
    return {"x": xs, "loss": loss, "blank": blank, "top": top, "bottom": bottom}


def _still(film: Film, width: float) -> Scene:
    """For paper: four telling frames side by side, over the curves."""
    N = len(film)
    picks = sorted({round(share * (N - 1)) for share in _TELLING})
    items: list[Primitive] = []
    left, top, gap = 44.0, 34.0, 14.0
    across = (width - left - 40 - gap * (len(_TELLING) - 1)) / len(_TELLING)
    bottom = top + min(130.0, 0.75 * across)
    curve = _curves(items, film, left, width - 40, bottom + 44)
    for place, n in enumerate(picks):
        x0 = left + place * (across + gap)
        step = "untrained" if film.steps[n] == 0 else f"step {film.steps[n]}"
        text = f"{step}, {film.loss[n]:.2f}"
        items.append(Text(f"still-{n}-title", x0, top - 10, text, ("text", "key"), "start"))
        picture = film.occupancy[n].T[::-1] / 255
        items.append(Heat(f"still-{n}-nodes", x0, top, across, bottom - top, picture))
        items.append(Rect(f"still-{n}", x0, top, across, bottom - top, ("frame",)))
        x = curve["x"][n]
        items.append(Line(f"still-{n}-now", x, curve["top"], x, curve["bottom"], ("grid",)))
        items.append(Circle(f"still-{n}-dot", x, curve["loss"][n], 3.5, ("now-loss",)))
    items.append(Text("still-t", left, bottom + 13, "encoder frame t →", ("text", "axis"), "start"))
    items.append(Text("still-u", left, 12, "u ↑, and nats per label", ("text", "axis"), "start"))
    footer = Footer(0, curve["bottom"] + 40, width)
    footer.sentence(f"{film.name[0].upper()}{film.name[1:]}. {_told(film, N - 1)}")
    return Scene(round(width), round(footer.y + 12), tuple(items + footer.items))
