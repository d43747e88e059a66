"""Break it: the variants of a lattice, one after the other."""

import numpy as np
import pytest
from student_code import LOOPS, function

from helpers import lattice

from .conftest import screenshot

F = np.array([[0.2, 2.0, 0.1, -0.5], [1.0, 0.6, 0.7, -0.3], [0.4, -0.5, 1.8, 0.2], [0.5, -1.0, 0.3, 1.9]])
G = np.array([[0.3, 0.9, -0.6, -0.8], [0.4, -0.9, 0.8, -0.4], [0.2, -0.8, -0.7, 1.0], [1.5, -0.6, -0.5, -0.4]])
forward, backward = function(LOOPS, "forward"), function(LOOPS, "backward")
CAT = (F, G, [1, 2, 3], forward, backward, 0, ("∅", "C", "A", "T"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_choice_shows_its_own_numbers(page_of, theme):
    figures = [lattice.underflow(forward), lattice.padding(*CAT), lattice.fastemit(*CAT)]
    page = page_of(*figures, theme=theme)
    for i, (figure, choice) in enumerate(zip(figures, (2, 1, 4), strict=True)):
        host, slide = page.locator("[data-lattice]").nth(i), figure.spec["slides"][choice]
        host.get_by_role("button", name=slide["name"], exact=True).click()
        assert slide["lines"][0] in host.locator(".panel").inner_text()
        for t, u in ((0, 0), (3, 3)):
            assert host.locator(f"[data-id=value-{t}-{u}]").text_content() == slide["texts"][t][u]
        assert host.locator("path.wrong:not(.gone)").count() == len(slide["wrong"])
    screenshot(page, f"breaking_{theme}")


def test_what_lies_outside_the_real_lengths_is_grey_and_has_no_number(page_of):
    page = page_of(lattice.padding(*CAT))
    assert "dim" in page.locator("[data-id=node-5-1]").get_attribute("class")
    assert "dim" not in (page.locator("[data-id=node-3-3]").get_attribute("class") or "")
    assert page.locator("[data-id=number-blank-3-3]").text_content() != ""
    assert page.locator("[data-id=number-blank-3-1]").text_content() == ""
    page.get_by_role("button", name="neither cut").click()
    assert "dim" not in (page.locator("[data-id=node-5-1]").get_attribute("class") or "")
    assert page.locator("[data-id=number-blank-3-1]").text_content() != ""
