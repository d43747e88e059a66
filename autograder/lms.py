"""Grades and feedback as the platforms of other people take them in, and who is who there.

A `roster.csv` in the course folder says who a student's folder belongs to. Its columns, in any order, of which only the
first is needed: `student` (the folder's name, such as lovelace_ada), `name` or `first_name` and `last_name`, `email`,
`id` (the number that the university gives), `username` (what one signs in with), `section`, `canvas_id` and
`moodle_id` (Canvas's number of a user, Moodle's of a participant).

Header formats, as their importers read them:

Moodle: github.com/moodle/moodle, grade/import/csv/classes/load_data.php (users by e-mail, ID number or username, a
grade item and its feedback by the columns that one maps) and mod/assign/feedback/file/importziplib.php (feedback).
Canvas: github.com/instructure/canvas-lms, lib/gradebook_importer.rb.
Gradescope has no import of grades but its autograder's `results.json`
(gradescope-utils.readthedocs.io/en/latest/_modules/gradescope_utils/autograder_utils/json_test_runner.html); the table
beside it has the columns of its own export of grades, with SID and e-mail as in its roster
(help.gradescope.com/article/w59nl02vyt-instructor-course-add-members).
"""

import csv
import hashlib
import hmac
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from html import escape
from pathlib import Path

from .course import Assignment, Course
from .errors import UserError
from .files import write_whole
from .intake.filing import load_record, received
from .lateness import Standing
from .publishing import publishing
from .release import course_key
from .reports import write_csv
from .tables import harmless
from .verdicts import Grade

ROSTER = "roster.csv"
LARGEST_ROSTER = 10 * 2**20
"""Bytes."""


class NotAnonymous(UserError):
    """A platform that must know whose a grade is."""

    def __init__(self, name: str):
        super().__init__(f"{name.title()} has to know whose a grade is: --anonymous goes with --format csv only.")


# --- who is who -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Person:
    """A student on the other side. Empty is what the roster does not say."""

    student: str
    name: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    id: str = ""
    username: str = ""
    section: str = ""
    canvas_id: str = ""
    moodle_id: str = ""

    @property
    def full_name(self) -> str:
        """First and last name."""
        return self.name or " ".join(part for part in (self.first_name, self.last_name) if part)

    @property
    def both_names(self) -> tuple[str, str]:
        """First name and last name; of a whole name the last word is taken for the last name."""
        if self.first_name or self.last_name:
            return self.first_name, self.last_name
        first, _, last = self.name.rpartition(" ")
        return first, last


def roster(course: Course) -> dict[str, Person]:
    """Read `roster.csv`; nobody where there is none. UserError, one sentence, where it cannot be used."""
    path = course.root / ROSTER
    try:
        if path.stat().st_size > LARGEST_ROSTER:
            raise UserError(f"{path} is larger than {LARGEST_ROSTER // 2**20} MB.")
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read ({error}): save it as CSV in UTF-8.") from None
    first_line = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if ";" in first_line else ",")
    columns = {(name or "").strip().lower().replace(" ", "_"): name for name in rows.fieldnames or ()}
    if "student" not in columns:
        raise UserError(f"{path} needs a column `student`, the names of the students' folders; it has {first_line!r}.")
    known = {one.name: columns[one.name] for one in fields(Person) if one.name in columns}
    found: dict[str, Person] = {}
    try:
        for row in rows:
            person = Person(**{name: (row[column] or "").strip() for name, column in known.items()})
            if person.student in found:
                raise UserError(f"{path} names {person.student} twice: line {rows.line_num} is the second one.")
            if person.student:
                found[person.student] = person
    except csv.Error as error:
        raise UserError(f"{path} cannot be read: {error} in line {rows.line_num}.") from None
    return found


def anonymous_id(course: Course, student: str) -> str:
    """A name that is always the same for a student of this course, and says nothing to who has not its key."""
    digest = hmac.new(course_key(course), f"anonymous/{student}".encode(), hashlib.sha256).hexdigest()
    return f"anon-{digest[:10]}"


def anonymous(
    course: Course, grades: Sequence[Grade], standings: dict[str, Standing]
) -> tuple[list[Grade], dict[str, Standing]]:
    """The same with made-up names, in their order. Sentences that may hold a student's own words are left out."""
    names = {grade.student: anonymous_id(course, grade.student) for grade in grades}
    hidden = [
        replace(grade, student=names[grade.student], detail="", notes=[], errors=[], received="") for grade in grades
    ]
    hidden.sort(key=lambda grade: grade.student)
    return hidden, {names[student]: one for student, one in standings.items() if student in names}


# --- what is written ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Export:
    """What there is to say."""

    assignment: Assignment
    course: Course
    grades: Sequence[Grade]
    standings: dict[str, Standing]
    """nbgrader's, by student."""
    canvas_assignment: int | None = None
    per_question: bool = False

    def total(self, grade: Grade) -> float | None:
        """Points with those given by hand, less what coming late costs; None where nothing is decided."""
        standing = self.standings.get(grade.student)
        if standing is not None:
            return standing.total
        return grade.points if grade.decided else None

    def question(self, grade: Grade, key: str) -> float | None:
        """Points of one exercise, with those given by hand."""
        standing = self.standings.get(grade.student)
        if standing is not None and f"check-{key}" in standing.cells:
            return standing.cells[f"check-{key}"]
        return next((one.points for one in grade.exercises if one.key == key and grade.decided), None)

    def questions(self) -> list[tuple[str, str, float]]:
        """Key, title and most points of each exercise that gets a column of its own."""
        exercises = self.assignment.exercises if self.per_question else ()
        return [(one.key, f"{self.assignment.title}: {one.title}", one.points) for one in exercises]


@dataclass(frozen=True)
class Written:
    """A file for a platform."""

    format: str
    path: Path
    missing: tuple[str, ...] = ()
    """Students who are not in it, because nothing says who they are there."""
    needs: str = ""

    @property
    def sentence(self) -> str:
        """Who is missing and what to do."""
        who = ", ".join(self.missing)
        return f"Not in it, for want of {self.needs}: {who}. Add them to {ROSTER} in the course folder."


def write(name: str, export: Export, *, anonymous: bool = False, publish: bool = True) -> Written:
    """Write a report in one of `FORMATS`. `publish`: from now on these grades are what students were told."""
    if name == "csv":
        suffix = "-anonymous" if anonymous else ""
        if publish and not anonymous:
            _publish(export, export.grades)
        path = write_csv(export.assignment, export.course, list(export.grades), export.standings, suffix)
        return Written(name, path)
    people = roster(export.course)
    platform = FORMATS[name]
    known = [(grade, people[grade.student]) for grade in export.grades if grade.student in people]
    placed = [(grade, person) for grade, person in known if platform.knows(person)]
    absent = {grade.student for grade in export.grades} - {grade.student for grade, _ in placed}
    if publish:
        _publish(export, [grade for grade, _ in placed])
    path = platform.write(export, placed)
    return Written(name, path, tuple(sorted(absent)), platform.needs)


def document(export: Export, written: Written) -> dict:
    """The report for machines."""
    return {
        "assignment": export.assignment.name,
        "max_points": export.assignment.points,
        "format": written.format,
        "file": str(written.path),
        "missing": list(written.missing),
        "students": [
            {
                "student": grade.student,
                "verdict": grade.verdict.value,
                "detail": grade.detail,
                "points": grade.points if grade.decided else None,
                "total": export.total(grade),
                "late_penalty": standing.penalty if (standing := export.standings.get(grade.student)) else 0.0,
                "questions": {one.key: export.question(grade, one.key) for one in export.assignment.exercises},
                "graded_again": grade.graded_again,
            }
            for grade in export.grades
        ],
    }


def _publish(export: Export, grades: Iterable[Grade]) -> None:
    with publishing(export.assignment, export.course) as note:
        for grade in grades:
            note(grade)


def _table(path: Path, rows: Iterable[Sequence[object]]) -> Path:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([harmless(value) for value in row] for row in rows)
    write_whole(path, text.getvalue())
    return path


def _number(points: float | None) -> str:
    return "" if points is None else f"{round(points, 2):g}"


Placed = Sequence[tuple[Grade, Person]]


def _moodle(export: Export, placed: Placed) -> Path:
    """For Moodle's import of grades: whoever uploads it maps the columns."""
    title = f"Assignment: {export.assignment.title}"
    questions = export.questions()
    head = ["First name", "Last name", "ID number", "Email address", "Username", f"{title} (Real)"]
    rows: list[list[object]] = [[*head, *(f"{name} (Real)" for _, name, _ in questions), f"{title} (Feedback)"]]
    for grade, person in placed:
        points = [export.total(grade), *(export.question(grade, key) for key, _, _ in questions)]
        values = [_number(number) for number in points]
        rows.append([*person.both_names, person.id, person.email, person.username, *values, _comment(export, grade)])
    return _table(export.course.reports() / f"{export.assignment.name}-moodle.csv", rows)


def _comment(export: Export, grade: Grade) -> str:
    """A grade in a few sentences. Moodle shows them as HTML, and some hold a student's own words."""
    said = []
    for one in grade.exercises if grade.decided else ():
        points = export.question(grade, one.key)
        said.append(f"{one.title}: {_number(points)} of {one.max_points:g}.")
        if one.misconception:
            said.append(one.misconception)
    standing = export.standings.get(grade.student)
    if standing and standing.penalty:
        said.append(f"{standing.penalty:g} points off for being late.")
    return escape(" ".join((grade.sentence, *said)), quote=False)


def _canvas(export: Export, placed: Placed) -> Path:
    """For Canvas's Gradebook, Import: its own five columns, then one an assignment, and a row with the most points."""
    number = export.canvas_assignment
    title = f"{export.assignment.title} ({number})" if number else export.assignment.title
    questions = export.questions()
    most = [export.assignment.points, *(points for _, _, points in questions)]
    rows: list[list[object]] = [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", title, *(name for _, name, _ in questions)],
        ["    Points Possible", "", "", "", "", *map(_number, most)],
    ]
    for grade, person in placed:
        first, last = person.both_names
        name = f"{last}, {first}" if first and last else first or last or person.student
        points = [export.total(grade), *(export.question(grade, key) for key, _, _ in questions)]
        who = [name, person.canvas_id, person.id, person.username or person.email, person.section]
        rows.append([*who, *map(_number, points)])
    return _table(export.course.reports() / f"{export.assignment.name}-canvas.csv", rows)


def _gradescope(export: Export, placed: Placed) -> Path:
    """A table like Gradescope's own, and in a zip beside it a `results.json` a student, as its autograders write."""
    title = export.assignment.title
    questions = export.questions()
    head = ["First Name", "Last Name", "SID", "Email", "Sections", title, f"{title} - Max Points"]
    head += [f"{title} - Submission Time", f"{title} - Lateness (H:M:S)"]
    rows: list[list[object]] = [[*head, *(f"{name} ({points:g} pts)" for _, name, points in questions)]]
    files = {}
    for grade, person in placed:
        record = load_record(export.course, export.assignment, grade.student)
        standing = export.standings.get(grade.student)
        when = record.modified.isoformat(sep=" ") if record and record.modified else ""
        late = _clock(standing.seconds_late if standing else 0)
        values = [_number(export.total(grade)), _number(export.assignment.points), when, late]
        asked = [_number(export.question(grade, key)) for key, _, _ in questions]
        rows.append([*person.both_names, person.id, person.email, person.section, *values, *asked])
        files[f"{_file_name(person.email or person.id)}/results.json"] = json.dumps(
            gradescope_results(export, grade), ensure_ascii=False, indent=1
        ).encode()
    stem = f"{export.assignment.name}-gradescope"
    _zip(export.course.reports() / f"{stem}.zip", files)
    return _table(export.course.reports() / f"{stem}.csv", rows)


def gradescope_results(export: Export, grade: Grade) -> dict:
    """What an autograder of Gradescope leaves for one submission: a score, and a test for each exercise."""
    tests = [
        {
            "name": one.title,
            "number": str(number),
            "score": export.question(grade, one.key) or 0.0,
            "max_score": one.max_points,
            "output": one.misconception,
            "visibility": "visible",
        }
        for number, one in enumerate(grade.exercises, start=1)
    ]
    total = export.total(grade)
    scored = {} if total is None else {"score": total}
    return {**scored, "output": grade.sentence, "visibility": "visible", "tests": tests if grade.decided else []}


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}"


def _file_name(text: str) -> str:
    return "".join(c if c.isalnum() or c in "@.-_+" else "_" for c in text).strip(".") or "_"


@dataclass(frozen=True)
class Platform:
    """How one platform is written to, and what it knows people by."""

    write: Callable[[Export, Placed], Path]
    knows: Callable[[Person], bool]
    needs: str


FORMATS = {
    "moodle": Platform(
        _moodle, lambda one: bool(one.email or one.id or one.username), "an e-mail address, ID number or username"
    ),
    "canvas": Platform(
        _canvas, lambda one: bool(one.canvas_id or one.id or one.username or one.email), "a Canvas, SIS or login ID"
    ),
    "gradescope": Platform(_gradescope, lambda one: bool(one.email or one.id), "an e-mail address or SID"),
}


# --- feedback files ---------------------------------------------------------------------------------------------------


def moodle_feedback(assignment: Assignment, course: Course, students: Iterable[str]) -> Written:
    """Pack the pages for "Upload multiple feedback files in a zip" of a Moodle assignment.

    Moodle knows a file by its folder, `Full name_NUMBER_assignsubmission_file`, where the number is the participant's
    in this assignment: it is kept from the download that the hand-in came in, else the roster's `moodle_id` is taken.
    """
    records, people = {one.student: one for one in received(course, assignment)}, roster(course)
    files, missing = {}, []
    for student in students:
        page = course.feedback(assignment, student) / f"{assignment.name}.html"
        record = records.get(student)
        who = record.platform if record and record.platform else _participant(people.get(student))
        if not who or not page.exists():
            missing.append(student)
            continue
        files[f"{who}_assignsubmission_file_/{page.name}"] = page.read_bytes()
    path = course.reports() / f"{assignment.name}-feedback-moodle.zip"
    _zip(path, files)
    return Written("moodle", path, tuple(missing), "Moodle's number of the participant (moodle_id)")


def _participant(person: Person | None) -> str:
    if person is None or not person.moodle_id.isdecimal():
        return ""
    # Moodle splits at underscores.
    name = "".join(c for c in person.full_name if c.isalnum() or c in " .-'").strip(" .")
    return f"{name or person.student.replace('_', ' ')}_{person.moodle_id}"


def _zip(path: Path, files: dict[str, bytes]) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            # The date is always the same, and so is the zip of the same pages.
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    write_whole(path, packed.getvalue())
