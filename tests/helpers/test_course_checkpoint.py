"""The road to the course's original checkpoint, with a scripted stand-in and the real recordings."""

import warnings
from pathlib import Path

import pytest
import torch
from torch import nn

from autograder.judging.homework3_reference import greedy_decode
from helpers.checks import course_checkpoint
from helpers.checks.course_checkpoint import CheckpointError, compare, expected
from helpers.corpora import corpus

SPEECH = Path(__file__).resolve().parents[3] / "shared" / "speech"
with_speech = pytest.mark.skipif(
    not (SPEECH / "LibriSpeech" / "test-clean").is_dir(), reason="needs the LibriSpeech recordings in ../shared/speech"
)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(80, 4, batch_first=True)
        self.output_proj = nn.Linear(4, 6)

    def forward(self, inputs: torch.Tensor, input_lengths: torch.Tensor):
        outputs, hidden = self.lstm(inputs)
        return self.output_proj(outputs), hidden


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(30, 4)
        self.lstm = nn.LSTM(4, 4, batch_first=True)
        self.output_proj = nn.Linear(4, 6)

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
        self.linear = nn.Linear(6, 30)

    def forward(self, encoder_outputs: torch.Tensor, decoder_outputs: torch.Tensor) -> torch.Tensor:
        if encoder_outputs.dim() == 3:
            encoder_outputs, decoder_outputs = encoder_outputs.unsqueeze(2), decoder_outputs.unsqueeze(1)
        return torch.relu(self.linear(encoder_outputs + decoder_outputs))


class StandIn(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder, self.joiner = Encoder(), Decoder(), Joiner()

    def forward(self, inputs: torch.Tensor, input_lengths: torch.Tensor):
        return self.encoder(inputs, input_lengths)[0]


def scripted(module, path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.script(module.eval()).save(str(path))
    return path


@pytest.fixture
def archive(tmp_path):
    torch.manual_seed(3)
    return scripted(StandIn(), tmp_path / "model_scripted.pt")


def decode_a_little(model, encoder_output):
    return greedy_decode(model, encoder_output, max_steps=40)


@with_speech
def test_a_scripted_transducer_is_decoded_on_the_five_real_recordings(archive, monkeypatch):
    speech = corpus("librispeech", "test", SPEECH)
    table = compare(archive, decode_a_little, speech)
    assert list(table["ground_truth"]) == [row["ground_truth"] for row in expected()]
    assert not table["same"].any()
    assert table["prediction"].str.len().sum() > 0
    # Told what the stand-in writes, it recognises it: all five, and four when one differs in a letter.
    known = [{"ground_truth": row.ground_truth, "prediction": row.prediction} for row in table.itertuples()]
    known[2]["prediction"] += "x"
    monkeypatch.setattr(course_checkpoint, "expected", lambda: known)
    assert list(compare(archive, decode_a_little, speech)["same"]) == [True, True, False, True, True]


@with_speech
def test_speech_of_another_set_is_a_sentence(archive):
    with pytest.raises(CheckpointError, match="not LibriSpeech test-clean"):
        compare(archive, decode_a_little, corpus("librispeech", "test", SPEECH).subset(lambda one: False))


def test_a_file_that_is_no_such_archive_is_a_sentence(tmp_path):
    with pytest.raises(CheckpointError, match="There is no file"):
        compare(tmp_path / "nothing.pt", greedy_decode)
    (tmp_path / "text.pt").write_text("not an archive")
    with pytest.raises(CheckpointError, match="no TorchScript archive"):
        compare(tmp_path / "text.pt", greedy_decode)
    with pytest.raises(CheckpointError, match="not of a transducer"):
        compare(scripted(nn.Linear(2, 2), tmp_path / "linear.pt"), greedy_decode)


def test_the_known_transcripts_have_the_published_error_rates():
    from helpers.metrics import corpus_cer, corpus_wer

    rows = expected()
    truth, said = [row["ground_truth"] for row in rows], [row["prediction"] for row in rows]
    assert corpus_cer(truth, said) == pytest.approx(64 / 397)
    assert corpus_wer(truth, said) == pytest.approx(27 / 72)
