"""What a course.toml may say, what it may not, and what follows from it."""

import json
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import nbformat
import pytest

from autograder import cli, settings
from autograder.course import ASSIGNMENTS, REPOSITORY, Course
from autograder.errors import UserError
from autograder.grading import bundle
from autograder.rewriting import for_course
from autograder.settings import Settings, example, in_force

SEMINAR, HOMEWORK = ASSIGNMENTS["seminar4"], ASSIGNMENTS["homework3"]


@pytest.fixture
def read(tmp_path):
    def read(text: str) -> Settings:
        (tmp_path / "course.toml").write_text(text, "utf-8")
        return settings.settings(Course(tmp_path))

    return read


def test_without_a_file_everything_is_as_the_code_has_it(tmp_path):
    usual = settings.settings(Course(tmp_path))
    assert usual == Settings()
    assert all(usual.of_course(assignment) == assignment for assignment in ASSIGNMENTS.values())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[latte]\nper_day = 0.1", "sets latte, which is no setting; did you mean late"),
        ("[late]\nper_dya = 0.1", "sets late.per_dya, which is no setting; did you mean late.per_day"),
        (
            "[deadlines]\nseminar = 2026-12-01",
            "sets deadlines.seminar, which is no setting; did you mean deadlines.sem",
        ),
        ("xyz = 1", "sets xyz, which is no setting; there is min_isolation, deadlines,"),
        ("[late]\nper_day = 3", "late.per_day is 3; allowed is a number from 0 to 1."),
        ("[late]\nper_day = true", "late.per_day is True; allowed is a number"),
        ("[late]\nper_day = nan", "late.per_day is nan; allowed is a number"),
        ('[late]\nper_day = "0.1"', 'late.per_day is "0.1"; allowed is a number'),
        ("late = 0.1", "late is a section: write [late] and its settings under it."),
        ('min_isolation = "most"', 'min_isolation is "most"; allowed is "limits" or "kernel" or "full".'),
        ("min_isolation = ['full']", "min_isolation is ['full']; allowed is"),
        ('[deadlines]\nseminar4 = "tomorrow"', 'deadlines.seminar4 is "tomorrow"; allowed is a date without quotes'),
        ("[homework3]\nutterances = 60.5", "homework3.utterances is 60.5; allowed is a whole number from 10 to 200."),
        ('[extensions]\nlovelace_ada = "48"', 'extensions.lovelace_ada is "48"; allowed is a number of hours'),
        ("[extensions.lovelace_ada]\nsem4 = 4", "extensions.lovelace_ada is {'sem4': 4}; allowed is hours by assign"),
        (
            "[points.seminar4]\nsideways = 4",
            "points.seminar4 is {'sideways': 4}; allowed is points by exercise (forwar",
        ),
        ("[points.seminar4]\nforward = -4", "allowed is for forward a number from 0 to 1000."),
        ("[points.seminar4.forward]\ncost = 4", "allowed is for forward a number, or one for each of cost, cells"),
        ("[late\n", "cannot be read: "),
    ],
)
def test_what_nobody_understands_is_one_sentence_that_says_which_file_which_key_and_what_is_allowed(read, text, said):
    with pytest.raises(UserError) as caught:
        read(text)
    sentence = str(caught.value)
    assert said in sentence
    assert "course.toml" in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_dates_have_a_zone_and_without_one_they_are_this_machines(read, monkeypatch):
    found = read("[deadlines]\nseminar4 = 2026-12-01T23:59:00+01:00\nhomework3 = 2026-12-24")
    assert found.deadlines["seminar4"] == datetime(2026, 12, 1, 22, 59, tzinfo=UTC)
    assert found.deadlines["homework3"] == datetime(2026, 12, 24, 23, 59, 59).astimezone()
    assert read("[deadlines]\nseminar4 = 2026-12-01T08:00:00").deadlines["seminar4"].tzinfo is not None


def test_an_extension_is_for_all_assignments_or_for_each(read):
    found = read("[extensions]\nada = 48\n[extensions.grace]\nhomework3 = 1.5")
    assert [found.extension("ada", name) for name in ASSIGNMENTS] == [timedelta(hours=48)] * 2
    assert [found.extension("grace", name) for name in ASSIGNMENTS] == [timedelta(), timedelta(hours=1.5)]
    assert found.extension("nobody", "seminar4") == timedelta()


def test_points_of_an_exercise_are_spread_over_its_items_as_they_were(read):
    found = read("[points.homework3]\nencoder = 10\ngreedy = { transcripts=1, calls=1, state=1, edges=1, limit=0 }")
    points = {
        exercise.key: [item.points for item in exercise.items] for exercise in found.of_course(HOMEWORK).exercises
    }
    assert points["encoder"] == [2, 4, 4]
    assert points["greedy"] == [1, 1, 1, 1, 0]
    assert points["joiner"] == [2, 1, 1]


def test_the_example_holds_every_setting_and_is_what_it_says(read, capsys):
    text = example()
    assert read(text) == Settings(), "all of it is commented out"
    lines = [line.removeprefix("# ") for line in text.splitlines()]
    chosen = read("\n".join(line for line in lines if re.match(r"\[|\w+ = ", line)))
    assert chosen != Settings()
    assert {one.name.partition(".")[0] for one in in_force(chosen)} == {
        one.name.partition(".")[0] for one in in_force(Settings())
    }
    assert all(one.chosen for one in in_force(chosen) if one.name.startswith(("points", "canvas", "min_isolation")))
    assert cli.main(["settings", "--example"]) == 0
    assert capsys.readouterr().out == text


def test_a_new_section_is_one_dataclass():
    @dataclass(frozen=True)
    class Hints:
        cost: float = settings.setting(0.0, "What a hint costs.", settings.number(0, 1), "0.5")

    @dataclass(frozen=True)
    class More(Settings):
        hints: Hints = settings.section(Hints, "Hints.")

    assert settings._read(More, {"hints": {"cost": 1}}, "course.toml", "").hints.cost == 1
    with pytest.raises(UserError, match=r"hints.cost is 7; allowed is a number from 0 to 1"):
        settings._read(More, {"hints": {"cost": 7}}, "course.toml", "")


def test_settings_in_force_are_printed_for_people_and_for_machines(tmp_path, capsys):
    (tmp_path / "course.toml").write_text("[late]\nper_day = 0.25\n[extensions]\n'=cmd' = 4\n")
    assert cli.main(["settings", "--course", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "late.per_day" in shown
    assert "0.25" in shown
    assert cli.main(["settings", "--course", str(tmp_path), "--json"]) == 0
    found = {one["name"]: one for one in json.loads(capsys.readouterr().out)["settings"]}
    assert (found["late.per_day"]["value"], found["late.per_day"]["chosen"]) == (0.25, True)
    assert found["extensions.=cmd"]["value"] == "4 hours"
    assert found["homework3.cer"]["chosen"] is False


# --- what follows from it -----------------------------------------------------------------------------------------


def source(name: str) -> str:
    return (REPOSITORY / "notebooks" / name / f"{name}.ipynb").read_text("utf-8")


CHOSEN = """
[homework3]
cer = 0.2
wer = 0.405
corpus = "digits"
[points.seminar4]
forward = 10
backward = { cost = 1, cells = 5, borders = 0.5, blank = 0, range = 2 }
[points.homework3]
encoder = 10
training = 1
"""


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_a_released_notebook_says_the_points_that_the_grader_gives(read, name):
    assignment = read(CHOSEN).of_course(ASSIGNMENTS[name])
    notebook = nbformat.reads(for_course(source(name), assignment), as_version=4)
    nbformat.validate(notebook)
    cells = {cell.id: cell for cell in notebook.cells}
    assert f"**{assignment.points:g} points ·" in cells["title"].source
    for exercise in assignment.exercises:
        assert cells[f"check-{exercise.key}"].metadata.nbgrader.points == exercise.points
        text = cells[f"{exercise.key}-exercise"].source
        assert f"({exercise.points:g} point" in text.splitlines()[0]
        told = [float(number) for number in re.findall(r"\((\d+(?:\.\d+)?)\)", text)]
        if exercise.key == "backward":
            assert "give 1, 5, 0.5, 0 and 2 points." in text
        else:
            assert told == [item.points for item in exercise.items]
    text = "\n".join(cell.source for cell in notebook.cells)
    if name == "homework3":
        assert 'CORPUS = "digits"' in text
        assert "CER at most 0.20 (0.25); WER at most 0.405 (0.25)" in text
        assert "**CER ≤ 0.20** and **WER ≤ 0.405**" in text
        assert not re.search(r"(CER|WER) (at most|≤) 0\.(15|30)", text)


def test_a_notebook_is_released_as_it_is_where_nothing_is_chosen():
    for name, assignment in ASSIGNMENTS.items():
        assert for_course(source(name), assignment) == source(name)


def test_a_notebook_whose_words_cannot_be_brought_along_is_not_released(read):
    assignment = read(CHOSEN).of_course(SEMINAR)
    with pytest.raises(UserError, match=r"the list of points was not found in forward-exercise"):
        for_course(source("seminar4").replace("One point each:", "A point each:"), assignment)
    with pytest.raises(UserError, match=r"cell setup was not found"):
        for_course(source("seminar4").replace('"id": "setup"', '"id": "start"'), assignment)


def test_the_checks_of_a_released_notebook_give_its_points(read):
    assignment = read(CHOSEN).of_course(SEMINAR)
    notebook = json.loads(for_course(source("seminar4"), assignment))
    setup = next(cell for cell in notebook["cells"] if cell["id"] == "setup")
    line = "".join(setup["source"]).splitlines()[-1]
    right = next(cell for cell in notebook["cells"] if cell["id"] == "forward")
    script = f"import numpy as np, torch\nfrom helpers import checks\n{line}\n{''.join(right['source'])}\n"
    script += "print(checks.forward(forward))\nprint(checks.backward(lambda *a, **k: 0))\n"
    script += "print(checks.backward(0).text().splitlines()[0])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=REPOSITORY)
    assert done.stdout.splitlines() == ["10.0", "0.0", "Backward: 0 of 8.5 points"], done.stderr


def test_thresholds_are_those_of_the_rubric_wherever_they_are_used(read):
    from helpers.checks.runs import Measured, decide_run

    exercise = read(CHOSEN).of_course(HOMEWORK).exercises[-1]
    for cer, passed in ((0.2, True), (0.21, False)):
        items = decide_run(exercise, [], "", Measured(cer, 0.4, "dev"), "").items
        assert {item.item.key: item.passed for item in items}["cer"] is passed
    assert [item.points for item in exercise.items] == [0.25] * 4


def test_settings_that_change_a_grade_are_part_of_the_fingerprint_and_not_of_the_inputs(read):
    notebook = nbformat.v4.new_notebook(cells=[])
    made = [
        bundle(read(text).of_course(HOMEWORK), "ada", notebook, notebook, "", [])
        for text in ("", "[points.homework3]\njoiner = 1", "[homework3]\ncer = 0.1", "[homework3]\nutterances = 20")
    ]
    assert len({one.fingerprint(b"key") for one in made}) == len(made)
    assert len({one.hand_in(b"key") for one in made}) == 1
    same = bundle(read("[late]\nper_day = 0.1").of_course(HOMEWORK), "ada", notebook, notebook, "", [])
    assert same.fingerprint(b"key") == made[0].fingerprint(b"key")


def test_the_usual_points_are_those_that_the_settings_have_as_their_default():
    usual = Settings().homework3
    training = next(exercise for exercise in HOMEWORK.exercises if exercise.key == "training")
    assert {item.key: item.at_most for item in training.items if item.at_most} == {"cer": usual.cer, "wer": usual.wer}
    assert replace(HOMEWORK, utterances=usual.utterances, corpus=usual.corpus) == HOMEWORK
