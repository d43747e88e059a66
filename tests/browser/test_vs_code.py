"""What VS Code makes of our outputs and notebooks; vs_code.py has its known behaviour and where it is known from."""

import json
import re

import pytest

from autograder.course import ASSIGNMENTS, Course
from autograder.intake import collect
from autograder.release import release
from helpers import lattice
from helpers.checks.predicting import Question
from helpers.checks.predictions import PREDICTIONS
from helpers.checks.report import CheckResult
from helpers.checks.scoring import score_seminar4

from . import vs_code
from .conftest import screenshot

OUR_VARIABLES = re.compile(r"var\(\s*(--(?:jp|vscode|colab)[\w-]*)\s*([,)])")


@pytest.fixture(scope="module")
def outputs(cats):
    """HTML of drawings, of a question and of a report."""
    drawn = [lattice.alpha(*cats[:2]), lattice.walk(cats[0]), lattice.occupancy(*cats)]
    asked = [Question(PREDICTIONS["seminar4"][key]) for key in ("alignments", "one-factor")]
    return [one.html() for one in drawn] + [one._repr_html_() for one in asked]


@pytest.mark.parametrize("theme", vs_code.THEMES)
def test_drawings_and_questions_answer_in_its_page_and_have_its_colours(open_page, outputs, cats, tmp_path, theme):
    page = vs_code.shown(open_page, tmp_path, outputs, theme, viewport={"width": 900, "height": 900})
    walk = page.locator("[data-lattice=walk]")
    walk.locator("[data-id=node-0-0]").click()
    page.keyboard.press("b")
    assert '"b"' in walk.locator(".panel").inner_text()
    page.get_by_label("your prediction").fill("20")
    page.keyboard.press("Enter")
    assert "Right." in page.locator(".answer").first.inner_text()
    dark = theme in ("dark", "high contrast")
    stages = page.locator("[data-lattice] .stage, [data-predict] .stage")
    assert stages.count() == len(outputs)
    assert {one.get_attribute("data-theme") for one in stages.all()} == {"dark" if dark else "light"}
    screenshot(page, f"vs_code_{theme.replace(' ', '_')}")
