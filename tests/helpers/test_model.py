"""Sizes, the reference recogniser's behaviour, and files of weights that cannot be used."""

import copy
import hashlib
import json

import pytest
import torch
from safetensors.torch import save_file

from autograder.judging.homework3_reference import RNNTransducer, greedy_decode
from helpers import model as models
from helpers.model import ReferenceConfig, ReferenceRecogniser, TransducerConfig, WeightsError, load_weights

SMALL = ReferenceConfig(stack=1, mel_bins=5, channels=8, embedding=6, output_dim=7)


@pytest.fixture
def recogniser():
    torch.manual_seed(0)
    return ReferenceRecogniser(SMALL).eval()


def test_the_seed_preset_is_the_seeds_model():
    model = RNNTransducer(**TransducerConfig.preset("seed").arguments())
    # Its embedding has 30 rows and its four-layer encoder reads 80 bins: 11,140,126 parameters, counted in the seed.
    assert sum(parameter.numel() for parameter in model.parameters()) == 11_140_126


def test_the_cpu_preset_is_small():
    model = RNNTransducer(**TransducerConfig.preset("cpu").arguments())
    assert sum(parameter.numel() for parameter in model.parameters()) < 1_000_000


def test_an_unknown_preset_is_named():
    with pytest.raises(ValueError, match="no preset 'huge'"):
        TransducerConfig.preset("huge")


def test_shapes_are_those_of_the_homework(recogniser):
    inputs, lengths = torch.randn(3, 11, 5), torch.tensor([11, 4, 1])
    f, _ = recogniser.encoder(inputs, lengths)
    g, _ = recogniser.decoder(torch.randint(0, 28, (3, 6)))
    assert f.shape == (3, 11, 7)
    assert g.shape == (3, 6, 7)
    logits = recogniser.joiner(f, g)
    assert logits.shape == (3, 11, 6, 30)
    torch.testing.assert_close(recogniser.joiner(f[1, 3], g[1, 2]), logits[1, 3, 2])


def test_padding_does_not_reach_real_frames(recogniser):
    inputs, lengths = torch.randn(3, 11, 5), torch.tensor([11, 4, 1])
    f, _ = recogniser.encoder(inputs, lengths)
    for b, length in enumerate(lengths.tolist()):
        alone, _ = recogniser.encoder(inputs[b : b + 1, :length], lengths[b : b + 1])
        torch.testing.assert_close(alone[0], f[b, :length])
    inputs[1, 4:] = 1e3
    spoiled, _ = recogniser.encoder(inputs, lengths)
    torch.testing.assert_close(spoiled[1, :4], f[1, :4])


def test_a_frame_is_heard_by_its_neighbours(recogniser):
    inputs, lengths = torch.randn(1, 11, 5), torch.tensor([11])
    f, _ = recogniser.encoder(inputs, lengths)
    inputs[0, 5] += 1
    g, _ = recogniser.encoder(inputs, lengths)
    assert (f != g).any(dim=-1)[0, 4:7].all()


def test_teacher_forcing_equals_stepping_with_the_state(recogniser):
    labels = torch.tensor([[29, 3, 4, 4, 7], [29, 1, 1, 2, 9]])
    whole, last = recogniser.decoder(labels)
    state, steps = None, []
    for u in range(5):
        step, state = recogniser.decoder(labels[:, u : u + 1], hidden_states=state)
        steps.append(step)
    torch.testing.assert_close(torch.cat(steps, dim=1), whole)
    assert all(torch.equal(one, other) for one, other in zip(state, last, strict=True))


def test_the_state_after_padded_sequences_is_the_last_real_label(recogniser):
    labels = torch.tensor([[29, 3, 4, 0, 0], [29, 1, 1, 2, 9]])
    _, state = recogniser.decoder(labels, input_lengths=torch.tensor([3, 5]))
    assert [one.tolist() for one in state] == [[[4], [9]]] * 2


def test_two_labels_are_remembered_and_no_more(recogniser):
    g, _ = recogniser.decoder(torch.tensor([[29, 1, 2, 3], [29, 9, 2, 3], [29, 1, 8, 3]]))
    assert torch.equal(g[0, 3], g[1, 3])
    assert not torch.equal(g[0, 3], g[2, 3])


def test_weights_come_back_as_they_were_saved(recogniser, tmp_path):
    path = tmp_path / "w.safetensors"
    save_file(recogniser.state_dict(), path)
    other = load_weights(ReferenceRecogniser(SMALL), path, hashlib.sha256(path.read_bytes()).hexdigest())
    for name, tensor in recogniser.state_dict().items():
        assert torch.equal(other.state_dict()[name], tensor)


def damaged(recogniser, path, how):
    weights = {name: tensor.clone() for name, tensor in recogniser.state_dict().items()}
    if how == "missing":
        return
    if how == "NaN":
        weights["joiner.linear.bias"][3] = float("nan")
    if how == "part missing":
        del weights["joiner.linear.bias"]
    if how == "part too many":
        weights["encoder.lstm.weight_ih_l0"] = torch.zeros(3)
    if how == "other sizes":
        weights["joiner.linear.bias"] = torch.zeros(29)
    save_file(weights, path)
    if how == "cut off":
        path.write_bytes(path.read_bytes()[:-10])
    if how == "a pickle":
        torch.save(weights, path)
    if how == "empty":
        path.write_bytes(b"")


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("missing", "does not exist"),
        ("NaN", "not finite"),
        ("part missing", "another architecture: ReferenceRecogniser needs 'joiner.linear.bias'"),
        ("part too many", "another architecture: it holds 'encoder.lstm"),
        ("other sizes", r"another architecture: 'joiner.linear.bias' has shape \(29,\) there, and \(30,\)"),
        ("cut off", "no complete safetensors file"),
        ("a pickle", "no complete safetensors file"),
        ("empty", "no complete safetensors file"),
    ],
)
def test_weights_that_cannot_be_used_are_refused_in_one_sentence(recogniser, tmp_path, how, sentence):
    path = tmp_path / "w.safetensors"
    damaged(recogniser, path, how)
    other = ReferenceRecogniser(SMALL)
    before = copy.deepcopy(other.state_dict())
    with pytest.raises(WeightsError, match=sentence) as caught:
        load_weights(other, path)
    assert "\n" not in str(caught.value)
    assert all(torch.equal(before[name], tensor) for name, tensor in other.state_dict().items())


def test_another_file_than_expected_is_refused(recogniser, tmp_path):
    path = tmp_path / "w.safetensors"
    save_file(recogniser.state_dict(), path)
    with pytest.raises(WeightsError, match="not the file it should be"):
        load_weights(ReferenceRecogniser(SMALL), path, "0" * 64)


# ----------------------------------------------------------------------------------------------- the trained recogniser


@pytest.fixture(scope="module")
def facts():
    return json.loads(models.REFERENCE_TRANSCRIPTS.read_text("utf-8"))


def test_the_reference_is_small_and_no_lstm():
    assert models.REFERENCE_WEIGHTS.stat().st_size < 3_000_000
    reference = models.load_reference()
    assert not reference.training
    assert not any(
        isinstance(module, torch.nn.LSTM | torch.nn.LSTMCell | torch.nn.GRU) for module in reference.modules()
    )


def test_the_reference_transcripts_are_reproduced_from_the_bundled_sound(facts):
    from helpers.corpora import Utterance
    from helpers.decoding import recognize
    from helpers.features import LogMel, collate
    from helpers.text import tokenizer

    reference = models.load_reference()
    utterances = [
        Utterance(entry["id"], entry["speaker"], entry["ground_truth"], models.ASSETS / entry["audio"])
        for entry in facts["utterances"]
    ]
    assert len(utterances) >= 5
    batch = collate(utterances, features=LogMel(), stack=facts["config"]["stack"])
    found = recognize(reference, batch.spectrograms, batch.input_lengths, greedy_decode=greedy_decode)
    assert [tokenizer.indices_to_text(labels) for labels in found] == [e["prediction"] for e in facts["utterances"]]


def test_the_reference_makes_real_mistakes_and_is_sure_of_them(facts):
    assert sum(entry["ground_truth"] != entry["prediction"] for entry in facts["utterances"]) >= 3
    assert min(entry["smallest_margin"] for entry in facts["utterances"]) >= facts["margin_bound"] > 0


def test_the_bundled_sounds_stay_small(facts):
    assert sum((models.ASSETS / entry["audio"]).stat().st_size for entry in facts["utterances"]) < 600_000
