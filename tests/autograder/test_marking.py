"""A class from hand-ins to gradebook, with a pool that gives everybody points at once: grading itself is elsewhere."""

import shutil
import subprocess
import sys
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest
from nbgrader.api import Gradebook, MissingEntry

from autograder import grading, marking
from autograder.course import ASSIGNMENTS, Course
from autograder.errors import UserError
from autograder.grading import Bundle, undecided
from autograder.marking import Outcome, Submissions, mark, stored
from autograder.verdicts import Verdict

SEMINAR = ASSIGNMENTS["seminar4"]
PRESENT = {"abebe_selam", "brandt_jonas", "ferrari_luca", "haddad_omar", "larsson_elsa", "mehta_ravi", "sato_ken"}


class Instant:
    """A pool whose every submission is worth `points`, but what a real grader does without running anything."""

    width = 3

    def __init__(self, points=2.0, error=None):
        self._points, self._error = points, error
        self.waiting = self.most = 0

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def submit(self, bundle, key):
        future = Future()
        if self._error:
            future.set_exception(self._error)
        elif bundle.fault:
            future.set_result(undecided(bundle, key, Verdict.GRADER_ERROR, bundle.fault, "none"))
        elif bundle.problem:
            future.set_result(undecided(bundle, key, Verdict.UNREADABLE, bundle.problem, "none"))
        else:
            grade = undecided(bundle, key, Verdict.GRADED, "", "none")
            exercises = [
                replace(one, items=[replace(item, points=self._points / len(one.items)) for item in one.items])
                for one in grade.exercises
            ]
            future.set_result(replace(grade, exercises=exercises))
        return future

    def stop(self):
        pass


def run(course, students=(), again=False, **more) -> dict[str, Outcome]:
    marked = mark(Submissions(SEMINAR, course, students), lambda *_: Instant(**more), again)
    return {grade.student: outcome for grade, outcome in marked}


def shown(course, student) -> float | None:
    """The score in nbgrader's gradebook; None where it knows no submission."""
    with Gradebook(f"sqlite:///{course.gradebook}") as book:
        try:
            return book.find_submission("seminar4", student).score
        except MissingEntry:
            return None


def files(course) -> dict:
    return {
        path: (path.stat().st_ino, path.stat().st_mtime_ns)
        for name in ("results", "autograded", "gradebook.db")
        for path in [course.root / name, *(course.root / name).rglob("*")]
        if path.is_file()
    }


def test_what_is_unchanged_is_not_even_written_again(course):
    assert run(course) == dict.fromkeys(PRESENT, Outcome.GRADED)
    before = files(course)
    assert run(course) == dict.fromkeys(PRESENT, Outcome.UNCHANGED)
    assert files(course) == before


def test_a_hand_in_that_was_taken_back_takes_its_grade_with_it(course):
    run(course)
    page = course.feedback(SEMINAR, "haddad_omar")
    page.mkdir(parents=True)
    shutil.rmtree(course.received(SEMINAR, "haddad_omar"))
    assert run(course, ["abebe_selam"])["abebe_selam"] is Outcome.UNCHANGED
    assert shown(course, "haddad_omar") == 4.0, "a run for somebody else leaves it alone"
    outcomes = run(course)
    assert outcomes.pop("haddad_omar") is Outcome.WITHDRAWN
    assert set(outcomes.values()) == {Outcome.UNCHANGED}
    assert stored(SEMINAR, course, "haddad_omar") is None
    assert shown(course, "haddad_omar") is None
    assert not page.exists()
    assert not course.autograded(SEMINAR, "haddad_omar").exists()
    assert "haddad_omar" not in run(course)


def test_a_hand_in_without_its_notebook_keeps_no_points(course):
    run(course)
    assert shown(course, "abebe_selam") == 4.0
    (course.submitted(SEMINAR, "abebe_selam") / SEMINAR.notebook).unlink()
    assert run(course)["abebe_selam"] is Outcome.GRADED
    assert stored(SEMINAR, course, "abebe_selam").verdict is Verdict.UNREADABLE
    assert shown(course, "abebe_selam") == 0
    assert not course.autograded(SEMINAR, "abebe_selam").exists()


def test_a_gradebook_from_an_old_backup_is_brought_up_to_date_without_grading(course, tmp_path):
    shutil.copy(course.gradebook, tmp_path / "backup.db")
    run(course)
    shutil.copy(tmp_path / "backup.db", course.gradebook)
    shutil.rmtree(course.autograded(SEMINAR, "larsson_elsa"))
    assert run(course, points=0.0) == dict.fromkeys(PRESENT, Outcome.UNCHANGED)
    assert shown(course, "larsson_elsa") == 4.0
    assert (course.autograded(SEMINAR, "larsson_elsa") / SEMINAR.notebook).exists()


def test_one_hand_in_that_breaks_the_grader_stops_nobody_and_is_tried_again(course, monkeypatch):
    repair = marking.repair

    def breaks(template, notebook):
        if any(
            "ferrari" in str(cell.source).lower() or "raise NotImplementedError" in cell.source
            for cell in notebook.cells
        ):
            raise ZeroDivisionError("a case nobody thought of")
        return repair(template, notebook)

    with monkeypatch.context() as patch:
        patch.setattr(marking, "repair", breaks)
        assert set(run(course)) == PRESENT
    broken = {student for student in PRESENT if not stored(SEMINAR, course, student).decided}
    assert "ferrari_luca" in broken
    assert broken < PRESENT
    assert "ZeroDivisionError: a case nobody thought of" in stored(SEMINAR, course, "ferrari_luca").sentence
    outcomes = run(course)
    assert {student for student, outcome in outcomes.items() if outcome is Outcome.GRADED} == broken
    assert all(stored(SEMINAR, course, student).decided for student in PRESENT)


def test_a_failure_of_ours_does_not_take_the_place_of_a_grade(course):
    run(course)
    before = files(course)
    assert run(course, again=True, error=RuntimeError("the worker is gone")) == dict.fromkeys(PRESENT, Outcome.GRADED)
    assert files(course) == before
    assert shown(course, "brandt_jonas") == 4.0


def test_losing_the_graders_altogether_keeps_what_is_done(course):
    with pytest.raises(UserError, match="no such machine"):
        run(course, error=UserError("no such machine"))
    assert run(course) == dict.fromkeys(PRESENT, Outcome.GRADED)


def test_only_as_many_submissions_are_open_as_keep_the_pool_busy():
    taken = 0

    def many():
        nonlocal taken
        for number in range(50):
            taken += 1
            yield Bundle(f"student_{number}", "seminar4", (), frozenset(), "Nothing in it.", ())

    class Slow(Instant):
        def submit(self, bundle, key):
            self.waiting += 1
            self.most = max(self.most, self.waiting)
            return super().submit(bundle, key)

    pool = Slow()
    for done, _ in enumerate(grading.grade_class(many(), b"key", pool=pool), start=1):
        pool.waiting -= 1
        assert taken <= done + pool.width
    assert taken == 50
    assert pool.most <= pool.width


def test_what_is_graded_already_passes_through_in_its_place():
    bundles = [Bundle(f"student_{n}", "seminar4", (), frozenset(), "Nothing.", ()) for n in range(4)]
    known = undecided(bundles[2], b"key", Verdict.GRADED, "", "none")
    grades = list(grading.grade_class([*bundles[:2], known, bundles[3]], b"key", pool=Instant()))
    assert sorted(grade.student for grade in grades) == [f"student_{n}" for n in range(4)]
    assert any(grade is known for grade in grades)


def test_a_course_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(UserError, match="has not been released"):
        Submissions(SEMINAR, Course(tmp_path / "nowhere"))


def test_what_grading_one_submission_does_not_need_is_not_imported(course):
    """Each of these costs a second or more, which is most of the work for a class of one."""
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import test_marking as here\n"
        "from autograder.course import Course; from pathlib import Path\n"
        "list(here.mark(here.Submissions(here.SEMINAR, Course(Path(sys.argv[2]))), lambda *_: here.Instant()))\n"
        "sys.exit(', '.join({'torch', 'nbgrader.api', 'sqlalchemy', 'rfc3987_syntax'} & set(sys.modules)) or 0)"
    )
    source = Path(__file__).read_text("utf-8").replace("from nbgrader.api import Gradebook, MissingEntry\n", "")
    (course.root / "test_marking.py").write_text(source, "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", script, str(course.root), str(course.root)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
