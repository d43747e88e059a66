"""What coming late costs: one rule, for our reports and for nbgrader's own commands."""

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from .course import Assignment

if TYPE_CHECKING:
    from .gradebook import Ledger
    from .settings import Late, Settings

DAY = 24 * 60 * 60


@dataclass(frozen=True)
class Standing:
    """Where one student stands with an assignment, as nbgrader sees it."""

    score: float
    """Points given by us and by hand."""
    seconds_late: float
    penalty: float
    cells: dict[str, float]
    """Points by grade id, given by us or by hand; without those that nobody has given yet."""

    @property
    def total(self) -> float:
        """The score less the penalty, as nbgrader exports it."""
        return max(0.0, self.score - self.penalty)


def penalty(late: "Late", score: float, seconds_late: float) -> float:
    """Points taken from a score, rounded to hundredths; 0 where it is on time or within the grace.

    Each day begun after the deadline costs a share of the points reached. Beyond the grace, days count from the
    deadline.
    """
    if seconds_late <= late.grace_minutes * 60:
        return 0.0
    share = min(late.at_most, late.per_day * ceil(seconds_late / DAY), 1.0)
    return round(max(0.0, score) * share, 2)


def apply(settings: "Settings", assignment: Assignment, ledger: "Ledger") -> dict[str, Standing]:
    """Bring deadline, extensions and penalties in the gradebook up to date; where everybody stands then.

    What `course.toml` does not name stays as somebody set it in nbgrader. Writes only where something differs.
    """
    ledger.set_deadline(assignment, settings.deadlines.get(assignment.name))
    ledger.extend(
        assignment,
        {student: settings.extension(student, assignment.name) for student in settings.extensions},
    )
    found = ledger.standings(assignment)
    wanted = {student: penalty(settings.late, one.score, one.seconds_late) for student, one in found.items()}
    changed = {student: points for student, points in wanted.items() if points != found[student].penalty}
    if changed:
        ledger.penalise(assignment, changed)
        found = ledger.standings(assignment)
    return found
