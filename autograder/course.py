"""Where things lie in a course folder, and which assignments there are.

The folder is a standard nbgrader course (`source`, `release`, `submitted`, `autograded`, `feedback`, `gradebook.db`),
so that nbgrader's own commands and formgrader work in it, with folders of ours beside: `received`, `results`, `runs`
(what grades were before), `published` (what students were told) and `reports`.
"""

from dataclasses import dataclass
from pathlib import Path

from helpers.asking.assignments import ASSIGNMENTS, Assignment

__all__ = ["ASSIGNMENTS", "MOST_UTTERANCES", "REPOSITORY", "Assignment", "Course"]

REPOSITORY = Path(__file__).resolve().parent.parent


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
