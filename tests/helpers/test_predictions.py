"""Questions before coding: every number computed again, and what an answer gets back."""

import itertools
import math
import re

import numpy as np
import pytest
import torch
from arithmetic import sums, value

from helpers import checks
from helpers.checks import predicting
from helpers.checks.predictions import PREDICTIONS
from helpers.checks.session import Session
from helpers.lattice import Lattice, live

ALL = {key: one for questions in PREDICTIONS.values() for key, one in questions.items()}
NUMBERS = [key for key, one in ALL.items() if not one.options]


def cat():
    case = checks.case("cat")
    return np.exp(case.log_probs.astype(float)), np.exp(case.log_alpha), np.exp(case.log_beta), case


def computed():
    """By question: the right number and those of the wrong answers, in the order of the table."""
    p, alpha, _, case = cat()
    blank, c, t = p[:, :, 0], p[:, :, 1], 3
    ways = Lattice.from_log_probs(case.log_probs, case.targets, blank=case.blank)
    uniform = math.log(30)
    return {
        "alignments": [len(list(ways.alignments())), math.comb(7, 3), 4**3, math.comb(4, 3), 4 + 3, 2**7, 4 * 4, 4 * t],
        "alpha-1-1": [
            alpha[1, 1], alpha[0, 1] * blank[0, 1], alpha[1, 0] * c[1, 0], alpha[1, 0], alpha[0, 1], blank[0, 1],
            blank[0, 1] + c[1, 0], alpha[0, 1] * blank[1, 1] + alpha[1, 0] * c[1, 1],
        ],
        "alpha-1-0": [
            case.log_alpha[1, 0], alpha[1, 0], -case.log_alpha[1, 0], math.log(c[0, 0]), math.log(blank[1, 0]),
            math.log10(alpha[1, 0]), blank[0, 1], math.log(blank[0, 1]), case.log_alpha[0, 0],
        ],
        "beta-3-3": [blank[3, 3], 1, alpha[3, 3], math.exp(-case.cost), 0],
        "first-loss": [
            3 * uniform - math.log(2), 3 * uniform, 3 * uniform + math.log(2), uniform, 2 * uniform,
            3 * uniform - math.log(3), math.log(2),
        ],
        "joiner-calls": [100 + 12, 100, 12, 100 * 12, 100 * 13, 100 + 12 + 1, 1 + 12, 100 + 12 - 1],
        "predictor-calls": [1 + 12, 12, 100 + 12, 1 + 100 + 12, 100, 1 + 100, 1],
    }  # fmt: skip


@pytest.mark.parametrize("key", NUMBERS)
def test_the_right_number_and_those_of_the_wrong_answers_are_computed_again(key):
    right, *wrong = computed()[key]
    question = ALL[key]
    assert question.is_right(right)
    assert question.right == pytest.approx(right, abs=max(question.within / 4, 1e-9))
    assert [value for value, _ in question.known] == pytest.approx(wrong, abs=max(question.within / 4, 1e-9))


def test_numbers_in_the_words_of_the_worked_example_are_its_own():
    p, alpha, *_ = cat()
    question = ALL["alpha-1-1"]
    numbers = [alpha[0, 1], alpha[1, 0], alpha[0, 1], p[0, 1, 0], alpha[1, 0], p[1, 0, 1], alpha[1, 1]]
    assert re.findall(r"0\.\d{4}", question.because) == [f"{number:.4f}" for number in numbers]
    assert f"{alpha[1, 0]:.4f}" in ALL["alpha-1-0"].because


@pytest.mark.parametrize("key", ALL)
def test_sums_in_the_words_are_right(key):
    question = ALL[key]
    for text in (question.because, question.nudge, *(words for _, words in question.known)):
        for expression, number, digits in sums(text):
            assert value(expression) == pytest.approx(number, abs=0.51 * 10**-digits), expression


def test_the_best_alignment_holds_the_share_that_the_answer_says():
    _, _, _, case = cat()
    lattice = Lattice.from_log_probs(case.log_probs, case.targets, blank=case.blank)
    share = math.exp(lattice.log_prob(lattice.best_path()) + case.cost)
    assert f"About {100 * share:.0f}%" in ALL["best-share"].because
    nearest = min((0.15, 0.5, 0.85), key=lambda one: abs(one - share))
    assert ALL["best-share"].told == f"about {100 * nearest:.0f}%"


def test_the_factor_is_read_where_the_text_says():
    t = u = 0
    for move in "bbblllb":
        if move == "l" and u == 2:
            assert ALL["one-factor"].told == f"({t}, {u})"
        t, u = (t, u + 1) if move == "l" else (t + 1, u)


def test_the_sums_of_occupancies_are_as_the_answer_says():
    _, alpha, beta, case = cat()
    gamma = alpha * beta * math.exp(case.cost)
    n = np.add.outer(np.arange(4), np.arange(4))
    assert [gamma[n == one].sum() for one in range(7)] == pytest.approx([1] * 7, abs=1e-4)
    assert not np.allclose(gamma.sum(axis=1), 1, atol=0.1)
    assert ALL["sums-to-one"].told == "an anti-diagonal"


def test_the_shape_is_the_joiners_and_padding_is_not_heard():
    from autograder.judging.homework3_reference import REFERENCE

    scores = REFERENCE["joiner"](64, 30)(torch.zeros(2, 50, 64), torch.zeros(2, 11, 64))
    assert ALL["joiner-shape"].told == str(tuple(scores.shape))
    assert f"= {scores.numel()}" in ALL["joiner-shape"].because
    encoder = REFERENCE["encoder"](80, 8, 4, 1).eval()
    frames = torch.randn(2, 60, 80, generator=torch.Generator().manual_seed(1))
    together, _ = encoder(frames, torch.tensor([30, 60]))
    alone, _ = encoder(frames[:1, :30], torch.tensor([30]))
    assert torch.allclose(together[0, :30], alone[0], atol=1e-5)
    assert ALL["padding"].told.startswith("not at all")


@pytest.mark.parametrize("key", ALL)
def test_every_question_tells_no_answer_before_it_is_found(key):
    question = ALL[key]
    assert len(question.known) >= 2
    for text in (question.nudge, *(words for _, words in question.known)):
        assert text.endswith((".", "?"))
        if not question.options:
            assert not re.search(rf"(?<![\d.]){re.escape(f'{question.right:g}')}(?!\.?\d)", text)
    if question.options:
        assert {index for index, _ in question.known} == set(range(len(question.options))) - {question.right}


def test_no_two_answers_are_taken_for_each_other():
    for question in ALL.values():
        values = [question.right, *(value for value, _ in question.known)]
        for a, b in itertools.combinations(values, 2):
            assert abs(a - b) > 2 * question.within


def test_not_every_right_option_is_the_first():
    rights = {one.right for one in ALL.values() if one.options}
    assert len(rights) > 2


# --- answering


@pytest.fixture
def session():
    return Session(None)


@pytest.mark.parametrize("answer", [-2.53, "-2.53", "−2,53", np.float32(-2.5302), torch.tensor(-2.53)])
def test_numbers_are_welcome_in_any_form(answer, session):
    reply = predicting.predict("alpha-1-0", answer, session)
    assert reply.right
    assert "ln 0.0796" in repr(reply)


def test_a_wrong_answer_is_told_what_it_is_and_not_what_is_right(session):
    reply = predicting.predict("alpha-1-0", 0.2369, session)
    assert not reply.right
    assert "P(∅ | 0, 1)" in repr(reply)
    assert "2.53" not in repr(reply)
    assert "2.53" not in repr(predicting.predict("alpha-1-0", 17, session))
    assert "Here is the answer: -2.53" in repr(predicting.predict("alpha-1-0", 18, session))


@pytest.mark.parametrize("answer", ["b", "B ", "(3, 2)"])
def test_an_option_is_chosen_by_its_letter_or_its_words(answer, session):
    assert predicting.predict("one-factor", answer, session).right


@pytest.mark.parametrize(
    ("key", "answer"),
    [("alpha-1-0", "many"), ("alpha-1-0", math.nan), ("alpha-1-0", 10**400), ("one-factor", "z"), ("one-factor", 3),
     ("nothing", 3), (None, 3), ("alpha-1-0", torch.zeros(2))],
)  # fmt: skip
def test_what_is_no_answer_gets_one_sentence_and_is_no_try(key, answer, session):
    reply = predicting.predict(key, answer, session)
    assert not reply.right
    assert "\n" not in repr(reply)
    assert session.help.predictions == ()


def test_tries_are_noted(session):
    for answer in (20, 35, 20):
        predicting.predict("alignments", answer, session)
    for answer in (1, 0.5732):
        predicting.predict("beta-3-3", answer, session)
    found = [(one.question, one.tries, one.first, one.right) for one in session.help.predictions]
    assert found == [("alignments", 3, True, True), ("beta-3-3", 2, False, True)]


def test_a_question_is_live_in_a_page_and_text_elsewhere(monkeypatch):
    question = checks.predict("one-factor")
    assert "  b) (3, 2)" in repr(question)
    html = question._repr_html_()
    assert html.count("<script>") == 1
    assert "http" not in html.replace("http://www.w3.org", "")
    assert "<details><summary>Answer</summary>" in html
    assert 'checks.predict("one-factor"' in html.replace("&quot;", '"')
    monkeypatch.setenv("RNNT_PICTURES", "static")
    assert "<script>" not in question._repr_html_()


def test_a_table_that_contradicts_itself_is_refused():
    with pytest.raises(ValueError, match="not an index"):
        live.Prediction("x", "?", 2, "", "", options=("a", "b"))
    with pytest.raises(ValueError, match="too close"):
        live.Prediction("x", "?", 2.0, "", "", known=((2.05, ""),), within=0.1)
