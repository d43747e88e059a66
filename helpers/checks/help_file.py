"""`help.json`: which hints were revealed, how often checks ran, what was predicted. Lies beside the notebook.

It is handed in along with the notebook, so it is read as what it is: a file that anybody may have written.
"""

import json
import math
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from .rubric import HOMEWORK3, SEMINAR4

NAME = "help.json"
VERSION = 1
LEVELS = 3

MOST_BYTES, MOST_ENTRIES, MOST_TEXT, MOST_COUNT = 256 * 1024, 1000, 300, 1_000_000
"""Of the file, of a list in it, of a text, and of a number that counts something."""

PAUSE = 20 * 60
"""Seconds without a sign of work after which it was a pause."""

Entry = TypeVar("Entry")

EXERCISES = {exercise.key: exercise for exercise in (*SEMINAR4, *HOMEWORK3)}


@dataclass(frozen=True)
class Hint:
    """One level that was revealed."""

    exercise: str
    level: int
    """1 to 3."""
    mistake: str
    """What it was about; empty where it was about the exercise as a whole."""
    at: str
    """ISO 8601, UTC."""


@dataclass(frozen=True)
class Runs:
    """How one check was used."""

    runs: int
    first: str
    last: str
    """ISO 8601, UTC."""
    points: float
    """On the public cases, of the last run."""
    seconds: float = 0.0
    """At work on this exercise, pauses left out."""


@dataclass(frozen=True)
class Predicted:
    """One question that was answered in code."""

    question: str
    tries: int
    first: bool
    """The first answer was right."""
    right: bool
    """One of the answers was right."""
    at: str
    """The last try: ISO 8601, UTC."""


@dataclass(frozen=True)
class Help:
    """All that the file says."""

    hints: tuple[Hint, ...] = ()
    checks: dict[str, Runs] = field(default_factory=dict)
    predictions: tuple[Predicted, ...] = ()

    def revealed(self, exercise: str, mistake: str) -> int:
        """The highest level that was shown of these hints."""
        return max((one.level for one in self.hints if (one.exercise, one.mistake) == (exercise, mistake)), default=0)

    def with_hint(self, exercise: str, level: int, mistake: str, now: datetime) -> "Help":
        """One more level."""
        checks = dict(self.checks)
        if before := checks.get(exercise):
            checks[exercise] = replace(before, seconds=round(before.seconds + self._at_work(now), 1))
        return replace(self, hints=(*self.hints, Hint(exercise, level, mistake, _text(now))), checks=checks)

    def with_run(self, exercise: str, points: float, now: datetime) -> "Help":
        """One more run of a check."""
        before = self.checks.get(exercise) or Runs(0, _text(now), _text(now), 0.0)
        seconds = round(before.seconds + self._at_work(now), 1)
        after = Runs(before.runs + 1, before.first, _text(now), points, seconds)
        return replace(self, checks={**self.checks, exercise: after})

    def with_prediction(self, question: str, right: bool, now: datetime) -> "Help":
        """One more try."""
        before = next((one for one in self.predictions if one.question == question), None)
        others = tuple(one for one in self.predictions if one.question != question)
        tried = (
            replace(before, tries=before.tries + 1, right=before.right or right, at=_text(now))
            if before
            else Predicted(question, 1, right, right, _text(now))
        )
        return replace(self, predictions=(*others, tried))

    def _at_work(self, now: datetime) -> float:
        """Seconds since the last sign of work; 0 where that was a pause."""
        texts = [one.at for one in (*self.hints, *self.predictions)] + [one.last for one in self.checks.values()]
        passed = min(((now - datetime.fromisoformat(text)).total_seconds() for text in texts), default=0.0)
        return passed if 0 < passed <= PAUSE else 0.0

    def to_bytes(self) -> bytes:
        """The file."""
        content = {
            "version": VERSION,
            "hints": [asdict(one) for one in self.hints],
            "checks": {exercise: asdict(runs) for exercise, runs in self.checks.items()},
            "predictions": [asdict(one) for one in self.predictions],
        }
        return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def parse(data: bytes) -> Help:
    """What a file says, as far as it makes sense. What does not is left out; nothing raises."""
    if len(data) > MOST_BYTES:
        return Help()
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return Help()
    if not isinstance(content, dict):
        return Help()
    checks = content.get("checks")
    checks = list(checks.items())[:MOST_ENTRIES] if isinstance(checks, dict) else []
    read = {name: _runs(entry) for name, entry in checks if name in EXERCISES}
    return Help(
        _entries(content.get("hints"), _hint, lambda one: (one.exercise, one.mistake, one.level)),
        {name: runs for name, runs in read.items() if runs},
        _entries(content.get("predictions"), _predicted, lambda one: one.question),
    )


def read(folder: Path) -> Help:
    """What the file in a folder says; nothing where there is none, or where it cannot be read."""
    try:
        with (folder / NAME).open("rb") as file:
            return parse(file.read(MOST_BYTES + 1))
    except OSError:
        return Help()


def write(folder: Path, told: Help) -> None:
    """Replace the file in one step. OSError where the folder does not take it."""
    descriptor, draft = tempfile.mkstemp(prefix=f".{NAME}-", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(told.to_bytes())
        os.chmod(draft, 0o644)  # mkstemp's 0600 would keep a classroom's server from collecting it
        os.replace(draft, folder / NAME)
    except BaseException:
        with suppress(OSError):
            os.unlink(draft)
        raise


# --- entries that anybody may have written --------------------------------------------------------------------------


def _entries(found: object, make: Callable[[dict], Entry | None], key: Callable[[Entry], object]) -> tuple[Entry, ...]:
    """Those of a list that make sense, the first of each kind."""
    entries = found[:MOST_ENTRIES] if isinstance(found, list) else []
    unlike: dict[object, Entry] = {}
    for entry in entries:
        if isinstance(entry, dict) and (made := make(entry)) is not None:
            unlike.setdefault(key(made), made)
    return tuple(unlike.values())


def _hint(entry: dict) -> Hint | None:
    exercise, level, mistake, at = (entry.get(name) for name in ("exercise", "level", "mistake", "at"))
    known = isinstance(exercise, str) and exercise in EXERCISES and _short(mistake) and _moment(at)
    return Hint(exercise, level, mistake, at) if known and _count(level) and 1 <= level <= LEVELS else None


def _runs(entry: object) -> Runs | None:
    if not isinstance(entry, dict):
        return None
    runs, first, last = entry.get("runs"), entry.get("first"), entry.get("last")
    if not (_count(runs) and runs and _moment(first) and _moment(last)):
        return None
    points, seconds = (_amount(entry.get(name)) for name in ("points", "seconds"))
    return Runs(runs, first, last, points, seconds)


def _predicted(entry: dict) -> Predicted | None:
    question, tries, at = entry.get("question"), entry.get("tries"), entry.get("at")
    if not (_short(question) and question and _count(tries) and tries and _moment(at)):
        return None
    return Predicted(question, tries, entry.get("first") is True, entry.get("right") is True, at)


def _short(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MOST_TEXT


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_COUNT


def _amount(value: object) -> float:
    """A sum of points or seconds; 0 where it is none."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number and 0 <= value <= MOST_COUNT and math.isfinite(value) else 0.0


def _moment(value: object) -> bool:
    """Whether this is a moment that knows its time zone, as all of ours do."""
    try:
        moment = datetime.fromisoformat(value) if _short(value) else None
        return moment is not None and moment.tzinfo is not None and moment.astimezone(UTC) is not None
    except (ValueError, OverflowError):
        return False


def _text(now: datetime) -> str:
    return now.astimezone(UTC).isoformat(timespec="seconds")
