"""The page about a class: right numbers, a CSV beside everything, for any class, and nothing that runs."""

import csv
import json
import re
from dataclasses import replace

import numpy as np
import pytest

from autograder.cohort import write
from autograder.cohort.charts import MOST_BINS, bins
from autograder.cohort.numbers import Cohort, correlation, hints, minutes, quantile
from autograder.course import ASSIGNMENTS, Course
from autograder.verdicts import ExerciseGrade, Grade, ItemGrade, Verdict

SEMINAR = ASSIGNMENTS["seminar4"]


def grade_of(student, passed, verdict=Verdict.GRADED, mistakes=(), **more) -> Grade:
    """A grade with these items passed, of the ten of the seminar."""
    exercises = []
    for exercise in SEMINAR.exercises:
        items = []
        for item in exercise.items:
            right = f"{exercise.key}.{item.key}" in passed
            findings = [] if right else [{"inputs": f"kind {item.inputs}", "sentences": ["Wrong."]}]
            items.append(ItemGrade(item.key, item.title, item.points if right else 0.0, item.points, findings))
        named = list(mistakes) if exercise.key == "forward" else []
        exercises.append(ExerciseGrade(exercise.key, exercise.title, "answered", "", items, mistakes=named))
    return Grade(student, "seminar4", verdict, "", exercises, [], [], "full", 1.5, "", **more)


ITEMS = [f"{exercise.key}.{item.key}" for exercise in SEMINAR.exercises for item in exercise.items]


def class_of(size, seed=0) -> list[Grade]:
    """Students of different ability, in checks of different difficulty."""
    rng = np.random.default_rng(seed)
    hard = np.linspace(-1.5, 1.5, len(ITEMS))
    return [
        grade_of(f"student_{n:04}", {item for item, h in zip(ITEMS, hard, strict=True) if rng.normal() > h - able})
        for n, able in enumerate(rng.normal(size=size))
    ]


@pytest.fixture
def course(tmp_path):
    return Course(tmp_path)


def page(course, grades, scores=None) -> str:
    return write(SEMINAR, course, grades, scores or {}).read_text("utf-8")


def rows(course, name) -> list[dict]:
    with (course.reports() / f"seminar4-{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_difficulty_and_discrimination_are_those_of_the_textbook(course):
    grades = class_of(60)
    page(course, grades)
    passed = np.array([[item.points for exercise in grade.exercises for item in exercise.items] for grade in grades])
    for number, row in enumerate(rows(course, "checks")):
        rest = passed.sum(axis=1) - passed[:, number]
        assert float(row["share"]) == pytest.approx(passed[:, number].mean(), abs=1e-3)
        assert float(row["discrimination"]) == pytest.approx(np.corrcoef(passed[:, number], rest)[0, 1], abs=1e-3)
        assert row["check"] == ITEMS[number]


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ([1, 1, 1], [1, 2, 3], "everybody passed"),
        ([0, 0, 0], [1, 2, 3], "nobody passed"),
        ([0, 1, 1], [2, 2, 2], "same points otherwise"),
        ([0, 1], [1, 2], "fewer than 3"),
        ([], [], "fewer than 3"),
    ],
)
def test_a_correlation_that_is_undefined_says_why(one, other, why):
    value, told = correlation(one, other)
    assert value is None
    assert why in told


def test_hand_ins_that_were_not_tried_do_not_make_checks_look_alike(course):
    grades = [*class_of(20), *(grade_of(f"none_{n}", set(), Verdict.NOTHING_WRITTEN) for n in range(20))]
    assert {row["students"] for row in rows_of_checks(course, grades)} == {"20"}


def rows_of_checks(course, grades):
    page(course, grades)
    return rows(course, "checks")


def test_a_class_of_one(course):
    html = page(course, [grade_of("anna", set(ITEMS))])
    assert "1 hand-in," in html
    assert html.count("undefined: fewer than 3 students") == len(ITEMS)


@pytest.mark.parametrize("grades", [[], [grade_of("anna", set(), Verdict.GRADER_ERROR)]])
def test_a_class_in_which_nothing_is_decided(course, grades):
    html = page(course, grades)
    assert "No grade is decided yet" in html
    assert rows(course, "points") == []
    assert [row["points"] for row in rows(course, "students")] == [""] * len(grades)


def test_a_class_of_two_thousand_fits_on_a_page_that_can_be_read(course):
    html = page(course, class_of(2000))
    assert len(html) < 500_000
    assert "<details><summary>2000 hand-ins" in html, "the list is folded away"
    assert sum(int(row["students"]) for row in rows(course, "points")) == 2000
    assert len(rows(course, "students")) == 2000


def test_every_table_has_its_csv_beside_it_and_every_picture_its_words(course):
    told = {"hints": {"forward": 2}, "checks": {"forward": 7}, "minutes": 83, "predictions": {"right": 3, "asked": 4}}
    grades = [replace(grade, help=told) for grade in class_of(5)]
    html = page(course, grades)
    linked = re.findall(r'href="([^"]+\.csv)"', html)
    assert len(linked) == len(set(linked)) == 10
    assert {f"{name}" for name in linked} == {path.name for path in course.reports().glob("*.csv")}
    pictures = re.findall(r"<svg[^>]*>", html)
    assert len(pictures) >= 3
    assert all(re.search('role="img" aria-label="[^"]{8,}"', picture) for picture in pictures)
    assert html.count("The same in words") == 3
    assert "Prediction questions answered rightly: 15 of 20" in html
    assert rows(course, "hints") == [{"exercise": "Forward", "students": "5", "hints": "10"}]


def test_mistakes_are_counted_by_student_and_those_of_a_tie_apart(course):
    grades = [
        grade_of("a", set(), mistakes=["best-path"]),
        grade_of("b", set(), mistakes=["best-path+logs-added"]),
        grade_of("c", set(), mistakes=["best-path", "logs-added"]),
        grade_of("d", set(), mistakes=["named-before"]),
        grade_of("e", {item for item in ITEMS if item.startswith("backward")}),
    ]
    page(course, grades)
    found = {row["mistake"]: (row["students"], row["one_of_several"]) for row in rows(course, "mistakes")}
    assert found == {
        "forward.best-path": ("2", "1"),
        "forward.logs-added": ("1", "1"),
        "forward.named-before": ("1", "0"),
    }
    assert Cohort(SEMINAR, grades, {}).unexplained == 5, "forward of e, and backward of the others"
    assert rows(course, "mistakes")[0]["what"].startswith("max is taken")


def test_missed_inputs_are_counted_by_student(course):
    page(course, [grade_of("a", set()), grade_of("b", {"forward.cost", "forward.cells"})])
    found = {(row["exercise"], row["inputs"]): (row["missed"], row["answered"]) for row in rows(course, "inputs")}
    assert found["Forward", "kind small"] == ("1", "2"), "two items of one student look at the same inputs"
    assert found["Backward", "kind small"] == ("2", "2")


def test_points_given_by_hand_count(course):
    page(course, [grade_of("a", set()), grade_of("b", set(ITEMS))], {"a": 3.5})
    assert [row["points"] for row in rows(course, "students")] == ["3.5", "10.0"]


def test_it_says_why_similarity_is_no_evidence(course):
    html = page(course, class_of(3))
    assert "Similarity between hand-ins is not used as evidence of copying" in html
    assert "identical forward passes" in html


def test_names_and_accounts_of_help_are_harmless(course):
    told = {
        "hints": {"<b>": 10**400, "forward": -1, "backward": "many", "joiner": True},
        "minutes": float("nan"),
        "predictions": {"right": 9, "asked": 4},
    }
    odd = '=cmd()"><script>x</script>'
    html = page(course, [grade_of(odd, set(), mistakes=["<i>"], help=told), grade_of("b", set(), help={"minutes": []})])
    assert "<script" not in html
    assert "<b>" not in html.split("</header>")[1]
    assert "<i>" not in html
    assert "script-src" not in html
    assert rows(course, "students")[0]["student"].startswith("'=")
    assert rows(course, "hints") == []
    assert minutes(grade_of("a", set(), help={"minutes": 10**400})) is None
    assert hints(grade_of("a", set(), help={"hints": ["forward"]})) == {}


def test_names_lead_to_the_pages_that_are_there(course):
    there = course.feedback(SEMINAR, "müller_jö") / "seminar4.html"
    there.parent.mkdir(parents=True)
    there.write_text("a page", "utf-8")
    html = page(course, [grade_of("müller_jö", set()), grade_of("other", set())])
    (address,) = re.findall(r'href="(\.\./feedback/[^"]*)"', html)
    from urllib.parse import unquote

    assert (course.reports() / unquote(address)).resolve() == there.resolve()
    assert "python -m autograder feedback seminar4" in html


def test_the_same_grades_make_the_same_page(course):
    grades = [Grade.from_json(json.loads(json.dumps(grade.to_json()))) for grade in class_of(30)]
    assert page(course, grades) == page(course, class_of(30))


@pytest.mark.parametrize("values", [[], [0.0], [3.0, 3.0, 40.0], [0.1, 1e6]])
def test_every_value_is_in_a_bin(values):
    found = bins(values, (1.0, 2.0, 5.0))
    assert sum(one.count for one in found) == len(values)
    assert 1 <= len(found) <= MOST_BINS


def test_a_value_on_an_edge_is_in_the_bin_that_starts_there():
    found = bins([k / 10 for k in range(20)], (0.1,))
    assert [one.count for one in found] == [1] * 20


def test_quantiles_are_interpolated():
    values = [0.0, 1.0, 5.0, 6.0]
    assert [quantile(values, share) for share in (0, 0.25, 0.5, 1)] == [*np.quantile(values, (0, 0.25, 0.5, 1))]
    with pytest.raises(ValueError, match="no values"):
        quantile([], 0.5)
