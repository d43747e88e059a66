"""The page about a class, and beside it a CSV file for each of its tables and charts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from autograder.course import Assignment, Course
from autograder.files import write_whole
from autograder.pages import policy, templates
from autograder.tables import write_table
from autograder.verdicts import Grade

from . import charts
from .numbers import Cohort, hints, minutes, quantile

FEW = 20
"""Students. Below, a share or a correlation says little, and the page says so."""

MOST_OPEN = 40
"""Students whose list is not folded away."""

MOST_ROWS = 12
"""Of the tables of mistakes and of hidden inputs on the page; the CSV files have all."""

POINT_STEPS = (1.0, 2.0, 5.0, 10.0)
MINUTE_STEPS = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 720.0)
CPU_STEPS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0)


@dataclass(frozen=True)
class Student:
    """One row of the list."""

    name: str
    verdict: str
    points: float | None
    page: str
    """Address of the feedback page, seen from this one; empty where it has not been written."""


@dataclass(frozen=True)
class Chart:
    """A picture of numbers with the numbers in words."""

    svg: str
    words: str


def write(assignment: Assignment, course: Course, grades: Sequence[Grade], scores: dict[str, float]) -> Path:
    """Write `reports/ASSIGNMENT.html` and its CSV files; return the page.

    `scores` are nbgrader's, with points given by hand.
    """
    cohort = Cohort(assignment, grades, scores)
    students = [_student(course, cohort, grade) for grade in cohort.grades]
    files = _write_tables(course.reports(), cohort)
    page = templates().get_template("cohort.html.j2").render(
        assignment=assignment,
        cohort=cohort,
        students=students,
        files=files,
        points=_points(cohort),
        minutes=_histogram(cohort.minutes, MINUTE_STEPS, "minutes at work, pauses left out", "hand-ins"),
        cpu=_histogram(cohort.cpu_seconds, CPU_STEPS, "CPU seconds for one hand-in", "hand-ins"),
        dots={one.key: _dot(one.discrimination) for one in cohort.checks if one.discrimination is not None},
        summary=_summary(cohort.points),
        few=len(cohort.tried) < FEW,
        rows=MOST_ROWS,
        open=len(students) <= MOST_OPEN,
        policy=policy(),
    )  # fmt: skip
    path = course.reports() / f"{assignment.name}.html"
    write_whole(path, page)
    return path


def _student(course: Course, cohort: Cohort, grade: Grade) -> Student:
    assignment = cohort.assignment
    written = (course.feedback(assignment, grade.student) / f"{assignment.name}.html").is_file()
    address = f"../feedback/{quote(grade.student)}/{assignment.name}/{assignment.name}.html"
    return Student(grade.student, grade.verdict.value, cohort.points_of(grade), address if written else "")


def _summary(points: list[float]) -> dict[str, str]:
    """A few numbers in words; none where nothing is decided."""
    if not points:
        return {}
    quarters = " to ".join(f"{quantile(points, share):g}" for share in (0.25, 0.75))
    return {
        "median": f"{quantile(points, 0.5):g}",
        "mean": f"{sum(points) / len(points):.1f}",
        "the middle half": quarters,
        "lowest and highest": f"{points[0]:g} and {points[-1]:g}",
    }


def _points(cohort: Cohort) -> Chart | None:
    if not cohort.points:
        return None
    bars = charts.bins(cohort.points, POINT_STEPS, cohort.assignment.points)
    return _chart(bars, "points", "students", cohort.points)


def _histogram(values: list[float], steps: Sequence[float], axis: str, what: str) -> Chart | None:
    return _chart(charts.bins(values, steps), axis, what, values) if values else None


def _chart(bars: list[charts.Bin], axis: str, what: str, values: list[float]) -> Chart:
    counts = ", ".join(f"{bar.count} from {bar.start:g} to under {bar.end:g}" for bar in bars if bar.count)
    words = f"{len(values)} {what} by {axis}: {counts}. Median {quantile(values, 0.5):g}."
    return Chart(charts.histogram(bars, axis, words, {"median": round(quantile(values, 0.5), 1)}), words)


def _dot(value: float) -> str:
    return charts.interval(value, f"{value:.2f} on an axis from -1 to 1")


def _write_tables(folder: Path, cohort: Cohort) -> dict[str, str]:
    """Write the CSV files; their names by what they hold."""
    names = {}
    for name, (columns, rows) in _tables(cohort).items():
        path = folder / f"{cohort.assignment.name}-{name}.csv"
        names[name] = write_table(path, columns, (dict(zip(columns, row, strict=True)) for row in rows)).name
    return names


def _tables(cohort: Cohort) -> dict[str, tuple[list[str], list[tuple]]]:
    """Columns and rows by what they hold."""
    students = [
        (
            grade.student,
            grade.verdict.value,
            _or_empty(cohort.points_of(grade)),
            grade.isolation,
            grade.cpu_seconds,
            _or_empty(minutes(grade)),
            sum(hints(grade).values()) if grade.help else "",
        )
        for grade in cohort.grades
    ]
    return {
        "students": (["student", "verdict", "points", "isolation", "cpu_seconds", "minutes", "hints"], students),
        "points": _counted(cohort.points, POINT_STEPS, "students", cohort.assignment.points),
        "checks": (
            ["check", "exercise", "title", "points", "students", "passed", "share", "discrimination", "undefined"],
            [
                (one.key, one.exercise, one.title, one.points, one.asked, one.passed, _rounded(one.share),
                 _rounded(one.discrimination), one.undefined)
                for one in cohort.checks
            ],
        ),
        "mistakes": (
            ["mistake", "exercise", "what", "students", "one_of_several"],
            [(one.key, one.exercise, one.says, one.sure, one.one_of) for one in cohort.mistakes],
        ),
        "inputs": (
            ["exercise", "inputs", "missed", "answered"],
            [(one.exercise, one.kind, one.missed, one.answered) for one in cohort.hidden],
        ),
        "minutes": _counted(cohort.minutes, MINUTE_STEPS, "hand_ins"),
        "hints": (
            ["exercise", "students", "hints"],
            [(one.exercise, one.students, one.hints) for one in cohort.hints],
        ),
        "verdicts": (["verdict", "hand_ins"], list(cohort.verdicts.items())),
        "isolation": (["isolation", "hand_ins"], list(cohort.isolation.items())),
        "cpu": _counted(cohort.cpu_seconds, CPU_STEPS, "hand_ins"),
    }  # fmt: skip


def _counted(values: list[float], steps: Sequence[float], what: str, most: float | None = None):
    bars = charts.bins(values, steps, most) if values else []
    return ["from", "to_under", what], [(bar.start, bar.end, bar.count) for bar in bars]


def _or_empty(value: float | None) -> object:
    return "" if value is None else value


def _rounded(value: float | None) -> object:
    return "" if value is None else round(value, 3)
