"""What is handed in, and what the grader lets it use. Public: the sealed grader and a student's preflight read it."""

from dataclasses import dataclass

from helpers.checks.rubric import HOMEWORK3, SEMINAR4, Exercise
from helpers.checks.runs import LOG, PT_WEIGHTS, WEIGHTS

CELL_SECONDS = 30
"""Wall time of one cell."""
CALL_SECONDS = 10
"""Wall time of one call of a student's function."""


@dataclass(frozen=True)
class Assignment:
    """One hand-in."""

    name: str
    title: str
    suffixes: tuple[str, ...]
    """Endings of a hand-in's file name: `{last}_{first}_{suffix}.zip`; the first is the one to use."""
    exercises: tuple[Exercise, ...]
    hand_in: tuple[str, ...] = ()
    """Files beside the notebook that the grade depends on."""
    cpu_seconds: int = 60
    wall_seconds: float = 120
    memory_mb: int = 4096
    withheld: tuple[str, ...] = ()
    """Files of helpers, and installed packages, that would give this assignment's answers away."""
    utterances: int = 60
    """Held-out ones that a trained model is measured on."""
    corpus: str = ""
    """What the released notebook trains on; empty where nothing is trained."""

    @property
    def notebook(self) -> str:
        """The file name of its notebook."""
        return f"{self.name}.ipynb"

    @property
    def points(self) -> float:
        """The most that it can give."""
        return sum(exercise.points for exercise in self.exercises)


ASSIGNMENTS = {
    "seminar4": Assignment(
        "seminar4",
        "Seminar 4",
        ("sem4", "sem3", "seminar4"),
        SEMINAR4,
        memory_mb=2048,
        withheld=("loss.py", "torchaudio"),
    ),
    "homework3": Assignment(
        "homework3",
        "Homework 3",
        ("hw3", "homework3"),
        HOMEWORK3,
        (WEIGHTS, PT_WEIGHTS, LOG),
        240,
        480,
        corpus="mini",
    ),
}
