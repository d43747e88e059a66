"""Break it and the knobs: numbers made by the learner's own functions, and what they must add up to."""

import time
from itertools import pairwise

import numpy as np
import pytest
import torch
from student_code import LOOPS, STUB, alternative, function

from helpers import checks, lattice
from helpers.checks.cases import log_softmax
from helpers.lattice.yours import NotYet, gradient, shares, train

F = np.array([[0.2, 2.0, 0.1, -0.5], [1.0, 0.6, 0.7, -0.3], [0.4, -0.5, 1.8, 0.2], [0.5, -1.0, 0.3, 1.9]])
G = np.array([[0.3, 0.9, -0.6, -0.8], [0.4, -0.9, 0.8, -0.4], [0.2, -0.8, -0.7, 1.0], [1.5, -0.6, -0.5, -0.4]])
Y, SYMBOLS = [1, 2, 3], ("∅", "C", "A", "T")
forward, backward = function(LOOPS, "forward"), function(LOOPS, "backward")
YOURS = (forward, backward, 0, SYMBOLS)
NAMES = ("C", "A", "T")


def found(f=F, g=G):
    return shares(forward, backward, log_softmax(f[:, None] + g[None]), Y, 0, NAMES)


def test_shares_add_up():
    one = found()
    diagonals = [np.trace(one.nodes[:, ::-1], offset) for offset in range(-3, 4)]
    np.testing.assert_allclose(diagonals, 1, atol=1e-6)
    np.testing.assert_allclose(one.blank.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(one.label.sum(axis=0), 1, atol=1e-6)


def test_the_gradient_is_that_of_autograd_over_all_alignments():
    logits = torch.tensor(F[:, None] + G[None], requires_grad=True)
    scores = logits.log_softmax(-1)
    one = found()
    log_p = []
    for path in one.lattice.alignments():
        t = u = 0
        total = torch.zeros((), dtype=torch.float64)
        for step in path:
            total = total + scores[t, u, Y[u] if step == "l" else 0]
            t, u = (t, u + 1) if step == "l" else (t + 1, u)
        log_p.append(total)
    (-torch.logsumexp(torch.stack(log_p), 0)).backward()
    ours = gradient(one, scores.detach().exp().numpy(), Y, 0)
    np.testing.assert_allclose(ours, logits.grad.numpy(), atol=1e-6)


def test_fastemit_scales_what_labels_pull_and_nothing_else():
    one, probabilities = found(), np.exp(log_softmax(F[:, None] + G[None]))
    plain, hurried = (gradient(one, probabilities, Y, 0, strength) for strength in (0.0, 0.5))
    np.testing.assert_allclose(hurried.sum(axis=-1), 0, atol=1e-6)  # a softmax does not feel a shift
    more = hurried - plain
    np.testing.assert_allclose(more[:, -1], 0, atol=1e-12)  # no label leaves the top row
    for u, y in enumerate(Y):
        np.testing.assert_allclose(more[:, u, y], -0.5 * one.label[:, u] * (1 - probabilities[:, u, y]), atol=1e-6)
        np.testing.assert_allclose(more[:, u, 0], 0.5 * one.label[:, u] * probabilities[:, u, 0], atol=1e-6)


def test_training_lowers_the_cost_and_fastemit_makes_letters_earlier():
    costs = [found(*train(F, G, Y, *YOURS[:3], NAMES, steps)).cost for steps in (0, 3, 10, 30)]
    assert all(after < before for before, after in pairwise(costs))
    frames = [found(*train(F, G, Y, *YOURS[:3], NAMES, 30, strength)).frames for strength in (0, 0.1, 1)]
    assert all((after < before).all() for before, after in pairwise(frames))


def test_the_cells_that_underflow_are_those_that_a_float_recursion_loses():
    figure = lattice.underflow(forward)
    for slide, dtype in zip(figure.spec["slides"][1:], (np.float64, np.float32, np.float16), strict=True):
        p, alpha = dtype(1 / 1000), np.zeros((16, 6), dtype=dtype)
        for t in range(16):
            for u in range(6):
                before = [alpha[t - 1, u] * p] * (t > 0) + [alpha[t, u - 1] * p] * (u > 0)
                alpha[t, u] = sum(before, dtype(0)) if before else dtype(1)
        lost = {tuple(node) for node in np.argwhere(alpha == 0).tolist()}
        ringed = {tuple(node) for node in slide["wrong"]}
        # A ringed cell is lost whatever the order of the products; roundings on the way may lose a few more.
        assert ringed <= lost
        assert len(lost - ringed) <= 3
        assert all(slide["texts"][t][u] == "0" for t, u in ringed)
    assert [len(slide["wrong"]) for slide in figure.spec["slides"]] == sorted(
        len(slide["wrong"]) for slide in figure.spec["slides"]
    )


def test_padding_is_harmless_only_when_both_lengths_are_known():
    slides = lattice.padding(F, G, Y, *YOURS).spec["slides"]
    true = checks.case("cat").cost
    assert f"the cost is {true:.3f} nats" in slides[0]["lines"][0]
    for slide in slides[1:]:
        assert f"It should be {true:.3f}." in slide["lines"][0]
        assert slide["texts"][3][3] != slides[0]["texts"][3][3]
    assert all(text == "·" for text in slides[0]["texts"][4])


def test_pictures_show_wrong_functions_as_they_are():
    def lying(log_probs, targets, blank):
        table, cost = forward(log_probs, targets, blank)
        return table - 1.0, cost

    first = lattice.fastemit(F, G, Y, lying, *YOURS[1:]).spec["slides"][0]
    right = lattice.fastemit(F, G, Y, *YOURS).spec["slides"][0]
    assert float(first["texts"][0][0]) == pytest.approx(np.exp(-1), abs=0.005)
    assert right["texts"][0][0] == "1.00"


@pytest.mark.parametrize(
    "view",
    [
        lambda f, b: lattice.underflow(f),
        lambda f, b: lattice.padding(F, G, Y, f, b, 0, SYMBOLS),
        lambda f, b: lattice.fastemit(F, G, Y, f, b, 0, SYMBOLS),
        lambda f, b: lattice.knobs(F, G, Y, f, b, 0, SYMBOLS).figure()[0],
    ],
)
def test_before_anything_is_written_there_is_a_sentence(view):
    figure = view(function(STUB, "forward"), function(STUB, "backward"))
    assert figure.view == "unwritten"
    assert "forward is not written yet. Write it, run its cell, then run this one." in figure.alt
    assert "\n" not in repr(figure)


def test_what_a_function_raises_becomes_a_sentence():
    with pytest.raises(NotYet, match="forward stopped with KeyError"):
        shares(
            function("def forward(a, b, blank):\n    raise KeyError\n", "forward"),
            backward,
            np.zeros((2, 2, 3)),
            [1],
            0,
            ("C",),
        )


# ---- knobs


def knobs(source=LOOPS):
    return lattice.knobs(F, G, Y, function(source, "forward"), function(source, "backward"), 0, SYMBOLS)


def parts(widget):
    """All widgets inside, and those with a description by it."""
    inside = [widget]
    for one in inside:
        inside += getattr(one, "children", ())
    return inside, {one.description: one for one in inside if getattr(one, "description", "")}


def test_every_slider_changes_the_drawing_and_reset_brings_it_back():
    widget = knobs().widget()
    _, named = parts(widget)
    picture = widget.children[-1]
    first = picture.value
    assert first.count("<svg") == 1
    for name, value in (("temperature", 2.0), ("blank bias", 1.0), ("training steps", 5), ("C +", 2.0), ("∅ +", -1.0)):
        before = picture.value
        named[name].value = value
        assert picture.value != before, name
    before = picture.value
    named["FastEmit λ"].value = 0.5  # counts in training steps, of which there are five
    assert picture.value != before
    before = picture.value
    named["logits at"].value = (2, 1)
    assert picture.value != before
    named["reset"].click()
    named["logits at"].value = (0, 0)
    assert picture.value == first


def test_the_drawing_is_what_the_settings_say():
    settings = {"temperature": 2.0, "bias": 1.0, "node": (1, 2), "extra": [0, 0, 0.5, 0]}
    figure, line = knobs().figure(**settings)
    logits = F[:, None] + G[None]
    logits[:, :, 0] += 1.0
    logits[1, 2, 2] += 0.5
    scores = torch.tensor(log_softmax(logits / 2.0))
    assert f"cost {forward(scores, torch.tensor(Y), 0)[1]:.3f} nats" in line
    assert figure.view == "occupancy"


def test_no_output_widget_and_no_script_in_the_html():
    import ipywidgets

    widget = knobs().widget()
    assert not any(isinstance(one, ipywidgets.Output) for one in parts(widget)[0])
    assert "<script" not in widget.children[-1].value


@pytest.mark.parametrize("source", [LOOPS, alternative("seminar4", "torch")])
def test_a_move_of_a_slider_takes_less_than_a_tenth_of_a_second(source):
    widget = knobs(source).widget()
    _, named = parts(widget)
    named["FastEmit λ"].value = 0.1
    for name, values in (
        ("temperature", (0.5, 0.7, 1.4, 2.0, 3.0)),
        ("blank bias", (-2, -1, 1, 2, 3)),
        ("training steps", (26, 27, 28, 29, 30)),
    ):
        taken = []
        for value in values:
            began = time.thread_time()
            named[name].value = value
            taken.append(time.thread_time() - began)
        assert np.median(taken) < 0.1, name
        named[name].value = {"temperature": 1.0}.get(name, 0)
