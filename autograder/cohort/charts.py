"""Small pictures of numbers as SVG that takes its colours and its width from the page around it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 720, 250
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 40, 46
MOST_BINS = 21
MOST_LABELS = 11


@dataclass(frozen=True)
class Bin:
    """One bar of a histogram."""

    start: float
    end: float
    count: int
    label: str


def bins(values: Sequence[float], steps: Sequence[float], most: float | None = None) -> list[Bin]:
    """Values from 0 up, counted in bins of one width: the least of `steps` that makes no more than `MOST_BINS` of them.

    Args:
        values: in any order.
        steps: the widths that are easy to read, in rising order. Where all are too small the last bin takes what is
            above.
        most: where the axis ends; by default with the largest value.
    """
    top = max([most or 0.0, *values], default=0.0)
    step = next((step for step in steps if _bin(top, step) < MOST_BINS), steps[-1])
    number = min(MOST_BINS, _bin(top, step) + 1)
    counts = [0] * number
    for value in values:
        counts[min(number - 1, _bin(value, step))] += 1
    return [Bin(k * step, (k + 1) * step, count, f"{k * step:g}") for k, count in enumerate(counts)]


def _bin(value: float, step: float) -> int:
    """The bin that a value lies in. 1.5 starts the sixteenth bin of 0.1, though 1.5 // 0.1 is 14."""
    return math.floor(value / step + 1e-9)


def histogram(bars: Sequence[Bin], axis: str, alt: str, marks: dict[str, float] | None = None) -> str:
    """Bars side by side, the number above each; `marks` are named places on the axis, such as the median.

    The label of a bin stands where the bin starts; where bins are 1 wide it stands for the one value in it.
    """
    plot = _Plot(bars)
    parts = _scale(plot)
    for name, value in (marks or {}).items():
        x = plot.x(value)
        # Beside the line, on the side where there is room.
        side, shift = ("end", -5) if x > WIDTH - 140 else ("start", 5)
        parts.append(_line("mark", x, x, TOP - 24, plot.base))
        parts.append(_text("named", x + shift, TOP - 25, f"{name} {value:g}", side))
    parts += [part for place, bar in enumerate(bars) for part in _bar(plot, place, bar)]
    parts.append(_line("axis", LEFT, WIDTH - RIGHT, plot.base, plot.base))
    parts.append(_text("tick", (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, axis))
    return _svg(WIDTH, HEIGHT, alt, "".join(parts))


class _Plot:
    """Where things lie on a histogram."""

    base = HEIGHT - BOTTOM

    def __init__(self, bars: Sequence[Bin]):
        self.step = bars[0].end - bars[0].start
        self.across = (WIDTH - LEFT - RIGHT) / len(bars)
        self.ticks = _ticks(max(bar.count for bar in bars))
        # Of bins that hold one value the middle stands for it.
        self.shift = 0.5 if self.step == 1 else 0.0
        self.last = len(bars) - self.shift
        self.labelled = math.ceil(len(bars) / (MOST_BINS if self.shift else MOST_LABELS))

    def x(self, value: float) -> float:
        return LEFT + self.across * min(value / self.step + self.shift, self.last)

    def y(self, count: float) -> float:
        return self.base - (self.base - TOP) * count / max(*self.ticks, 1)


def _scale(plot: _Plot) -> list[str]:
    return [
        part
        for tick in plot.ticks
        for part in (
            _line("grid", LEFT, WIDTH - RIGHT, plot.y(tick), plot.y(tick)),
            _text("tick", LEFT - 7, plot.y(tick) + 4, str(tick), "end"),
        )
    ]


def _bar(plot: _Plot, place: int, bar: Bin) -> list[str]:
    parts = []
    if bar.count:
        gap = min(3.0, plot.across / 8)
        x, y = LEFT + place * plot.across + gap, plot.y(bar.count)
        size = f'width="{plot.across - 2 * gap:.1f}" height="{plot.base - y:.1f}"'
        parts.append(f'<rect class="bar" x="{x:.1f}" y="{y:.1f}" {size} rx="2"/>')
        parts.append(_text("count", LEFT + (place + 0.5) * plot.across, y - 5, str(bar.count)))
    if place % plot.labelled == 0:
        parts.append(_text("tick", plot.x(bar.start), plot.base + 17, bar.label))
    return parts


def _line(kind: str, x1: float, x2: float, y1: float, y2: float) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" x2="{x2:.1f}" y1="{y1:.1f}" y2="{y2:.1f}"/>'


def _text(kind: str, x: float, y: float, text: str, anchor: str = "middle") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _ticks(most: int) -> list[int]:
    """At most five whole numbers from 0 up to `most` or a little beyond."""
    step = 1
    while most / step > 4:
        step = step * 5 // 2 if str(step)[0] == "2" else step * 2
    return list(range(0, most + step, step)) if most else [0]


def interval(value: float, alt: str) -> str:
    """A dot on an axis from -1 to 1: a correlation."""
    width, height, middle, edge = 116, 18, 9, 7
    x = width / 2 + value * (width / 2 - edge)
    parts = (
        _line("axis", edge, width - edge, middle, middle),
        _line("axis", width / 2, width / 2, middle - 6, middle + 6),
        _line("stem", width / 2, x, middle, middle),
        f'<circle class="dot" cx="{x:.1f}" cy="{middle}" r="5"/>',
    )
    return _svg(width, height, alt, "".join(parts))


def _svg(width: float, height: float, alt: str, body: str) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{escape(alt, quote=True)}">{body}</svg>'
    )
