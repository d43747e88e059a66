"""The views that only need pointing: hover, focus, keys, themes, and what they say about a wrong array."""

import numpy as np
import pytest
from lattices import make
from PIL import Image

from helpers import lattice
from helpers.lattice.numerals import logarithm, percent, probability, three_digits

from .conftest import screenshot

panel = ".panel"
ENDING = ("Where does the path end?", ["in a label", "in a blank"], 1, "The last is terminal.")


def test_hovering_a_node_writes_its_recurrence_in_numbers(page_of, cats):
    x, a, _ = cats
    page = page_of(lattice.alpha(x, a))
    page.locator("[data-id=node-4-3]").hover()
    said = page.locator(panel).inner_text()
    assert "(t=4, u=3)" in said
    assert "“CAT” written" in said
    for number in (a[3, 3], x.blank[3, 3], a[4, 2], x.label[4, 2], a[4, 3]):
        assert three_digits(number) in said
    assert "✓" in said


def test_a_wrong_node_is_visible_as_wrong_with_both_numbers(page_of, cats):
    x, a, _ = cats
    wrong = a.copy()
    wrong[4, 3] += 0.7
    page = page_of(lattice.alpha(x, wrong))
    assert "3 nodes do not follow" in page.locator(panel).inner_text()  # it, and the two that read it
    assert page.locator("path.wrong").count() == 3
    page.locator("[data-id=node-4-3]").hover()
    due = three_digits(np.logaddexp(a[3, 3] + x.blank[3, 3], a[4, 2] + x.label[4, 2]))
    assert f"{due} is not your array's {three_digits(wrong[4, 3])}" in page.locator(panel).inner_text()
    screenshot(page, "alpha_wrong")


def test_a_hover_touches_at_most_five_elements_of_the_drawing(page_of, cats):
    page = page_of(lattice.alpha(*cats[:2]))
    page.locator("[data-id=node-4-3]").hover()
    page.evaluate(
        """() => {
          const svg = document.querySelector("[data-lattice]").shadowRoot.querySelector("svg");
          window.touched = new Set();
          new MutationObserver((list) => list.forEach((one) => window.touched.add(one.target)))
            .observe(svg, { attributes: true, childList: true, subtree: true, characterData: true });
        }"""
    )
    page.locator("[data-id=node-6-1]").hover()
    assert 1 <= page.evaluate("window.touched.size") <= 5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_reading_view_comes_to_life(page_of, cats, theme):
    x, a, b = cats
    wrong = a.copy()
    wrong[3, 2] -= 1
    figures = [
        lattice.trellis(x, paths=[x.best_path()]),
        lattice.arcs(x),
        lattice.alpha(x, a),
        lattice.beta(x, b),
        lattice.occupancy(x, a, b),
        lattice.best_path(x),
        lattice.compare(x, wrong, a, wrong=(3, 2)),
    ]
    page = page_of(*figures, theme=theme)
    for i, figure in enumerate(figures):
        host = page.locator("[data-lattice]").nth(i)
        assert host.get_attribute("data-live")
        node = "yours-node-3-2" if figure.view == "compare" else "node-3-2"
        host.locator(f"[data-id={node}]").hover()
        assert "(t=3, u=2)" in host.locator(panel).inner_text(), figure.view
    paper = page.locator(".stage").first.evaluate("(e) => getComputedStyle(e).backgroundColor")
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(21, 23, 28)"}[theme]
    sheet = page.locator("svg .sheet").first.evaluate("(e) => getComputedStyle(e).fill")
    assert sheet == paper
    screenshot(page, f"reading_{theme}")


def test_a_page_that_changes_its_theme_takes_the_drawing_along(page_of, cats):
    page = page_of(lattice.arcs(cats[0]))
    page.evaluate("document.body.setAttribute('data-jp-theme-light', 'false')")
    page.wait_for_function(
        "() => document.querySelector('[data-lattice]').shadowRoot.querySelector('.stage').dataset.theme === 'dark'"
    )


def test_arrow_keys_walk_the_lattice_and_are_read_out(page_of, cats):
    x, a, b = cats
    page = page_of(lattice.occupancy(x, a, b))
    page.keyboard.press("Tab")
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    focused = page.evaluate("document.querySelector('[data-lattice]').shadowRoot.activeElement.dataset.id")
    assert focused == "node-1-0"
    spoken = page.locator("[aria-live]").text_content()
    assert "(t=1, u=0)" in spoken
    assert percent(a[1, 0] + b[1, 0] - b[0, 0]) in spoken
    page.keyboard.press("End")
    assert page.locator("[tabindex='0'][data-id]").get_attribute("data-id") == "node-7-0"
    assert page.locator("[tabindex='0'][data-id]").count() == 1


def test_keys_stay_inside_the_figure(page_of, cats):
    page = page_of(lattice.arcs(cats[0]).ask("Which?", ["a", "b"], 1, "because"))
    page.evaluate("window.got = []; document.addEventListener('keydown', (e) => window.got.push(e.key))")
    page.locator("[data-id=node-2-1]").click()
    for key in ("b", "d", "d", "ArrowRight", "Space", "Enter", "a"):
        page.keyboard.press(key)
    page.get_by_role("button", name="a", exact=True).focus()
    page.keyboard.press("b")
    assert page.evaluate("window.got") == []
    page.keyboard.press("Control+s")
    assert page.evaluate("window.got") == ["Control", "s"]


def test_a_question_answers_a_choice(page_of, cats):
    figure = lattice.arcs(cats[0]).ask(*ENDING)
    page = page_of(figure)
    page.get_by_role("button", name="in a label").click()
    assert "Not this one" in page.locator(".answer").inner_text()
    page.get_by_role("button", name="in a blank").click()
    assert "Right. The last is terminal." in page.locator(".answer").inner_text()
    assert page.get_by_role("button", name="in a blank").get_attribute("aria-pressed") == "true"


def test_without_javascript_the_drawing_and_the_question_are_there(page_of, cats):
    figure = lattice.arcs(cats[0]).ask(*ENDING)
    page = page_of(figure, java_script_enabled=False)
    picture = page.locator("[role=img]")
    assert picture.get_attribute("aria-label") == figure.alt
    assert picture.bounding_box()["height"] > 300
    file = screenshot(page, "without_javascript")
    assert len(Image.open(file).convert("RGB").getcolors(10**6)) > 100  # it is really painted
    assert page.get_by_text("Where does the path end?").is_visible()
    assert not page.get_by_text("The last is terminal.").is_visible()
    page.get_by_text("Answer").click()
    assert page.get_by_text("The last is terminal.").is_visible()


def test_numbers_read_the_same_in_python_and_in_the_browser(page_of, cats):
    page = page_of(lattice.arcs(cats[0]))
    rng = np.random.default_rng(1)
    values = np.log(np.concatenate([rng.random(400), 10.0 ** rng.uniform(-20, 3, 400), [0.125, 0.5, 0.995, 1, 0.0995]]))
    values = [*values.tolist(), 700.0, -0.125, -2.5, -12.34, -1000.0, -123456.0]
    source = lattice.live._parts(*lattice.live.SHARED_PARTS)
    formats = "fmt.probability(v), fmt.probability(v, 2), fmt.three(v), fmt.logarithm(v), fmt.logarithm(v, 3)"
    made = page.evaluate(
        f"([core, values]) => values.map(new Function(core + '; return (v) => [{formats}, fmt.percent(v)]')())",
        [source, values],
    )
    for value, texts in zip(values, made, strict=True):
        want = [
            probability(value),
            probability(value, 2),
            three_digits(value),
            logarithm(value),
            logarithm(value, 3),
            percent(value),
        ]
        assert texts == want, value


def test_four_hundred_nodes_answer_too(page_of):
    x = make(40, 9)
    a = -np.random.default_rng(0).random((40, 10)) * 9
    page = page_of(lattice.alpha(x, a))
    page.locator("[data-id=node-20-4]").hover()
    assert "(t=20, u=4)" in page.locator(panel).inner_text()
