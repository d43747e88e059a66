"""What a model wrote beside what was said: word by word, with the sound and, where known, the moment of each letter."""

import io
import math
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from helpers.corpora import Utterance
    from helpers.lattice import Figure, Walk

SMALL = 0.7
"""From 0, large and good, to 1: 4 kB a second of speech, which still sounds like the corpus."""


@dataclass(frozen=True)
class Part:
    """A stretch of a text."""

    text: str
    off: bool
    """Whether it is not as it should be."""


@dataclass(frozen=True)
class Pair:
    """One place of two aligned texts."""

    kind: str
    """"equal", "substitute", "delete" (said and not written) or "insert" (written and not said)."""
    said: str
    written: tuple[Part, ...]
    """The written word; where it stands for another one, the letters that differ are marked."""


@dataclass(frozen=True)
class Heard:
    """One utterance as a page shows it."""

    pairs: tuple[Pair, ...]
    cer: float
    wer: float
    cut: bool
    """Whether more was written than is shown."""
    audio: str
    """The sound as a data: address; empty where there is none."""
    drawing: str
    """HTML: the letters over the spectrogram; empty where the frames are not known."""


def heard(transcript: dict, sound: "Utterance | None", walk: "Callable[[], Walk | None]") -> Heard:
    """Lay out a transcript of a grade. `sound` is what was heard, `walk` gives what is drawn over it."""
    drawing = _drawing(walk(), sound) if sound else ""
    return Heard(
        tuple(aligned(transcript["said"], transcript["written"])),
        transcript["cer"],
        transcript["wer"],
        transcript["cut"],
        data_address(sound) if sound else "",
        drawing,
    )


def aligned(said: str, written: str) -> list[Pair]:
    """Both texts word by word, with as few errors as there can be: as many as the WER counts.

    Of alignments that are equally short it is the one in which a word stands beside the one that it is most like.
    (jiwer takes any of them, and may put "sundwich" beside "empty" and say that "sandwich" was left out.)
    """
    left, right = said.split(), written.split()
    # cost[i][j]: word errors and letter errors of the first i words against the first j, with the last step to there.
    cost = [[(0, 0, "")] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i in range(len(left) + 1):
        for j in range(len(right) + 1):
            if i or j:
                cost[i][j] = min(_steps(cost, left, right, i, j))
    pairs = []
    i, j = len(left), len(right)
    while i or j:
        kind = cost[i][j][2]
        one = left[i - 1] if kind != "insert" else ""
        other = right[j - 1] if kind != "delete" else ""
        pairs.append(Pair(kind, one, _letters(kind, one, other)))
        i, j = i - (kind != "insert"), j - (kind != "delete")
    return pairs[::-1]


def _steps(
    cost: list[list[tuple]], left: list[str], right: list[str], i: int, j: int
) -> Iterator[tuple[int, int, str]]:
    """The ways to (i, j): errors in words, errors in letters, kind of the last step."""
    if i:
        words, letters, _ = cost[i - 1][j]
        yield words + 1, letters + len(left[i - 1]), "delete"
    if j:
        words, letters, _ = cost[i][j - 1]
        yield words + 1, letters + len(right[j - 1]), "insert"
    if i and j:
        words, letters, _ = cost[i - 1][j - 1]
        same = left[i - 1] == right[j - 1]
        yield words + (not same), letters + _distance(left[i - 1], right[j - 1]), "equal" if same else "substitute"


@lru_cache(maxsize=10_000)
def _distance(one: str, other: str) -> int:
    """Letters to change, add or leave out."""
    import jiwer

    found = jiwer.process_characters(one, other)
    return found.substitutions + found.deletions + found.insertions


def _letters(kind: str, said: str, written: str) -> tuple[Part, ...]:
    import jiwer

    if kind != "substitute":
        return (Part(written, kind == "insert"),) if written else ()
    chunks = jiwer.process_characters(said, written).alignments[0]
    parts = [Part(written[c.hyp_start_idx : c.hyp_end_idx], c.type != "equal") for c in chunks]
    return tuple(part for part in parts if part.text)


def data_address(sound: "Utterance") -> str:
    """The sound itself as an address, in a form that every browser plays."""
    import soundfile

    buffer = io.BytesIO()
    samples = sound.waveform().clamp(-1, 1).numpy()
    soundfile.write(buffer, samples, sound.sample_rate, format="MP3", subtype="MPEG_LAYER_III", compression_level=SMALL)
    return f"data:audio/mpeg;base64,{b64encode(buffer.getvalue()).decode('ascii')}"


def walk_of(transcript: dict, sound: "Utterance") -> "Walk | None":
    """How the model went through the lattice; None where it is not known or cannot be right.

    What the student's process said of the frames is only believed as far as it is a walk over this sound.
    """
    from helpers.lattice import Walk
    from helpers.lattice.lattice import BLANK_TEXT
    from helpers.lattice.walking import Step

    from .judging.training import FRAME_SECONDS

    frames, seconds = transcript["frames"], transcript["frame_seconds"]
    if not frames or seconds <= 0 or sorted(frames) != frames:
        return None
    T = math.ceil((sound.seconds // FRAME_SECONDS + 1) * FRAME_SECONDS / seconds)
    if frames[-1] >= T:
        return None
    steps: list[Step] = []
    emitted = dict[int, list[str]]()
    for symbol, t in zip(transcript["written"], frames, strict=True):
        emitted.setdefault(t, []).append(symbol)
    u = 0
    for t in range(T):
        for symbol in emitted.get(t, []):
            steps.append(Step(t, u, ((symbol, 1.0),), (symbol,)))
            u += 1
        steps.append(Step(t, u, ((BLANK_TEXT, 1.0),)))
    return Walk(T, tuple(transcript["said"]), tuple(steps), seconds, name="your model")


def _drawing(walk: "Walk | None", sound: "Utterance") -> str:
    from helpers import lattice

    if walk is None:
        return ""
    try:
        figure: Figure = lattice.over_spectrogram(walk, sound)
    except ValueError:
        # Too long to draw.
        return ""
    return replace(figure, question=None).html()
