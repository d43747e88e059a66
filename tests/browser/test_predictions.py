"""A question on its own, in a page without a kernel."""

import pytest

from helpers.checks.hinting import Level, Shown
from helpers.checks.predicting import Question
from helpers.checks.predictions import PREDICTIONS
from helpers.checks.words.exercises import EXERCISES

from .conftest import screenshot

NUMBER, OPTIONS = PREDICTIONS["seminar4"]["alpha-1-0"], PREDICTIONS["seminar4"]["one-factor"]


def html(*questions):
    return "".join(Question(one)._repr_html_() for one in questions)


def guess(page, text):
    page.get_by_label("your prediction").fill(text)
    page.keyboard.press("Enter")
    return page.locator(".answer").inner_text()


def test_a_number_is_taken_with_enter_and_a_wrong_one_is_told_what_it_is(page_of):
    page = page_of(html(NUMBER))
    assert "is P(∅ | 0, 1)" in guess(page, "0.2369")
    assert "Right. Only one way leads there" in guess(page, "−2,53")
    page.get_by_label("your prediction").fill("many")
    page.get_by_role("button", name="check").click()
    assert "no number" in page.locator(".answer").inner_text()


def test_the_answer_may_be_seen_after_two_wrong_ones_only(page_of):
    page = page_of(html(NUMBER))
    assert "There is only one way" in guess(page, "17")
    assert page.get_by_role("button", name="show the answer").count() == 0
    guess(page, "18")
    page.get_by_role("button", name="show the answer").click()
    assert page.locator(".answer").inner_text().startswith("-2.5302. Only one way")


def test_options_are_buttons(page_of):
    page = page_of(html(OPTIONS))
    page.get_by_role("button", name="(3, 3)").click()
    assert "where the arc of T arrives" in page.locator(".answer").inner_text()
    page.get_by_role("button", name="(3, 2)").click()
    assert "Right. Three frames" in page.locator(".answer").inner_text()
    assert page.get_by_role("button", name="(3, 2)").get_attribute("aria-pressed") == "true"


def test_keys_typed_into_a_question_stay_in_it(page_of):
    page = page_of(html(NUMBER))
    page.evaluate("window.got = []; document.addEventListener('keydown', (e) => window.got.push(e.key))")
    page.get_by_label("your prediction").focus()
    page.keyboard.type("ddabm1")
    assert page.evaluate("window.got") == []
    assert page.get_by_label("your prediction").input_value() == "ddabm1"


def test_many_questions_share_a_page_and_each_answers_for_itself(page_of):
    page = page_of(html(*PREDICTIONS["seminar4"].values(), *PREDICTIONS["homework3"].values()))
    assert page.locator("section.question").count() == sum(map(len, PREDICTIONS.values()))
    page.get_by_role("button", name="(3, 2)").click()
    assert [text for text in page.locator(".answer").all_inner_texts() if text] == [f"✓ Right. {OPTIONS.because}"]


def test_without_a_script_the_question_is_read_and_its_answer_folded(page_of):
    page = page_of(html(OPTIONS), java_script_enabled=False)
    assert page.get_by_text("at which node is the factor of T read?").is_visible()
    assert not page.get_by_text("Three frames are finished").is_visible()
    page.get_by_text("Answer", exact=True).click()
    assert page.get_by_text("Three frames are finished").is_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_how_it_looks(page_of, theme):
    levels = tuple(Level(n, (("", text),)) for n, text in enumerate(EXERCISES["forward"][:2], start=1))
    hint = Shown("Forward", levels, "The check recognised: this.", ('For hint 3 run checks.hint("forward") again.',))
    colour = {"light": "#000", "dark": "#eee"}[theme]  # as a host's page has it
    body = html(NUMBER, OPTIONS) + hint._repr_html_()
    page = page_of(f'<div style="color:{colour}">{body}</div>', theme=theme, viewport={"width": 900, "height": 700})
    page.get_by_label("your prediction").fill("0.2369")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="(3, 2)").click()
    assert page.locator(".stage").first.get_attribute("data-theme") == theme
    screenshot(page, f"predictions_{theme}")
