"""X-ray of your code in a browser: playback of a buggy forward, in its own order, by mouse and by keys."""

import re

import numpy as np
import pytest
from lattices import forward_backward, make
from student_code import LOOPS, alternative, function

from autograder.judging.zoo import ZOO, answers
from helpers import checks, lattice
from helpers.checks.cases import Inputs, Truth
from helpers.checks.comparing import nodes_in_order
from helpers.lattice.numerals import logarithm

from .conftest import screenshot

SYMBOLS = ("∅", "C", "A", "T")
# Reads the blank at the node it arrives at, and goes label by label with an index that wraps around.
_LOOPS = "for {}:\n        for {}:"
_T, _U = "t in range(T)", "u in range(U + 1)"
BUGGY = (
    LOOPS.replace(_LOOPS.format(_T, _U), _LOOPS.format(_U, _T), 1)
    .replace("if t > 0:", "if t > 0 or u > 0:", 1)
    .replace("log_alpha[t - 1, u] + log_probs[t - 1, u, blank]", "log_alpha[t - 1, u] + log_probs[t, u, blank]", 1)
)


def xray(source, way="forward"):
    case = checks.case("cat")
    return lattice.xray(in_a_file(source, way), case.log_probs, case.targets, case.blank, SYMBOLS)


def in_a_file(source, way):
    import linecache

    name = f"<cell {hash(source)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    names = {}
    exec(compile(source, name, "exec"), names)
    return names[way]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_buggy_forward_is_played_back_to_its_first_wrong_cell_with_both_numbers(page_of, theme):
    figure = xray(BUGGY)
    wrong = figure.spec["wrong"]
    assert wrong["node"] == [1, 0]
    page = page_of(figure, theme=theme)
    panel, rings = page.locator(".panel"), page.locator("path.wrong:not(.gone)")
    for sentence in figure.spec["said"]:
        assert sentence in panel.inner_text()
    assert rings.count() == 0
    page.get_by_role("button", name="first wrong cell").click()
    assert "writes [1, 0] = −0.961" in panel.inner_text()
    assert "from your neighbours it would be −2.530" in panel.inner_text()
    assert rings.count() == 1
    assert "log_probs[t, u, blank]" in page.locator("[aria-current=step]").inner_text()
    screenshot(page, f"xray_wrong_{theme}")
    page.get_by_role("button", name="first look at an empty cell").click()
    assert "[3, 1] = −∞ (not filled yet)" in panel.inner_text()
    assert rings.count() == 2  # around the empty cell, and around the first wrong one, some steps earlier
    screenshot(page, f"xray_early_{theme}")


def test_the_playback_shows_the_table_as_it_was_at_each_step(page_of):
    figure = xray(LOOPS)
    page = page_of(figure)
    values = {t: page.locator(f"[data-id=value-{t}-0]") for t in range(4)}
    slider = page.locator("input[type=range]")
    assert values[0].text_content() == "−∞"
    for step in range(1, 6):
        slider.press("ArrowRight")
        writes = figure.spec["steps"][step - 1]["writes"]
        assert len(writes) == 1
        ((t, u, _),) = writes
        assert "opacity: 1" in page.locator(f"[data-id=value-{t}-{u}]").get_attribute("style")
    # Frame by frame: after five steps the first frame and one cell of the second are there.
    assert values[1].text_content() == "−2.53"
    assert values[2].text_content() == "−∞"
    assert page.locator("text[style*='opacity: 0.6']").count() == 16 - 5


@pytest.mark.parametrize("way", ["forward", "backward"])
def test_on_any_input_a_cell_that_does_not_follow_from_its_neighbours_is_found(page_of, way):
    """Every known mistake, on scores that nobody has published an answer for."""
    x = make(5, 3)
    scores = np.full((5, 4, 5), -9.0)
    scores[:, :, 0], scores[:, [0, 1, 2], [1, 2, 3]] = x.blank, x.label
    inputs, right = Inputs(scores, np.array([1, 2, 3]), 0), forward_backward(x)[way == "backward"]
    truths = {name: answers(way, name, inputs) for name in ZOO[way]}
    truths = {name: truth for name, truth in truths.items() if truth is not None and np.isfinite(truth.cells).all()}
    assert len(truths) >= 8
    truths["right"] = Truth(right, 0.0)
    figures = [
        lattice.xray(lambda p, y, blank, truth=truth: (truth.cells, truth.cost), scores, [1, 2, 3], exercise=way)
        for truth in truths.values()
    ]
    page = page_of(*figures)
    for i, (name, truth) in enumerate(truths.items()):
        said = page.locator("[data-lattice]").nth(i).locator(".panel").inner_text()
        if np.allclose(truth.cells, right, atol=1e-3):
            assert "Every cell follows from its neighbours." in said, name
            continue
        t, u = map(int, re.search(r"first wrong cell is log_\w+\[(\d), (\d)\]", said).groups())
        before = nodes_in_order(way, right.shape)
        first = next(node for node in before if not np.isclose(truth.cells[node], right[node], atol=1e-3))
        assert (t, u) == first, name
        assert f"You wrote {logarithm(truth.cells[first], 3)}" in said or "Your code leaves" in said
        assert f"= {logarithm(right[first], 3)}." in said or f"be {logarithm(right[first], 3)}." in said, name


def test_reads_writes_and_arcs_of_a_step_are_marked_and_read_out(page_of):
    page = page_of(xray(LOOPS))
    slider = page.locator("input[type=range]")
    slider.fill("6")  # writes (1, 1) from (0, 1) by the blank and from (1, 0) by C
    assert page.locator("path.write:not(.gone)").count() == 1
    assert page.locator("path.read:not(.gone)").count() == 2
    assert page.locator("path.from-blank:not(.gone)").count() == 1
    assert page.locator("path.from-label:not(.gone)").count() == 1
    spoken = page.locator("[aria-live]").text_content()
    assert "writes [1, 1] = −1.406" in spoken
    assert "C at [1, 0]" in spoken
    assert "blank at [0, 1]" in spoken


def test_a_vectorised_function_plays_whole_antidiagonals(page_of):
    page = page_of(xray(alternative("seminar4", "diagonals")))
    page.locator("input[type=range]").fill("3")
    assert page.locator("path.write:not(.gone)").count() == 3
    assert "3 cells at once" not in page.locator(".panel").inner_text()
    page.locator("input[type=range]").fill("4")
    assert "4 cells at once" in page.locator(".panel").inner_text()


def test_the_nodes_answer_to_keys_with_what_stands_there_now(page_of):
    page = page_of(xray(LOOPS))
    page.locator("input[type=range]").fill("2")
    page.locator("[data-id=node-0-0]").click()
    page.keyboard.press("ArrowUp")
    assert "log_alpha[0, 1] = −0.130" in page.locator("[aria-live]").text_content()
    page.keyboard.press("ArrowUp")
    assert "is not filled yet" in page.locator("[aria-live]").text_content()


def test_backward_plays_from_the_end(page_of):
    page = page_of(xray(LOOPS, "backward"))
    page.locator("input[type=range]").fill("1")
    assert "writes [3, 3]" in page.locator(".panel").inner_text()
    screenshot(page, "xray_backward")


def test_an_unwritten_function_is_a_still_picture_with_a_sentence(page_of):
    page = page_of(
        lattice.xray(function("def forward(a, b, blank):\n    raise NotImplementedError\n", "forward"), *cat())
    )
    assert page.locator(".stage").count() == 0
    assert "forward is not written yet" in page.locator("svg").text_content()


def cat():
    case = checks.case("cat")
    return case.log_probs, case.targets, case.blank
