"""What is said where no known mistake fits: the wrong term of the first wrong cell, the smallest input that differs."""

import re

import numpy as np
import pytest
import torch
from student_code import LOOPS, alternative, function
from torch import nn

from autograder.judging.homework3_reference import DecoderRNNT, EncoderRNNT, Joiner, RNNTransducer, greedy_decode
from helpers import checks
from helpers.checks import filling, terms
from helpers.checks.calling import Malformed


def text_of(result):
    assert result.result.misconceptions == (), result.result.misconceptions
    return result.text()


def slipped(exercise, right, wrong):
    assert LOOPS.count(right) == 1
    return function(LOOPS.replace(right, wrong), exercise)


# --- the two terms ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exercise", "right", "wrong", "told"),
    [
        (
            "forward",
            "log_probs[t, u - 1, y[u - 1]])",
            "log_probs[t, u - 1, y[u - 1] if u != 2 else y[0]])",
            r"The label term is off: it looks like P\(y\[0\] \| \d, 1\) instead of P\(y\[1\] \| \d, 1\)",
        ),
        (
            "forward",
            "log_probs[t - 1, u, blank])\n            if u",
            "log_probs[t - 1, max(u - 1, 0), blank])\n            if u",
            r"The blank term is off: it looks like P\(∅ \| 0, 0\) instead of P\(∅ \| 0, 1\)\. The label term is right",
        ),
        (
            "backward",
            "log_beta[t + 1, u] + log_probs[t, u, blank])",
            "log_beta[t + 1, u] + log_probs[t, max(u - 1, 0), blank])",
            r"The blank term is off: it looks like P\(∅ \| \d, \d\) instead of P\(∅ \| \d, \d\)",
        ),
        (
            "backward",
            "log_beta[t, u + 1] + log_probs[t, u, y[u]])",
            "log_beta[t, u + 1] + log_probs[t, u, y[u]] - (t == 0))",
            r"If your blank term is right, your label term is -\d+\.\d+ and should be -\d+\.\d+",
        ),
        (
            "forward",
            "log_probs[t, u - 1, y[u - 1]])",
            "log_probs[t, u - 1, y[u - 1]] - 0.25)",
            r"should be -\d+\.\d+ \(label\); yours is -\d+\.\d+",
        ),
    ],
)
def test_the_term_that_is_off_is_told(exercise, right, wrong, told):
    assert re.search(told, text_of(getattr(checks, exercise)(slipped(exercise, right, wrong))))


def test_both_terms_stand_there_in_numbers():
    text = text_of(checks.forward(slipped("forward", "y[u - 1]])", "y[u - 1]] + 0.3 * (t > 0))")))
    case = checks.case("warp")
    along = case.log_alpha[0, 1] + case.log_probs[0, 1, -1]
    up = case.log_alpha[1, 0] + case.log_probs[1, 0, case.targets[0]]
    assert f"logaddexp({along:.5g} (blank), {up:.5g} (label)) = {np.logaddexp(along, up):.5g}" in text


def test_a_sum_that_is_less_than_one_of_its_terms_is_called_impossible():
    case = checks.case("repeats")
    along = terms.right_terms("forward", case, case.log_alpha, 1, 1)["blank"].value

    def change(log_probs, targets, blank=-1):
        cells, cost = function(LOOPS, "forward")(log_probs, targets, blank)
        if cells.shape == (4, 4):
            cells[1, 1] = min(along, cells[1, 1]) - 1.234
        return cells, cost

    assert "less than its" in checks.forward(change).text()


def test_the_implied_terms_add_up_to_the_value():
    case = checks.case("repeats")
    value = case.log_alpha[1, 1] + 0.4
    said = terms.implied("forward", case, case.log_alpha, 1, 1, value)
    right = terms.right_terms("forward", case, case.log_alpha, 1, 1)
    label = float(re.search(r"your label term is (-?\d+\.\d+)", said)[1])
    assert np.logaddexp(right["blank"].value, label) == pytest.approx(value, abs=1e-3)


# --- the smallest input ----------------------------------------------------------------------------------------------


class ForgetsTheSecondLayer(EncoderRNNT):
    def forward(self, inputs, input_lengths):
        outputs, hidden = super().forward(inputs, input_lengths)
        return outputs * (1 if self.lstm.num_layers == 1 else 1.5), hidden


class LosesTheSecondUtterance(EncoderRNNT):
    def forward(self, inputs, input_lengths):
        outputs, hidden = super().forward(inputs, input_lengths)
        outputs = outputs.clone()
        outputs[1:] += 1.0
        return outputs, hidden


class StopsAtPadding(EncoderRNNT):
    def forward(self, inputs, input_lengths):
        if len(set(input_lengths.tolist())) > 1:
            raise ValueError("lengths must be equal")
        return super().forward(inputs, input_lengths)


class WrongFromTheSecondLabel(DecoderRNNT):
    def forward(self, inputs, input_lengths=None, hidden_states=None):
        outputs, hidden = super().forward(inputs, input_lengths, hidden_states)
        return outputs + (torch.arange(outputs.shape[1]) > 0)[None, :, None], hidden


class OnlyOneUtterance(Joiner):
    def forward(self, encoder_outputs, decoder_outputs):
        scores = super().forward(encoder_outputs, decoder_outputs)
        return scores if scores.dim() == 1 else scores + torch.arange(len(scores))[:, None, None, None]


class WrongAtTheSecondLabel(RNNTransducer):
    def forward(self, inputs, input_lengths, targets, target_lengths):
        scores = super().forward(inputs, input_lengths, targets, target_lengths)
        return scores + (torch.arange(scores.shape[2]) > 1)[None, None, :, None]


def no_more_than_one_letter_a_frame_and_two_in_all(model, encoder_output, max_steps=2000):
    return greedy_decode(model, encoder_output, max_steps)[:2]


@pytest.mark.parametrize(
    ("exercise", "written", "told"),
    [
        ("encoder", ForgetsTheSecondLayer, "The smallest input that shows it: B=1, T=2, two layers, one direction"),
        ("encoder", LosesTheSecondUtterance, "The smallest input that shows it: B=2, T=2, both of length 2"),
        ("encoder", StopsAtPadding, "stops with B=2, T=2, lengths 2 and 1"),
        ("decoder", WrongFromTheSecondLabel, "The smallest input that shows it: two labels at once, B=1"),
        ("joiner", OnlyOneUtterance, "The smallest input that shows it: B=2, T=2, U+1=2"),
        ("transducer", WrongAtTheSecondLabel, "The smallest input that shows it: B=1, T=2, U=2"),
        ("greedy", no_more_than_one_letter_a_frame_and_two_in_all, "after two in the first"),
    ],
)
def test_the_smallest_input_that_shows_the_difference_is_told(exercise, written, told):
    result = getattr(checks, exercise)(written)
    assert result.points < result.result.exercise.points
    text = text_of(result)
    assert told in text
    assert text.count("mallest input") <= 1
    assert ("is still right" in text) != ("It works with" in text)


def test_few_numbers_are_shown_and_only_of_public_inputs():
    result = checks.greedy(no_more_than_one_letter_a_frame_and_two_in_all).result
    finding = next(item for item in result.items if item.wrong).wrong[0][1]
    assert "There it gives [2, 3]; expected [2, 3, 2]." in finding.numbers
    assert "expected" not in "".join(vars(finding.without_numbers())["where"])


def test_right_code_hears_of_no_smallest_input():
    for key, written in (("encoder", EncoderRNNT), ("joiner", Joiner), ("greedy", greedy_decode)):
        assert "mallest input" not in getattr(checks, key)(written).text()


# --- networks made of other layers -----------------------------------------------------------------------------------


def test_cells_and_single_layers_get_the_weights_of_one_lstm():
    names: dict = {}
    exec(alternative("homework3", "encoder_cells"), names)
    inputs, lengths = torch.randn(2, 5, filling.FEATURES), torch.tensor([5, 3])
    with torch.no_grad():
        one, other = (filling.encoder(cls, np.random.default_rng(3)) for cls in (EncoderRNNT, names["EncoderRNNT"]))
        assert torch.allclose(one(inputs, lengths)[0][0], other(inputs, lengths)[0][0], atol=1e-5)


class Gru(nn.Module):
    def __init__(self, input_dim, hidden_size, output_dim, n_layers, dropout=0.2, bidirectional=True):
        super().__init__()
        self.rnn = nn.GRU(input_dim, hidden_size, n_layers)
        self.out = nn.Linear(hidden_size, output_dim)


class TooMany(Gru):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.rnn = nn.ModuleList(nn.LSTM(size, 6) for size in (8, 12, 12, 12, 12, 12))


@pytest.mark.parametrize(("cls", "sentence"), [(Gru, "0 layers of type nn.LSTM"), (TooMany, "which is which")])
def test_what_is_no_lstm_is_told(cls, sentence):
    with pytest.raises(Malformed, match=sentence):
        filling.encoder(cls, np.random.default_rng(0))


def test_a_walk_that_never_ends_is_ended_and_told():
    def endless(model, encoder_output, max_steps=2000):
        labels, t = [], 0
        g, _ = model.decoder(torch.tensor([[29]]))
        while t < len(encoder_output):
            best = int(model.joiner(encoder_output[t], g[0, 0]).argmax())
            if best != 28:
                labels.append(best)
        return torch.tensor(labels)

    assert "does not end" in checks.greedy(endless).text()
