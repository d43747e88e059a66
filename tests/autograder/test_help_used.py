"""Help on its way from a student's machine to the report: read with distrust, shown, charged only where it costs."""

import csv
import json
import shutil
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder import cli, grading, help_used
from autograder.console import grade_table
from autograder.course import ASSIGNMENTS, Course
from autograder.demo.hand_ins import samples
from autograder.errors import UserError
from autograder.feedback import feedback
from autograder.intake import collect
from autograder.marking import Outcome, Submissions, mark, stored
from autograder.release import release
from autograder.reports import columns
from autograder.settings import settings
from autograder.verdicts import ExerciseGrade, Grade, ItemGrade, Verdict
from helpers.checks import help_file

SEMINAR, HOMEWORK = ASSIGNMENTS["seminar4"], ASSIGNMENTS["homework3"]
AT = "2026-03-02T18:30:00+00:00"
USED = {
    "hints": {"forward": 2},
    "checks": {"forward": 7, "backward": 1},
    "minutes": 83,
    "predictions": {"right": 1, "asked": 2},
}


def content(**changes) -> dict:
    """A file whose help is USED."""
    runs = {"first": AT, "last": AT, "points": 3.0}
    return {
        "version": 1,
        "hints": [{"exercise": "forward", "level": level, "mistake": "best-path", "at": AT} for level in (1, 2)],
        "checks": {
            "forward": {**runs, "runs": 7, "seconds": 4000.0},
            "backward": {**runs, "runs": 1, "seconds": 980.0},
        },
        "predictions": [
            {"question": "alpha-1-0", "tries": 1, "first": True, "right": True, "at": AT},
            {"question": "alignments", "tries": 3, "first": False, "right": True, "at": AT},
        ],
    } | changes


def hand_in(folder: Path, **changes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / help_file.NAME).write_text(json.dumps(content(**changes)), "utf-8")
    return folder


# --- reading it


def test_the_file_is_summed_up(tmp_path):
    assert help_used.help_used(hand_in(tmp_path), SEMINAR) == USED
    assert help_used.hints_revealed(USED) == 2


def test_no_file_is_not_the_same_as_no_hints(tmp_path):
    assert help_used.help_used(tmp_path, SEMINAR) == {}
    assert help_used.hints_revealed({}) is None
    assert help_used.in_words({}) == ""
    without = help_used.help_used(hand_in(tmp_path, hints=[]), SEMINAR)
    assert help_used.hints_revealed(without) == 0
    assert "hints revealed: none" in help_used.in_words(without)


def test_what_another_notebook_wrote_into_the_same_file_is_not_counted(tmp_path):
    found = help_used.help_used(hand_in(tmp_path), HOMEWORK)
    assert found == {"hints": {}, "checks": {}, "minutes": 0, "predictions": {"right": 0, "asked": 0}}


def test_a_link_is_not_followed(tmp_path):
    outside = hand_in(tmp_path / "outside")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / help_file.NAME).symlink_to(outside / help_file.NAME)
    assert help_used.help_used(inside, SEMINAR) == {}


NONSENSE = (
    b"", b"\xff\xfe", b"[[[[", b"null", b"3", b'{"hints": 3}', b"[" * 90_000, b"9" * 5000, b" " * 300_000,
    b'{"checks": {"forward": {"runs": 1e999}}}', b'{"hints": [{"exercise": {}}]}',
)  # fmt: skip


@pytest.mark.parametrize("data", NONSENSE, ids=range(len(NONSENSE)))
def test_a_file_of_nonsense_says_nothing(tmp_path, data):
    (tmp_path / help_file.NAME).write_bytes(data)
    assert help_used.help_used(tmp_path, SEMINAR) == {}


def test_lies_stay_in_bounds(tmp_path):
    hints = [
        {"exercise": "forward", "level": level, "mistake": f"<b>{n}", "at": AT} for n in range(2000) for level in (1, 2)
    ]
    runs = {"runs": 10**6, "first": AT, "last": AT, "seconds": 10.0**6}
    lies = content(hints=hints, checks={"forward": runs, "=cmd()": runs}, predictions=[{"question": "<b>"}] * 5000)
    (tmp_path / help_file.NAME).write_text(json.dumps(lies)[: help_file.MOST_BYTES], "utf-8")
    assert help_used.help_used(tmp_path, SEMINAR) == {}, "cut off at the cap, it is no JSON"
    found = help_used.help_used(hand_in(tmp_path, hints=hints[:1500], checks=lies["checks"]), SEMINAR)
    assert found["hints"] == {"forward": help_file.MOST_ENTRIES}
    assert found["checks"] == {"forward": 10**6}
    assert found["minutes"] == help_used.MOST_MINUTES


# --- what it costs


def exercise(points: float) -> ExerciseGrade:
    return ExerciseGrade("forward", "Forward", "answered", "", [ItemGrade("all", "All", points, 5.0)])


@pytest.mark.parametrize(
    ("gave", "cost", "left"), [(5.0, 0.0, 5.0), (5.0, 0.5, 4.0), (0.5, 0.5, 0.0), (0.0, 9.0, 0.0), (5.0, 0.1, 4.8)]
)
def test_hints_never_take_more_than_the_exercise_gave(gave, cost, left):
    charged = help_used.charged(exercise(gave), USED, cost)
    assert charged.points == pytest.approx(left)
    assert charged.max_points == 5.0
    assert help_used.charged(exercise(gave), {}, cost).points == gave, "a hand-in without the file pays nothing"


def test_help_changes_the_fingerprint_only_where_it_costs():
    plain = grading.Bundle("ada", "seminar4", (), frozenset(), "", ())
    assert replace(plain, help=USED).fingerprint(b"key") == plain.fingerprint(b"key")
    cost = replace(plain, hint_cost=0.5)
    with_help = replace(cost, help=USED).fingerprint(b"key")
    assert len({plain.fingerprint(b"key"), cost.fingerprint(b"key"), with_help}) == 3
    assert replace(cost, help={**USED, "checks": {}, "minutes": 1}).fingerprint(b"key") == with_help


@pytest.mark.parametrize(
    "text", ["[hints]\ncost = -1", "[hints]\ncost = 'much'", "[hints]\ncost = nan", "[hints]\nprice = 1", "hints = 3"]
)
def test_a_cost_that_nobody_understands_is_a_sentence(tmp_path, text):
    (tmp_path / "course.toml").write_text(text)
    with pytest.raises(UserError, match="hints"):
        settings(Course(tmp_path))


def test_hints_are_free_unless_the_course_says_otherwise(tmp_path):
    assert settings(Course(tmp_path)).hints.cost == 0.0
    (tmp_path / "course.toml").write_text("min_isolation = 'full'\n[hints]\ncost = 0.25\n")
    assert settings(Course(tmp_path)).hints.cost == 0.25
    assert settings(Course(tmp_path)).min_isolation == "full"


# --- in the grade and what is made of it


def grade(**more) -> Grade:
    exercises = [exercise(5.0), replace(exercise(5.0), key="backward", title="Backward")]
    return Grade("doe_jane", "seminar4", Verdict.GRADED, "", exercises, [], [], "limits", 0.1, "fingerprint", **more)


def test_a_grade_keeps_its_help_and_older_files_load_without_it():
    kept = grade(help=USED)
    assert Grade.from_json(json.loads(json.dumps(kept.to_json()))) == kept
    older = kept.to_json()
    del older["help"]
    for one in older["exercises"]:
        del one["hints_cost"]
    assert Grade.from_json(older) == grade()
    assert kept.digest == grade().digest, "what formgrader shows does not change with it"


def test_the_table_of_the_report_has_a_column_of_hints():
    table = grade_table(SEMINAR, [grade(help=USED), grade()], {})
    column = next(column for column in table.columns if column.header == "hints")
    assert list(column.cells) == ["2", "–"]
    assert "hints" in columns(SEMINAR)


def test_the_students_page_says_what_was_noted_and_what_it_cost(tmp_path):
    charged = help_used.charged(exercise(5.0), USED, 0.5)
    told = replace(grade(help=USED), exercises=[charged, grade().exercises[1]])
    html = feedback(SEMINAR, Course(tmp_path), told).read_text("utf-8")
    assert "hints revealed: 2 for forward; runs of the checks: 8; minutes between them: 83" in html
    assert "predictions right at the first try: 1 of 2" in html
    assert "Hints that you revealed" in html
    assert "−1<" in html
    assert '<div class="total">9 ' in html
    without = feedback(SEMINAR, Course(tmp_path), grade()).read_text("utf-8")
    assert "Help used" not in without
    assert "Hints that" not in without


class Instant:
    """A pool that decides without running anything."""

    width = 1

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def submit(self, bundle, key):
        future = Future()
        future.set_result(grading.undecided(bundle, key, Verdict.GRADED, "", "none"))
        return future

    def stop(self):
        pass


def run(course, student):
    return [outcome for _, outcome in mark(Submissions(SEMINAR, course, [student]), lambda *_: Instant())]


def test_collecting_takes_the_file_along_and_its_news_need_no_grading(course, tmp_path):
    folder = course.submitted(SEMINAR, "haddad_omar")
    assert help_file.read(folder) == next(one.help for one in samples("seminar4") if one.key == "haddad_omar")
    assert run(course, "haddad_omar") == [Outcome.GRADED]
    assert stored(SEMINAR, course, "haddad_omar").help["hints"] == {"forward": 3}
    before = stored(SEMINAR, course, "haddad_omar").fingerprint
    inbox = hand_in(tmp_path / "inbox" / "haddad_omar_sem4")
    shutil.copy(folder / SEMINAR.notebook, inbox)
    (row,) = collect(tmp_path / "inbox", course)
    assert row.status in {"taken", "repaired"}
    assert run(course, "haddad_omar") == [Outcome.UNCHANGED]
    kept = stored(SEMINAR, course, "haddad_omar")
    assert (kept.help, kept.fingerprint) == (USED, before)


def test_it_lies_in_no_sandbox(course):
    (submission,) = Submissions(SEMINAR, course, ["haddad_omar"])
    assert submission.bundle.help["hints"] == {"forward": 3}
    assert submission.bundle.files == ()


@pytest.mark.slow
def test_where_hints_cost_the_gradebook_the_page_and_the_csv_say_the_same(course, capsys):
    (course.root / "course.toml").write_text("[hints]\ncost = 0.5\n")
    there = ["--course", str(course.root)]
    students = ("haddad_omar", "larsson_elsa", "mehta_ravi")
    chosen = [word for student in students for word in ("--student", student)]
    assert cli.main(["grade", "seminar4", *chosen, *there]) == 0
    found = {student: stored(SEMINAR, course, student) for student in students}
    # One point in forward, three hints; nothing to take from; no help.json.
    assert [found[student].points for student in found] == [5.0, 0.0, 5.0]
    assert [one.hints_cost for one in found["haddad_omar"].exercises] == [1.0, 0.0]
    with Gradebook(f"sqlite:///{course.gradebook}") as book:
        for student, one in found.items():
            assert book.find_submission("seminar4", student).score == one.points
    assert cli.main(["feedback", "seminar4", *there]) == cli.main(["report", "seminar4", *there]) == 0
    assert "hints" in capsys.readouterr().out
    with (course.reports() / "seminar4.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    haddad = rows["haddad_omar"]
    shown = [haddad[name] for name in ("points", "gradebook_score", "forward", "hints", "hints_cost")]
    assert shown == ["5.0", "5.0", "0.0", "3", "1.0"]
    assert (rows["mehta_ravi"]["hints"], rows["mehta_ravi"]["hints_cost"]) == ("", "0.0")
    assert (course.feedback(SEMINAR, "haddad_omar") / "seminar4.html").read_text("utf-8").count("Hints that you") == 1
    notebook = (course.autograded(SEMINAR, "haddad_omar") / SEMINAR.notebook).read_text("utf-8")
    assert "Hints that you revealed" in notebook


def test_students_are_told_the_cost_by_what_they_are_handed(course):
    told = course.root / "handout/seminar4/helpers/assets/hints.json"
    assert told.read_text() == '{"cost": 0.0}\n'
    (course.root / "course.toml").write_text("[hints]\ncost = 0.5\n")
    release(SEMINAR, course)
    assert told.read_text() == '{"cost": 0.5}\n'
