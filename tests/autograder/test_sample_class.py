"""The whole road, on the sample class of `make demo`: release, collect, grade, feedback, report, nbgrader."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import nbformat
import numpy as np
import pytest

from autograder import cli
from autograder.course import ASSIGNMENTS, Course
from autograder.demo.hand_ins import build, samples
from autograder.gradebook import Ledger
from autograder.grading import seed
from autograder.heldout import heldout
from autograder.judging import oracle
from autograder.marking import all_stored, stored
from autograder.release import course_key
from helpers.asking.seminar4 import questions
from helpers.checks.cases import case

pytestmark = pytest.mark.slow

SEMINAR, HOMEWORK = ASSIGNMENTS["seminar4"], ASSIGNMENTS["homework3"]

# What each sample is worth, and the verdict it gets. Everything else in this file holds for any class.
EXPECTED = {
    "abebe_selam": ("graded", 5, 5),
    "brandt_jonas": ("graded", 4, 4),
    "costa_beatriz": ("graded", 5, 5),
    "đặng_minh": ("graded", 5, 5),
    "eriksen_liv": ("graded", 5, 5),
    "ferrari_luca": ("nothing written", 0, 0),
    "garcía_núria": ("graded", 5, 0),
    "haddad_omar": ("graded", 1, 5),
    "ivanova_darya": ("graded", 0, 0),
    "jansen_piet": ("graded", 4, 4),
    "kim_ji-soo": ("graded", 4, 4),
    "larsson_elsa": ("graded", 0, 0),
    "mehta_ravi": ("missing answer", 5, 0),
    "nakamura_yuki": ("graded", 5, 5),
    "obrien_sean": ("graded", 5, 5),
    "petrov_ilya": ("graded", 5, 5),
    "quiroga_ana": ("timeout", 5, 0),
    "sato_ken": ("unreadable", 0, 0),
}
EXPECTED_HOMEWORK = {
    "abebe_selam": ("graded", 5, 4, 4, 5, 18, 4),
    "đặng_minh": ("graded", 5, 4, 0, 5, 0, 0),
    "ferrari_luca": ("nothing written", 0, 0, 0, 0, 0, 0),
    "garcía_núria": ("graded", 5, 4, 4, 5, 0, 0),
    "haddad_omar": ("graded", 3, 4, 4, 2, 18, 1),
}
HOMEWORK_MISTAKES = {
    ("đặng_minh", "joiner"): "the ReLU comes after the linear layer",
    ("đặng_minh", "greedy"): "a label also moves on to the next frame",
    ("haddad_omar", "encoder"): "the LSTM runs over padding",
    ("haddad_omar", "transducer"): "the blank is put before the labels",
}
MISTAKES = {
    ("haddad_omar", "forward"): "the final blank is forgotten",
    ("ivanova_darya", "forward"): "targets[u] is read where the label into row u is targets[u-1]",
    ("ivanova_darya", "backward"): "the blank's score is read at the node it arrives at",
    ("jansen_piet", "forward"): "float32 probabilities",
    ("jansen_piet", "backward"): "float32 probabilities",
    ("kim_ji-soo", "forward"): "the blank is read from the last class",
    ("kim_ji-soo", "backward"): "the blank is read from the last class",
    ("larsson_elsa", "forward"): "the row u = 0 is left at 0",
    ("larsson_elsa", "backward"): "max is taken",
}
WITHOUT_A_MARK_FROM_NBGRADER = {
    "sato_ken": "nbgrader cannot open it either, and leaves no row at all",
    "quiroga_ana": "honest, but an endless loop costs nbgrader half a minute for each cell that calls it",
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The course after `python -m autograder demo`. A test that changes it works on a copy."""
    root = tmp_path_factory.mktemp("demo") / "course"
    assert cli.main(["demo", "--course", str(root)]) == 0
    return Course(root)


@pytest.fixture
def copied(demo, tmp_path):
    root = tmp_path / "course"
    shutil.copytree(demo.root, root)
    return Course(root)


def page(course: Course, student: str) -> str:
    return (course.feedback(SEMINAR, student) / "seminar4.html").read_text("utf-8")


def points(course: Course, assignment=SEMINAR) -> dict[str, tuple]:
    return {
        grade.student: (grade.verdict.value, *(exercise.points for exercise in grade.exercises))
        for grade in all_stored(assignment, course)
    }


def test_every_sample_gets_its_points_and_its_verdict(demo):
    assert points(demo) == EXPECTED
    assert points(demo, HOMEWORK) == EXPECTED_HOMEWORK
    assert len(samples("seminar4")) == len(EXPECTED)
    assert len(samples("homework3")) == len(EXPECTED_HOMEWORK)


@pytest.mark.parametrize(("student", "exercise"), MISTAKES)
def test_a_classic_mistake_is_named_in_the_feedback(demo, student, exercise):
    grade = stored(SEMINAR, demo, student)
    told = next(one.misconception for one in grade.exercises if one.key == exercise)
    assert MISTAKES[student, exercise] in told
    assert MISTAKES[student, exercise].replace("'", "&#39;") in page(demo, student)


@pytest.mark.parametrize(("student", "exercise"), HOMEWORK_MISTAKES)
def test_a_mistake_in_the_homework_is_named_and_not_counted_twice(demo, student, exercise):
    grade = stored(HOMEWORK, demo, student)
    told = {one.key: one.misconception for one in grade.exercises if one.misconception}
    assert HOMEWORK_MISTAKES[student, exercise] in told[exercise]
    assert set(told) == {key for name, key in HOMEWORK_MISTAKES if name == student}


def test_a_trained_model_is_measured_on_speech_that_nobody_has_seen(demo):
    from helpers.making import mini, sentences

    (made,) = filter(Path.is_dir, (demo.root / "heldout").iterdir())
    assert made.name != mini.folder_name()
    (training,) = [one for one in stored(HOMEWORK, demo, "abebe_selam").exercises if one.key == "training"]
    assert training.points == 4
    public = set(sentences.draw(mini.RECIPE.seed, mini.RECIPE.train + mini.RECIPE.dev + mini.RECIPE.test))
    reserve = heldout("mini", demo.root / "heldout", course_key(demo))
    one, again, *others = (set(reserve.draw(bytes([number] * 16)).texts) for number in (1, *range(1, 12)))
    assert len(reserve.draw(bytes(16)).texts) == 60
    assert one == again
    # Whoever knows all transcripts of one attempt knows a quarter of the next.
    assert sum(len(one & other) / len(other) for other in others) / len(others) < 0.33
    assert not public & one.union(*others)


def test_held_out_speech_that_was_kept_is_that_which_was_made(demo, tmp_path):
    shutil.copytree(demo.root / "heldout", tmp_path, dirs_exist_ok=True)
    (kept,) = tmp_path.glob("*.safetensors")
    kept.unlink()
    made, again = (heldout("mini", tmp_path, course_key(demo)).draw(bytes(16)) for _ in range(2))
    assert kept.is_file()
    assert made == again == heldout("mini", demo.root / "heldout", course_key(demo)).draw(bytes(16))


def test_weights_of_another_network_are_a_sentence(demo):
    (training,) = [one for one in stored(HOMEWORK, demo, "haddad_omar").exercises if one.key == "training"]
    said = " ".join(sentence for item in training.items for found in item.findings for sentence in found["sentences"])
    assert "are not those of an RNNTransducer" in said


def test_right_answers_have_no_misconception(demo):
    for grade in all_stored(SEMINAR, demo):
        for exercise in grade.exercises:
            assert not (exercise.misconception and exercise.points == exercise.max_points), grade.student


def test_the_gradebook_of_nbgrader_shows_the_same_scores(demo):
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    config = Config()
    config.CourseDirectory.root = str(demo.root)
    shown = {entry["student"]: entry for entry in NbGraderAPI(config=config).get_submissions("seminar4")}
    assert {student: entry["score"] for student, entry in shown.items()} == {
        student: forward + backward for student, (_, forward, backward) in EXPECTED.items()
    }
    assert {entry["max_score"] for entry in shown.values()} == {10}
    # What formgrader opens: an autograded notebook for each submission that there is a notebook of.
    opened = {path.parent.parent.name for path in demo.root.glob("autograded/*/seminar4/seminar4.ipynb")}
    assert opened == set(EXPECTED) - {"sato_ken"}


def test_the_graded_notebook_carries_our_findings_under_its_checks(demo):
    notebook = nbformat.read(demo.autograded(SEMINAR, "larsson_elsa") / "seminar4.ipynb", as_version=4)
    checks = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    assert [cell.outputs[0].data["text/plain"] for cell in checks] == ["0.0", "0.0"]
    assert "the row u = 0 is left at 0" in checks[0].outputs[0].data["text/html"]


def test_the_csv_has_a_row_a_student_and_a_column_a_check(demo):
    with (demo.reports() / "seminar4.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert set(rows) == set(EXPECTED)
    haddad = rows["haddad_omar"]
    assert (haddad["points"], haddad["max_points"], haddad["gradebook_score"]) == ("6.0", "10.0", "6.0")
    assert (haddad["forward.cells"], haddad["forward.cost"], haddad["backward.range"]) == ("1.0", "0.0", "1.0")


def test_a_feedback_page_stands_alone_and_runs_nothing_but_its_drawings(demo):
    for student in EXPECTED:
        html = page(demo, student)
        policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)[1]
        drawings = html.count('data-lattice="compare"')
        assert len(re.findall(r"<script", html, re.IGNORECASE)) == policy.count("'sha256-") == drawings
        assert ("script-src" in policy) == (drawings > 0)
        assert "script-src 'unsafe" not in policy
        assert not re.findall(r'(?:src|href)\s*=\s*"(?!data:|#)', html)
        assert set(re.findall(r"""https?://[^"'\s<]+""", html)) <= {"http://www.w3.org/2000/svg"}


def test_a_homework_page_plays_what_the_model_was_measured_on_and_says_when_it_wrote_what(demo):
    html = (demo.feedback(HOMEWORK, "abebe_selam") / "homework3.html").read_text("utf-8")
    (training,) = [one for one in stored(HOMEWORK, demo, "abebe_selam").exercises if one.key == "training"]
    key = course_key(demo)
    drawn = heldout("mini", demo.root / "heldout", key)
    reserve = {(one, text) for group in drawn.groups for _, text, one in group}
    assert {(one["utterance"], one["said"]) for one in training.transcripts} <= reserve
    rates = [one["wer"] for one in training.transcripts]
    assert rates == sorted(rates, reverse=True)
    assert all(len(one["frames"]) == len(one["written"]) for one in training.transcripts)
    assert html.count('<audio controls preload="metadata" src="data:audio/mpeg') == 3
    assert html.count('data-lattice="over_spectrogram"') == 3
    # What is not shown is not in the page either.
    assert all(one["utterance"] not in html for one in training.transcripts)


def test_a_decoder_is_shown_on_a_recording_that_everybody_has(demo):
    html = (demo.feedback(HOMEWORK, "đặng_minh") / "homework3.html").read_text("utf-8")
    assert html.count("<audio") == 1
    assert "The recording with most errors" in html


def test_the_class_has_a_page_that_leads_to_every_students(demo):
    for assignment, students in ((SEMINAR, EXPECTED), (HOMEWORK, EXPECTED_HOMEWORK)):
        html = (demo.reports() / f"{assignment.name}.html").read_text("utf-8")
        pages = {(demo.reports() / unquote(one)).resolve() for one in re.findall(r'href="(\.\./[^"]*)"', html)}
        assert pages == {(demo.feedback(assignment, name) / f"{assignment.name}.html").resolve() for name in students}
        assert "<script" not in html


def test_a_wrong_array_is_drawn_beside_the_right_one(demo):
    assert "yours: log_alpha" in page(demo, "larsson_elsa")
    assert "log_alpha[1, 0]" in page(demo, "larsson_elsa")
    assert "yours: log_alpha" not in page(demo, "haddad_omar"), "the array is right, only the cost is wrong"


def test_numbers_of_hidden_inputs_are_never_printed(demo):
    key = course_key(demo)
    for grade in all_stored(SEMINAR, demo):
        written = page(demo, grade.student) + json.dumps(grade.to_json())
        shown = {float(number) for number in re.findall(r"-?\d+\.\d{2,}", written)}
        # Of the public example everything may be shown, and by chance one of its numbers is a hidden one too.
        public = {round(float(value), 4) for value in numbers_of_the_example(grade)}
        for exercise in SEMINAR.exercises:
            for question in questions(seed(key, grade.hand_in, exercise.key)):
                if question.key == "cat":
                    continue
                inputs = question.inputs
                answers = [
                    getattr(oracle, name)(inputs.log_probs, inputs.targets, inputs.blank)
                    for name in ("forward", "backward")
                ]
                # A number of the inputs or answers, written out to four decimals or more, would be seen here.
                secret = {round(float(value), 4) for _, cost in answers for value in (cost, -cost)}
                secret |= {
                    round(float(value), 4) for cells, _ in answers for value in cells[np.isfinite(cells) & (cells != 0)]
                }
                long_ones = {round(value, 4) for value in shown if len(repr(value).partition(".")[2]) >= 4}
                assert not (secret & (long_ones - public)), (grade.student, question.key)


def numbers_of_the_example(grade) -> list[float]:
    """Inputs, right cells and the student's cells of the example that every notebook has, with either sign."""
    example = case("cat")
    found = list(example.log_probs.ravel())
    for exercise in grade.exercises:
        found += list(example.truth(exercise.key).cells.ravel())
        found += [value for row in (exercise.picture or {"cells": []})["cells"] for value in row]
    return [*found, *(-value for value in found)]


def test_grading_again_changes_nothing(copied, capsys):
    before = {path.name: path.read_bytes() for path in copied.results(SEMINAR).iterdir()}
    assert cli.main(["grade", "seminar4", "--course", str(copied.root)]) == 0
    assert "0 graded, 18 unchanged" in capsys.readouterr().out
    assert {path.name: path.read_bytes() for path in copied.results(SEMINAR).iterdir()} == before


def test_an_unchanged_submission_graded_again_gets_the_same_points(copied):
    before = points(copied)
    chosen = ["--student", "abebe_selam", "--student", "larsson_elsa"]
    assert cli.main(["grade", "seminar4", "--again", *chosen, "--course", str(copied.root)]) == 0
    assert points(copied) == before


def test_a_resubmission_never_keeps_stale_points(copied, tmp_path):
    inbox = tmp_path / "late"
    build(copied.release(SEMINAR), tmp_path / "all")
    inbox.mkdir()
    late = inbox / "Abebe_Selam_sem3.zip"
    shutil.copy(tmp_path / "all" / "Ferrari_Luca_sem3.zip", late)
    os.utime(late, (2_000_000_000, 2_000_000_000))
    assert cli.main(["collect", str(inbox), "--course", str(copied.root)]) == 0
    assert cli.main(["grade", "seminar4", "--course", str(copied.root)]) == 0
    assert points(copied)["abebe_selam"] == ("nothing written", 0, 0)
    with Ledger(copied) as ledger:
        assert ledger.scores(SEMINAR)["abebe_selam"] == 0


def test_points_given_by_hand_survive_a_regrade(copied):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{copied.gradebook}") as book:
        book.find_grade("check-forward", "seminar4", "seminar4", "larsson_elsa").manual_score = 2.5
        book.db.commit()
    assert cli.main(["grade", "seminar4", "--again", "--student", "larsson_elsa", "--course", str(copied.root)]) == 0
    with Ledger(copied) as ledger:
        assert ledger.scores(SEMINAR)["larsson_elsa"] == 2.5


def test_strict_turns_problems_into_an_exit_code(copied):
    course = ["--course", str(copied.root)]
    assert cli.main(["grade", "seminar4", *course]) == 0
    assert cli.main(["grade", "seminar4", "--strict", *course]) == 1
    assert cli.main(["collect", str(copied.root / "inbox"), *course]) == 0
    assert cli.main(["collect", str(copied.root / "inbox"), "--strict", *course]) == 1


def test_an_interrupted_class_is_finished_by_the_next_run(copied):
    names = sorted(EXPECTED)[:6]
    for name in names[3:]:
        (copied.results(SEMINAR) / f"{name}.json").unlink()
    (copied.results(SEMINAR) / f"{names[0]}.json").write_text('{"student": "half a f', "utf-8")
    assert cli.main(["grade", "seminar4", "--course", str(copied.root)]) == 0
    assert points(copied) == EXPECTED


def test_plain_nbgrader_gives_honest_submissions_the_same_points(demo, tmp_path):
    root = tmp_path / "course"
    shutil.copytree(demo.root, root, ignore=shutil.ignore_patterns("autograded", "feedback", "results", "received"))
    for student in WITHOUT_A_MARK_FROM_NBGRADER:
        shutil.rmtree(root / "submitted" / student, ignore_errors=True)
    # A gradebook that knows the assignment and no grade of ours.
    (root / "gradebook.db").unlink()
    assert cli.main(["release", "seminar4", "--course", str(root)]) == 0
    done = subprocess.run(
        [str(Path(sys.executable).with_name("nbgrader")), "autograde", "seminar4"],
        cwd=root,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    with Ledger(Course(root)) as ledger:
        theirs = ledger.scores(SEMINAR)
    ours = {
        name: sum(exercises) for name, (_, *exercises) in EXPECTED.items() if name not in WITHOUT_A_MARK_FROM_NBGRADER
    }
    assert theirs == ours
