"""recognize and the predictions table: one utterance at a time, over its own frames, with anybody's greedy decoder."""

import pytest
import torch
from torch import nn

from autograder.judging.homework3_reference import RNNTransducer, greedy_decode
from helpers.decoding import get_transducer_predictions, recognize
from helpers.text import tokenizer


@pytest.fixture
def model():
    torch.manual_seed(0)
    model = RNNTransducer(30, 4, 1, 1, 6, 10, 12, encoder_dropout_p=0.0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_()
        model.joiner.linear.bias[tokenizer.blank] += 5.0
    return model.double().eval()


@pytest.fixture
def batch():
    torch.manual_seed(1)
    return torch.randn(4, 9, 4, dtype=torch.float64), torch.tensor([9, 2, 5, 1])


def listening(heard):
    """A greedy decoder that notes what it was given."""

    def greedy(model, encoder_output):
        heard.append((encoder_output.clone(), model.training))
        return torch.tensor([2])

    return greedy


def test_padding_is_not_decoded(model, batch):
    heard = []
    recognize(model, *batch, greedy_decode=listening(heard))
    assert [len(output) for output, _ in heard] == [9, 2, 5, 1]


def test_an_utterance_is_recognised_the_same_alone_and_in_any_batch(model, batch):
    def short(model, output):
        return greedy_decode(model, output, max_steps=60)

    inputs, lengths = batch
    together = recognize(model, inputs, lengths, greedy_decode=short)
    assert any(len(labels) for labels in together)
    for b, length in enumerate(lengths.tolist()):
        alone = recognize(model, inputs[b : b + 1, :length], lengths[b : b + 1], greedy_decode=short)
        assert torch.equal(alone[0], together[b])


def test_decoding_happens_in_eval_mode_and_the_mode_comes_back(model, batch):
    heard = []
    model.train()
    recognize(model, *batch, greedy_decode=listening(heard))
    assert [training for _, training in heard] == [False] * 4
    assert model.training
    model.eval()
    recognize(model, *batch, greedy_decode=listening(heard))
    assert not model.training


def test_the_mode_comes_back_after_an_error_too(model, batch):
    def broken(model, output):
        raise ZeroDivisionError

    model.train()
    with pytest.raises(ZeroDivisionError):
        recognize(model, *batch, greedy_decode=broken)
    assert model.training


def test_no_warning_and_no_setting_is_left_behind(model, batch, recwarn):
    before = torch.backends.mkldnn.enabled
    recognize(model, *batch, greedy_decode=listening([]))
    assert torch.backends.mkldnn.enabled == before
    assert not recwarn.list


@pytest.mark.parametrize("answer", ["abc", None, torch.zeros(1, 3), torch.tensor(3), torch.tensor([0.5])])
def test_a_decoder_that_returns_no_labels_is_told_so(model, batch, answer):
    with pytest.raises(TypeError, match="greedy_decode must return a 1-D tensor") as caught:
        recognize(model, *batch, greedy_decode=lambda model, output: answer)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("answer", [[], [1, 2], torch.tensor([]), torch.tensor([1, 2], dtype=torch.int32)])
def test_lists_and_other_integer_types_are_taken_as_labels(model, batch, answer):
    found = recognize(model, *batch, greedy_decode=lambda model, output: answer)
    assert found[0].tolist() == list(answer)
    assert found[0].dtype == torch.int64


@pytest.mark.parametrize("lengths", [[10, 1, 1, 1], [0, 1, 1, 1], [1, 1]])
def test_lengths_that_do_not_fit_are_refused(model, batch, lengths):
    with pytest.raises(ValueError, match="length"):
        recognize(model, batch[0], torch.tensor(lengths), greedy_decode=listening([]))


def test_the_table_has_a_row_per_utterance_with_its_rates(model, batch):
    texts = ["a cat", "the hat", "i'm", "x"]
    said = iter(["a cat", "the cat", "", "xyz"])
    lengths = torch.tensor([len(text) for text in texts])
    targets = torch.full((4, 7), tokenizer.blank)
    for b, text in enumerate(texts):
        targets[b, : len(text)] = torch.tensor(tokenizer.text_to_indices(text))
    table = get_transducer_predictions(
        model, *batch, targets, lengths, greedy_decode=lambda m, f: torch.tensor(tokenizer.text_to_indices(next(said)))
    )
    assert list(table.columns) == ["ground_truth", "prediction", "cer", "wer"]
    assert table["ground_truth"].tolist() == texts
    assert table["prediction"].tolist() == ["a cat", "the cat", "", "xyz"]
    assert table["cer"].tolist() == pytest.approx([0, 1 / 7, 1, 2])
    assert table["wer"].tolist() == pytest.approx([0, 1 / 2, 1, 1])


def test_a_torchscript_archive_is_a_model(batch, tmp_path):
    class Encoder(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(4, 6, batch_first=True)
            self.output_proj = nn.Linear(6, 12)

        def forward(self, inputs: torch.Tensor, input_lengths: torch.Tensor):
            outputs, hidden = self.lstm(inputs)
            return self.output_proj(outputs), hidden

    class Decoder(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(30, 10)
            self.lstm = nn.LSTM(10, 10, batch_first=True)
            self.output_proj = nn.Linear(10, 12)

        def forward(
            self,
            inputs: torch.Tensor,
            input_lengths: torch.Tensor | None = None,
            hidden_states: tuple[torch.Tensor, torch.Tensor] | None = None,
        ):
            outputs, hidden = self.lstm(self.embedding(inputs), hidden_states)
            return self.output_proj(outputs), hidden

    class Joiner(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(12, 30)

        def forward(self, f: torch.Tensor, g: torch.Tensor):
            if f.dim() == 3:
                f, g = f.unsqueeze(2), g.unsqueeze(1)
            return self.linear(torch.relu(f + g))

    class Whole(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder, self.decoder, self.joiner = Encoder(), Decoder(), Joiner()

        def forward(self, x: torch.Tensor):
            return x

    torch.manual_seed(5)
    whole = Whole()
    with torch.no_grad():
        for parameter in whole.parameters():
            parameter.normal_()
    whole = whole.double().eval()
    torch.jit.script(whole).save(tmp_path / "model.pt")
    archive = torch.jit.load(tmp_path / "model.pt")

    def short(model, output):
        return greedy_decode(model, output, max_steps=40)

    expected = recognize(whole, *batch, greedy_decode=short)
    assert any(len(labels) for labels in expected)
    for a, b in zip(recognize(archive, *batch, greedy_decode=short), expected, strict=True):
        assert torch.equal(a, b)
