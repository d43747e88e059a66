"""What grades were before: each run of the grader that changes something has a folder and keeps what it replaced.

`runs/RUN/ASSIGNMENT/STUDENT.json` is the grade that stood there until RUN, and every grade says by which run it was
given (`Grade.run`). So a grade in folder F was the one in force from its own run until F, and one in `results` still
is: the grades after any run can be told again. A replaced grade is on disk here before the new one takes its place; a
run that is killed in between leaves one that is also still in force, which says nothing false.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from .course import ASSIGNMENTS, Assignment, Course
from .errors import UserError
from .files import write_whole
from .verdicts import Grade

_NAME = "%Y-%m-%dT%H-%M-%SZ"
"""Runs sort by name as by time."""
_ABOUT = "run.json"


class Run:
    """One run of the grader. Its folder is made with the first grade that it changes. Only for the course's writer."""

    def __init__(self, course: Course, assignment: Assignment, command: str):
        self._course, self._assignment, self._command = course, assignment, command
        started = datetime.now(UTC).replace(microsecond=0)
        # Also where the clock was put back: a later run has a later name.
        latest = max((run.name for run in runs(course)), default="")
        if latest >= started.strftime(_NAME):
            started = _moment(latest) + timedelta(seconds=1)
        self.name = started.strftime(_NAME)
        self._begun = False

    def begin(self) -> None:
        """Be on record. Before the first grade of this run is written."""
        if not self._begun:
            about = {"assignment": self._assignment.name, "command": self._command}
            write_whole(_folder(self._course) / self.name / _ABOUT, json.dumps(about), durable=True)
            self._begun = True

    def keep(self, grade: Grade) -> None:
        """Put away a grade that is about to be replaced or withdrawn."""
        self.begin()
        text = json.dumps(grade.to_json(), ensure_ascii=False, indent=1)
        write_whole(_folder(self._course) / self.name / grade.assignment / f"{grade.student}.json", text, durable=True)


@dataclass(frozen=True)
class Recorded:
    """A run that changed something."""

    name: str
    assignment: str
    command: str
    """What was asked for: `grade` or `regrade`."""
    replaced: int
    """Grades that it replaced or withdrew."""
    given: int
    """Grades of it that are in force or were until a later run."""


def runs(course: Course, count: bool = False) -> list[Recorded]:
    """All of them, oldest first. `count`: also how many grades each replaced and gave, which reads them all."""
    names = sorted(path.parent.name for path in _folder(course).glob(f"*/{_ABOUT}") if _moment(path.parent.name))
    given = _given(course) if count else {}
    return [_recorded(_folder(course) / name, given.get(name, 0)) for name in names]


def _recorded(folder: Path, given: int) -> Recorded:
    try:
        about = json.loads((folder / _ABOUT).read_text("utf-8"))
    except (OSError, ValueError):
        about = {}
    replaced = sum(1 for _ in folder.glob("*/*.json"))
    return Recorded(folder.name, str(about.get("assignment", "")), str(about.get("command", "")), replaced, given)


def _given(course: Course) -> dict[str, int]:
    found: dict[str, set] = {}
    paths = [*_folder(course).glob("*/*/*.json"), *(course.root / "results").glob("*/*.json")]
    for grade in filter(None, map(read_grade, paths)):
        found.setdefault(grade.run, set()).add((grade.assignment, grade.student))
    return {run: len(grades) for run, grades in found.items()}


def grades_after(course: Course, assignment: Assignment, run: str) -> dict[str, Grade]:
    """The grades that were in force when a run had ended, by student."""
    still = [(path, "~") for path in course.results(assignment).glob("*.json")]
    replaced = [(path, path.parent.parent.name) for path in _folder(course).glob(f"*/{assignment.name}/*.json")]
    found: dict[str, Grade] = {}
    for path, until in (*replaced, *still):
        grade = read_grade(path)
        if grade and grade.run <= run < until:
            latest = found.get(grade.student)
            found[grade.student] = grade if latest is None or grade.run >= latest.run else latest
    return found


def grades_against(course: Course, assignment: Assignment, against: str) -> dict[str, Grade]:
    """The grades to compare with. UserError where there are none.

    `against`: a run (or an unambiguous beginning of its name), a folder, `published`, or "" for those in force.
    """
    if not against:
        found = grades_in(course.results(assignment))
    elif against == "published":
        found = grades_in(course.published(assignment))
    elif Path(against).is_dir():
        found = grades_in(Path(against))
    else:
        names = [run.name for run in runs(course)]
        fitting = [name for name in names if name.startswith(against)]
        if len(fitting) != 1:
            latest = f"; the latest is {names[-1]}" if names else ""
            raise UserError(
                f"{against!r} is {'no run' if not fitting else 'more than one run'} of {course.root}{latest}: "
                "`python -m autograder runs` lists them; `published` or a folder of result files will do too."
            )
        found = grades_after(course, assignment, fitting[0])
    if not found:
        raise UserError(f"There are no grades of {assignment.name} to compare with in {against or 'the results'}.")
    return {student: grade for student, grade in found.items() if grade.assignment == assignment.name}


def grades_in(folder: Path) -> dict[str, Grade]:
    """The grades whose files lie in a folder, by student."""
    return {grade.student: grade for grade in map(read_grade, sorted(folder.glob("*.json"))) if grade}


def read_grade(path: Path) -> Grade | None:
    """A grade from its file; None where there is none or it cannot be read."""
    try:
        grade = Grade.from_json(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return grade if grade.assignment in ASSIGNMENTS else None


def _folder(course: Course) -> Path:
    return course.root / "runs"


def _moment(name: str) -> datetime | None:
    try:
        return datetime.strptime(name, _NAME).replace(tzinfo=UTC)
    except ValueError:
        return None
