"""What other people's platforms take in: files read back as their importers read them."""

import csv
import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from autograder import cli, lms
from autograder.course import ASSIGNMENTS, Course
from autograder.errors import UserError
from autograder.gradebook import Ledger
from autograder.intake import collect, received
from autograder.intake.names import platform_of
from autograder.lateness import Standing
from autograder.lms import Export, Person, anonymous_id, roster
from autograder.marking import save
from autograder.publishing import published
from autograder.release import course_key
from autograder.verdicts import ExerciseGrade, Grade, ItemGrade, Verdict

SEMINAR = ASSIGNMENTS["seminar4"]

ROSTER = """Student;E-mail;ID;Username;Section;Name;Canvas ID;Moodle ID
""".replace("E-mail", "Email")
ROSTER += """lovelace_ada;ada@uni.example;1001;al15;Tuesday;Ada Lovelace;71;501
hopper_grace;grace@uni.example;1002;gh06;Tuesday;=Grace Brewster Hopper;72;502
only_name;;;;;Only A Name;;
"""


def grade(student: str, forward: float, backward: float, verdict=Verdict.GRADED, **more) -> Grade:
    exercises = [
        ExerciseGrade(
            key,
            key.title(),
            "answered",
            "Off by one <b>." if points < 5 else "",
            [ItemGrade("cost", "Cost", points, 5)],
        )
        for key, points in (("forward", forward), ("backward", backward))
    ]
    return Grade(student, "seminar4", verdict, more.pop("detail", ""), exercises, [], [], "none", 0.0, "f", **more)


GRADES = [
    grade("hopper_grace", 5, 3),
    grade("lovelace_ada", 5, 5),
    grade("only_name", 1, 1),
    grade("zuse_konrad", 2, 2),
]
STANDINGS = {
    "lovelace_ada": Standing(10, 0, 0, {"check-forward": 5, "check-backward": 5}),
    "hopper_grace": Standing(9, 25 * 3600, 0.9, {"check-forward": 5, "check-backward": 4}),
}


@pytest.fixture
def export(tmp_path):
    (tmp_path / "roster.csv").write_text(ROSTER, "utf-8")
    return Export(SEMINAR, Course(tmp_path), GRADES, STANDINGS)


def rows(path) -> list[dict]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# --- the roster -----------------------------------------------------------------------------------------------------


def test_the_roster_says_who_is_who_in_any_order_of_columns(export):
    people = roster(export.course)
    assert people["lovelace_ada"] == Person(
        "lovelace_ada", "Ada Lovelace", "", "", "ada@uni.example", "1001", "al15", "Tuesday", "71", "501"
    )
    assert people["lovelace_ada"].both_names == ("Ada", "Lovelace")
    assert Person("x", first_name="Ada", last_name="King").full_name == "Ada King"
    assert roster(Course(export.course.root / "elsewhere")) == {}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"name,email\n", "needs a column `student`"),
        (b"", "needs a column `student`"),
        (b"student\na_b\na_b\n", "names a_b twice: line 3"),
        (b"student\n\xff\n", "save it as CSV in UTF-8"),
        (b"student\n" + b"x" * 200_000 + b"\n", "cannot be read: field larger"),
    ],
)
def test_a_roster_that_cannot_be_used_is_one_sentence(tmp_path, data, said):
    (tmp_path / "roster.csv").write_bytes(data)
    with pytest.raises(UserError, match=said):
        roster(Course(tmp_path))


# --- Canvas ---------------------------------------------------------------------------------------------------------


def read_by_canvas(path):
    """What Canvas makes of a file: assignments with their points, and scores by user.

    By its rules: the first column's name holds "Student", the second's "ID"; then SIS User ID and SIS Login ID side by
    side, and Section last; every other column is an assignment, with its number in brackets; a row whose first cell
    holds "Points Possible" says what each is worth; users are found by ID, then SIS ID, then login, then name.
    """
    with path.open(encoding="utf-8", newline="") as file:
        head, most, *students = list(csv.reader(file))
    assert "Student" in head[0]
    assert "ID" in head[1]
    assert head[2:5] == ["SIS User ID", "SIS Login ID", "Section"]
    assert "Points Possible" in most[0]
    assignments = {}
    for title, points in zip(head[5:], most[5:], strict=True):
        match = re.fullmatch(r"(?P<title>.*) \((?P<id>\d+)\)", title)
        assignments[int(match["id"]) if match else title] = float(points)
    scores = {row[1] or row[2] or row[3] or row[0]: row[5:] for row in students}
    return assignments, scores


def test_canvas_finds_users_and_assignments(export):
    written = lms.write("canvas", replace(export, canvas_assignment=4711))
    assignments, scores = read_by_canvas(written.path)
    assert assignments == {4711: 10.0}
    assert scores == {"71": ["10"], "72": ["8.1"]}
    first, second = [row["Student"] for row in rows(written.path)][1:]
    assert (first, second) == ("Hopper, =Grace Brewster", "Lovelace, Ada")
    assert written.missing == ("only_name", "zuse_konrad")
    assert written.sentence == (
        "Not in it, for want of a Canvas, SIS or login ID: only_name, zuse_konrad. "
        "Add them to roster.csv in the course folder."
    )


def test_canvas_gets_a_column_for_each_question(export):
    assignments, scores = read_by_canvas(lms.write("canvas", replace(export, per_question=True)).path)
    assert assignments == {"Seminar 4": 10, "Seminar 4: Forward": 5, "Seminar 4: Backward": 5}
    assert scores["72"] == ["8.1", "5", "4"], "points given by hand count, and what coming late costs is in the total"


# --- Moodle ---------------------------------------------------------------------------------------------------------


def read_by_moodle(path, by: str, item: str) -> dict[str, tuple[float | None, str]]:
    """What Moodle makes of a file when `by` identifies users and `item` is mapped: a row without a user is an error."""
    feedback = item.replace("(Real)", "(Feedback)")
    found = {}
    for row in rows(path):
        row = {name.strip(): value for name, value in row.items()}
        assert row[by], "Moodle gives up the whole import"
        found[row[by]] = (None if row[item] in {"", "-"} else float(row[item]), row[feedback])
    return found


@pytest.mark.parametrize("by", ["Email address", "ID number", "Username"])
def test_moodle_finds_users_by_email_number_or_name(export, by):
    written = lms.write("moodle", export)
    found = read_by_moodle(written.path, by, "Assignment: Seminar 4 (Real)")
    people = {"Email address": "grace@uni.example", "ID number": "1002", "Username": "gh06"}
    assert len(found) == 2
    points, feedback = found[people[by]]
    assert points == 8.1
    assert "Backward: 4 of 5. Off by one &lt;b&gt;." in feedback, "a student's words are no HTML"
    assert feedback.endswith("0.9 points off for being late.")
    assert written.missing == ("only_name", "zuse_konrad")


def test_undecided_points_are_no_zero_anywhere(export):
    failed = grade("lovelace_ada", 0, 0, Verdict.GRADER_ERROR)
    export = replace(export, grades=[failed], standings={}, per_question=True)
    moodle = lms.write("moodle", export, publish=False).path
    assert read_by_moodle(moodle, "Username", "Assignment: Seminar 4 (Real)")["al15"][0] is None
    assert read_by_canvas(lms.write("canvas", export, publish=False).path)[1] == {"71": ["", "", ""]}
    assert "score" not in lms.gradescope_results(export, failed)
    (row,) = csv.DictReader(io.StringIO(lms.write("csv", export, publish=False).path.read_text("utf-8-sig")))
    assert (row["points"], row["total_score"], row["forward"]) == ("", "", "")


def test_names_cannot_be_formulas(export):
    text = lms.write("moodle", export).path.read_text("utf-8")
    assert "'=Grace Brewster" in text
    assert not re.search(r"(^|,)\"?=", text, re.MULTILINE)


# --- Gradescope -----------------------------------------------------------------------------------------------------


def test_gradescope_gets_a_table_and_results_of_an_autograder(export):
    written = lms.write("gradescope", replace(export, per_question=True))
    first = rows(written.path)[0]
    assert (first["SID"], first["Email"], first["Seminar 4"], first["Seminar 4 - Max Points"]) == (
        "1002", "grace@uni.example", "8.1", "10",
    )  # fmt: skip
    assert first["Seminar 4: Backward (5 pts)"] == "4"
    with zipfile.ZipFile(written.path.with_suffix(".zip")) as archive:
        assert archive.namelist() == ["grace@uni.example/results.json", "ada@uni.example/results.json"]
        results = json.loads(archive.read("grace@uni.example/results.json"))
    assert results["score"] == 8.1
    assert [(test["name"], test["score"], test["max_score"]) for test in results["tests"]] == [
        ("Forward", 5, 5), ("Backward", 4, 5),
    ]  # fmt: skip
    assert {test["visibility"] for test in results["tests"]} == {"visible"}


# --- anonymous ------------------------------------------------------------------------------------------------------


def test_anonymous_ids_last_and_say_nothing(export, tmp_path):
    ids = [anonymous_id(export.course, one.student) for one in GRADES]
    assert ids == [anonymous_id(export.course, one.student) for one in GRADES]
    assert len(set(ids)) == len(GRADES)
    assert all(re.fullmatch(r"anon-[0-9a-f]{10}", one) for one in ids)
    (tmp_path / "other").mkdir()
    assert anonymous_id(Course(tmp_path / "other"), GRADES[0].student) not in ids
    assert course_key(export.course).decode() not in str(ids)


# --- the commands, in a course with a gradebook ---------------------------------------------------------------------


@pytest.fixture
def graded(course):
    """A course with grades on file and in the gradebook, one hand-in of them late."""
    (course.root / "roster.csv").write_text(
        "student,email,name,moodle_id\nabebe_selam,selam@uni.example,Selam Abebe,77\n", "utf-8"
    )
    (course.root / "course.toml").write_text(
        "[deadlines]\nseminar4 = 2026-03-01T12:00:00Z\n[late]\nper_day = 0.1\n[canvas]\nseminar4 = 9\n"
    )
    due = datetime(2026, 3, 1, 12, tzinfo=UTC)
    with Ledger(course) as ledger:
        for student, late in (("abebe_selam", 1), ("brandt_jonas", -1)):
            one = grade(student, 5, 5, detail=f"Written by {student}.")
            save(SEMINAR, course, one)
            ledger.record(one, due + timedelta(hours=late))
    return course


def command(course, capsys, *arguments) -> tuple[int, str, str]:
    code = cli.main([*arguments, "--course", str(course.root)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_report_is_a_document_for_machines(graded, capsys):
    code, out, err = command(graded, capsys, "report", "seminar4", "--json", "--format", "canvas")
    told = json.loads(out)
    assert code == 0
    assert {one["student"]: (one["total"], one["late_penalty"]) for one in told["students"]} == {
        "abebe_selam": (9, 1), "brandt_jonas": (10, 0),
    }  # fmt: skip
    assert told["missing"] == ["brandt_jonas"]
    assert "Not in it, for want of a Canvas" in err
    assert read_by_canvas(graded.reports() / "seminar4-canvas.csv") == ({9: 10}, {"selam@uni.example": ["9"]})


def test_naming_a_format_publishes_and_the_plain_report_does_not(graded, capsys):
    _, out, _ = command(graded, capsys, "report", "seminar4")
    assert "9 (1 off: late)" in out
    assert published(SEMINAR, graded, "abebe_selam") is None
    assert command(graded, capsys, "report", "seminar4", "--format", "moodle")[0] == 0
    assert published(SEMINAR, graded, "abebe_selam").points == 10
    assert published(SEMINAR, graded, "brandt_jonas") is None, "who is not in the file has not been told"
    assert command(graded, capsys, "report", "seminar4", "--format", "csv")[0] == 0
    assert published(SEMINAR, graded, "brandt_jonas").points == 10


def test_an_anonymous_report_names_nobody(graded, capsys):
    _, out, _ = command(graded, capsys, "report", "seminar4", "--anonymous", "--json")
    text = (graded.reports() / "seminar4-anonymous.csv").read_text("utf-8-sig")
    for name in ("abebe", "selam", "brandt", "jonas"):
        assert name not in text
        assert name not in json.dumps(json.loads(out)["students"])
    assert len(text.splitlines()) == 3
    assert not (graded.reports() / "seminar4.csv").exists()
    code, _, err = command(graded, capsys, "report", "seminar4", "--anonymous", "--format", "moodle")
    assert (code, err.count("\n")) == (2, 1)


def test_feedback_for_moodle_lies_in_the_folders_that_its_download_had(graded, capsys):
    record = graded.received(SEMINAR, "brandt_jonas") / "received.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"platform": "Jonas Brandt_4242"}))
    _, out, _ = command(graded, capsys, "feedback", "seminar4", "--zip", "moodle")
    path = graded.reports() / "seminar4-feedback-moodle.zip"
    assert str(path) in out
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            folder, _, page = name.partition("/")
            person, number, kind, plugin, *_ = folder.split("_", 4)
            assert (kind, plugin, page) == ("assignsubmission", "file", "seminar4.html")
            assert (person, int(number)) in {("Jonas Brandt", 4242), ("Selam Abebe", 77)}
            assert b"<html" in archive.read(name)
        assert len(archive.namelist()) == 2
    before = path.read_bytes()
    command(graded, capsys, "feedback", "seminar4", "--zip", "moodle")
    assert path.read_bytes() == before
    (graded.root / "roster.csv").unlink()
    _, out, _ = command(graded, capsys, "feedback", "seminar4", "--zip", "moodle")
    assert "for want of Moodle's number of the participant (moodle_id): abebe_selam." in out


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Ada Lovelace_12345_assignsubmission_file_", "Ada Lovelace_12345"),
        ("Ada Lovelace_12345_assignsubmission_file_lovelace_ada_sem4.zip", "Ada Lovelace_12345"),
        ("Zoë O'Neill-Łuk_7_assignsubmission_onlinetext_", "Zoë O'Neill-Łuk_7"),
        ("A<script>/../_7_assignsubmission_file_", "Ascript.._7".replace("..", "")),
        ("lovelace_ada_sem4.zip", ""),
        ("_7_assignsubmission_file_", ""),
        ("..._7_assignsubmission_file_", ""),
    ],
)
def test_moodles_name_of_a_participant_is_kept_and_harmless(name, kept):
    assert platform_of(name) == kept


def test_collecting_a_download_of_moodle_keeps_whose_folder_it_was(course, tmp_path):
    original = next(course.received(SEMINAR, "abebe_selam").glob("*.zip"))
    inbox = tmp_path / "inbox"
    folder = inbox / "Selam Abebe_12345_assignsubmission_file_"
    folder.mkdir(parents=True)
    (folder / "abebe_selam_sem4.zip").write_bytes(original.read_bytes())
    collect(inbox, course)
    kept = {one.student: one.platform for one in received(course, SEMINAR)}
    assert kept["abebe_selam"] == "Selam Abebe_12345"
    assert kept["brandt_jonas"] == ""
