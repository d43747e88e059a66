"""The questions of Homework 3: probes of the student's classes and of greedy decoding, on fresh weights and inputs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from helpers.checks import probing
from helpers.checks.parts import PROBES
from helpers.checks.probing import Probe, Reply

from .training import RunQuestion


@dataclass(frozen=True)
class Question:
    """One probe with its randomness."""

    probe: Probe
    seed: bytes

    @property
    def key(self) -> str:
        """Part of the name of the answer's file."""
        return self.probe.key

    def ask(self, exercise: str, written: Callable, get: Callable) -> Reply:
        """Run the probe on what the student wrote."""
        return probing.ask(exercise, written, self.probe, self.seed)


def questions(exercise: str, seed: bytes, folder: Path) -> list[Question | RunQuestion]:
    """All questions for one exercise. `folder` is the job's: hand-in and held-out utterances lie there."""
    if exercise == "training":
        return [RunQuestion(folder)] if (folder / "heldout.safetensors").exists() else []
    return [Question(probe, seed) for probe in PROBES[exercise]]
