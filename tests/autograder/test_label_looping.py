"""Batched greedy decoding equals the loop over one utterance, step for step."""

import pytest
import torch
from torch import nn

from autograder.judging.homework3_reference import RNNTransducer, greedy_decode
from autograder.label_looping import greedy_batch, recognize_batch
from helpers.decoding import recognize
from helpers.model import ReferenceConfig, ReferenceRecogniser
from helpers.text import tokenizer

J = 12


class Chaos(nn.Module):
    """A prediction network that says something new after every label: a table looked up by a hash of the history.

    Random LSTMs mostly fall silent or repeat themselves for ever; this one stops at some label of every frame.
    """

    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.empty(997, J))

    def forward(self, inputs, input_lengths=None, hidden_states=None):
        state = torch.zeros(len(inputs), dtype=torch.int64) if hidden_states is None else hidden_states
        states = []
        for label in inputs.unbind(1):
            state = (state * 31 + label + 7) % 997
            states.append(state)
        return self.table[torch.stack(states, dim=1)], state


def lively(model, blank=8.0, seed=0):
    """Random weights; the larger `blank`, the fewer labels."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_()
        model.joiner.linear.bias[tokenizer.blank] += blank
    return model.double().eval()


def chaos(**options):
    model = RNNTransducer(30, 4, 1, 1, 6, 10, J, True, 0.0, 0.0)
    model.decoder = Chaos()
    return lively(model, **options)


def lstm(layers=1, **options):
    return lively(RNNTransducer(30, 4, 1, layers, 6, 10, J, True, 0.0, 0.0), **options)


def frames(seed=0, lengths=(9, 1, 17, 4, 12, 17, 2)):
    torch.manual_seed(100 + seed)
    return torch.randn(len(lengths), max(lengths), J, dtype=torch.float64), torch.tensor(lengths)


def one_by_one(model, outputs, lengths, **options):
    return [greedy_decode(model, output[:length], **options) for output, length in zip(outputs, lengths, strict=True)]


def same(found, expected):
    return [labels.tolist() for labels in found] == [labels.tolist() for labels in expected]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("make", [chaos, lstm])
def test_tokens_are_those_of_the_loop(make, seed):
    model, (outputs, lengths) = make(seed=seed, blank=7.0), frames(seed)
    expected = one_by_one(model, outputs, lengths, max_steps=150)
    assert make is lstm or len({len(labels) for labels in expected}) > 2  # a random LSTM may fall silent
    assert same(greedy_batch(model, outputs, lengths, max_steps=150), expected)


@pytest.mark.parametrize("chunk", [1, 3, 50])
def test_the_chunk_makes_no_difference(chunk):
    model, (outputs, lengths) = chaos(), frames()
    expected = one_by_one(model, outputs, lengths)
    assert same(greedy_batch(model, outputs, lengths, chunk=chunk), expected)


def test_several_layers_are_carried():
    model, (outputs, lengths) = lstm(layers=3), frames()
    assert same(
        greedy_batch(model, outputs, lengths, max_steps=150), one_by_one(model, outputs, lengths, max_steps=150)
    )


@pytest.mark.parametrize("max_steps", [0, 1, 2, 5, 13])
@pytest.mark.parametrize("seed", range(3))
def test_max_steps_counts_blanks_and_labels_of_each_utterance(max_steps, seed):
    model, (outputs, lengths) = chaos(seed=seed), frames(seed)
    expected = one_by_one(model, outputs, lengths, max_steps=max_steps)
    assert same(greedy_batch(model, outputs, lengths, max_steps=max_steps), expected)


def test_a_model_that_never_says_blank_is_stopped():
    model, (outputs, lengths) = lstm(blank=-1e6), frames()
    assert [len(labels) for labels in greedy_batch(model, outputs, lengths, max_steps=23)] == [23] * 7


def test_the_cap_moves_on_to_the_next_frame():
    model, (outputs, lengths) = lstm(blank=-1e6), frames()
    found = greedy_batch(model, outputs, lengths, max_labels_per_frame=3)
    assert [len(labels) for labels in found] == [3 * length for length in lengths.tolist()]


@pytest.mark.parametrize("chunk", [1, 4])
def test_the_cap_counts_labels_of_one_frame_only(chunk):
    model, (outputs, lengths) = chaos(seed=1, blank=4.0), frames(1)

    def capped(output, cap):
        labels, t, here = [], 0, 0
        g, hidden = model.decoder(torch.tensor([[tokenizer.bos]]))
        while t < len(output):
            best = int(model.joiner(output[t], g[0, 0]).argmax())
            if best == tokenizer.blank:
                t, here = t + 1, 0
                continue
            labels.append(best)
            g, hidden = model.decoder(torch.tensor([[best]]), hidden_states=hidden)
            here += 1
            if here == cap:
                t, here = t + 1, 0
        return torch.tensor(labels)

    with torch.no_grad():
        expected = [capped(output[:length], 2) for output, length in zip(outputs, lengths, strict=True)]
    found = greedy_batch(model, outputs, lengths, max_labels_per_frame=2, chunk=chunk)
    assert same(found, expected)
    assert not same(found, one_by_one(model, outputs, lengths, max_steps=2000))


def test_a_memory_of_two_labels_works_like_an_lstm():
    model = lively(ReferenceRecogniser(ReferenceConfig(output_dim=J, channels=8, embedding=8)))
    outputs, lengths = frames()
    expected = one_by_one(model, outputs, lengths, max_steps=200)
    assert any(len(labels) for labels in expected)
    assert same(greedy_batch(model, outputs, lengths, max_steps=200), expected)


def test_a_prediction_network_that_takes_rows_for_time_is_stepped_row_by_row():
    # The seed's own: no batch_first, so (B, 1, H) looks like B steps of one sequence. Right for B = 1 only.
    model = lstm()
    model.decoder.lstm.batch_first = False
    outputs, lengths = frames()
    assert same(
        greedy_batch(model, outputs, lengths, max_steps=300), one_by_one(model, outputs, lengths, max_steps=300)
    )


def test_hidden_states_of_any_make_are_carried():
    class Nested(nn.Module):
        """A state made of a tuple within a list, one of its tensors with the batch on the last axis."""

        def __init__(self, decoder):
            super().__init__()
            self.decoder = decoder

        def forward(self, inputs, input_lengths=None, hidden_states=None):
            if hidden_states is not None:
                (h, c), _ = hidden_states
                hidden_states = (h, c.permute(2, 0, 1).contiguous())
            outputs, (h, c) = self.decoder(inputs, input_lengths, hidden_states)
            return outputs, [(h, c.permute(1, 2, 0)), "a remark"]

    model = lstm()
    outputs, lengths = frames()
    expected = one_by_one(model, outputs, lengths, max_steps=300)
    model.decoder = Nested(model.decoder)
    assert same(greedy_batch(model, outputs, lengths, max_steps=300), expected)


def test_a_scripted_model_is_decoded_too():
    class Parts(nn.Module):
        def __init__(self, model):
            super().__init__()
            self.decoder, self.joiner = model.decoder, model.joiner

        def forward(self, x):
            return x

    model = ReferenceRecogniser(ReferenceConfig(output_dim=J, channels=8, embedding=8))
    model = lively(model)
    scripted = torch.jit.script(Parts(model).eval())
    outputs, lengths = frames()
    assert same(
        greedy_batch(scripted, outputs, lengths, max_steps=200), greedy_batch(model, outputs, lengths, max_steps=200)
    )


def test_whole_batches_are_recognised_as_alone_and_the_mode_is_kept():
    model = chaos()
    torch.manual_seed(3)
    inputs, lengths = torch.randn(5, 14, 4, dtype=torch.float64), torch.tensor([14, 3, 8, 1, 11])
    expected = [
        recognize(model, inputs[b : b + 1, :length], lengths[b : b + 1], greedy_decode=greedy_decode)[0]
        for b, length in enumerate(lengths.tolist())
    ]
    model.train()
    assert same(recognize_batch(model, inputs, lengths), expected)
    assert model.training


def test_no_utterances_give_no_labels():
    outputs, lengths = frames()
    assert greedy_batch(lstm(), outputs[:0], lengths[:0]) == []
