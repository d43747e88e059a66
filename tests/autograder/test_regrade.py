"""Grades before and after a check has changed. Grading itself is replaced: the pool gives what a test wants."""

import csv
import json
import shutil
import time
from concurrent.futures import Future
from dataclasses import replace

import pytest
from nbgrader.api import Gradebook

from autograder import cli, grading, history, marking
from autograder.course import ASSIGNMENTS
from autograder.errors import UserError
from autograder.grading import undecided
from autograder.history import grades_after, grades_against, runs
from autograder.marking import stored
from autograder.publishing import in_points_of, published, publishing
from autograder.verdicts import Verdict

SEMINAR = ASSIGNMENTS["seminar4"]
STUDENTS = ("abebe_selam", "brandt_jonas", "larsson_elsa")


class Checks:
    """A pool in the place of the sandbox: it gives each exercise of each student these points of 5."""

    width = 2

    def __init__(self, points, wrong="", fails=()):
        self._points, self._wrong, self._fails = points, wrong, fails

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def submit(self, bundle, key):
        future = Future()
        if bundle.student in self._fails:
            future.set_exception(RuntimeError("the worker is gone"))
            return future
        points = self._points.get(bundle.student, (5, 5)) if isinstance(self._points, dict) else self._points
        grade = undecided(bundle, key, Verdict.GRADED, "", "none")
        found = [{"inputs": "A small lattice", "sentences": [self._wrong or "It is wrong."]}]
        exercises = [
            replace(
                one,
                status="answered",
                items=[
                    replace(item, points=item.max_points) if number < full else replace(item, findings=found)
                    for number, item in enumerate(one.items)
                ],
            )
            for one, full in zip(grade.exercises, points, strict=True)
        ]
        future.set_result(replace(grade, exercises=exercises))
        return future

    def stop(self):
        pass


@pytest.fixture
def course(course):
    for folder in course.received(SEMINAR).iterdir():
        if folder.name not in STUDENTS:
            shutil.rmtree(folder)
    return course


@pytest.fixture
def run(course, monkeypatch, capsys):
    """Give a command with these checks; its JSON document."""

    def run(command, *more, checks=(5, 5), version="", **how):
        monkeypatch.setattr(cli, "_place", lambda *_: lambda *_: Checks(checks, **how))
        monkeypatch.setattr(grading, "grader_version", lambda: f"version {version}")
        code = cli.main([command, "seminar4", "--course", str(course.root), "--json", *more])
        said = capsys.readouterr()
        assert code == 0, said.err
        return json.loads(said.out)

    return run


def grade_of(course, student="abebe_selam"):
    return stored(SEMINAR, course, student)


def shown(course, student="abebe_selam"):
    with Gradebook(f"sqlite:///{course.gradebook}") as book:
        return book.find_submission("seminar4", student).score


def publish(course, *students):
    with publishing(SEMINAR, course) as note:
        for student in students or STUDENTS:
            note(grade_of(course, student))


def hand_in_again(course, student="abebe_selam", line="# again"):
    """As a new file with other code in it."""
    notebook = course.submitted(SEMINAR, student) / SEMINAR.notebook
    content = json.loads(notebook.read_text("utf-8"))
    next(cell for cell in content["cells"] if cell["id"] == "forward")["source"].append(f"\n{line}")
    notebook.write_text(json.dumps(content), "utf-8")
    record = course.received(SEMINAR, student) / "received.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"sha256": "another file"}))


# --- what is replaced is kept -------------------------------------------------------------------------------------


def test_a_run_that_changes_nothing_leaves_no_trace(course, run):
    run("grade")
    assert [(one.assignment, one.command, one.given, one.replaced) for one in runs(course, count=True)] == [
        ("seminar4", "grade", 3, 0)
    ]
    run("grade")
    run("grade", "--again")
    assert len(runs(course)) == 1
    assert grade_of(course).run == runs(course)[0].name


def test_the_grades_after_any_run_can_be_told_again(course, run):
    given = [{"abebe_selam": (5, 5)}, {"abebe_selam": (4, 5)}, {"abebe_selam": (4, 5), "larsson_elsa": (0, 0)}]
    for version, points in enumerate(given):
        run("grade", checks=points, version=version)
    shutil.rmtree(course.received(SEMINAR, "brandt_jonas"))
    run("grade", checks=given[-1], version=2)
    names = [one.name for one in runs(course)]
    assert len(names) == 4
    told = [{s: g.points for s, g in grades_after(course, SEMINAR, name).items()} for name in names]
    everybody = {"abebe_selam": 10, "brandt_jonas": 10, "larsson_elsa": 10}
    assert told[0] == everybody
    assert told[1] == everybody | {"abebe_selam": 9}
    assert told[2] == everybody | {"abebe_selam": 9, "larsson_elsa": 0}
    assert told[3] == {"abebe_selam": 9, "larsson_elsa": 0}
    assert grades_after(course, SEMINAR, "2000-01-01T00-00-00Z") == {}
    assert [one.replaced for one in runs(course)] == [0, 1, 1, 1]


def test_a_clock_that_was_put_back_does_not_mix_up_the_runs(course, run, monkeypatch):
    run("grade")
    (later,) = runs(course)
    (course.root / "runs" / later.name).rename(course.root / "runs" / "2099-12-31T23-59-59Z")
    run("grade", checks=(1, 1), version=2)
    assert [one.name for one in runs(course)] == ["2099-12-31T23-59-59Z", "2100-01-01T00-00-00Z"]


def test_the_command_lists_them(course, run, capsys):
    assert cli.main(["runs", "--course", str(course.root)]) == 0
    assert "No run has changed a grade" in capsys.readouterr().out
    run("grade")
    assert cli.main(["runs", "--course", str(course.root), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["runs"]
    assert (found["assignment"], found["given"]) == ("seminar4", 3)
    assert cli.main(["runs", "--course", str(course.root)]) == 0
    assert found["name"] in capsys.readouterr().out


def test_a_strange_file_among_the_runs_is_harmless(course, run):
    run("grade")
    folder = course.root / "runs" / runs(course)[0].name
    (folder / "run.json").write_text("[")
    (course.root / "runs" / "notes").mkdir()
    (course.root / "runs" / "notes" / "run.json").write_text("{}")
    (folder / "seminar4").mkdir()
    (folder / "seminar4" / "x_y.json").write_text("{}")
    assert [one.assignment for one in runs(course, count=True)] == [""]
    assert set(grades_after(course, SEMINAR, folder.name)) == set(STUDENTS)


# --- fresh inputs ---------------------------------------------------------------------------------------------------


def test_another_grader_asks_the_same_hand_in_the_same_questions_and_a_resubmission_others(course, run, monkeypatch):
    run("grade", version=1)
    first = grade_of(course)
    run("grade", version=2, checks=(4, 4))
    second = grade_of(course)
    assert first.fingerprint != second.fingerprint
    assert (first.hand_in, first.inputs) == (second.hand_in, second.inputs)
    hand_in_again(course)
    run("grade", version=2, checks=(4, 4))
    assert grade_of(course).hand_in != first.hand_in
    bundle = next(iter(marking.Submissions(SEMINAR, course, ["abebe_selam"]))).bundle
    assert bundle.inputs(b"key") != replace(bundle, utterances=7).inputs(b"key")


def test_the_code_that_makes_inputs_is_all_there():
    assert len({grading._version((name,)) for name in grading.INPUT_CODE}) == len(grading.INPUT_CODE)
    with pytest.raises(FileNotFoundError, match="asking_elsewhere is named in grading"):
        grading._version(("asking_elsewhere",))


def test_the_text_of_our_own_cells_is_no_part_of_a_hand_in(course):
    bundle = next(iter(marking.Submissions(SEMINAR, course, ["abebe_selam"]))).bundle
    ours = [number for number, step in enumerate(bundle.steps) if step.get("name") in bundle.given]
    theirs = [n for n, step in enumerate(bundle.steps) if "run" in step and step["name"] not in bundle.given]
    assert ours
    assert theirs

    def edited(number):
        steps = [dict(step) for step in bundle.steps]
        steps[number]["run"] += "\n# edited"
        return replace(bundle, steps=tuple(steps))

    assert {edited(number).hand_in(b"key") for number in ours} == {bundle.hand_in(b"key")}
    assert bundle.hand_in(b"key") not in {edited(number).hand_in(b"key") for number in theirs}
    # What cannot be told from the code of the student's cells must not carry anything from one attempt to the next.
    moved, renamed = list(bundle.steps), [dict(step) for step in bundle.steps]
    moved[theirs[0]], moved[ours[-1]] = moved[ours[-1]], moved[theirs[0]]
    renamed[theirs[0]]["name"] = "cell 99"
    for steps in (moved, renamed):
        assert replace(bundle, steps=tuple(steps)).hand_in(b"key") != bundle.hand_in(b"key")
    assert edited(ours[0]).fingerprint(b"key") != bundle.fingerprint(b"key")
    assert replace(bundle, files=(("log.jsonl", b"x"),)).hand_in(b"key") != bundle.hand_in(b"key")
    assert replace(bundle, student="other").hand_in(b"key") != bundle.hand_in(b"key")


# --- what was published -------------------------------------------------------------------------------------------


def test_an_unpublished_grade_may_fall(course, run):
    run("grade")
    assert grade_of(course).points == 10
    run("grade", checks=(1, 2), version=2)
    assert (grade_of(course).points, shown(course)) == (3, 3)


def test_a_published_grade_is_not_lowered_by_another_grader_and_says_so(course, run):
    run("grade", checks=(5, 3))
    publish(course)
    told = run("grade", checks=(5, 1), version=2)
    grade = grade_of(course)
    assert (grade.points, grade.graded_again, shown(course)) == (8, 6, 8)
    assert grade.notes[-1] == ("Graded again, this hand-in would have 6 of 10 points; the 8 that were published stay.")
    assert {one["student"]: one["graded_again"] for one in told["grades"]} == dict.fromkeys(STUDENTS, 6)
    unchanged = run("grade", checks=(5, 1), version=2)
    assert {one["outcome"] for one in unchanged["grades"]} == {"unchanged"}, "it is not graded again every time"
    run("grade", checks=(5, 0), version=3)
    assert (grade_of(course).points, grade_of(course).graded_again) == (8, 5)
    assert sum("would have" in note for note in grade_of(course).notes) == 1


def test_it_may_rise_and_fall_again_to_what_was_published(course, run):
    run("grade", checks=(2, 2))
    publish(course)
    for points, expected in (((4, 4), 8), ((3, 3), 6), ((1, 1), 4)):
        run("grade", checks=points, version=points)
        assert grade_of(course).points == expected == shown(course)


def test_with_the_flag_it_falls_and_then_that_is_the_measure(course, run):
    run("grade", checks=(5, 5))
    publish(course)
    run("grade", checks=(3, 3), version=2)
    assert grade_of(course).points == 10
    run("grade", "--allow-lower", checks=(3, 3), version=2)
    assert (grade_of(course).points, grade_of(course).graded_again, shown(course)) == (6, None, 6)
    run("grade", checks=(1, 1), version=3)
    assert grade_of(course).points == 6, "one step down was allowed, not two"


def test_a_resubmission_is_judged_on_its_own(course, run):
    run("grade", checks=(5, 5))
    publish(course)
    hand_in_again(course)
    run("grade", checks=(1, 1))
    assert (grade_of(course).points, grade_of(course).graded_again) == (2, None)
    assert grade_of(course, "larsson_elsa").points == 10


def test_the_same_work_in_another_zip_and_the_same_file_repaired_otherwise_are_the_same_hand_in(course, run):
    run("grade", checks=(5, 5))
    publish(course)
    record = course.received(SEMINAR, "abebe_selam") / "received.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"sha256": "zipped again"}))
    run("grade", checks=(1, 1), version=2)
    assert grade_of(course).points == 10
    notebook = course.submitted(SEMINAR, "larsson_elsa") / SEMINAR.notebook
    notebook.write_text(notebook.read_text("utf-8").replace("log_alpha", "log_a"), "utf-8")
    run("grade", checks=(1, 1), version=2)
    assert grade_of(course, "larsson_elsa").points == 10


def test_a_hand_in_that_went_and_came_back_still_has_its_published_grade(course, run):
    run("grade", checks=(5, 5))
    publish(course)
    shutil.move(course.received(SEMINAR, "abebe_selam"), course.root / "aside")
    run("grade")
    assert grade_of(course) is None
    shutil.move(course.root / "aside", course.received(SEMINAR, "abebe_selam"))
    run("grade", checks=(1, 1), version=2)
    assert grade_of(course).points == 10


def test_a_failure_of_the_new_grader_takes_no_grade(course, run):
    run("grade", checks=(5, 5))
    before = grade_of(course)
    run("grade", version=2, fails=STUDENTS)
    assert grade_of(course) == before
    run("grade", checks=(4, 4), version=2)
    assert grade_of(course).points == 8, "and it was tried again"


def test_feedback_publishes_and_undecided_grades_are_not_published(course, run, capsys):
    run("grade", fails=["larsson_elsa"])
    assert published(SEMINAR, course, "abebe_selam") is None
    assert cli.main(["feedback", "seminar4", "--course", str(course.root)]) == 0
    assert published(SEMINAR, course, "abebe_selam") == grade_of(course)
    assert published(SEMINAR, course, "larsson_elsa") is None
    file = course.published(SEMINAR) / "abebe_selam.json"
    before = file.stat().st_ino, file.stat().st_mtime_ns
    assert cli.main(["feedback", "seminar4", "--course", str(course.root)]) == 0
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == before


def test_a_published_grade_is_compared_by_the_points_that_are_in_force(course, run):
    run("grade", checks=(5, 0))
    publish(course)
    (course.root / "course.toml").write_text("[points.seminar4]\nforward = 2\nbackward = 8\n")
    run("grade", checks=(4, 0), version=2)
    grade = grade_of(course)
    assert (grade.points, grade.max_points) == (2, 10)
    assert grade.graded_again == pytest.approx(1.6)
    run("grade", checks=(0, 2), version=3)
    assert grade_of(course).points == pytest.approx(3.2), "more in all, though less in one exercise"


def test_an_item_that_is_new_has_what_it_was_given_now(course, run):
    run("grade", checks=(5, 5))
    rubric = grade_of(course)
    old = replace(rubric, exercises=[replace(one, items=one.items[:3]) for one in rubric.exercises])
    assert in_points_of(rubric, old).points == 10


# --- the command ------------------------------------------------------------------------------------------------------


def test_regrade_says_who_gains_who_loses_by_which_item_and_why(course, run):
    run("grade", checks={"abebe_selam": (5, 4), "brandt_jonas": (3, 3)}, wrong="Off by one.")
    told = run(
        "regrade",
        checks={"abebe_selam": (5, 3), "brandt_jonas": (4, 3)},
        wrong="The border is missing.",
        version=2,
    )
    assert told["summary"] == "1 gain, 1 lose, 1 as before."
    loser, gainer, same = told["students"]
    assert [one["student"] for one in told["students"]] == ["abebe_selam", "brandt_jonas", "larsson_elsa"]
    assert (loser["change"], loser["before"], loser["after"], loser["in_force"]) == ("loses", 9, 8, 8)
    assert loser["items"] == [
        {
            "exercise": "backward", "item": "blank", "before": 1.0, "after": 0.0, "why_before": "",
            "why_after": "A small lattice: The border is missing.",
        }
    ]  # fmt: skip
    assert gainer["items"][0]["why_before"] == "A small lattice: Off by one."
    assert (gainer["change"], gainer["items"][0]["why_after"]) == ("gains", "")
    assert {one["inputs"] for one in told["students"]} == {"same"}
    assert (same["change"], same["items"]) == ("same", [])
    with open(told["csv"], encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["student"], row["exercise"], row["item"], row["item_after"]) for row in rows] == [
        ("abebe_selam", "backward", "blank", "0.0"), ("brandt_jonas", "forward", "blank", "1.0"),
        ("larsson_elsa", "", "", ""),
    ]  # fmt: skip
    assert runs(course)[-1].command == "regrade"


def test_a_dry_run_changes_no_grade(course, run):
    run("grade", checks=(4, 4))
    publish(course, "abebe_selam")
    before = {path: path.read_bytes() for path in course.root.rglob("*") if path.is_file()}
    told = run("regrade", "--dry-run", checks=(3, 3), version=2)
    after = {path: path.read_bytes() for path in course.root.rglob("*") if path.is_file()}
    changed = {path.name for path in after if before.get(path) != after[path]}
    assert changed <= {"seminar4-regrade.csv", ".writer.lock"}
    kept = {one["student"]: (one["after"], one["in_force"], one["kept"]) for one in told["students"]}
    assert kept == {"abebe_selam": (6, 8, True), "brandt_jonas": (6, 6, False), "larsson_elsa": (6, 6, False)}
    assert "1 keep their published grade" in told["summary"]


def test_regrade_compares_with_a_run_a_folder_or_what_was_published(course, run, tmp_path):
    run("grade", checks=(1, 1))
    publish(course)
    run("grade", checks=(2, 2), version=2)
    shutil.copytree(course.results(SEMINAR), tmp_path / "kept")
    run("grade", checks=(3, 3), version=3)
    first, second, third = (one.name for one in runs(course))

    def before(against):
        told = run("regrade", "--dry-run", "--against", against, checks=(4, 4), version=4)
        return {one["before"] for one in told["students"]}

    assert before(first) == before("published") == {2}
    assert before(second) == before(str(tmp_path / "kept")) == {4}
    assert before(third) == before("") == {6}
    for wrong in ("2001", "", first[:4]):
        if wrong:
            with pytest.raises(UserError, match=r"run of .*the latest is"):
                grades_against(course, SEMINAR, wrong)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no grades of seminar4 to compare with"):
        grades_against(course, SEMINAR, str(tmp_path / "empty"))


def test_regrade_tells_new_inputs_from_the_graders_doing(course, run, monkeypatch):
    run("grade")
    hand_in_again(course)
    run("grade", checks=(4, 4))
    first = runs(course)[0].name
    monkeypatch.setattr(grading, "INPUT_CODE", ("autograder/heldout.py",))
    told = run("regrade", "--dry-run", "--against", first, version=2)
    assert {one["student"]: one["inputs"] for one in told["students"]} == {
        "abebe_selam": "new hand-in", "brandt_jonas": "new questions", "larsson_elsa": "new questions",
    }  # fmt: skip
    old = course.results(SEMINAR) / "brandt_jonas.json"
    older = {key: value for key, value in json.loads(old.read_text()).items() if key in OLD_FIELDS}
    old.write_text(json.dumps(older))
    told = run("regrade", "--dry-run", version=2)
    assert {one["student"]: one["inputs"] for one in told["students"]}["brandt_jonas"] == "not recorded"


OLD_FIELDS = {
    "student", "assignment", "verdict", "detail", "exercises", "notes", "errors", "isolation", "cpu_seconds",
    "fingerprint",
}  # fmt: skip


def test_regrade_tells_of_who_is_gone_new_or_undecided(course, run):
    run("grade", "--student", "abebe_selam", "--student", "brandt_jonas")
    shutil.rmtree(course.received(SEMINAR, "brandt_jonas"))
    told = run("regrade", version=2, fails=["abebe_selam"])
    assert {one["student"]: one["change"] for one in told["students"]} == {
        "abebe_selam": "undecided", "brandt_jonas": "gone", "larsson_elsa": "new",
    }  # fmt: skip
    assert grade_of(course).points == 10
    one = run("regrade", "--student", "larsson_elsa", "--dry-run", version=3)
    assert [row["student"] for row in one["students"]] == ["larsson_elsa"]


def test_regrade_shows_a_table_and_disarms_what_is_written_in_it(course, run, monkeypatch, capsys):
    run("grade", checks=(5, 5))
    monkeypatch.setattr(cli, "_place", lambda *_: lambda *_: Checks((5, 1), wrong="[red]=1+1[/]\x1b[2J"))
    monkeypatch.setattr(grading, "grader_version", lambda: "another")
    assert cli.main(["regrade", "seminar4", "--course", str(course.root)]) == 0
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "[red]=1+1[/]" in " ".join(said.split())
    assert "0 gain, 3 lose, 0 as before." in said


def test_grading_says_nothing_on_stdout_but_the_document(course, run):
    told = run("grade")
    assert told["assignment"] == "seminar4"
    assert [one["student"] for one in told["grades"]] == sorted(STUDENTS)
    assert told["grades"][0]["exercises"] == {"forward": 5, "backward": 5}


def test_run_names_sort_as_time_does():
    now = time.strftime(history._NAME)
    assert history._moment(now).strftime(history._NAME) == now
    assert history._moment("notes") is None
