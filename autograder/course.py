"""Where things lie in a course folder, and which assignments there are.

The folder is a standard nbgrader course (`source`, `release`, `submitted`, `autograded`, `feedback`, `gradebook.db`),
so that nbgrader's own commands and formgrader work in it, with folders of ours beside: `received`, `results`, `runs`
(what grades were before), `published` (what students were told) and `reports`.
"""

from dataclasses import dataclass
from pathlib import Path

from helpers.checks.rubric import HOMEWORK3, SEMINAR4, Exercise
from helpers.checks.runs import LOG, PT_WEIGHTS, WEIGHTS

REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Assignment:
    """One hand-in."""

    name: str
    title: str
    suffixes: tuple[str, ...]
    """Endings of a hand-in's file name: `{last}_{first}_{suffix}.zip`."""
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
        """The file name of its notebook, in every folder of the course."""
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


MOST_UTTERANCES = 10
"""On a feedback page. A grade keeps no more of them."""


@dataclass(frozen=True)
class Course:
    """Paths in one course folder. Nothing is created here."""

    root: Path

    @property
    def gradebook(self) -> Path:
        """nbgrader's ledger."""
        return self.root / "gradebook.db"

    @property
    def key(self) -> Path:
        """The secret that fresh inputs are derived from. Readable by the instructor only."""
        return self.root / "course.key"

    @property
    def lock(self) -> Path:
        """Held by the one command that writes."""
        return self.root / ".writer.lock"

    def source(self, assignment: Assignment) -> Path:
        """The instructor's notebook, with solutions."""
        return self.root / "source" / assignment.name / assignment.notebook

    def release(self, assignment: Assignment) -> Path:
        """The students' notebook, with stubs: the template that submissions are matched against."""
        return self.root / "release" / assignment.name / assignment.notebook

    def submitted(self, assignment: Assignment, student: str) -> Path:
        """The folder of one collected submission, in nbgrader's layout."""
        return self.root / "submitted" / student / assignment.name

    def autograded(self, assignment: Assignment, student: str) -> Path:
        """The folder that formgrader shows."""
        return self.root / "autograded" / student / assignment.name

    def received(self, assignment: Assignment, student: str = "") -> Path:
        """Originals as they came in, and what was found in them, one folder a student."""
        return self.root / "received" / assignment.name / student

    def results(self, assignment: Assignment) -> Path:
        """Verdicts, one JSON file a student."""
        return self.root / "results" / assignment.name

    def published(self, assignment: Assignment) -> Path:
        """The grades that students were told last, one JSON file a student."""
        return self.root / "published" / assignment.name

    def feedback(self, assignment: Assignment, student: str) -> Path:
        """The folder of one student's feedback page."""
        return self.root / "feedback" / student / assignment.name

    def reports(self) -> Path:
        """Tables for the instructor."""
        return self.root / "reports"
