"""What people read: a feedback page for each student, a table and a CSV file for the instructor."""

import csv
import io
import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

from .course import ASSIGNMENTS, Assignment, Course
from .files import write_whole
from .verdicts import ExerciseGrade, Grade


def feedback(assignment: Assignment, course: Course, grade: Grade) -> Path:
    """Write one student's page: self-contained HTML in which nothing can run but the scripts of our own drawings."""
    path = course.feedback(assignment, grade.student) / f"{assignment.name}.html"
    page = _templates().get_template("feedback.html.j2")
    pictures = {exercise.key: picture for exercise in grade.exercises if (picture := _picture(exercise))}
    scripts = [_allowed(script) for html in pictures.values() for script in _SCRIPT.findall(html)]
    write_whole(path, page.render(grade=grade, assignment=assignment, pictures=pictures, scripts=scripts))
    return path


_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def _allowed(script: str) -> str:
    """What a Content-Security-Policy calls one inline script, so that it runs and no other does."""
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"


def exercise_html(exercise: ExerciseGrade) -> str:
    """One exercise as it stands under its check cell in formgrader."""
    module = _templates().get_template("exercise.html.j2").module
    return f"<style>{module.style()}</style>{module.exercise(exercise, _picture(exercise))}"


def columns(assignment: Assignment) -> list[str]:
    """The columns of the CSV file."""
    items = [
        name
        for exercise in assignment.exercises
        for name in (exercise.key, *(f"{exercise.key}.{item.key}" for item in exercise.items))
    ]
    return ["student", "verdict", "points", "max_points", "gradebook_score", *items, "receipt", "detail"]


def write_csv(assignment: Assignment, course: Course, grades: list[Grade], scores: dict[str, float]) -> Path:
    """One row a student. `scores` are nbgrader's, with points given by hand. Undecided points stay empty."""
    from .intake import received

    receipts = {record.student: record.receipt for record in received(course, assignment)}
    path = course.reports() / f"{assignment.name}.csv"
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns(assignment))
    writer.writeheader()
    writer.writerows(_row(grade, scores, receipts.get(grade.student, "")) for grade in grades)
    # With a byte order mark, so that spreadsheets show names as they are written.
    write_whole(path, text.getvalue().encode("utf-8-sig"))
    return path


def _row(grade: Grade, scores: dict[str, float], receipt: str) -> dict[str, object]:
    row = {
        "student": grade.student,
        "verdict": grade.verdict.value,
        "max_points": ASSIGNMENTS[grade.assignment].points,
        "gradebook_score": scores.get(grade.student, ""),
        "receipt": receipt,
        "detail": grade.detail,
    }
    if grade.decided:
        row["points"] = grade.points
        for exercise in grade.exercises:
            row[exercise.key] = exercise.points
            row |= {f"{exercise.key}.{item.key}": item.points for item in exercise.items}
    return {name: _harmless(value) for name, value in row.items()}


def _harmless(value: object) -> object:
    """Spreadsheets take a text that starts like a formula for one."""
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value


def _picture(exercise: ExerciseGrade) -> str | None:
    """The student's array for the worked example beside the right one, as HTML; None where it is right."""
    if exercise.picture is None:
        return None
    import numpy as np

    from helpers import lattice
    from helpers.checks.calling import ARRAY_NAMES
    from helpers.checks.cases import case

    cat = case("cat")
    drawn = lattice.Lattice.from_log_probs(cat.log_probs, cat.targets, cat.blank, symbols=("∅", "C", "A", "T"))
    yours = np.array(exercise.picture["cells"], dtype=np.float64)
    wrong = exercise.picture["wrong"]
    figure = lattice.compare(
        drawn,
        yours,
        cat.truth(exercise.key).cells,
        name=ARRAY_NAMES[exercise.key],
        wrong=tuple(wrong) if wrong else None,
    )
    return figure.html()


@cache
def _templates():
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
