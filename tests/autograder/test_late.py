"""Deadlines, extensions, penalties: ours and nbgrader's are the same."""

import csv
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from test_gradebook import APRIL, by_hand, course, graded, made_by_nbgrader, record  # noqa: F401  (fixtures)
from traitlets.config import Config

from autograder import cli, lateness
from autograder.course import ASSIGNMENTS, Course
from autograder.gradebook import Ledger
from autograder.late import LatePenalty
from autograder.release import _configure
from autograder.settings import Late, Settings

SEMINAR = ASSIGNMENTS["seminar4"]
DUE = datetime(2026, 3, 1, 23, 0, tzinfo=UTC)
HOUR = 3600


def chosen(**more) -> Settings:
    return Settings(deadlines={"seminar4": DUE}, late=Late(0.1, 30, 0.25), **more)


@pytest.mark.parametrize(
    ("hours", "share"),
    [(0, 0), (0.5, 0), (0.6, 0.1), (24, 0.1), (24.1, 0.2), (48, 0.2), (49, 0.25), (10_000, 0.25)],
)
def test_each_day_begun_costs_a_share_of_the_points_up_to_a_limit_after_a_grace(hours, share):
    assert lateness.penalty(Late(0.1, 30, 0.25), 8, hours * HOUR) == pytest.approx(8 * share)


def test_nothing_is_taken_from_nothing_nor_more_than_there_is():
    assert lateness.penalty(Late(0.1), 0, 10**6) == 0
    assert lateness.penalty(Late(1.0), 7, 10**6) == 7
    assert lateness.penalty(Late(), 7, 10**6) == 0, "by default it costs nothing"


def hand_in(course, **hours):  # noqa: F811
    for student, late in hours.items():
        record(course, graded(5, 3, student), DUE + timedelta(hours=late))


def in_nbgrader(course) -> dict[str, tuple]:  # noqa: F811
    with Gradebook(f"sqlite:///{course.gradebook}") as book:
        return {
            one.student_id: (one.score, one.late_submission_penalty, one.total_seconds_late, one.extension)
            for one in book.assignment_submissions("seminar4")
        }


def test_what_we_write_is_what_nbgrader_reads(course):  # noqa: F811
    hand_in(course, a_early=-5, b_late=30, c_longer=30, d_much=500)
    settings = chosen(extensions={"c_longer": timedelta(hours=28), "nobody_here": timedelta(hours=1)})
    with Ledger(course) as ledger:
        standings = lateness.apply(settings, SEMINAR, ledger)
    assert in_nbgrader(course) == {
        "a_early": (8, 0, 0, None),
        "b_late": (8, 1.6, 30 * HOUR, None),
        "c_longer": (8, 0.8, 2 * HOUR, timedelta(hours=28)),
        "d_much": (8, 2.0, 500 * HOUR, None),
    }
    assert {student: one.total for student, one in standings.items()} == {
        "a_early": 8, "b_late": 6.4, "c_longer": 7.2, "d_much": 6,
    }  # fmt: skip


def test_the_second_time_nothing_is_written_and_a_change_reaches_everybody(course):  # noqa: F811
    hand_in(course, b_late=30)
    with Ledger(course) as ledger:
        lateness.apply(chosen(), SEMINAR, ledger)
        before = course.gradebook.stat().st_mtime_ns
        lateness.apply(chosen(), SEMINAR, ledger)
        assert course.gradebook.stat().st_mtime_ns == before
        by_hand(course, "b_late", backward=5.0)
        assert lateness.apply(chosen(), SEMINAR, ledger)["b_late"].penalty == 2.0, "points given by hand count"
        none = chosen(extensions={"b_late": {"seminar4": timedelta(hours=48)}})
        assert lateness.apply(none, SEMINAR, ledger)["b_late"].penalty == 0
        assert lateness.apply(chosen(extensions={"b_late": timedelta()}), SEMINAR, ledger)["b_late"].penalty == 2.0


def test_what_somebody_set_in_nbgrader_stays_where_course_toml_is_silent(course):  # noqa: F811
    hand_in(course, b_late=30)
    with Gradebook(f"sqlite:///{course.gradebook}") as book:
        book.update_or_create_assignment("seminar4", duedate=str(DUE.replace(tzinfo=None)))
        book.grant_extension("seminar4", "b_late", hours=29)
    with Ledger(course) as ledger:
        found = lateness.apply(Settings(late=Late(0.1)), SEMINAR, ledger)
    assert (found["b_late"].seconds_late, found["b_late"].penalty) == (HOUR, 0.8)


def test_without_a_time_or_a_deadline_nobody_is_late(course):  # noqa: F811
    record(course, graded(5, 3), None)
    record(course, graded(5, 3, "other_one"), APRIL)
    with Ledger(course) as ledger:
        assert lateness.apply(Settings(late=Late(0.5)), SEMINAR, ledger)["other_one"].penalty == 0
        assert lateness.apply(chosen(), SEMINAR, ledger)["doe_jane"].penalty == 0


def test_nbgraders_plugin_takes_the_same(tmp_path):
    (tmp_path / "course.toml").write_text("[late]\nper_day = 0.1\ngrace_minutes = 30\nat_most = 0.25\n")
    plugin = LatePenalty(config=Config({"LatePenalty": {"course_folder": str(tmp_path)}}))
    for hours in (0.2, 3, 30, 300):
        assert plugin.late_submission_penalty("a_b", 8.0, hours * HOUR) == lateness.penalty(
            Late(0.1, 30, 0.25), 8.0, hours * HOUR
        )


def test_nbgraders_config_names_it_and_keeps_what_somebody_wrote(tmp_path):
    config = tmp_path / "nbgrader_config.py"
    config.write_text("c = get_config()\nc.Exchange.root = '/srv'\n")
    _configure(config)
    _configure(config)
    text = config.read_text()
    assert text.count("AssignLatePenalties") == 1
    script = (
        "from nbgrader.apps import NbGrader\nfrom nbgrader.preprocessors import AssignLatePenalties as A\n"
        "app = NbGrader(); app.load_config_file()\nplugin = A(parent=app); plugin.init_plugin()\n"
        "print(app.config.Exchange.root, plugin.plugin_inst.course_folder,\n"
        "      plugin.plugin_inst.late_submission_penalty('a_b', 8.0, 3600))"
    )
    (tmp_path / "course.toml").write_text("[late]\nper_day = 0.5\n")
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["/srv", str(tmp_path), "4.0"], done.stderr[-2000:]


@pytest.mark.slow
def test_nbgraders_export_agrees(course):  # noqa: F811
    hand_in(course, b_late=30)
    with Ledger(course) as ledger:
        standing = lateness.apply(chosen(), SEMINAR, ledger)["b_late"]
    command = [sys.executable, "-m", "nbgrader", "export", "--to", "out.csv"]
    assert subprocess.run(command, cwd=course.root, capture_output=True, check=False).returncode == 0
    with (course.root / "out.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    exported = [float(row[name]) for name in ("raw_score", "late_submission_penalty", "score")]
    assert exported == [standing.score, standing.penalty, standing.total] == [8, 1.6, 6.4]


@pytest.mark.slow
def test_nbgraders_own_grading_gives_the_courses_points_and_takes_its_penalties(collected, tmp_path):
    """Released with points of our own and a deadline that is over: our grader and `nbgrader autograde` agree."""
    root, student = tmp_path / "course", "haddad_omar"
    shutil.copytree(collected.root, root)
    (root / "course.toml").write_text(
        "[points.seminar4]\nforward = 10\nbackward = { cost = 1, cells = 5, borders = 0.5, blank = 0, range = 2 }\n"
        "[deadlines]\nseminar4 = 2024-01-01\n[late]\nper_day = 0.1\nat_most = 0.3\n"
    )
    where = ["seminar4", "--course", str(root)]
    assert cli.main(["release", *where]) == 0
    assert cli.main(["grade", *where, "--student", student]) == 0
    with Ledger(Course(root)) as ledger:
        ours = ledger.standings(SEMINAR)[student]
    assert (ours.cells["check-backward"], ours.score, ours.penalty) == (8.5, 10.5, 3.15)
    done = subprocess.run(
        [str(Path(sys.executable).with_name("nbgrader")), "autograde", "seminar4", "--student", student, "--force"],
        cwd=root,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    with Ledger(Course(root)) as ledger:
        assert ledger.standings(SEMINAR)[student] == ours
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
        assert book.find_assignment("seminar4").max_score == 18.5
