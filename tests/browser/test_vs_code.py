"""What VS Code makes of our outputs and notebooks; vs_code.py has its known behaviour and where it is known from."""

import re

import pytest

from autograder.feedback import exercise_html
from autograder.verdicts import ExerciseGrade, ItemGrade
from helpers import checks, lattice
from helpers.checks.hinting import Level, Shown
from helpers.checks.predicting import Question, Reply
from helpers.checks.predictions import PREDICTIONS

from . import vs_code
from .conftest import screenshot

HOSTS_VARIABLE = re.compile(r"var\(\s*(--(?:jp|vscode|colab|theme)-[\w-]+)\s*\)")
"""A variable that a host may not have, without what to take instead."""


@pytest.fixture(scope="module")
def outputs(cats):
    """HTML of drawings and of questions."""
    drawn = [lattice.alpha(*cats[:2]), lattice.walk(cats[0]), lattice.occupancy(*cats)]
    asked = [Question(PREDICTIONS["seminar4"][key]) for key in ("alignments", "one-factor")]
    return [one.html() for one in drawn] + [one._repr_html_() for one in asked]


@pytest.fixture(scope="module")
def reports():
    """HTML of what checks, hints and questions say."""

    def forward(log_probs, targets, blank=-1):
        return log_probs[:, :, 0], 0.0

    hint = Shown("Forward", (Level(1, (("", "How many blanks has it?"),)),), "The check recognised: this.", ("On.",))
    said = [checks.forward(forward), Reply("Right: 20.", right=True), Reply("Not quite."), hint]
    findings = [{"inputs": "T=2, U=2", "sentences": ["The cost is wrong."]}]
    items = [ItemGrade("cost", "The cost", 0, 1, findings), ItemGrade("cells", "Every cell", 1, 1)]
    graded = exercise_html(ExerciseGrade("forward", "Forward", "answered", "It is forgotten.", items))
    return [one._repr_html_() for one in said] + [graded]


@pytest.mark.parametrize("theme", vs_code.THEMES)
def test_drawings_and_questions_answer_in_its_page_and_have_its_colours(open_page, outputs, cats, tmp_path, theme):
    page = vs_code.shown(open_page, tmp_path, outputs, theme, viewport={"width": 900, "height": 900})
    walk = page.locator("[data-lattice=walk]")
    walk.locator("[data-id=node-0-0]").click()
    page.keyboard.press("b")
    assert '"b"' in walk.locator(".panel").inner_text()
    page.get_by_label("your prediction").fill("20")
    page.keyboard.press("Enter")
    assert "Right." in page.locator("[data-predict] .answer").first.inner_text()
    dark = theme in ("dark", "high contrast")
    stages = page.locator("[data-lattice] .stage, [data-predict] .stage")
    assert stages.count() == len(outputs)
    assert {one.get_attribute("data-theme") for one in stages.all()} == {"dark" if dark else "light"}
    screenshot(page, f"vs_code_{theme.replace(' ', '_')}")


CONTRASTS = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  function luminance(color, under) {
    canvas.fillStyle = under;
    canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((v) => v / 255)
      .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }
  const paper = getComputedStyle(document.body).backgroundColor;
  const seen = [...document.querySelectorAll("#container *")]
    .filter((one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
  return seen.map((one) => {
    const [low, high] = [luminance(getComputedStyle(one).color, paper), luminance(paper, paper)].sort((a, b) => a - b);
    return [one.textContent.trim().slice(0, 40), (high + 0.05) / (low + 0.05)];
  });
}"""


@pytest.mark.parametrize("system", ["light", "dark"])
@pytest.mark.parametrize("theme", vs_code.THEMES)
def test_reports_can_be_read_in_its_colours_whatever_the_system_has(open_page, reports, tmp_path, theme, system):
    looks = {"viewport": {"width": 900, "height": 900}, "color_scheme": system}
    page = vs_code.shown(open_page, tmp_path, reports, theme, **looks)
    screenshot(page, f"vs_code_reports_{theme.replace(' ', '_')}")
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) > 15
    assert [found for found in contrasts if found[1] < 4.5] == []


def test_no_output_needs_a_variable_of_a_host(outputs, reports):
    assert [HOSTS_VARIABLE.findall(one) for one in outputs + reports] == [[]] * len(outputs + reports)
