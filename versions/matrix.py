"""The tests on the oldest and newest Python and torch that the project supports and this machine can have."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from helpers.units import duration

from . import suite
from .environments import Broken, Environment, Report, interpreter, pins
from .suite import Outcome


@dataclass(frozen=True)
class Pair:
    """A Python, and a torch with the torchaudio that loads beside it. Everything else is as pinned."""

    python: str
    torch: str
    torchaudio: str

    @property
    def name(self) -> str:
        """Of its environment."""
        return f"python{self.python}-torch{self.torch}"


@dataclass(frozen=True)
class Row:
    """What came of a pair."""

    pair: Pair
    outcome: Outcome | None
    """None where it was not tried."""
    note: str
    """How long it took and how much it holds, or why it was not tried."""


def pairs() -> list[Pair]:
    """Oldest first. The first is the oldest that was seen to pass, the last the newest.

    The newest torch is the one that torchaudio's last release was made for: beside torch 2.15 it refuses to load.
    """
    pinned = pins()["torch"], pins()["torchaudio"]
    return [Pair("3.11", "2.6.0", "2.6.0"), Pair("3.12", *pinned), Pair("3.13", *pinned)]


def try_all(chosen: list[Pair], arguments: tuple[str, ...], report: Report) -> Iterator[Row]:
    """Make the environment of each pair, run the tests there, take it away again if all went well."""
    for pair in chosen:
        yield try_one(pair, arguments, report)


def try_one(pair: Pair, arguments: tuple[str, ...], report: Report) -> Row:
    """One row. An environment that something fails in is left for a look."""
    python = interpreter(pair.python)
    if python is None:
        return Row(pair, None, f"there is no Python {pair.python} on this machine")
    environment, start = Environment(pair.name), time.monotonic()
    try:
        report(f"{pair.name}: installing")
        install(environment, pair, python)
    except Broken as sentence:
        return Row(pair, Outcome(0, broken=str(sentence)), "could not be installed")
    installing, size = time.monotonic() - start, environment.gigabytes()
    report(f"{pair.name}: tests")
    outcome = suite.run(environment, *arguments, report=report)
    if outcome.good:
        shutil.rmtree(environment.folder)
    took = f"installed in {duration(installing)}, {size:.1f} GB; tested in {duration(outcome.seconds)}"
    return Row(pair, outcome, took)


def install(environment: Environment, pair: Pair, python: Path) -> None:
    """Everything as pinned but torch and torchaudio, which are the pair's. Broken if that cannot be."""
    chosen = pins() | {"torch": pair.torch, "torchaudio": pair.torchaudio}
    environment.make(python)
    environment.install(*(f"{name}=={version}" for name, version in chosen.items()))
