"""What students and instructors open, in a browser: a red check, a feedback page, the page about the class.

Their pictures in build/screenshots are those of the closing notes and of the documents.
"""

from html import escape
from pathlib import Path

import pytest
import torch

from autograder import cli
from autograder import feedback as pages
from autograder.course import ASSIGNMENTS, Course
from autograder.demo.hand_ins import build, samples
from autograder.intake import collect
from autograder.judging.evidence import transcript
from autograder.verdicts import ExerciseGrade, Grade, ItemGrade, Verdict
from helpers import checks, lattice
from helpers.checks.cases import case
from helpers.checks.misconceptions import in_words

from .conftest import screenshot

SEMINAR, HOMEWORK = ASSIGNMENTS["seminar4"], ASSIGNMENTS["homework3"]
ENDLESS = "quiroga_ana"
"""Loops for ever; waiting for the time limit would make these tests slow."""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The sample class of `make demo`, the seminar: graded, with all pages."""
    root = tmp_path_factory.mktemp("pages")
    course, inbox = Course(root / "course"), root / "inbox"
    assert cli.main(["release", "seminar4", "--course", str(course.root)]) == 0
    build(course.release(SEMINAR), inbox)
    next(path for path in inbox.iterdir() if path.name.lower().startswith(ENDLESS)).unlink()
    collect(inbox, course)
    for command in ("grade", "feedback", "report"):
        assert cli.main([command, "seminar4", "--course", str(course.root)]) == 0
    return course


def wrong_forward() -> tuple[str, object]:
    """A student's `forward` that leaves the row u = 0 at 0: its source and itself."""
    sample = next(one for one in samples("seminar4") if one.key == "larsson_elsa")
    source = dict(sample.cells)["forward"]
    names: dict = {}
    exec("import numpy as np\nfrom numpy import *\n" + source, names)
    return source, names["forward"]


def test_a_red_check_names_the_mistake_and_shows_it(page_of):
    source, forward = wrong_forward()
    cat = case("cat")
    drawn = lattice.Lattice.from_log_probs(cat.log_probs, cat.targets, cat.blank, symbols=("∅", "C", "A", "T"))
    result = checks.forward(forward)
    cells, _ = forward(torch.from_numpy(cat.log_probs), torch.from_numpy(cat.targets), cat.blank)
    figure = lattice.compare(drawn, cells, cat.truth("forward").cells)
    code = (
        f'<pre style="font:13px/1.5 monospace;background:#f4f5f7;padding:12px 16px;border-radius:6px">{escape(source)}'
    )
    call = '</pre><pre style="font:13px monospace;padding:4px 16px">checks.forward(forward)</pre>'
    page = page_of(f'<div style="padding:18px 26px">{code}{call}{result._repr_html_()}{figure.html()}</div>')
    assert "the row u = 0 is left at 0" in page.locator("body").inner_text()
    screenshot(page, "red_check")


def test_the_page_about_the_class(open_page, course):
    address = (course.reports() / "seminar4.html").as_uri()
    page = open_page(address, color_scheme="light")
    assert page.locator("#students td a").count() == len(samples("seminar4")) - 1
    # No part is wider than the page, and no text of a chart lies outside it.
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    screenshot(page, "cohort")
    dark = open_page(address, color_scheme="dark")
    assert dark.evaluate("getComputedStyle(document.body).backgroundColor") != page.evaluate(
        "getComputedStyle(document.body).backgroundColor"
    )
    screenshot(dark, "cohort_dark")
    page.locator("#students a", has_text="larsson_elsa").click()
    page.get_by_role("heading", name="Forward").wait_for()


def test_the_page_about_the_class_prints_and_fits_a_telephone(open_page, course, tmp_path):
    address = (course.reports() / "seminar4.html").as_uri()
    page = open_page(address, viewport={"width": 380, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    screenshot(page, "cohort_small")
    assert len(open_page(address).pdf(path=tmp_path / "class.pdf")) > 10_000


def test_hints_open_one_by_one(open_page, course):
    page = open_page((course.feedback(SEMINAR, "larsson_elsa") / "seminar4.html").as_uri())
    hints = page.locator("#forward .hints")
    assert not hints.get_by_text("The idea behind it").is_visible()
    for level in ("A question", "The idea behind it", "The smallest example that shows it"):
        hints.get_by_text(level).click()
    assert hints.locator("details[open]").count() == 3
    screenshot(page, "feedback_seminar")


@pytest.fixture
def homework(tmp_path, monkeypatch) -> Path:
    """The page of a homework with mistakes, measured on bundled recordings in place of synthesised ones."""
    texts = {
        "1": "you hind the round jacked across valley",
        "2": "it's wind near the hardboard in winter",
        "3": "drop the heavy",
    }
    monkeypatch.setattr(pages, "_recordings", lambda corpus, course: {key: pages._bundled(key) for key in texts})
    spoken = {key: pages._bundled(key) for key in texts}
    told = [
        transcript("mini", key, spoken[key].text, text, _spread(spoken[key], text), 0.05) for key, text in texts.items()
    ]
    exercises = []
    for exercise in HOMEWORK.exercises:
        found = {"greedy": ["label-moves-on"], "joiner": ["activation-after-linear"]}.get(exercise.key, [])
        lost = found or exercise.key == "training"
        finding = {"inputs": "the run" if exercise.key == "training" else "hidden ones", "sentences": ["Wrong."]}
        items = [
            ItemGrade(item.key, item.title, 0.0 if lost else item.points, item.points, [finding] if lost else [])
            for item in exercise.items
        ]
        said = told if exercise.key == "training" else []
        if exercise.key == "greedy":
            said = [
                transcript(
                    "reference",
                    "1",
                    "you'll hind the round jacket across the valley",
                    "yohind thron jacket acros thaley",
                )
            ]
        words = in_words(exercise.key, found)
        exercises.append(
            ExerciseGrade(exercise.key, exercise.title, "answered", words, items, mistakes=found, transcripts=said)
        )
    grade = Grade("minh_dang", "homework3", Verdict.GRADED, "", exercises, [], [], "full", 1.0, "")
    return pages.feedback(HOMEWORK, Course(tmp_path), grade)


def _spread(sound, text: str) -> list[int]:
    """A frame for each letter, evenly."""
    frames = int(sound.seconds / 0.05)
    return [place * frames // len(text) for place in range(len(text))]


def test_a_homework_page_plays_and_runs_nothing_else(open_page, homework):
    page = open_page(homework.as_uri(), quiet=False)  # Chromium reports the script that may not run
    page.wait_for_function("[...document.querySelectorAll('audio')].every((one) => one.duration > 1)")
    assert page.locator("audio").count() == 4
    page.locator("#training [data-lattice=over_spectrogram]").first.locator("[data-id=walked]").wait_for()
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.taken = 1'}))"
    )
    assert page.evaluate("window.taken") is None
    screenshot(page, "feedback")
    screenshot(open_page(homework.as_uri(), color_scheme="dark"), "feedback_dark")


def test_the_homework_page_fits_a_telephone(open_page, homework):
    page = open_page(homework.as_uri(), viewport={"width": 380, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    screenshot(page, "feedback_small")
