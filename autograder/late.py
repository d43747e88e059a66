"""nbgrader's plugin for late submissions, with this course's rule. `nbgrader_config.py` names it."""

from pathlib import Path

from nbgrader.plugins import LateSubmissionPlugin
from traitlets import Unicode

from .course import Course
from .lateness import penalty
from .settings import settings


class LatePenalty(LateSubmissionPlugin):
    """Takes what `[late]` in `course.toml` says."""

    course_folder = Unicode("", help="The folder that course.toml lies in; empty for the working directory.").tag(
        config=True
    )

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float:
        """Points to take from the score."""
        return penalty(settings(Course(Path(self.course_folder))).late, score, total_seconds_late)
