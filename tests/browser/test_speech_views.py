"""Walk, film, sound, microscope and topologies in a real browser."""

import re

import numpy as np
import pytest

from helpers import lattice
from helpers import model as models

from .conftest import screenshot

panel = ".panel"
INSIDE = "document.querySelector('[data-lattice]').shadowRoot"
THEMES = pytest.mark.parametrize("theme", ["light", "dark"])


def number(page, id, name):
    return float(page.locator(f"[data-id='{id}']").get_attribute(name))


def sound(n=1):
    return lattice.over_spectrogram(lattice.Walk.recorded(n), models.reference_utterance(n))


@pytest.fixture(scope="module")
def film():
    """A film made of numbers: a cloud that becomes a line, ten frames of a lattice of six frames and two labels."""
    N, T, U = 10, 6, 2
    rng = np.random.default_rng(0)
    pictures = (255 * rng.random((N, T, U + 1)) / 3).astype(np.uint8)
    pictures[-1] = 0
    pictures[-1, :3, 0] = pictures[-1, 2:5, 1] = pictures[-1, 4:, 2] = 255
    pictures[3, 5, 2] = 128
    steps, written = np.arange(N) ** 2, ("",) * 8 + ("h", "hi")
    return lattice.Film(("h", "i"), steps, np.linspace(7, 0.1, N), np.linspace(0.03, 0.8, N), pictures, written)


@pytest.fixture(scope="module")
def cut_out():
    rng = np.random.default_rng(4)
    f, g, weights = rng.normal(size=(8, 112)), rng.normal(size=(3, 112)), 0.2 * rng.normal(size=(112, 6))
    logits = np.maximum(f[:, None] + g[None], 0) @ weights  # f is large enough to travel packed
    return lattice.node_microscope(f, g, logits, symbols="abcde_", labels="ab")


# The greedy walk


@THEMES
def test_a_walk_goes_step_by_step_to_its_first_error_and_to_the_end(page_of, theme):
    walk = lattice.Walk.recorded(1)
    page = page_of(lattice.greedy_walk(1), theme=theme)
    assert page.locator("[data-lattice]").get_attribute("data-live")
    page.get_by_role("button", name="first error").click()
    step = walk.steps[walk.first_error]
    said = page.locator(panel).inner_text()
    assert f"(t={step.t}, u={step.u}) · step {walk.first_error + 1} of {len(walk.steps)}" in said
    assert "Here it leaves the lattice: “f” was said." in said
    assert page.locator("[data-id=bar-symbol-0]").text_content() == "h"
    assert page.locator("[data-id=bar-share-1]").text_content() == f"{step.top[1][1]:.3f} ← said next"
    assert number(page, "bar-0", "width") == pytest.approx(112 * step.top[0][1], abs=0.1)
    x, y = number(page, "walker", "cx"), number(page, "walker", "cy")
    screenshot(page, f"greedy_walk_{theme}")
    page.get_by_role("button", name="+1", exact=True).click()
    assert (number(page, "walker", "cx"), number(page, "walker", "cy") < y) == (x, True)
    assert page.locator("[data-id=strayed]").get_attribute("points") != ""
    page.locator("[data-id=walker]").click(force=True)
    page.keyboard.press("End")
    assert "The end, after 85 calls of the joiner" in page.locator(panel).inner_text()
    assert "you'll hind the round jacket across the valley" in page.locator(panel).inner_text()
    assert "you'll hind" in page.locator("[aria-live]").first.text_content()


def test_keys_step_along_a_walk_and_stay_in_the_figure(page_of):
    page = page_of(lattice.greedy_walk(6))
    page.evaluate("window.got = []; document.addEventListener('keydown', (e) => window.got.push(e.key))")
    page.locator("svg").first.click(position={"x": 300, "y": 200})
    assert re.search(r"\(t=1\d, u=", page.locator(panel).inner_text())  # the click went to a frame
    page.keyboard.press("Home")
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "b"):
        page.keyboard.press(key)
    assert "step 2 of 76" in page.locator(panel).inner_text()
    page.keyboard.press("Space")
    page.wait_for_function(f"() => /step [4-9] of/.test({INSIDE}.querySelector('.panel').textContent)")
    page.keyboard.press("Space")
    assert page.evaluate("window.got") == []


def test_a_prediction_network_that_should_rest_is_told_in_red(page_of):
    steps = (
        lattice.walking.Step(0, 0, (("h", 0.9), ("∅", 0.1)), ("h",)),
        lattice.walking.Step(0, 1, (("∅", 0.8), ("i", 0.2)), ("∅",)),
    )
    page = page_of(lattice.greedy_walk(lattice.Walk(1, ("h",), steps)))
    page.get_by_role("button", name="+1", exact=True).click()
    assert "reads ∅, and it should rest." in page.locator(".panel .wrong").first.inner_text()


# The film


@THEMES
def test_a_film_is_scrubbed(page_of, film, theme):
    page = page_of(lattice.training_film(film), theme=theme)
    said = page.locator(panel)
    assert "after 81 steps · 0.10 nats per label" in said.inner_text()
    assert "it writes “hi”" in said.inner_text()
    cells = f"[...{INSIDE}.querySelectorAll('svg .cells > rect:not([data-id])')]"
    fills = f"() => {cells}.map((cell) => +cell.getAttribute('fill-opacity'))"
    last = np.array(page.evaluate(fills)).reshape(6, 3) / 0.95
    np.testing.assert_allclose(last, film.occupancy[-1] / 255, atol=0.01)
    page.get_by_role("slider").fill("3")
    assert "after 9 steps" in said.inner_text()
    np.testing.assert_allclose(np.array(page.evaluate(fills)).reshape(6, 3) / 0.95, film.occupancy[3] / 255, atol=0.01)
    # The curve answers, too: pull from its left end to the middle.
    box = page.locator("[data-id=curves]").bounding_box()
    page.mouse.move(box["x"] + 1, box["y"] + 20)
    page.mouse.down()
    assert "untrained" in said.inner_text()
    page.mouse.move(box["x"] + box["width"] * 5 / 9, box["y"] + 30)
    page.mouse.up()
    assert "after 25 steps" in said.inner_text()
    assert number(page, "now", "x1") == pytest.approx(number(page, "now-loss", "cx"))
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert "after 1 step ·" in said.inner_text()


@THEMES
@pytest.mark.parametrize("name", ["learning", "blank collapse"])
def test_the_courses_films_run(page_of, name, theme):
    page = page_of(lattice.training_film(name), theme=theme)
    screenshot(page, f"film_{name.replace(' ', '_')}_{theme}")
    page.get_by_title("first step").click()
    assert "untrained" in page.locator(panel).inner_text()
    page.get_by_role("button", name="play").click()
    page.wait_for_function(f"() => /after [3-9] steps/.test({INSIDE}.querySelector('.panel').textContent)")


# Over the spectrogram


@THEMES
def test_pressing_a_letter_plays_its_frames(page_of, theme):
    walk = lattice.Walk.recorded(1)
    page = page_of(sound(), theme=theme)
    screenshot(page, f"over_spectrogram_{theme}")
    start = number(page, "playhead", "x1")
    page.get_by_role("button", name=re.compile("^j, frame")).click()
    place = [symbol for symbol, _ in walk.labels].index("j")
    t = walk.labels[place][1]
    assert f"“j” is written at (t={t}, u={place})" in page.locator(panel).inner_text()
    # It plays to the next label's frame and stops there.
    page.wait_for_function(f"() => {INSIDE}.querySelector('.tools button').textContent.includes('play')")
    end = walk.labels[place + 1][1]
    assert number(page, "playhead", "x1") == pytest.approx(start + 760 / walk.T * end, abs=1)


def test_the_playhead_follows_the_sound_and_pauses(page_of):
    page = page_of(sound())
    start = number(page, "playhead", "x1")
    play = page.locator(".tools button").first
    play.click()
    moved = f"(x) => +{INSIDE}.querySelector('[data-id=playhead]').getAttribute('x1') > x"
    page.wait_for_function(moved, arg=start + 100)
    play.click()
    paused = number(page, "playhead", "x1")
    page.wait_for_timeout(200)
    assert number(page, "playhead", "x1") == paused
    page.get_by_title("back to the start (Home)").click()
    assert number(page, "playhead", "x1") == start
    page.locator("[data-id=spectrogram]").click(position={"x": 380, "y": 50})
    assert number(page, "playhead", "x1") == pytest.approx(start + 380, abs=2)


def test_words_and_keys_are_heard_too(page_of):
    page = page_of(sound())
    page.evaluate("window.got = []; document.addEventListener('keydown', (e) => window.got.push(e.key))")
    page.locator("[data-id=word-4]").click()
    assert "the word “jacket”" in page.locator(panel).inner_text()
    page.keyboard.press("Home")  # the click has brought the focus along
    page.keyboard.press("ArrowRight")
    assert "“a” is written" in page.locator(panel).inner_text()
    page.keyboard.press("w")
    assert "the word “jacket”" in page.locator(panel).inner_text()
    page.keyboard.press("Space")
    assert page.evaluate("window.got") == []


def test_the_first_wrong_letter_says_what_was_said(page_of):
    page = page_of(sound())
    page.locator(".letters .off").click()
    assert "wrong: “f” was said here" in page.locator(panel).inner_text()


def test_it_plays_in_a_sandboxed_frame_of_no_origin(page_of):
    """As Colab shows outputs."""
    inner = f'<!DOCTYPE html><meta charset="utf-8"><body>{sound().html()}</body>'
    quoted = inner.replace("&", "&amp;").replace('"', "&quot;")
    page = page_of(f'<iframe sandbox="allow-scripts" style="width:1000px;height:900px" srcdoc="{quoted}"></iframe>')
    frame = page.frame_locator("iframe")
    before = float(frame.locator("[data-id=playhead]").get_attribute("x1"))
    frame.locator(".tools button").first.click()
    page.wait_for_timeout(300)
    for _ in range(40):
        if float(frame.locator("[data-id=playhead]").get_attribute("x1")) > before + 20:
            break
        page.wait_for_timeout(100)
    assert float(frame.locator("[data-id=playhead]").get_attribute("x1")) > before + 20


def test_a_sound_that_the_browser_cannot_read_is_one_sentence(page_of):
    figure = sound()
    figure.spec["audio"], figure.spec["mime"] = "AAAA", "audio/unheard-of"
    page = page_of(figure)
    page.locator(".tools button").first.click()
    page.get_by_text("This browser cannot play the sound").first.wait_for()
    assert "audio/unheard-of is unknown to it" in page.locator(panel).inner_text()


# The microscope and the topologies


@THEMES
def test_swapping_one_vector_moves_along_a_row(page_of, cut_out, theme):
    page = page_of(cut_out, theme=theme)
    page.locator("[data-id=node-2-0]").click()
    top = cut_out.spec["top"]
    assert f"(t=2, u=0) · frame 2 after “”: the joiner says {top[2][0][0][0]}" in page.locator(panel).inner_text()
    before = (
        page.locator("[data-id=strip-f]").get_attribute("points"),
        page.locator("[data-id=strip-g]").get_attribute("points"),
    )
    page.keyboard.press("ArrowRight")
    assert "You swapped f₂ for f₃ and kept g₀" in page.locator(panel).inner_text()
    assert page.locator("[data-id=strip-f]").get_attribute("points") != before[0]
    assert page.locator("[data-id=strip-g]").get_attribute("points") == before[1]
    assert page.locator("[data-id=bar-share-0]").text_content() == f"{top[3][0][0][1]:.3f}"
    page.get_by_role("slider").first.fill("7")
    assert "(t=7, u=0)" in page.locator(panel).inner_text()
    screenshot(page, f"microscope_{theme}")


def test_the_memory_meter_multiplies(page_of, cut_out):
    page = page_of(cut_out)
    page.get_by_role("button", name="LibriSpeech, word pieces").click()
    said = page.locator(".section").first
    assert f"32 × 400 × 81 × 1024 = {32 * 400 * 81 * 1024:,} scores, 4.0 GiB" in said.inner_text()
    field = page.get_by_role("spinbutton", name="B")
    field.fill("320")
    field.press("Tab")
    assert "320 × 400 × 81 × 1024" in said.inner_text()
    assert "does not fit" in said.inner_text()


@THEMES
def test_topologies_change_with_frames_and_word(page_of, theme):
    figure = lattice.topologies()
    page = page_of(figure, theme=theme)
    screenshot(page, f"topologies_{theme}")
    said = page.locator(panel)
    for kind in ("ctc", "rnnt", "mono"):
        assert figure.spec["cases"]["CAT-4"][kind]["spelled"][0] in said.inner_text()
    page.get_by_role("button", name="RNN-T: the next alignment").first.click()
    assert figure.spec["cases"]["CAT-4"]["rnnt"]["spelled"][1] in said.inner_text()
    page.get_by_role("button", name="T = 2").click()
    assert said.inner_text().count("CAT does not fit into 2 frames") == 2
    page.get_by_role("button", name="BEE").click()
    page.get_by_role("button", name="T = 4").click()
    assert "CTC (one symbol a frame; repeats merge, ∅ keeps them apart): 1 alignment, P" in said.inner_text()
    assert "BE∅E" in said.inner_text()


def test_first_paint_is_quick(page_of, cut_out, film):
    figures = [lattice.greedy_walk(1), sound(), lattice.training_film(film), cut_out, lattice.topologies()]
    page = page_of(*figures)
    for i, figure in enumerate(figures):
        assert float(page.locator("[data-lattice]").nth(i).get_attribute("data-live")) < 150, figure.view
