"""The words for known mistakes: complete, and every number in them computed again."""

import math
import re

import numpy as np
import pytest
import torch
from arithmetic import shown, sums, value

from autograder.judging import homework3_zoo, micro, training_zoo, zoo
from helpers.checks import misconceptions, smallest, stand_ins
from helpers.checks.misconceptions import MISCONCEPTIONS, in_words
from helpers.text import tokenizer

ALL = [(exercise, name) for exercise, known in MISCONCEPTIONS.items() for name in known]
LATTICE = [(exercise, name) for exercise, name in ALL if exercise in zoo.ZOO]


def test_there_are_words_for_every_mistake_and_a_mistake_for_all_words():
    made = {**zoo.ZOO, **homework3_zoo.ZOO, "training": tuple(training_zoo.ZOO)}
    assert {exercise: set(known) for exercise, known in MISCONCEPTIONS.items()} == {
        exercise: set(names) for exercise, names in made.items()
    }
    assert len(ALL) >= 60


@pytest.mark.parametrize(("exercise", "name"), ALL)
def test_every_mistake_has_a_sentence_a_place_to_look_and_three_hints(exercise, name):
    known = MISCONCEPTIONS[exercise][name]
    assert known.says[0].islower() or known.says.startswith(("<BOS>", "ln P", "`", "index", "LSTM", "h ", "f ", "g "))
    assert not known.says.endswith(".")
    assert known.look.endswith((".", "?", ")"))
    assert len(known.see) > 5
    question, concept, example = known.hints
    assert question.endswith("?"), "the first hint asks back"
    assert concept.endswith((".", ")"))
    assert len({question, concept, example, known.look}) == 4
    assert max(map(len, known.hints)) < 420
    if exercise != "training":
        assert "T=2" in example or "Frame" in example or "frame" in example or "read one by one" in example


@pytest.mark.parametrize(("exercise", "name"), ALL)
def test_no_hint_before_the_last_one_has_code_in_it(exercise, name):
    question, concept, _ = MISCONCEPTIONS[exercise][name].hints
    for hint in (question, concept):
        assert not re.search(r"\breturn \w+,|\bdef\b|for \w+ in ", hint)


def test_the_calculator_of_these_tests_can_count():
    assert value("0.5 · 0.7 + 0.3 · 0.6") == pytest.approx(0.53)
    assert value("-0.4621 - 0.9640") == pytest.approx(-1.4261)
    assert list(sums("α is 0.5 · 2 = 1.0, and 3 = 3")) == [("0.5 · 2", 1.0, 1)]


@pytest.mark.parametrize(("exercise", "name"), ALL)
def test_every_sum_in_the_words_is_right(exercise, name):
    known = MISCONCEPTIONS[exercise][name]
    for text in (*known.hints, known.look):
        for expression, number, digits in sums(text):
            assert value(expression) == pytest.approx(number, abs=0.51 * 10**-digits), expression


def test_most_lattice_examples_hold_a_sum_that_is_computed_here():
    with_sums = [name for exercise, name in LATTICE if list(sums(MISCONCEPTIONS[exercise][name].example))]
    assert len(with_sums) > len(LATTICE) / 2


WITHOUT_A_NUMBER = {
    "blank-always-last", "blank-always-first", "position-as-class", "target-one-ahead", "target-one-behind",
    "probability-domain", "sums-through-exp", "sums-through-float32-exp", "cost-over-labels", "probabilities-returned",
    "last-frame-forgotten", "top-row-forgotten", "first-frame-forgotten", "bottom-row-forgotten", "loops-run-forwards",
}  # fmt: skip
"""Mistakes that T=2, U=1 shows only in another way: the wrong class, an infinite cost, nothing at all."""


@pytest.mark.parametrize(("exercise", "name"), [one for one in LATTICE if one[1] not in WITHOUT_A_NUMBER])
def test_the_lattice_examples_show_the_right_number_and_the_one_of_the_mistake(exercise, name):
    right, wrong = micro.right(exercise), micro.wrong(exercise, name)
    numbers = shown(MISCONCEPTIONS[exercise][name].example)

    def said(truth):
        cells = [math.exp(cell) for cell in truth.cells.flat if np.isfinite(cell)]
        return {round(one, digits) for one in (*cells, math.exp(-truth.cost), truth.cost) for digits in (1, 2, 3, 4)}

    assert numbers & said(right)
    assert numbers & (said(wrong) - said(right)), said(wrong) - said(right)


def test_the_example_lattice_is_the_one_in_the_words():
    blank, label = micro.PROBABILITIES[..., 1], micro.PROBABILITIES[:, 0, 2]
    assert [*blank[0], *blank[1]] == [0.5, 0.6, 0.2, 0.8]
    assert [*label] == [0.3, 0.7]
    np.testing.assert_allclose(micro.PROBABILITIES.sum(-1), 1)
    assert micro.INPUTS.shape == (2, 2)


def test_underflows_that_the_words_speak_of_happen():
    with np.errstate(under="ignore"):
        assert np.exp(np.float32(-104)) == np.exp(np.float32(-120)) == np.exp(np.float32(-110)) == 0
        assert np.exp(-800.0) == 0
    assert np.logaddexp(-800, -800) == pytest.approx(-799.3, abs=0.01)
    assert np.logaddexp(-110, -110) == pytest.approx(-109.3, abs=0.01)


NETWORKS = {
    ("encoder", "padding-read"): [micro.encoder("", (1.0,), 1)[0], micro.encoder("padding-read")[0]],
    ("encoder", "activation-at-the-end"): micro.encoder("", (-1.0, -2.0), 2),
    ("encoder", "one-direction-only"): [micro.encoder()[0], micro.encoder("one-direction-only")[0]],
    ("encoder", "always-two-directions"): [micro.encoder()[0], micro.encoder("one-direction-only")[0]],
    ("encoder", "one-layer-only"): [micro.encoder("", (1.0, -1.0), 2)[0], micro.encoder("", (1.0, -1.0), 2, 2)[0]],
    ("encoder", "batch-taken-for-time"): [micro.encoder("", (1.0, -1.0), 2)[1]],
    ("encoder", "cut-to-the-longest"): [micro.encoder()[0]],
    ("decoder", "state-ignored"): [*micro.decoder(), micro.decoder("state-ignored")[1]],
    ("decoder", "cell-state-lost"): [micro.decoder()[1], micro.decoder("cell-state-lost")[1]],
    ("decoder", "batch-taken-for-time"): [micro.decoder("", (1,))[0], micro.decoder("", (2, 1))[1]],
    ("decoder", "last-output-everywhere"): micro.decoder("", steps=False),
    ("decoder", "one-layer-only"): [
        micro.decoder("", steps=False)[0], micro.decoder("", steps=False, n_layers=2)[0]
    ],
}  # fmt: skip


@pytest.mark.parametrize(("exercise", "name"), NETWORKS)
def test_the_numbers_of_the_network_examples_are_those_of_such_networks(exercise, name):
    numbers = shown(MISCONCEPTIONS[exercise][name].example)
    for number in NETWORKS[exercise, name]:
        assert round(number, 4) in numbers


@pytest.mark.parametrize("name", homework3_zoo.ZOO["joiner"])
def test_the_joiner_examples_show_the_right_score_and_the_one_of_the_mistake(name):
    numbers = shown(MISCONCEPTIONS["joiner"][name].example)
    if name == "same-position-only":
        assert micro.joiner(name).shape == (2, 2)
        return
    assert round(float(micro.joiner()[1, 0, 0]), 4) in numbers
    assert round(float(micro.joiner(name)[1, 0, 0]), 4) in numbers


def read_by(name=""):
    """What the prediction network of a transducer is given for the targets [[2]]."""
    seen = []

    def read(inputs, lengths):
        seen.append(inputs.tolist()[0])
        return torch.zeros(1, inputs.shape[1], 3), None

    model = micro.part("transducer", name)(30, 4, 1, 1, 3, 3, 3)
    model.encoder = stand_ins.Part(lambda inputs, lengths: (torch.zeros(1, 2, 3), None))
    model.decoder = stand_ins.Part(read)
    model(torch.zeros(1, 2, 4), torch.tensor([2]), torch.tensor([[2]]), torch.tensor([1]))
    return seen[0]


@pytest.mark.parametrize(
    "name", ["blank-for-bos", "zero-for-bos", "bos-at-the-end", "bos-missing", "last-label-dropped", "bos-twice"]
)
def test_the_transducer_examples_show_what_is_read(name):
    example = MISCONCEPTIONS["transducer"][name].example
    assert str(read_by()) in example
    assert str(read_by(name)) in example
    assert read_by(name) != read_by()


C, A, BOS = tokenizer.get_symbol_index("c"), tokenizer.get_symbol_index("a"), tokenizer.bos
WALKS = {
    "label-moves-on": (2, {(0, 0, BOS): C, (0, 1, C): A}, 20, "ca", "c"),
    "last-frame-left-out": (2, {(1, 0, BOS): C}, 20, "c", ""),
    "first-frame-left-out": (2, {(0, 0, BOS): C}, 20, "c", ""),
    "one-frame-behind": (2, {(1, 0, BOS): C}, 20, "c", ""),
    "ends-at-the-first-blank": (2, {(1, 0, BOS): C}, 20, "c", ""),
    "repeats-merged": (2, {(0, 0, BOS): C, (1, 1, C): C}, 20, "cc", "c"),
    "limit-counts-labels": (2, {(0, 0, BOS): C, (1, 1, C): A}, 2, "c", "ca"),
}


@pytest.mark.parametrize("name", WALKS)
def test_the_walks_of_the_examples_write_what_they_say(name):
    frames, script, limit, right, wrong = WALKS[name]
    places = torch.arange(float(frames))[:, None].repeat(1, 2)

    def written(walk):
        return tokenizer.indices_to_text(walk(smallest.Scripted(script), places, max_steps=limit).tolist())

    assert written(micro.part("greedy")) == right
    assert written(micro.part("greedy", name)) == wrong


def test_a_pair_is_said_in_one_sentence_and_ties_as_one_of():
    pair = in_words("forward", ["best-path+cost-not-negated"])
    assert pair.startswith("This is exactly what you get when max is taken")
    assert ", and ln P(y | x) is returned as the cost" in pair
    tied = in_words("forward", ["best-path", "logs-added"])
    assert tied.startswith("This is what you get from one of these: (1) max is taken")
    assert "; or (2)" in tied
    assert in_words("training", ["ended-early"]).startswith("This looks like a run where the training was stopped")
    assert in_words("forward", []) == ""


def test_single_mistakes_are_preferred_to_pairs():
    assert misconceptions.simplest(["a+b", "a", "b"], {"a", "a+b"}.__contains__) == ["a"]
    assert misconceptions.simplest(["a", "a+b", "c+d"], {"a+b", "c+d"}.__contains__) == ["a+b", "c+d"]


@pytest.mark.parametrize("name", training_zoo.ZOO)
@pytest.mark.parametrize("seed", range(5))
def test_every_bad_run_is_recognised_by_its_log(name, seed):
    from helpers.checks.runs import recognise

    run = training_zoo.ZOO[name](np.random.default_rng(seed))
    assert recognise(run.rows, run.measured) == [name]


def test_good_runs_are_given_no_name():
    from pathlib import Path

    from helpers.checks import runs

    for seed in range(20):
        run = training_zoo.good(np.random.default_rng(seed))
        assert runs.recognise(run.rows, run.measured) == []
    root = Path(misconceptions.__file__).parents[2]
    for log in (root / "helpers/assets/reference_log.jsonl", root / "autograder/demo/trained_run/log.jsonl"):
        rows, problem = runs.parse_log(log.read_bytes())
        assert not problem
        assert runs.recognise(rows, runs.final_evaluation(rows)) == []


def test_a_log_of_nonsense_is_given_no_name_and_stops_nothing():
    from helpers.checks.runs import recognise

    rows = [
        {"kind": ["train"], "step": {}},
        {"kind": "train", "step": 10**400, "loss": 10**400, "loss_per_char": "low"},
        {"kind": "final", "step": True, "cer": 0.1, "wer": 0.2, "loss_per_char": None, "length_ratio": 10**400},
        {},
    ]
    assert recognise(rows, None) == []
    assert recognise([], None) == []
