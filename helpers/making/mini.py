"""`mini`: a small corpus of synthetic speech, the same on every machine with the same espeak-ng.

Nobody hears a sentence of the tests or of dev in training. The two tests have the same sentences: `test-sentences` says
them in voices known from training, `test-voices` in voices that occur nowhere else. What is worse on the second is due
to the voice alone. Half of dev is in training voices, half in voices of its own.
"""

import hashlib
import json
import os
import subprocess
import sys
import threading
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from pathlib import Path

from . import sentences
from .errors import CorpusError
from .layout import chapter_folder, check_space, complete_or_absent, utterance_id, write_transcripts

VERSION = 1
"""Raise it when `espeak.py` or `sound.py` change what comes out: old folders are then left alone and a new one made.
A change of recipe, voices or sentences does that by itself."""

_ACCENTS = ("en-us", "en-gb-x-rp", "en-us", "en-us-nyc", "en-us", "en-gb-scotland", "en-us", "en-029")

# In an order that mixes high and low voices from the start.
TRAIN_VOICES = (
    *("m1", "f1", "m2", "f2", "m3", "f3", "m4", "Annie", "m5", "Andrea", "m7", "steph", "Alex", "anika", "Denis"),
    *("belinda", "Diogo", "aunty", "Gene", "grandma", "Hugo", "Lee", "Mario", "Jacky", "Michael", "adam", "antonio"),
    *("boris", "caleb", "david", "edward", "max", "paul", "rob"),
)
DEV_VOICES = ("Marco", "steph2", "travis", "robert")
TEST_VOICES = ("m6", "f4", "Andy", "f5", "m8", "linda", "pablo", "quincy")
"""Names of espeak-ng's voice variants, from its folder `voices/!v`."""

_BYTES_PER_UTTERANCE = 60_000


@dataclass(frozen=True)
class Recipe:
    """How much to make.

    Attributes:
        seed: of sentences, voices' speed and pitch, levels and noise.
        train, dev, test: utterances; each of the two tests has `test`.
        train_voices, dev_voices, test_voices: how many, from the start of the lists above.
        snr: speech over noise in dB, drawn between the two.
    """

    seed: int = 0
    train: int = 2400
    dev: int = 160
    test: int = 200
    train_voices: int = len(TRAIN_VOICES)
    dev_voices: int = len(DEV_VOICES)
    test_voices: int = len(TEST_VOICES)
    snr: tuple[float, float] = (20.0, 40.0)

    def __post_init__(self):
        voices = {"train": TRAIN_VOICES, "dev": DEV_VOICES, "test": TEST_VOICES}
        for split, names in voices.items():
            count, used = getattr(self, split), getattr(self, f"{split}_voices")
            if count < 1:
                raise ValueError(f"{split} must have at least 1 utterance; it has {count}.")
            if not 1 <= used <= len(names):
                raise ValueError(f"{split}_voices must be 1 to {len(names)}; it is {used}.")


RECIPE = Recipe()
CHAPTERS = {"train": 1, "dev": 2, "test-sentences": 3, "test-voices": 4}


@dataclass(frozen=True)
class Speaker:
    """One voice, with its habits."""

    number: int
    voice: str
    """Accent and variant as espeak-ng names them, for example "en-us+f2"."""
    speed: int
    """Words per minute."""
    pitch: int
    """0 to 99."""
    lines: tuple[tuple[str, str], ...]
    """(split, sentence), in the order in which they are said."""


def folder_name(recipe: Recipe = RECIPE) -> str:
    """Such as "mini-1a2b3c4d": another recipe, sentence or voice gives another name."""
    ingredients = [
        VERSION, asdict(recipe), TRAIN_VOICES, DEV_VOICES, TEST_VOICES, _ACCENTS,
        sentences.PATTERNS, sentences.LISTS,
    ]  # fmt: skip
    return f"mini-{hashlib.sha256(json.dumps(ingredients, sort_keys=True).encode()).hexdigest()[:8]}"


def plan(recipe: Recipe = RECIPE) -> list[Speaker]:
    """Who says what."""
    drawn = sentences.draw(recipe.seed, recipe.test + recipe.dev + recipe.train)
    tests, dev, train = (
        drawn[: recipe.test],
        drawn[recipe.test : recipe.test + recipe.dev],
        drawn[recipe.test + recipe.dev :],
    )
    voices = TRAIN_VOICES[: recipe.train_voices] + DEV_VOICES[: recipe.dev_voices] + TEST_VOICES[: recipe.test_voices]
    lines: list[list[tuple[str, str]]] = [[] for _ in voices]
    known = lines[: recipe.train_voices]
    own = lines[recipe.train_voices : recipe.train_voices + recipe.dev_voices]
    unheard = lines[recipe.train_voices + recipe.dev_voices :]
    half = (len(dev) + 1) // 2
    _share(known, "train", train)
    _share(known, "dev", dev[:half])
    _share(own, "dev", dev[half:])
    _share(known, "test-sentences", tests)
    _share(unheard, "test-voices", tests)
    return [
        Speaker(
            number=10 + i,
            voice=f"{_ACCENTS[i % len(_ACCENTS)]}+{voice}",
            # Steps that are prime to the width of the range spread any number of speakers evenly over it.
            speed=150 + (i * 23 + recipe.seed) % 51,
            pitch=35 + (i * 13 + recipe.seed) % 31,
            lines=tuple(spoken),
        )
        for i, (voice, spoken) in enumerate(zip(voices, lines, strict=True))
    ]


def _share(speakers: list[list], split: str, texts: list[str]) -> None:
    for i, text in enumerate(texts):
        speakers[i % len(speakers)].append((split, text))


def make(target: Path, recipe: Recipe = RECIPE, *, workers: int | None = None, progress: bool = True) -> Path:
    """Synthesises the corpus into `target`, unless it is there; returns `target`, which holds `LibriSpeech/`.

    Interrupted, it leaves nothing. The result does not depend on `workers`, the number of processes at a time (by
    default one per core). Raises CorpusError when the disk is full or espeak-ng fails.
    """
    if target.is_dir():
        return target
    speakers = plan(recipe)
    total = sum(len(speaker.lines) for speaker in speakers)
    check_space(target, total * _BYTES_PER_UTTERANCE)
    with complete_or_absent(target) as work:
        tasks = [task for speaker in speakers if speaker.lines for task in [_prepare(work, speaker, recipe)]]
        _run(tasks, workers or _cores(), total, progress)
        _describe(work, speakers, recipe)
    return target


def _prepare(work: Path, speaker: Speaker, recipe: Recipe) -> dict:
    """Folders and transcripts of one speaker, and what the synthesising process has to know."""
    by_chapter: dict[Path, list[tuple[str, str]]] = {}
    utterances = []
    for split, text in speaker.lines:
        folder = chapter_folder(work, split, speaker.number, CHAPTERS[split])
        chapter = by_chapter.setdefault(folder, [])
        key = utterance_id(speaker.number, CHAPTERS[split], len(chapter))
        chapter.append((key, text))
        utterances.append((str(folder / f"{key}.flac"), text))
    for folder, chapter in by_chapter.items():
        folder.mkdir(parents=True)
        write_transcripts(folder, chapter)
    return {
        "voice": speaker.voice,
        "speed": speaker.speed,
        "pitch": speaker.pitch,
        "seed": (recipe.seed * 1000 + speaker.number) % 2**32,
        "snr": recipe.snr,
        "utterances": utterances,
    }


def _run(tasks: list[dict], workers: int, total: int, progress: bool) -> None:
    """One process per task, `workers` at a time.

    Plain processes rather than multiprocessing: that would start the caller's script again in every worker, or copy a
    process in which torch has threads.
    """
    from tqdm.auto import tqdm

    running: set[subprocess.Popen] = set()
    stopping = threading.Event()
    with tqdm(total=total, desc="synthesising mini", unit="utt", disable=not progress) as bar:

        def run(task: dict) -> None:
            if stopping.is_set():
                return
            process = subprocess.Popen(
                [sys.executable, "-m", "helpers.making.espeak"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                text=True, encoding="utf-8", env=_environment(),
            )  # fmt: skip
            running.add(process)
            try:
                process.stdin.write(json.dumps(task))
                process.stdin.close()
                for _ in process.stdout:
                    bar.update()
                complaint = process.stderr.read().strip()
                if process.wait() != 0 and not stopping.is_set():
                    last = complaint.splitlines()[-1] if complaint else f"it ended with code {process.returncode}"
                    raise CorpusError(f"Synthesis in the voice {task['voice']} failed: {last}")
            finally:
                process.kill()
                process.stdout.close()
                process.stderr.close()
                process.wait()
                running.discard(process)

        with ThreadPoolExecutor(workers) as pool:
            try:
                # The longest first, so that no one is left with a long one at the end.
                jobs = [pool.submit(run, task) for task in sorted(tasks, key=lambda task: -len(task["utterances"]))]
                done, _ = wait(jobs, return_when=FIRST_EXCEPTION)
                for job in done:
                    job.result()
            except BaseException:
                stopping.set()
                for process in tuple(running):
                    process.kill()
                raise


def _environment() -> dict[str, str]:
    repository = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, [repository, os.environ.get("PYTHONPATH")]))
    return os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _describe(work: Path, speakers: list[Speaker], recipe: Recipe) -> None:
    rows = [";NUMBER | VOICE | WORDS PER MINUTE | PITCH | SPLITS"]
    for speaker in speakers:
        splits = " ".join(dict.fromkeys(split for split, _ in speaker.lines))
        rows.append(f"{speaker.number} | {speaker.voice} | {speaker.speed} | {speaker.pitch} | {splits}")
    (work / "SPEAKERS.TXT").write_text("\n".join(rows) + "\n", "utf-8")
    (work / "recipe.json").write_text(json.dumps({"version": VERSION, **asdict(recipe)}, indent=1) + "\n", "utf-8")
