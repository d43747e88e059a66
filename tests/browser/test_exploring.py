"""Walking an alignment, cutting the lattice, and the gradient in three ways."""

import numpy as np
import pytest
from lattices import make

from helpers import lattice
from helpers.lattice.numerals import percent, three_digits

from .conftest import screenshot

BEST_OF_CATS = 330  # alignments


def said(page):
    return page.locator(".panel").inner_text()


def focused(page):
    return page.evaluate("document.querySelector('[data-lattice]').shadowRoot.activeElement?.dataset.id")


def test_a_path_is_built_by_keys_and_its_product_share_and_rank_are_right(page_of, cats):
    x, _, b = cats
    page = page_of(lattice.walk(x))
    page.keyboard.press("Tab")
    page.locator("[data-id=node-0-0]").focus()
    path = x.best_path()
    for step in path:
        page.keyboard.press(step)
    text = said(page)
    assert f'"{path}"' in text
    assert x.spell(path) in text
    assert three_digits(x.log_prob(path)) in text
    assert percent(x.log_prob(path) - b[0, 0]) in text
    assert f"rank 1 of {BEST_OF_CATS}" in text
    assert f"1 of {BEST_OF_CATS} found" in text
    assert focused(page) == "final"
    screenshot(page, "walk_light")


def test_every_alignment_gets_the_rank_that_it_has(page_of, cats):
    x = cats[0]
    scores = sorted((x.log_prob(path) for path in x.alignments()), reverse=True)
    page = page_of(lattice.walk(x))
    page.locator("[data-id=node-0-0]").focus()
    for path in list(x.alignments())[::60]:
        for step in path:
            page.keyboard.press(step)
        assert f"rank {1 + scores.index(x.log_prob(path))} of" in said(page)
        page.get_by_role("button", name="clear").click()
        page.locator("[data-id=node-0-0]").focus()


def test_backspace_takes_a_step_back_and_an_impossible_step_says_why(page_of, cats):
    page = page_of(lattice.walk(cats[0]))
    page.locator("[data-id=node-0-0]").focus()
    for key in ("l", "l", "b", "Backspace", "l", "l"):
        page.keyboard.press(key)
    assert '"llll"' in said(page)
    page.keyboard.press("l")
    assert "All labels are out" in said(page)
    assert '"llll"' in said(page)


def test_a_path_is_built_by_clicks_on_arcs_and_nodes(page_of, cats):
    page = page_of(lattice.walk(cats[0]))
    page.locator("[data-id=label-0-0]").click()
    page.locator("[data-id=node-1-1]").click()
    page.locator("[data-id=blank-1-1]").click()
    assert '"lbb"' in said(page)
    page.locator("[data-id=node-6-3]").click()
    assert "does not continue the path" in said(page)
    page.locator("[data-id=node-1-1]").click()  # on the path: back to there
    assert '"lb"' in said(page)
    assert page.locator("polyline.path").get_attribute("points").count(",") == 3


def test_a_tap_walks_too(page_of, cats):
    page = page_of(lattice.walk(cats[0]), has_touch=True)
    box = page.locator("[data-id=node-0-1]").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert '"l"' in said(page)


def test_the_path_is_copied_as_a_line_of_python(page_of, cats):
    page = page_of(lattice.walk(cats[0]), permissions=["clipboard-read", "clipboard-write"])
    page.locator("[data-id=node-0-0]").focus()
    for step in cats[0].best_path():
        page.keyboard.press(step)
    page.get_by_role("button", name="copy path").click()
    page.get_by_text("Copied:").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f'path = "{cats[0].best_path()}"'


def test_the_buttons_of_the_walk_are_at_least_24_pixels(page_of, cats):
    page = page_of(lattice.walk(cats[0]), lattice.cut(*cats))
    for element in page.locator("button, input").all():
        box = element.bounding_box()
        assert box["height"] >= 24, element
        assert box["width"] >= 24, element


def test_an_utterance_too_long_to_enumerate_is_walked_without_a_rank(page_of):
    x = make(30, 12)
    page = page_of(lattice.walk(x, log_p=-80.0))
    page.locator("[data-id=node-0-0]").focus()
    for step in "l" * 12 + "b" * 30:
        page.keyboard.press(step)
    assert "rank" not in said(page)
    assert percent(x.log_prob("l" * 12 + "b" * 30) + 80) in said(page)


def test_every_anti_diagonal_of_the_learners_tables_sums_to_p(page_of, cats):
    x, _, b = cats
    page = page_of(lattice.cut(*cats))
    page.get_by_role("slider").focus()
    page.keyboard.press("Home")
    for _ in range(x.T + x.U):
        assert "= P(y|x) ✓" in said(page)
        assert three_digits(b[0, 0]) in said(page)
        page.keyboard.press("ArrowRight")
    screenshot(page, "cut_light")


def test_a_column_sums_to_one_plus_its_expected_labels(page_of, cats):
    x, a, b = cats
    page = page_of(lattice.cut(*cats))
    page.get_by_role("button", name="column", exact=True).click()
    labels = np.exp(a[:, :-1] + x.label + b[:, 1:] - b[0, 0]).sum(axis=1)
    for t in (0, 3, 7):
        page.get_by_role("slider").fill(str(t))
        assert f"1 + {three_digits(np.log(labels[t]))} = {three_digits(np.log(1 + labels[t]))}" in said(page)


def test_a_wrong_table_shows_at_its_cut(page_of, cats):
    x, a, b = cats
    wrong = a.copy()
    wrong[4, 2] += 0.3
    page = page_of(lattice.cut(x, wrong, b))
    assert "t + u = 6" in said(page)
    assert f"is not P(y|x) = β(0,0) = {three_digits(b[0, 0])}" in said(page)
    assert "1 of 12 anti-diagonals" in said(page)
    screenshot(page, "cut_wrong")


def test_the_cut_is_pulled_over_the_lattice(page_of, cats):
    page = page_of(lattice.cut(*cats))
    start, stop = (page.locator(f"[data-id=node-{one}]").bounding_box() for one in ("1-1", "5-3"))
    page.mouse.move(start["x"] + 10, start["y"] + 10)
    page.mouse.down()
    assert "t + u = 2" in said(page)
    page.mouse.move(stop["x"] + 10, stop["y"] + 10, steps=6)
    page.mouse.up()
    assert "t + u = 8" in said(page)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_arc_has_the_same_gradient_in_three_ways(page_of, cats, cats_logits, theme):
    x, a, b = cats
    page = page_of(lattice.gradient(*cats, cats_logits, [1, 2, 3, 4]), theme=theme)
    page.locator("[data-id=label-3-0]").hover()
    share = np.exp(a[3, 0] + x.label[3, 0] + b[3, 1] - b[0, 0])
    slope = np.exp(a[3, 0] + b[3, 0] - b[0, 0] + x.label[3, 0]) - share
    rows = page.locator("tbody tr").all()
    for row, value in zip(rows, (share, slope), strict=True):
        assert [cell.inner_text() for cell in row.locator("td").all()] == [f"{value:.5f}".replace("-", "−")] * 3
    assert ("raises" if slope < 0 else "lowers") in said(page)
    screenshot(page, f"gradient_{theme}")


def test_an_arc_whose_table_is_wrong_shows_both_numbers(page_of, cats, cats_logits):
    x, a, b = cats
    wrong = a.copy()
    wrong[4, 2] += 0.3
    page = page_of(lattice.gradient(x, wrong, b, cats_logits, [1, 2, 3, 4]))
    assert page.locator("path.wrong").count() == 2
    page.locator("[data-id=blank-4-2]").hover()
    assert "from your α and β is not autograd's" in said(page)


def test_arrow_keys_reach_arcs(page_of, cats, cats_logits):
    page = page_of(lattice.gradient(*cats, cats_logits, [1, 2, 3, 4]))
    page.locator("[data-id=node-0-0]").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
        page.keyboard.press(key)
    assert focused(page) == "label-1-0"
    assert "from (1, 0) to (1, 1)" in said(page)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_real_size_is_read_through_a_lens(page_of, theme):
    x = make(150, 40)
    a = -np.abs(np.add.outer(np.arange(150) / 150, -np.arange(41) / 41)) * 30
    page = page_of(lattice.alpha(x, a), theme=theme, viewport={"width": 900, "height": 900})
    box = page.locator("[data-id=nodes]").bounding_box()
    page.mouse.move(box["x"] + 40.5 / 150 * box["width"], box["y"] + (1 - 10.5 / 41) * box["height"])
    assert "(t=40, u=10)" in said(page)
    assert page.locator(".lens .middle").count() == 1
    texts = page.locator(".lens text").all_text_contents()
    assert lattice.numerals.probability(a[40, 10]) in texts
    assert "u=10" in texts
    page.locator("rect[tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    assert "(t=1, u=1)" in said(page)  # from the first wrong node, (0, 1)
    screenshot(page, f"map_{theme}")
