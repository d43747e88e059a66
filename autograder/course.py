"""Where things lie in a course folder, and which assignments there are.

The folder is a standard nbgrader course (`source`, `release`, `submitted`, `autograded`, `feedback`, `gradebook.db`),
so that nbgrader's own commands and formgrader work in it, with three folders of ours beside: `received`, `results`
and `reports`.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, fields
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
        "homework3", "Homework 3", ("hw3", "homework3"), HOMEWORK3, (WEIGHTS, PT_WEIGHTS, LOG), 240, 480
    ),
}


@dataclass(frozen=True)
class Settings:
    """What a course decides once, in `course.toml`."""

    min_isolation: str = "limits"
    """The least level of isolation to run student code at."""
    feedback_utterances: int = 3
    """`utterances` in the table `[feedback]`: how many of the held-out utterances that a hand-in was measured on its
    feedback page plays, with their transcripts; 0 for none."""


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

    def feedback(self, assignment: Assignment, student: str) -> Path:
        """The folder of one student's feedback page."""
        return self.root / "feedback" / student / assignment.name

    def reports(self) -> Path:
        """Tables for the instructor."""
        return self.root / "reports"


def settings(course: Course) -> Settings:
    """Read `course.toml`; without one, the defaults. UserError where it says what nobody understands."""
    from .errors import UserError
    from .sandbox import LEVELS

    path = course.root / "course.toml"
    try:
        given = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return Settings()
    except ValueError as error:
        raise UserError(f"{path} cannot be read: {error}.") from None
    given = dict(_without_tables(given))
    if unknown := sorted(given.keys() - {field.name for field in fields(Settings)}):
        raise UserError(
            f"{path} sets {unknown[0]!r}, which is no setting; there are min_isolation and, in the table [feedback], "
            "utterances."
        )
    found = Settings(**given)
    if found.min_isolation not in LEVELS:
        raise UserError(f"{path}: min_isolation is one of {', '.join(LEVELS)}.")
    if type(found.feedback_utterances) is not int or not 0 <= found.feedback_utterances <= MOST_UTTERANCES:
        raise UserError(f"{path}: utterances in [feedback] is a whole number from 0 to {MOST_UTTERANCES}.")
    return found


def _without_tables(given: dict) -> Iterator[tuple[str, object]]:
    """Settings by the name of their table and their own: `utterances` in `[feedback]` is feedback_utterances."""
    for name, value in given.items():
        if isinstance(value, dict):
            yield from ((f"{name}_{key}", inner) for key, inner in value.items())
        else:
            yield name, value
