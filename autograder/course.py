"""Where things lie in a course folder, and which assignments there are.

The folder is a standard nbgrader course (`source`, `release`, `submitted`, `autograded`, `feedback`, `gradebook.db`),
so that nbgrader's own commands and formgrader work in it, with three folders of ours beside: `received`, `results`
and `reports`.
"""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from helpers.asking.assignments import ASSIGNMENTS, Assignment

__all__ = ["ASSIGNMENTS", "REPOSITORY", "Assignment", "Course", "Settings", "settings"]

REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    """What a course decides once, in `course.toml`."""

    min_isolation: str = "limits"
    """The least level of isolation to run student code at."""


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
    if unknown := sorted(given.keys() - {field.name for field in fields(Settings)}):
        raise UserError(f"{path} sets {unknown[0]!r}, which is no setting; there is min_isolation.")
    found = Settings(**given)
    if found.min_isolation not in LEVELS:
        raise UserError(f"{path}: min_isolation is one of {', '.join(LEVELS)}.")
    return found
