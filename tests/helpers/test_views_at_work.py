"""What is promised of every live view, for those that put the learner to work: fill, X-ray, three ways to break it."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from lattices import forward_backward
from student_code import LOOPS, alternative, function

from helpers import lattice
from tests.helpers.test_live import LIMIT, Outline, lattice_of, payload_of

forward, backward = function(LOOPS, "forward"), function(LOOPS, "backward")
SIZES = [(1, 0), (1, 3), (5, 0), (4, 3), (8, 4), (16, 7), (18, 7)]


def everything(T, U):
    x, logits, targets = lattice_of(T, U)
    a, b = forward_backward(x)
    scores = logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)
    f, g = logits[:, 0], logits[0]
    return {
        "fill forward": lattice.fill(x, a),
        "fill backward": lattice.fill(x, b, "backward"),
        "xray forward": lattice.xray(forward, scores, targets),
        "xray backward": lattice.xray(backward, scores, targets),
        "xray of diagonals": lattice.xray(function(alternative("seminar4", "diagonals"), "forward"), scores, targets),
        "underflow": lattice.underflow(forward, T, "HELLOHELLOHELLO"[:U]),
        **(
            {
                "padding": lattice.padding(f, g, targets, forward, backward),
                "fastemit": lattice.fastemit(f, g, targets, forward, backward),
            }
            if T <= 8
            else {}
        ),
    }


@pytest.fixture(scope="module", params=SIZES, ids=str)
def figures(request):
    return everything(*request.param)


def test_each_is_live_complete_and_below_150_kilobytes(figures):
    for name, figure in figures.items():
        html = figure.html()
        assert html.index("<svg") < html.index("<script>"), name
        assert len(html.encode()) <= LIMIT, name
        assert not re.search(r"\ssrc=|https?:", html.replace("http://www.w3.org/2000/svg", "")), name
        assert not [tag for tag, attributes in Outline(html).found if "id" in attributes], name
        assert "\n" not in repr(figure)


def test_the_script_finds_every_node_and_arc_in_well_formed_markup(figures):
    for name, figure in figures.items():
        ids = {element.get("data-id") for element in ElementTree.fromstring(figure.svg()).iter()}
        (T, U, *_) = payload_of(figure)["grids"][""]
        wanted = {f"node-{t}-{u}" for t in range(T) for u in range(U + 1)} | {"final"}
        wanted |= {f"blank-{t}-{u}" for t in range(T) for u in range(U + 1) if t < T - 1 or u == U}
        wanted |= {f"label-{t}-{u}" for t in range(T) for u in range(U)}
        assert wanted <= ids, name


def test_every_picture_asks_one_question_with_one_right_answer(figures):
    for name, figure in figures.items():
        assert figure.question is not None, name
        assert figure.question.text.endswith("?"), name
        assert payload_of(figure)["question"]["right"] == figure.question.right


def test_the_numbers_of_a_playback_are_those_of_the_table():
    figure = everything(8, 4)["xray forward"]
    table = np.asarray(figure.spec["start"]).copy()
    for step in figure.spec["steps"]:
        for t, u, value in step["writes"]:
            table[t, u] = value
    np.testing.assert_array_equal(table, figure.spec["log_alpha"])


def test_what_is_too_large_is_refused_in_one_sentence():
    x, logits, targets = lattice_of(30, 10)
    for call in (
        lambda: lattice.fill(x, forward_backward(x)[0]),
        lambda: lattice.xray(forward, logits - 10, targets),
        lambda: lattice.underflow(forward, 60),
    ):
        with pytest.raises(ValueError, match="take at most 150") as caught:
            call()
        assert "\n" not in str(caught.value)


def test_what_makes_no_sense_is_refused_in_one_sentence():
    x, _, _ = lattice_of(4, 3)
    a, _ = forward_backward(x)
    with pytest.raises(ValueError, match='write "forward" or "backward"'):
        lattice.fill(x, a, "sideways")
    with pytest.raises(ValueError, match=r"must have shape \(T, U\+1\)"):
        lattice.fill(x, a[:2])
    with pytest.raises(ValueError, match='write "forward" or "backward"'):
        lattice.xray(forward, np.zeros((4, 4, 5)) - 2, [1, 2, 3], exercise="sideways")
