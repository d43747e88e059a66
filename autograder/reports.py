"""The table for the instructor: a CSV file with a row a student and a column a check."""

from pathlib import Path

from .course import Assignment, Course
from .help_used import hints_revealed
from .lateness import Standing
from .tables import write_table
from .verdicts import Grade

HELP_COLUMNS = ("hints", "hints_cost")
"""Hints that were revealed, empty where the hand-in says nothing of it; and the points that they cost."""


def columns(assignment: Assignment) -> list[str]:
    """The columns of the CSV file."""
    items = [
        name
        for exercise in assignment.exercises
        for name in (exercise.key, *(f"{exercise.key}.{item.key}" for item in exercise.items))
    ]
    totals = ["gradebook_score", "late_penalty", "total_score"]
    return [
        "student", "verdict", "points", "max_points", *totals, *items, *HELP_COLUMNS, "receipt", "detail",
    ]  # fmt: skip


def write_csv(
    assignment: Assignment, course: Course, grades: list[Grade], standings: dict[str, Standing], suffix: str = ""
) -> Path:
    """One row a student. `standings` are nbgrader's, with points given by hand. Undecided points stay empty.

    `suffix` goes behind the file's name.
    """
    from .intake import received

    receipts = {record.student: record.receipt for record in received(course, assignment)}
    path = course.reports() / f"{assignment.name}{suffix}.csv"
    rows = (_row(grade, standings.get(grade.student), receipts.get(grade.student, "")) for grade in grades)
    return write_table(path, columns(assignment), rows)


def _row(grade: Grade, standing: Standing | None, receipt: str) -> dict[str, object]:
    row = {
        "student": grade.student,
        "verdict": grade.verdict.value,
        "max_points": grade.max_points,
        "hints": hints_revealed(grade.help),
        "receipt": receipt,
        "detail": grade.detail,
    }
    if standing:
        row["gradebook_score"], row["late_penalty"] = standing.score, standing.penalty
        row["total_score"] = standing.total
    if grade.decided:
        row["points"] = grade.points
        row["hints_cost"] = sum(exercise.hints_cost for exercise in grade.exercises)
        for exercise in grade.exercises:
            row[exercise.key] = exercise.points
            row |= {f"{exercise.key}.{item.key}": item.points for item in exercise.items}
    return row
