"""Honest work in files that were hurt on the way: `tests/damaged/*.py` in one class with an intact one."""

import json

import pytest
from student_code import LOOPS
from untrusted import damages, with_answers

from autograder import grading
from autograder.course import ASSIGNMENTS, Course
from autograder.feedback import feedback
from autograder.gradebook import Ledger
from autograder.intake import collect
from autograder.marking import Submissions, mark
from autograder.release import release
from autograder.verdicts import Verdict

pytestmark = pytest.mark.slow

SEMINAR = ASSIGNMENTS["seminar4"]
DAMAGES = {damage.name: damage for damage in damages()}
FORWARD, BACKWARD = LOOPS.split("\ndef backward")


def student(name: str) -> str:
    return f"{name.replace('_', '-')}_hurt"


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """(course, rows by student, grades by student), when all has been graded."""
    root = tmp_path_factory.mktemp("damaged")
    course = Course(root / "course")
    release(SEMINAR, course)
    released = json.loads(course.release(SEMINAR).read_text("utf-8"))
    intact = with_answers(released, {"forward": FORWARD, "backward": "def backward" + BACKWARD})
    inbox = root / "inbox"
    inbox.mkdir()
    (inbox / "aaa_intact_sem4.ipynb").write_text(json.dumps(intact), "utf-8")
    for damage in DAMAGES.values():
        name = damage.file.format(name=f"{student(damage.name)}_sem4")
        (inbox / name).write_bytes(damage.damage(json.loads(json.dumps(intact))))
    rows = {row.student: row for row in collect(inbox, course)}
    grades = {}
    for grade, _ in mark(Submissions(SEMINAR, course), lambda expected, folder: grading.LocalPool(2, expected, folder)):
        grades[grade.student] = grade
        feedback(SEMINAR, course, grade)
    return course, rows, grades


def test_there_are_many_ways_to_hurt_a_file():
    assert len(DAMAGES) >= 25
    assert all(damage.by.endswith(".") for damage in DAMAGES.values())


@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_but_complete_gives_the_points_of_the_intact_one(collected, name):
    course, rows, grades = collected
    damage, grade, row = DAMAGES[name], grades[student(name)], rows[student(name)]
    assert row.status == damage.outcome, row.notes
    if damage.outcome == "refused":
        assert (grade.points, grade.verdict) == (0.0, Verdict.UNREADABLE)
    else:
        assert (grade.points, grade.verdict) == (10.0, Verdict.GRADED), (grade.sentence, grade.errors)
    with Ledger(course) as ledger:
        assert ledger.scores(SEMINAR)[student(name)] == grade.points


@pytest.mark.parametrize("name", DAMAGES)
def test_the_student_reads_what_was_repaired(collected, name):
    course, rows, grades = collected
    damage, row = DAMAGES[name], rows[student(name)]
    page = (course.feedback(SEMINAR, student(name)) / "seminar4.html").read_text("utf-8")
    told = " ".join([grades[student(name)].sentence, *row.notes])
    assert damage.says in told
    assert damage.says in page
    # Whatever was changed is told, and where nothing was, nobody is worried.
    if damage.outcome == "repaired":
        assert row.notes
    assert set(row.notes) <= {*grades[student(name)].notes, grades[student(name)].detail}


def test_the_intact_one_has_nothing_to_report(collected):
    _, rows, grades = collected
    assert rows["aaa_intact"].notes == ()
    assert (grades["aaa_intact"].points, grades["aaa_intact"].notes) == (10.0, [])
