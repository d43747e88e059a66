"""Knobs: sliders that change the model's scores and run your functions again at every move.

ipywidgets' own sliders, and one HTML widget whose value is the SVG: no Output widget, no callback that prints. A
widget needs a running kernel, so the cell's output also holds the drawing as it was at first. It steps aside, by a rule
of style that the widget brings along, wherever the widget is alive; on a saved page, in a feedback form, in a reopened
notebook it is what one sees.
"""

from collections.abc import Callable, Sequence
from html import escape

import numpy as np

from helpers.checks.cases import log_softmax

from .figure import Figure
from .lattice import Lattice
from .numerals import logarithm
from .views import occupancy
from .xray import unwritten
from .yours import NotYet, shares, train

_SENTENCE = "The sliders need a running kernel: run this cell to move them."


class Knobs:
    """Sliders over one small lattice: temperature, a bias of the blank, one node's logits, training with FastEmit.

    Args:
        f: (T, V) encoder outputs.
        g: (U+1, V) outputs of the prediction network; the logits are f[t] + g[u].
        targets: (U,).
        forward: yours.
        backward: yours.
        blank: class of the blank.
        symbols: text of every class.
    """

    def __init__(
        self,
        f,
        g,
        targets,
        forward: Callable,
        backward: Callable,
        blank: int = 0,
        symbols: Sequence[str] | None = None,
    ):
        self.f, self.g = np.asarray(f, dtype=float), np.asarray(g, dtype=float)
        self.targets = np.asarray(targets, dtype=np.int64)
        self.forward, self.backward, self.blank = forward, backward, int(blank) % self.f.shape[1]
        self.classes = tuple(str(k) if symbols is None else str(symbols[k]) for k in range(self.f.shape[1]))
        self.names = tuple(self.classes[y] for y in self.targets)

    def figure(
        self,
        temperature: float = 1.0,
        bias: float = 0.0,
        node: tuple[int, int] = (0, 0),
        extra: Sequence[float] = (),
        fastemit: float = 0.0,
        steps: int = 0,
    ) -> tuple[Figure, str]:
        """The occupancy for these settings, by your functions, and one line about it.

        Args:
            temperature: logits are divided by it.
            bias: added to the blank's logit everywhere (before the division).
            node: (t, u) whose logits `extra` is added to.
            extra: V numbers.
            fastemit: strength of FastEmit in the training steps.
            steps: training steps on f and g before anything else.
        """
        f, g = self.f, self.g
        try:
            if steps:
                f, g = train(f, g, self.targets, self.forward, self.backward, self.blank, self.names, steps, fastemit)
            logits = f[:, None] + g[None]
            logits[:, :, self.blank] += bias
            if len(extra):
                logits[node] += np.asarray(extra)
            scores = log_softmax(logits / temperature)
            found = shares(self.forward, self.backward, scores, self.targets, self.blank, self.names)
            figure = occupancy(found.lattice, found.log_alpha, found.log_beta)
        except (NotYet, ValueError) as problem:
            return self._empty(str(problem)), str(problem)
        frames = ", ".join(f"{name} {frame:.2f}" for name, frame in zip(self.names, found.frames, strict=True))
        return figure, f"cost {logarithm(found.cost, 3)} nats · average frame of each letter: {frames}"

    def _empty(self, sentence: str) -> Figure:
        shape = len(self.f), len(self.targets) + 1
        return unwritten(Lattice(np.zeros(shape), np.zeros((shape[0], shape[1] - 1)), self.names), sentence)

    def widget(self):
        """The sliders with the drawing, an ipywidgets VBox; its last child is the HTML widget."""
        import ipywidgets as widgets

        wide = {"description_width": "120px"}
        layout = widgets.Layout(width="330px")

        def slider(kind, description, value, low, high, step):
            return kind(
                value=value,
                min=low,
                max=high,
                step=step,
                description=description,
                style=wide,
                layout=layout,
                continuous_update=True,
            )

        temperature = slider(widgets.FloatLogSlider, "temperature", 1.0, -1, 1, 0.05)
        bias = slider(widgets.FloatSlider, "blank bias", 0.0, -4, 4, 0.1)
        steps = slider(widgets.IntSlider, "training steps", 0, 0, 30, 1)
        fastemit = slider(widgets.FloatSlider, "FastEmit λ", 0.0, 0, 1, 0.01)
        places = [(f"t={t}, u={u}", (t, u)) for t in range(len(self.f)) for u in range(len(self.targets) + 1)]
        node = widgets.Dropdown(options=places, description="logits at", style=wide, layout=layout)
        extra = [slider(widgets.FloatSlider, f"{name} +", 0.0, -4, 4, 0.1) for name in self.classes[:8]]
        reset = widgets.Button(description="reset", layout=widgets.Layout(width="100px"))
        picture = widgets.HTML()
        hide = f"<style>.{_mark(picture)}{{display:none}}</style>"
        silent = [False]

        def settings() -> dict:
            return {
                "temperature": temperature.value,
                "bias": bias.value,
                "node": node.value,
                "extra": [*(one.value for one in extra), *[0.0] * (len(self.classes) - len(extra))],
                "fastemit": fastemit.value,
                "steps": steps.value,
            }

        def draw(_=None):
            if not silent[0]:
                figure, line = self.figure(**settings())
                picture.value = f"{hide}{figure.svg()}<div>{escape(line)}</div>"

        def back(_=None):
            silent[0] = True
            for one, value in (
                (temperature, 1.0),
                (bias, 0.0),
                (steps, 0),
                (fastemit, 0.0),
                *((e, 0.0) for e in extra),
            ):
                one.value = value
            silent[0] = False
            draw()

        for one in (temperature, bias, steps, fastemit, node, *extra):
            one.observe(draw, names="value")
        reset.on_click(back)
        draw()
        columns = widgets.HBox(
            [widgets.VBox([temperature, bias, steps, fastemit, reset]), widgets.VBox([node, *extra])],
            layout=widgets.Layout(flex_flow="row wrap"),
        )
        return widgets.VBox([columns, picture])

    def _ipython_display_(self) -> None:
        from IPython.display import display

        figure, line = self.figure()
        if figure.view == "unwritten":
            display(figure)
            return
        try:
            widget = self.widget()
        except ImportError:
            mark, line = "lattice-still", f"{line}. The sliders need the package ipywidgets."
        else:
            mark = _mark(widget.children[-1])
            # Where the widget cannot live, its text stands in for it: a sentence, not the tree of its parts.
            display({**_bundle(widget), "text/plain": _SENTENCE}, raw=True)
        data, metadata = figure._repr_mimebundle_()
        if "text/html" in data:
            data["text/html"] = f'<div class="{mark}">{data["text/html"]}<div>{escape(line)}</div></div>'
        display(data, metadata=metadata, raw=True)

    def __repr__(self) -> str:
        figure, line = self.figure()
        return f"{figure.alt} {line}"


def _bundle(widget) -> dict:
    """What a notebook shows a widget by. ipywidgets 7, which Colab has, can show it but not hand it over."""
    if hasattr(widget, "_repr_mimebundle_"):
        return widget._repr_mimebundle_()
    view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    return {"application/vnd.jupyter.widget-view+json": view}


def _mark(widget) -> str:
    """The class of the drawing that steps aside for this widget."""
    return f"lattice-still-{widget.model_id}"
