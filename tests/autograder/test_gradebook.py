"""Our scores in nbgrader's gradebook, read back through nbgrader's own classes."""

import csv
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from nbgrader.api import Gradebook, MissingEntry

from autograder import gradebook
from autograder.console import grade_table
from autograder.course import ASSIGNMENTS, Course
from autograder.errors import UserError
from autograder.feedback import feedback
from autograder.gradebook import ByHand, Ledger
from autograder.lateness import Standing
from autograder.verdicts import ExerciseGrade, Grade, ItemGrade, Verdict

SEMINAR = ASSIGNMENTS["seminar4"]
MARCH, APRIL = datetime(2026, 3, 2, 18, 30, tzinfo=UTC), datetime(2026, 4, 1, 9, 0, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def made_by_nbgrader(tmp_path_factory):
    """A gradebook as nbgrader's release makes it, with a written answer beside our two exercises."""
    path = tmp_path_factory.mktemp("made") / "gradebook.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        book = Gradebook(f"sqlite:///{path}", course_id="rnnt")
    with book:
        book.add_assignment("seminar4", course_id="rnnt")
        book.add_notebook("seminar4", "seminar4")
        for name in ("forward", "backward"):
            book.add_solution_cell(name, "seminar4", "seminar4")
            book.add_grade_cell(f"check-{name}", "seminar4", "seminar4", max_score=5, cell_type="code")
        book.add_grade_cell("essay", "seminar4", "seminar4", max_score=3, cell_type="markdown")
        book.add_solution_cell("essay", "seminar4", "seminar4")
    return path


@pytest.fixture
def course(made_by_nbgrader, tmp_path):
    shutil.copy(made_by_nbgrader, tmp_path / "gradebook.db")
    return Course(tmp_path)


def graded(forward: float, backward: float, student="doe_jane", verdict=Verdict.GRADED) -> Grade:
    exercises = [
        ExerciseGrade(key, key, "answered", "", [ItemGrade("all", "All", points, 5.0)])
        for key, points in (("forward", forward), ("backward", backward))
    ]
    return Grade(student, "seminar4", verdict, "", exercises, [], [], "limits", 0.1, "fingerprint")


def record(course, grade, handed_in=MARCH, **more):
    with Ledger(course) as ledger:
        ledger.record(grade, handed_in, **more)


class Shown:
    """What nbgrader's own classes say of one student."""

    def __init__(self, course, student="doe_jane"):
        with Gradebook(f"sqlite:///{course.gradebook}") as book:
            submission = book.find_submission("seminar4", student)
            (notebook,) = submission.notebooks
            self.score, self.timestamp = submission.score, submission.timestamp
            self.needs_manual_grade = submission.needs_manual_grade
            self.auto = {one.name: one.auto_score for one in notebook.grades}
            self.manual = {one.name: one.manual_score for one in notebook.grades}
            self.waiting = {one.name for one in notebook.grades if one.needs_manual_grade}
            self.comments = {one.name: one.manual_comment for one in notebook.comments}
            self.name = (submission.student.first_name, submission.student.last_name)


def by_hand(course, student="doe_jane", comment=None, **scores):
    """A person's scores, as formgrader stores them."""
    with Gradebook(f"sqlite:///{course.gradebook}") as book:
        for name, score in scores.items():
            cell = name if name == "essay" else f"check-{name}"
            grade = book.find_grade(cell, "seminar4", "seminar4", student)
            grade.manual_score, grade.needs_manual_grade = score, False
        if comment:
            book.find_comment("forward", "seminar4", "seminar4", student).manual_comment = comment
        book.db.commit()


def test_nbgrader_reads_what_we_write(course):
    record(course, graded(5, 3.5))
    shown = Shown(course)
    assert shown.auto == {"check-forward": 5, "check-backward": 3.5, "essay": None}
    assert shown.score == 8.5
    assert shown.timestamp == MARCH.replace(tzinfo=None)
    assert shown.name == ("Jane", "Doe")
    assert set(shown.comments) == {"forward", "backward", "essay"}
    assert shown.waiting == {"essay"}, "what only a person can grade waits for one"
    with Ledger(course) as ledger:
        assert ledger.scores(SEMINAR) == {"doe_jane": 8.5}


@pytest.mark.filterwarnings("ignore:Object of type .* not in session")
def test_a_submission_of_nbgraders_own_is_taken_over(course):
    with Gradebook(f"sqlite:///{course.gradebook}") as book:
        book.add_student("doe_jane", first_name="Janet", last_name="Doe-Smith")
        book.add_submission("seminar4", "doe_jane")
    record(course, graded(1, 2))
    assert Shown(course).auto["check-backward"] == 2
    assert Shown(course).name == ("Janet", "Doe-Smith"), "a name that somebody typed in stays"


def test_a_resubmission_replaces_every_score_and_the_time(course):
    record(course, graded(5, 5))
    record(course, graded(0, 0, verdict=Verdict.UNREADABLE), APRIL)
    assert (Shown(course).score, Shown(course).timestamp) == (0, APRIL.replace(tzinfo=None))
    record(course, graded(2, 0), None)
    assert (Shown(course).score, Shown(course).timestamp) == (2, None)


def test_a_fault_of_the_grader_is_no_score_at_all(course):
    record(course, graded(5, 5))
    record(course, graded(0, 0, verdict=Verdict.GRADER_ERROR))
    shown = Shown(course)
    assert set(shown.auto.values()) == {None}
    assert shown.waiting == {"check-forward", "check-backward", "essay"}
    with Ledger(course) as ledger:
        assert ledger.scores(SEMINAR) == {}


def test_what_a_person_gave_is_kept_and_asked_about_only_when_the_work_has_changed(course):
    record(course, graded(1, 1))
    by_hand(course, forward=4.0, essay=3.0, comment="Well argued.")
    record(course, graded(1, 1), another_look=False)
    shown = Shown(course)
    assert (shown.score, shown.comments["forward"], shown.waiting) == (8.0, "Well argued.", set())
    record(course, graded(1, 1), APRIL)
    shown = Shown(course)
    assert (shown.score, shown.comments["forward"]) == (8.0, "Well argued.")
    assert shown.waiting == {"check-forward", "essay"}
    by_hand(course, forward=4.0)
    record(course, graded(0, 1), APRIL, another_look=False)
    assert "check-forward" in Shown(course).waiting, "another automatic score is a change too"


def test_our_sum_is_nbgraders(course):
    for student, forward in (("a_b", 1.25), ("c_d", 4.5), ("e_f", 0)):
        record(course, graded(forward, 2, student))
    by_hand(course, "a_b", forward=0.0, essay=2.5)
    with Gradebook(f"sqlite:///{course.gradebook}") as book:
        book.find_grade("check-backward", "seminar4", "seminar4", "c_d").extra_credit = 1.5
        book.db.commit()
        theirs = {one.student_id: one.score for one in book.assignment_submissions("seminar4")}
    with Ledger(course) as ledger:
        assert ledger.scores(SEMINAR) == theirs == {"a_b": 4.5, "c_d": 8.0, "e_f": 2.0}


@pytest.mark.slow
def test_nbgraders_export_agrees(course):
    record(course, graded(5, 2.5))
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "export", "--to", "out.csv"],
        cwd=course.root,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    with (course.root / "out.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["student_id"], float(row["score"]), float(row["max_score"])) == ("doe_jane", 7.5, 13.0)
    assert row["timestamp"] == "2026-03-02 18:30:00"


def test_what_is_written_is_recognised(course):
    grade = graded(5, 3)
    with Ledger(course) as ledger:
        assert not ledger.shows(grade, MARCH)
        ledger.record(grade, MARCH)
        assert ledger.shows(grade, MARCH)
        assert not ledger.shows(grade, APRIL)
        assert not ledger.shows(graded(5, 4), MARCH)
        assert not ledger.shows(graded(5, 3, verdict=Verdict.GRADER_ERROR), MARCH)
        ledger.record(graded(0, 0, verdict=Verdict.GRADER_ERROR), MARCH)
        assert ledger.shows(graded(0, 0, verdict=Verdict.GRADER_ERROR), MARCH)


def test_a_submission_that_is_gone_is_taken_back(course):
    record(course, graded(5, 5))
    record(course, graded(4, 4, "other_one"))
    with Ledger(course) as ledger:
        ledger.withdraw(SEMINAR, "doe_jane")
        ledger.withdraw(SEMINAR, "never_there")
    with pytest.raises(MissingEntry):
        Shown(course)
    assert Shown(course, "other_one").score == 8
    with closing(sqlite3.connect(course.gradebook)) as database, database:
        left = {
            table: database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
            for table in ("submitted_assignment", "submitted_notebook", "grade", "comment")
        }
    assert left == {"submitted_assignment": 1, "submitted_notebook": 1, "grade": 3, "comment": 3}


def test_a_persons_words_on_a_submission_that_is_gone_are_kept(course):
    record(course, graded(5, 5))
    by_hand(course, backward=2.0, comment="See me.")
    with Ledger(course) as ledger:
        ledger.withdraw(SEMINAR, "doe_jane")
    shown = Shown(course)
    assert (shown.score, shown.comments["forward"]) == (2.0, "See me.")
    assert set(shown.auto.values()) == {None}


def test_the_layout_is_the_one_of_the_installed_nbgrader(made_by_nbgrader):
    with closing(sqlite3.connect(made_by_nbgrader)) as database, database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchone() == (gradebook.SCHEMA,)


def failing(course, grade=None) -> str:
    with pytest.raises(UserError) as caught:
        record(course, grade or graded(1, 1))
    return str(caught.value)


def test_a_gradebook_that_cannot_be_used_is_a_sentence(course, tmp_path):
    assert "is missing" in failing(Course(tmp_path / "nowhere"))
    with closing(sqlite3.connect(course.gradebook)) as database, database:
        database.execute("UPDATE base_cell SET name = 'check-sideways' WHERE name = 'check-backward'")
    assert "does not know check-backward" in failing(course)
    with closing(sqlite3.connect(course.gradebook)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = 'of the year 2030'")
    assert "another version of nbgrader" in failing(course)
    course.gradebook.write_bytes(b"not a database at all" * 100)
    assert "is damaged" in failing(course)


def test_a_lock_that_is_never_given_back_is_a_sentence(course, monkeypatch):
    monkeypatch.setattr(gradebook, "PATIENCE", 0.2)
    with closing(sqlite3.connect(course.gradebook, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert "locked by another program" in failing(course)
        other.execute("ROLLBACK")
    record(course, graded(1, 1))
    assert Shown(course).score == 2


def test_a_failure_in_the_middle_of_a_submission_writes_nothing_of_it(course):
    record(course, graded(5, 5))
    broken = graded(1, 1)
    broken.exercises[1].items[0] = ItemGrade("all", "All", {"no": "number"}, 5.0)
    with Ledger(course) as ledger:
        with pytest.raises((sqlite3.Error, TypeError)):
            ledger.record(broken, APRIL)
        assert ledger.shows(graded(5, 5), MARCH)
        ledger.record(graded(2, 2), APRIL)
    assert Shown(course).score == 4


def test_points_and_comments_by_hand_are_told_by_student(course):
    for student in ("doe_jane", "roe_max"):
        record(course, graded(5, 3.5, student))
    by_hand(course, comment=" Why here?\n", forward=4.5, essay=2)
    with Ledger(course) as ledger:
        assert ledger.by_hand(SEMINAR) == {"doe_jane": ByHand({"forward": 4.5, "essay": 2}, {"forward": "Why here?"})}


def test_a_feedback_page_takes_off_what_coming_late_costs(course):
    page = feedback(SEMINAR, course, graded(5, 3.5), late=1.7).read_text("utf-8")
    assert "6.8 <small>" in page
    assert "of the 8.5 points that it reached, 1.7 are taken off" in page
    assert 'id="late"' not in feedback(SEMINAR, course, graded(5, 3.5)).read_text("utf-8")


def test_the_table_says_where_points_were_given_by_hand():
    grade = graded(5, 3.5)
    plain, by_hand, both = (Standing(score, 0, late, {}) for score, late in ((8.5, 0), (9, 0), (9, 1)))
    totals = [
        list(grade_table(SEMINAR, [grade], {grade.student: one}).columns[4].cells) for one in (plain, by_hand, both)
    ]
    assert totals == [["8.5"], ["9 (by hand)"], ["8 (by hand, 1 off: late)"]]


def test_a_feedback_page_counts_points_by_hand_and_escapes_comments(course):
    given = ByHand({"forward": 4.5, "essay": 2}, {"forward": "<b>Why</b> here?"})
    page = feedback(SEMINAR, course, graded(5, 3.5), given).read_text("utf-8")
    assert "10 <small>" in page  # 4.5, 3.5 and the 2 of the essay
    assert "&lt;b&gt;Why&lt;/b&gt; here?" in page
    assert "by-hand" not in feedback(SEMINAR, course, graded(5, 3.5)).read_text("utf-8")
