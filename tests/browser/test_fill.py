"""Predict, then fill: by mouse, by keyboard alone, by typed numbers; the numbers shown are the learner's."""

import numpy as np
import pytest

from helpers import checks, lattice

from .conftest import screenshot


@pytest.fixture(scope="module")
def case():
    return checks.case("cat")


@pytest.fixture(scope="module")
def cat(case):
    return lattice.Lattice.from_log_probs(case.log_probs, case.targets, case.blank, ("∅", "C", "A", "T"))


def value(page, t, u):
    return page.locator(f"[data-id=value-{t}-{u}]").text_content()


def said(page):
    return page.locator(".panel").inner_text()


def test_only_the_start_is_given_and_the_numbers_wait(page_of, cat, case):
    page = page_of(lattice.fill(cat, case.log_alpha))
    assert value(page, 0, 0) == "1.00"
    assert {value(page, t, u) for t in range(4) for u in range(4) if t or u} == {"?"}
    assert "Which cells does it read?" in said(page)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_clicking_the_cells_it_reads_fills_a_cell(page_of, cat, case, theme):
    page = page_of(lattice.fill(cat, case.log_alpha), theme=theme)
    page.get_by_role("button", name="anti-diagonals", exact=True).click()
    for node in ("0-0", "0-0"):  # (1, 0) and (0, 1) both read (0, 0) alone
        page.locator(f"[data-id=node-{node}]").click()
    for node in ("1-0",):
        page.locator(f"[data-id=node-{node}]").click()
    assert value(page, 2, 0) == "0.030"
    page.locator("[data-id=node-0-0]").click()  # (1, 1) does not read (0, 0)
    assert "No arc is diagonal" in said(page)
    page.locator("[data-id=node-0-1]").click()
    assert "There is one more." in said(page)
    assert value(page, 1, 1) == "?"
    page.locator("[data-id=node-1-0]").click()
    assert value(page, 1, 1) == "0.25"
    assert "α(0, 1)·∅(0, 1) = 0.878 × 0.237 + α(1, 0)·C(1, 0) = 0.0796 × 0.467 = 0.245" in said(page)
    screenshot(page, f"fill_cells_{theme}")


def test_the_whole_lattice_can_be_filled_by_keyboard_alone(page_of, cat, case):
    page = page_of(lattice.fill(cat, case.log_alpha))
    page.get_by_role("button", name="label by label", exact=True).press("Enter")
    node = page.locator("[data-id][tabindex='0']")
    node.focus()
    here = [0, 0]

    def walk(t, u):
        for key, times in (
            ("ArrowRight", t - here[0]),
            ("ArrowLeft", here[0] - t),
            ("ArrowUp", u - here[1]),
            ("ArrowDown", here[1] - u),
        ):
            for _ in range(times):
                page.keyboard.press(key)
        here[:] = t, u

    for u in range(4):
        for t in range(4):
            for from_t, from_u in ((t - 1, u), (t, u - 1)):
                if from_t >= 0 and from_u >= 0:
                    walk(from_t, from_u)
                    page.keyboard.press("Enter")
    for t in range(4):
        for u in range(4):
            assert value(page, t, u) != "?"
    assert "All cells are filled, with no misses." in said(page)
    assert f"{np.exp(-case.cost):.4f}"[:6] in said(page)
    screenshot(page, "fill_done")


RIGHT = [
    "0.245", "0.25", "2.45e-1", "24.5 %", "24.5%", "ln -1.406", "ln −1.41", "-1.41", "0,245", ".245", "exp(-1.406)",
    "0.8779*0.2369 + 0.0796*0.4674", "0.88×0.24+0.080×0.47",
]  # fmt: skip
WRONG = ["0.208", "0.30", "2.45", "24.5", "-14.06", "1", "0", "0.2", "0.0077"]
NO_NUMBER = ["", "abc", "0.2 0.3", "1e", "2**3", "alert(1)"]


def typing(page_of, cat, table):
    page = page_of(lattice.fill(cat, table))
    page.get_by_role("button", name="anti-diagonals", exact=True).click()
    for _ in range(3):  # next is (1, 1)
        page.get_by_role("button", name="show me", exact=True).click()
    page.get_by_role("button", name="its number", exact=True).click()
    return page


def test_numbers_are_taken_in_any_usual_way_of_writing(page_of, cat, case):
    for text in RIGHT:
        page = typing(page_of, cat, case.log_alpha)
        assert value(page, 1, 1) == "?"
        page.locator("input[type=text]").fill(text)
        page.locator("input[type=text]").press("Enter")
        assert value(page, 1, 1) == "0.25", text


def test_wrong_numbers_get_a_hint_and_fill_nothing(page_of, cat, case):
    page = typing(page_of, cat, case.log_alpha)
    for text in WRONG:
        page.locator("input[type=text]").fill(text)
        page.locator("input[type=text]").press("Enter")
        assert value(page, 1, 1) == "?", text
        assert "Not this." in said(page), text
    page.locator("input[type=text]").fill("0.208")
    page.get_by_role("button", name="check", exact=True).click()
    assert "one of the two ways" in said(page)
    screenshot(page, "fill_number")
    for text in NO_NUMBER:
        page.locator("input[type=text]").fill(text)
        page.locator("input[type=text]").press("Enter")
        assert "not a number I can read" in said(page), text


def test_a_wrong_table_shows_its_own_numbers_and_says_so(page_of, cat, case):
    wrong = case.log_alpha.copy()
    wrong[1, 1] = np.log(0.104)
    page = typing(page_of, cat, wrong)
    page.locator("input[type=text]").fill("0.245")
    page.locator("input[type=text]").press("Enter")
    assert "Your arithmetic is right, your array is not. 0.245 is not your array's 0.104" in said(page)
    page.get_by_role("button", name="show me", exact=True).click()
    assert value(page, 1, 1) == "0.10"
    assert page.locator("path.wrong:not(.gone)").count() == 1


def test_backward_starts_at_the_end(page_of, cat, case):
    page = page_of(lattice.fill(cat, case.log_beta, "backward"))
    assert value(page, 3, 3) == "0.57"
    page.locator("[data-id=node-3-3]").click()
    assert value(page, 3, 2) != "?"  # frame by frame from the end: (3, 2) comes first and reads (3, 3) alone


def test_typing_reaches_no_shortcut_of_the_page(page_of, cat, case):
    page = typing(page_of, cat, case.log_alpha)
    page.evaluate("window.got = []; document.addEventListener('keydown', (e) => window.got.push(e.key))")
    page.locator("input[type=text]").press_sequentially("b0.245")
    page.locator("[data-id=node-0-0]").click()
    for key in ("b", "n", "Enter"):
        page.keyboard.press(key)
    assert page.evaluate("window.got") == []
