"""`digits`: strings of three to seven digits in real voices, from the Free Spoken Digit Dataset.

Each recording of that set (Jackson et al., CC BY-SA 4.0) is one digit, 8 kHz, by one speaker. A string is made of
recordings of one speaker with pauses between. One speaker is never heard in training: `test-unseen`. The others'
recordings are parted before strings are made, so no recording serves two splits; `test-seen` has the first tenth of
each (the data set's own test recordings), dev the next.
"""

import hashlib
import json
import re
from collections import defaultdict
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from . import sound
from .errors import CorpusError
from .fetching import Archive, download, unpack
from .layout import chapter_folder, check_space, complete_or_absent, utterance_id, write_transcripts

# GitHub makes this file on demand; size and checksum are those that TensorFlow Datasets has recorded for it.
ARCHIVE = Archive(
    "https://github.com/Jakobovski/free-spoken-digit-dataset/archive/v1.0.9.tar.gz",
    11_975_353,
    "8bc44cde129d505cbbb6b365c09f80c663f2aa77578afc634e6141a2f87100c0",
)
VERSION = 1
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
UNSEEN = "yweweler"
CHAPTERS = {"train": 1, "dev": 2, "test-seen": 3, "test-unseen": 4}

_NAME = re.compile(r"(\d)_([a-z]+)_(\d+)")


@dataclass(frozen=True)
class Recipe:
    """How much to make: strings per split, and the seed."""

    seed: int = 0
    train: int = 1500
    dev: int = 100
    test_seen: int = 150
    test_unseen: int = 150
    shortest: int = 3
    longest: int = 7
    pause: tuple[float, float] = (0.03, 0.25)
    """Seconds between digits, drawn between the two."""


RECIPE = Recipe()


def folder_name(recipe: Recipe = RECIPE) -> str:
    """Such as "digits-1a2b3c4d"; another recipe gives another name."""
    return f"digits-{hashlib.sha256(json.dumps([VERSION, asdict(recipe)]).encode()).hexdigest()[:8]}"


FOLDER_NAME = folder_name()


def get(target: Path, *, mirror: str | None = None, progress: bool = True) -> Path:
    """Downloads the recordings (12 MB) and makes the corpus in `target`, unless it is there; returns `target`."""
    if target.is_dir():
        return target
    check_space(target, 300_000_000)
    packed = download(ARCHIVE, target.parent, mirror=mirror, progress=progress)
    recordings = target.parent / "fsdd"
    if not recordings.is_dir():
        with complete_or_absent(recordings) as work:
            unpack(packed, work, progress=progress)
    made = make(recordings, target, progress=progress)
    packed.unlink()
    return made


def make(recordings: Path, target: Path, recipe: Recipe = RECIPE, *, progress: bool = True) -> Path:
    """Makes the corpus in `target`, unless it is there, from the files `<digit>_<speaker>_<take>.wav` anywhere below
    `recordings`. The same recordings give the same samples. Raises CorpusError when there are too few.
    """  # fmt: skip
    from tqdm.auto import tqdm

    if target.is_dir():
        return target
    takes = _takes(recordings)
    speakers = sorted(takes)
    with complete_or_absent(target) as work:
        for split, chapter in CHAPTERS.items():
            source = np.random.RandomState(recipe.seed * 100 + chapter)
            chosen = [name for name in speakers if (name == UNSEEN) == (split == "test-unseen")]
            written: dict[Path, list[tuple[str, str]]] = defaultdict(list)
            count = getattr(recipe, split.replace("-", "_"))
            for i in tqdm(range(count), desc=f"digits {split}", unit="utt", disable=not progress, leave=False):
                speaker = chosen[i % len(chosen)]
                number = 1 + speakers.index(speaker)
                folder = chapter_folder(work, split, number, chapter)
                folder.mkdir(parents=True, exist_ok=True)
                text, samples = _string(takes[speaker], split, source, recipe)
                key = utterance_id(number, chapter, len(written[folder]))
                sound.write_flac(folder / f"{key}.flac", samples)
                written[folder].append((key, text))
            for folder, lines in written.items():
                write_transcripts(folder, lines)
        rows = [f"{1 + i} | {name}{' (unseen in training)' * (name == UNSEEN)}" for i, name in enumerate(speakers)]
        (work / "SPEAKERS.TXT").write_text("\n".join(rows) + "\n", "utf-8")
        (work / "LICENSE.TXT").write_text("Made from the Free Spoken Digit Dataset, CC BY-SA 4.0.\n", "utf-8")
    return target


def _takes(recordings: Path) -> dict[str, dict[int, list[Path]]]:
    """Speaker -> digit -> files in the order of their numbers."""
    found: dict[str, dict[int, list[tuple[int, Path]]]] = defaultdict(lambda: defaultdict(list))
    for path in recordings.rglob("*.wav"):
        if match := _NAME.fullmatch(path.stem):
            found[match[2]][int(match[1])].append((int(match[3]), path))
    for speaker, digits in found.items():
        if len(digits) < 10 or min(map(len, digits.values())) < 10:
            raise CorpusError(f"{recordings} has fewer than 10 recordings of some digit by {speaker}: get all of them.")
    if UNSEEN not in found or len(found) < 2:
        raise CorpusError(
            f"{recordings} does not hold the Free Spoken Digit Dataset: files <digit>_<speaker>_<take>.wav of {UNSEEN} "
            "and at least one other speaker are wanted."
        )
    return {speaker: {digit: [path for _, path in sorted(takes)] for digit, takes in digits.items()}
            for speaker, digits in found.items()}  # fmt: skip


def _string(
    takes: dict[int, list[Path]], split: str, source: np.random.RandomState, recipe: Recipe
) -> tuple[str, np.ndarray]:
    """One string: its words, and int16 samples at 16 kHz."""
    digits = source.randint(10, size=source.randint(recipe.shortest, recipe.longest + 1))
    pieces = []
    for digit in digits:
        mine = _part(takes[int(digit)], split)
        pieces.append(_recording(mine[source.randint(len(mine))]))
        pieces.append(np.zeros(int(sound.RATE * source.uniform(*recipe.pause))))
    # The recordings bring their own noise; a little more hides the digital silence between them.
    samples = sound.recorded(
        np.concatenate(pieces[:-1]), source, level=source.uniform(-30, -22), snr=source.uniform(30, 40), tilt=0.5
    )
    return " ".join(WORDS[digit] for digit in digits), samples


def _part(takes: list[Path], split: str) -> list[Path]:
    tenth = len(takes) // 10
    return {
        "test-seen": takes[:tenth],
        "dev": takes[tenth : 2 * tenth],
        "train": takes[2 * tenth :],
        "test-unseen": takes,
    }[split]


@lru_cache(maxsize=4096)
def _recording(path: Path) -> np.ndarray:
    """One digit at 16 kHz, float32 with peak 1: the recordings differ in loudness."""
    import soundfile

    try:
        samples, rate = soundfile.read(path)
    except (OSError, RuntimeError):
        raise CorpusError(f"{path} cannot be read as sound: fetch the recordings again.") from None
    if not len(samples) or not np.abs(samples).max():
        raise CorpusError(f"{path} holds no sound: fetch the recordings again.")
    samples = samples if samples.ndim == 1 else samples.mean(axis=1)
    # Recordings that start or end in the middle of a sound would click between two pauses.
    fade = np.minimum(1.0, np.arange(1, len(samples) + 1) / (0.005 * rate))
    samples = sound.resample(samples * fade * fade[::-1], rate)
    return (samples / np.abs(samples).max()).astype(np.float32)
