"""The handed-in weights in the student's own classes: what fits is decoded, what does not is one sentence."""

import pickle

import pytest
import torch
from safetensors.torch import save_file

from autograder.judging import training as judging
from autograder.judging.evidence import LONGEST_TEXT
from autograder.judging.homework3_reference import RNNTransducer, greedy_decode
from helpers.asking.training import RunQuestion
from helpers.checks.calling import Malformed
from helpers.checks.handed_in import MEL_BINS, MOST_PARAMETERS, arguments_of
from helpers.checks.rubric import HOMEWORK3
from helpers.text import tokenizer

SIZES = {
    "num_classes": 30,
    "input_dim": 160,
    "num_encoder_layers": 2,
    "num_decoder_layers": 1,
    "encoder_hidden_state_dim": 6,
    "decoder_hidden_state_dim": 5,
    "output_dim": 7,
    "encoder_is_bidirectional": True,
}
FRAMES = (9, 4, 12)


@pytest.fixture
def job(tmp_path):
    """A job's folder with three utterances to decode and a run without weights."""
    torch.manual_seed(0)
    features = torch.randn(sum(FRAMES), MEL_BINS).half()
    save_file({"features": features, "lengths": torch.tensor(FRAMES)}, tmp_path / "heldout.safetensors")
    (tmp_path / "run").mkdir()
    return tmp_path


def ask(job, cls=RNNTransducer, decode=greedy_decode):
    return RunQuestion(job).ask("training", cls, {"greedy_decode": decode}.get)


def weights(**changes):
    torch.manual_seed(1)
    return RNNTransducer(**(SIZES | changes)).state_dict()


@pytest.mark.parametrize(
    "changes", [{}, {"encoder_is_bidirectional": False}, {"num_encoder_layers": 3}, {"output_dim": 5}]
)
def test_the_sizes_of_a_model_are_read_off_its_weights(changes):
    shapes = {name: tuple(tensor.shape) for name, tensor in weights(**changes).items()}
    assert arguments_of(shapes) == SIZES | changes


@pytest.mark.parametrize("shapes", [{}, {"layer.weight": (3, 4)}, {"encoder.lstm.weight_ih_l0": (8, 3)}])
def test_shapes_of_another_network_are_refused(shapes):
    with pytest.raises(Malformed, match="not those of an RNNTransducer"):
        arguments_of(shapes)


@pytest.mark.parametrize("name", ["weights.safetensors", "weights.pt"])
def test_every_utterance_is_decoded_with_either_format(job, name):
    state = {key: tensor.half() for key, tensor in weights().items()}
    if name.endswith(".pt"):
        torch.save(state, job / "run" / name)
    else:
        save_file(state, job / "run" / name)
    reply = ask(job)
    assert reply.status == "ok", reply.problem
    assert len(reply.arrays["lengths"]) == len(FRAMES)
    assert reply.arrays["lengths"].sum() == len(reply.arrays["labels"])
    assert len(judging.transcripts(dict(reply.arrays))) == len(FRAMES)
    assert len(reply.arrays["frames"]) == len(reply.arrays["labels"])
    assert reply.arrays["stack"] == [SIZES["input_dim"] // MEL_BINS]


class Payload:
    def __reduce__(self):
        return (print, ("a pickle ran",))


def test_a_pickle_in_the_weights_is_not_run(job, capfd):
    (job / "run" / "weights.pt").write_bytes(pickle.dumps(Payload()))
    reply = ask(job)
    assert reply.status == "malformed"
    assert "cannot be read" in reply.problem
    assert "a pickle ran" not in capfd.readouterr().out


def not_finite():
    return {name: tensor * float("nan") for name, tensor in weights().items()}


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (None, "There is no weights.safetensors"),
        (not_finite, "not finite"),
        (lambda: {"layer.weight": torch.zeros(3, 4)}, "not those of an RNNTransducer"),
        (lambda: weights() | {"encoder.more": torch.zeros(2)}, "do not fit"),
        (lambda: {"a": torch.zeros(MOST_PARAMETERS + 1, dtype=torch.int8)}, "more than 30 million"),
    ],
)
def test_weights_that_cannot_be_used_are_one_sentence(job, state, sentence):
    if state:
        save_file(state(), job / "run" / "weights.safetensors")
    reply = ask(job)
    assert reply.status == "malformed"
    assert sentence in reply.problem


def test_a_missing_or_broken_decoder_is_one_sentence(job):
    save_file(weights(), job / "run" / "weights.safetensors")
    assert "no function greedy_decode" in ask(job, decode=None).problem
    assert "not written yet" in ask(job, decode=lambda *a, **k: (_ for _ in ()).throw(NotImplementedError)).problem
    assert "ZeroDivisionError" in ask(job, decode=lambda model, frames: 1 / 0).problem


def test_transcripts_that_were_forged_give_nothing(tmp_path):
    exercise = next(exercise for exercise in HOMEWORK3 if exercise.key == "training")
    texts, about = ("a", "b"), "2 utterances"
    (tmp_path / "training-decode.json").write_text('{"status": "ok", "problem": ""}')
    for labels, lengths in (
        ([2.0], [1.0]),
        ([2.0, 3.0], [1.0, 5.0]),
        ([2.0], [-1.0, 2.0]),
        ([float("nan")] * 2, [1.0, 1.0]),
    ):
        arrays = {"labels": torch.tensor(labels).double(), "lengths": torch.tensor(lengths).double()}
        save_file(arrays, tmp_path / "training-decode.safetensors")
        result = judging.judge(exercise, tmp_path, b'{"kind": "start"}\n', texts, about)
        assert result.points == 0.0


def decoded(folder, words, **arrays):
    """What a job leaves that wrote these words."""
    labels = [tokenizer.text_to_indices(text) for text in words]
    given = {"labels": [label for one in labels for label in one], "lengths": [len(one) for one in labels], **arrays}
    save_file({name: torch.tensor(one).double() for name, one in given.items()}, folder / "training-decode.safetensors")
    (folder / "training-decode.json").write_text('{"status": "ok", "problem": ""}')


def test_the_worst_utterances_come_first_and_right_ones_not_at_all(tmp_path):
    said = ("red fish", "blue boat", "one two", "old hat")
    decoded(tmp_path, ("red fish", "blue moat", "on too", "old"), stack=[4], frames=[-1] * 8 + [*range(9)] + [-1] * 9)
    found = judging.worst_utterances(tmp_path, "mini", ("a", "b", "c", "d"), said)
    assert [(one["utterance"], one["wer"]) for one in found] == [("c", 1.0), ("d", 0.5), ("b", 0.5)]
    assert [one["frames"] for one in found] == [[], [], list(range(9))]
    assert found[2]["frame_seconds"] == 0.05


@pytest.mark.parametrize(
    "arrays",
    [
        {},
        {"frames": [0.0] * 3, "stack": [4.0]},
        {"frames": [0.5] * 6, "stack": [4.0]},
        {"frames": [1e30] * 6, "stack": [4.0]},
        {"frames": [float("nan")] * 6, "stack": [4.0]},
        {"frames": [0.0] * 6, "stack": [float("inf")]},
        {"frames": [0.0] * 6, "stack": []},
        {"frames": [0.0] * 6, "stack": [1e9]},
    ],
)
def test_frames_that_were_forged_are_left_out(tmp_path, arrays):
    decoded(tmp_path, ("a bcde",), **arrays)
    (found,) = judging.worst_utterances(tmp_path, "mini", ("a",), ("abcd",))
    assert found["frames"] == []


def test_what_is_stored_of_an_endless_transcript_has_an_end(tmp_path):
    decoded(tmp_path, ("ab " * 5000,))
    (found,) = judging.worst_utterances(tmp_path, "mini", ("a",), ("ab",))
    assert len(found["written"]) == LONGEST_TEXT
    assert found["cut"]
    assert found["wer"] == 4999
