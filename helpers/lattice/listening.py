"""An alignment over the spectrogram, on one time axis with the sound."""

from base64 import b64encode
from io import BytesIO

import numpy as np

from .figure import Figure
from .greedy import shares
from .lattice import as_array, visible
from .panel import Footer, Panel
from .scene import Grid, Image, Line, Polyline, Primitive, Rect, Text
from .views import _cut, _size, assemble
from .walking import Walk

MOST_FLAC = 48_000  # bytes; a longer recording becomes Ogg Vorbis, a quarter of the size
_WIDTH, _SPECTROGRAM, _LATTICE = 760, 110, 240
_MOST_FRAMES, _MOST_LABELS = 400, 200
_HOP = 0.0125  # seconds between the frames of a spectrogram


def over_spectrogram(walk: Walk, sound, log_mel=None) -> Figure:
    """When each label is written, over the spectrogram, with the sound to play.

    walk: what `helpers.decoding.watch` wrote down, or `Walk.along` a given alignment, with its seconds_per_frame.
    sound: an utterance (`helpers.corpora.Utterance`), or anything with `.waveform()` and `.sample_rate`.
    log_mel: (frames, bands) of the same sound, a frame every 12.5 ms; computed when it is not given.
    """
    if not walk.steps or walk.seconds_per_frame <= 0:
        raise ValueError("This walk does not say how long its frames are: give seconds_per_frame to decoding.watch.")
    if walk.T > _MOST_FRAMES or max(len(walk.truth), len(walk.labels)) > _MOST_LABELS:
        raise ValueError(
            f"{walk.T} frames and {len(walk.labels)} labels are too many for one picture: "
            f"take at most {_MOST_FRAMES} frames and {_MOST_LABELS} labels."
        )
    waveform = as_array(sound.waveform(), "waveform")
    rate = int(sound.sample_rate)
    seconds = len(waveform) / rate
    if log_mel is None:
        from helpers.features import LogMel

        log_mel = LogMel()(sound.waveform())
    levels = _levels(as_array(log_mel, "log_mel"))
    truth = walk.truth or tuple(symbol for symbol, _ in walk.labels)
    rows = max(len(truth), len(walk.labels))

    panel, across = _panel(walk, truth, rows)
    g = panel.grid
    left, right = g.x(0) - g.rx, g.x(walk.T - 1) + g.rx
    per_second = across / walk.seconds_per_frame
    top = 40.0
    items: list[Primitive] = [
        Text("axis-band", left - 9, top + _SPECTROGRAM / 2, "log-mel", ("text", "tick"), "end"),
        Image("spectrogram", left, top, levels.shape[1] * _HOP * per_second, _SPECTROGRAM, levels),
        Rect("spectrogram-frame", left, top, right - left, _SPECTROGRAM, ("frame",)),
    ]
    items += _words(walk, left, across, top + _SPECTROGRAM)
    items += _letters(walk, left, across, top)
    panel.items = items + panel.items
    good = walk.first_error if walk.first_error is not None else len(walk.steps)
    points = _points(walk, g)
    panel.items.append(Polyline("walked", tuple(points[: good + 1]), ("walked",)))
    if good < len(walk.steps):
        panel.items.append(Polyline("strayed", tuple(points[good:]), ("strayed",)))
    bottom = g.y(0) + g.ry
    panel.items.append(Line("playhead", left, 8, left, bottom, ("now",)))
    for second in range(0, int(seconds * 2) + 1):
        x = left + second / 2 * per_second
        if x < right - 20:
            panel.items.append(Text(f"second-{second}", x, bottom + 29, f"{second / 2:g} s", ("text", "tick")))

    footer = Footer(0, bottom + 40, right + 24)
    if walk.truth:
        footer.sentence(f"said: {''.join(walk.truth)}")
    footer.sentence(f"written: {walk.text}")
    audio, mime = _audio(waveform, rate)
    spec = {
        "T": walk.T,
        "labels": [[symbol, t] for symbol, t in walk.labels],
        "wrong": -1 if walk.first_error is None else sum(not s.is_blank for s in walk.steps[: walk.first_error]),
        "truth": list(walk.truth),
        "frame": walk.seconds_per_frame,
        "seconds": round(seconds, 4),
        "left": left,
        "across": across,
        "audio": b64encode(audio).decode("ascii"),
        "mime": mime,
    }
    alt = (
        f"Log-mel spectrogram of {seconds:.1f} seconds of speech; below it, on the same time axis, the alignment of "
        f"“{walk.text}” in a lattice of {_size(walk.T, truth)}."
    )
    figure = Figure("over_spectrogram", assemble([panel], footer, right + 24), alt, spec)
    return _asked(figure, walk)


def _asked(figure: Figure, walk: Walk) -> Figure:
    frames = [t for _, t in walk.labels]
    crowded = next((t for t in frames if frames.count(t) > 1), None)
    if crowded is None:
        return figure.ask(
            "How much sound does the model hear between one frame and the next?",
            (f"{1000 * walk.seconds_per_frame:g} ms", "12.5 ms", "One letter"),
            0,
            "A frame of the encoder is several stacked frames of the spectrogram, 12.5 ms each.",
        )
    together = "".join(visible(symbol) for symbol, t in walk.labels if t == crowded)
    return figure.ask(
        f"In frame {crowded} the model writes “{together}” at once. Which models can do that?",
        ("A transducer", "CTC", "Both"),
        0,
        "A label of a transducer takes no time: it moves u and leaves t. CTC writes at most one label a frame.",
    )


def _panel(walk: Walk, truth: tuple[str, ...], rows: int) -> tuple[Panel, float]:
    """The lattice under the spectrogram, one frame `across` pixels wide."""
    across, up = _WIDTH / walk.T, _LATTICE / (rows + 1)
    panel = Panel(walk.T, [" "] * rows)
    panel.is_map, panel.items = True, []
    left, top = 66.0, 40.0 + _SPECTROGRAM + 26
    panel.grid = Grid(
        walk.T, rows, left + across / 2, top + _LATTICE - up / 2, across, up, across / 2, up / 2, across / 2 + 14
    )
    g = panel.grid
    if walk.occupancy is not None:
        shares(panel, walk.occupancy)
    panel.items.append(Rect("frame", left, top, _WIDTH, _LATTICE, ("frame",)))
    size = min(12.0, 1.15 * up)
    if size >= 6:
        for u, symbol in enumerate(truth):
            text = Text(f"symbol-{u}", left - 9, g.y(u + 0.5), visible(symbol), ("text", "symbol"), "end", size)
            panel.items.append(text)
    for t in range(0, walk.T, max(1, round(40 / across))):
        panel.items.append(Text(f"tick-t-{t}", g.x(t), top + _LATTICE + 12, str(t), ("text", "tick")))
    panel.items.append(Text("axis-t", left - 9, top + _LATTICE + 12, "t", ("text", "axis"), "end"))
    return panel, across


def _points(walk: Walk, g: Grid) -> list[tuple[float, float]]:
    """The corners of the walk; a blank is a frame, so it ends at the right edge."""
    points = [(g.x(step.t) - g.rx, g.y(step.u)) for step in walk.steps]
    last = walk.steps[-1]
    return [*points, (points[-1][0] + g.dx, points[-1][1]) if last.is_blank else (points[-1][0], g.y(last.u + 1))]


def _letters(walk: Walk, left: float, across: float, top: float) -> list[Primitive]:
    """What is written in each frame, above the spectrogram, with a line down into it."""
    found: dict[int, str] = {}
    for symbol, t in walk.labels:
        found[t] = found.get(t, "") + visible(symbol)
    items: list[Primitive] = []
    for t, text in found.items():
        x, text = left + t * across, _cut(text, 8)  # an untrained model may write a sentence in one frame
        anchor = "middle" if len(text) < 5 or x < left + _WIDTH - 30 else "end"
        items.append(Line(f"emit-line-{t}", x, top - 6, x, top + _SPECTROGRAM, ("emit",)))
        # Neighbours would touch: every second frame stands a line higher.
        size = min(13.0, max(8.0, 2 * across / max(1, len(text)) * 0.9))
        items.append(Text(f"emit-{t}", x, top - 13 - 13 * (t % 2), text, ("text", "symbol"), anchor, size))
    return items


def _words(walk: Walk, left: float, across: float, y: float) -> list[Primitive]:
    """A bar under the spectrogram for each written word, as long as its letters take."""
    items: list[Primitive] = []
    for i, (word, first, end) in enumerate(words(walk)):
        x, width = left + first * across, max(4.0, (end - first) * across - 2)
        items.append(Rect(f"word-{i}", x, y + 4, width, 18, ("word",)))
        size = min(11.0, 1.6 * width / max(1, len(word)))
        if size >= 6:
            items.append(Text(f"word-text-{i}", x + width / 2, y + 13, word, ("text", "key"), "middle", size))
    return items


def words(walk: Walk) -> list[tuple[str, int, int]]:
    """(word, first frame, frame behind its last): until the first label of the next word, or the end."""
    found: list[tuple[str, int, int]] = []
    word, first = "", 0
    for symbol, t in (*walk.labels, (" ", walk.T)):
        if symbol == " ":
            if word:
                found.append((word, first, max(t, first + 1)))
            word = ""
        else:
            first = t if not word else first
            word += symbol
    return found


def _levels(log_mel: np.ndarray) -> np.ndarray:
    """(frames, bands) as levels 0 to 63 of an image with the low bands at the bottom; the extremes are cut off."""
    if log_mel.ndim != 2 or not log_mel.size or not np.isfinite(log_mel).all():
        raise ValueError(f"log_mel must be finite numbers of shape (frames, bands); it has shape {log_mel.shape}.")
    low, high = np.quantile(log_mel, (0.02, 0.995))
    return np.rint(63 * np.clip((log_mel.T[::-1] - low) / max(high - low, 1e-9), 0, 1)).astype(np.uint8)


def _audio(waveform: np.ndarray, rate: int) -> tuple[bytes, str]:
    """The sound as a file: FLAC, which every browser plays, or Ogg Vorbis when that would be large."""
    import soundfile

    def written(**form) -> bytes:
        buffer = BytesIO()
        soundfile.write(buffer, np.clip(waveform, -1, 1).astype(np.float32), rate, **form)
        return buffer.getvalue()

    flac = written(format="FLAC", subtype="PCM_16", compression_level=1.0)
    if len(flac) <= MOST_FLAC:
        return flac, "audio/flac"
    return written(format="OGG", subtype="VORBIS", compression_level=0.7), "audio/ogg"
