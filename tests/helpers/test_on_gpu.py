"""The pretended GPU: it stops what a GPU would stop, advises without costing points, and our own code passes it."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from autograder.judging.homework3_reference import REFERENCE, DecoderRNNT, EncoderRNNT, Joiner, RNNTransducer
from autograder.label_looping import recognize_batch
from helpers import checks
from helpers.checks.on_gpu import TRIALS, advice
from helpers.checks.pretending import GPU, PretendGPU, WrongDevice, is_there
from helpers.decoding import get_transducer_predictions, recognize
from helpers.features import Batch
from helpers.loss import rnnt_loss
from helpers.model import ReferenceConfig, ReferenceRecogniser
from helpers.text import tokenizer
from helpers.training import misread


@pytest.fixture
def gpu():
    with torch.no_grad(), PretendGPU() as mode:
        yield mode


# --- what it stops --------------------------------------------------------------------------------------------------


def test_tensors_of_two_devices_do_not_meet(gpu):
    here, there = torch.ones(2), gpu.tensor(torch.ones(2))
    for meet in (
        lambda: here + there,
        lambda: torch.cat([there, here]),
        lambda: F.linear(there, torch.ones(3, 2)),
        lambda: here[gpu.tensor(torch.tensor([0]))],
    ):
        with pytest.raises(WrongDevice):
            meet()


def test_a_single_number_an_index_and_a_copy_may_come_from_the_cpu(gpu):
    there = gpu.tensor(torch.zeros(3))
    assert is_there(there + torch.tensor(2.0))
    assert is_there(there[torch.tensor([0, 2])])
    there[:2] = torch.ones(2)
    assert there.tolist() == [1.0, 1.0, 0.0]


def test_moving_is_not_renaming(gpu):
    there = gpu.tensor(torch.ones(2))
    for back in (there.cpu(), there.to("cpu"), there.to(torch.zeros(1)), there.to(device=torch.device("cpu"))):
        assert not is_there(back)
        assert is_there(there)
        for again in (back.cuda(), back.to(there.device), back.to("cuda:0"), back.to(there)):
            assert is_there(again)
            assert not is_there(back)


def test_new_tensors_are_where_they_are_asked_for(gpu):
    there = gpu.tensor(torch.ones(2))
    assert (there.device, there.is_cuda, torch.cuda.is_available()) == (GPU, True, True)
    assert torch.ones(2).device.type == "cpu"
    for made in (
        torch.zeros(2, device=there.device),
        torch.zeros_like(there),
        there.new_ones(1),
        torch.as_tensor(there),
    ):
        assert is_there(made)
    assert not is_there(torch.zeros_like(there, device="cpu"))
    assert is_there(nn.Linear(2, 2).to("cuda")(there))


def test_numpy_and_lengths_want_the_cpu(gpu):
    there = gpu.tensor(torch.ones(1, 2, 3))
    for wrong in (there.numpy, lambda: np.asarray(there, dtype=np.float32)):
        with pytest.raises(WrongDevice, match="numpy"):
            wrong()
    with pytest.raises(WrongDevice, match="lengths on the CPU"):
        pack_padded_sequence(there, gpu.tensor(torch.tensor([2])), batch_first=True)


def test_the_pretence_ends():
    before = torch.cuda.is_available()
    with PretendGPU() as gpu:
        kept = gpu.tensor(torch.ones(2))
    assert torch.cuda.is_available() == before
    assert kept.device.type == "cpu"
    assert (kept + torch.ones(2)).tolist() == [2.0, 2.0]


# --- advice ---------------------------------------------------------------------------------------------------------


class LengthsAsTheyCome(EncoderRNNT):
    def forward(self, inputs, input_lengths):
        packed = pack_padded_sequence(inputs, input_lengths, batch_first=True, enforce_sorted=False)
        outputs, hidden = self.lstm(packed)
        return self.output_proj(pad_packed_sequence(outputs, batch_first=True, total_length=inputs.shape[1])[0]), hidden


class OwnFirstState(DecoderRNNT):
    def forward(self, inputs, input_lengths=None, hidden_states=None):
        if hidden_states is None:
            zeros = torch.zeros(self.lstm.num_layers, len(inputs), self.lstm.hidden_size)
            hidden_states = (zeros, zeros.clone())
        return super().forward(inputs, input_lengths, hidden_states)


class ThroughNumpy(Joiner):
    def forward(self, f, g):
        return super().forward(torch.from_numpy(f.numpy()), g)


class StartOnTheCPU(RNNTransducer):
    def forward(self, inputs, input_lengths, targets, target_lengths):
        start = torch.full((len(targets), 1), tokenizer.bos)
        g, _ = self.decoder(torch.cat([start, targets], dim=1), target_lengths + 1)
        return self.joiner(self.encoder(inputs, input_lengths)[0], g)


def labels_on_the_cpu(model, encoder_output, max_steps=2000):
    labels, t = [], 0
    g, hidden = model.decoder(torch.tensor([[tokenizer.bos]]))
    for _ in range(max_steps):
        if t == len(encoder_output):
            break
        best = int(model.joiner(encoder_output[t], g[0, 0]).argmax())
        if best == tokenizer.blank:
            t += 1
        else:
            labels.append(best)
            g, hidden = model.decoder(torch.tensor([[best]]), hidden_states=hidden)
    return torch.tensor(labels)


CPU_ONLY = [
    ("encoder", LengthsAsTheyCome, "packed = pack_padded_sequence(inputs, input_lengths,"),
    ("decoder", OwnFirstState, "`"),
    ("joiner", ThroughNumpy, "return super().forward(torch.from_numpy(f.numpy()), g)"),
    ("transducer", StartOnTheCPU, "self.decoder(torch.cat([start, targets], dim=1), target_lengths + 1)"),
    ("greedy", labels_on_the_cpu, "model.decoder(torch.tensor([[tokenizer.bos]]))"),
]


@pytest.mark.parametrize(("exercise", "written", "line"), CPU_ONLY)
def test_what_a_gpu_would_stop_is_said_with_its_line_and_costs_no_points(exercise, written, line):
    result = getattr(checks, exercise)(written)
    assert result.points == result.result.exercise.points, result.text()
    assert "On a GPU, " in result.text()
    assert line in result.note
    assert "costs no points" in result._repr_html_()


@pytest.mark.parametrize("exercise", REFERENCE)
def test_what_runs_on_both_gets_no_advice(exercise):
    assert getattr(checks, exercise)(REFERENCE[exercise]).note == ""
    # And nothing else stopped it on the way, which would look the same.
    with torch.no_grad(), PretendGPU() as gpu:
        TRIALS[exercise](REFERENCE[exercise], gpu)


def test_a_device_chosen_by_what_there_is_is_right():
    def choose(model, encoder_output, max_steps=2000):
        device = "cuda" if torch.cuda.is_available() else "cpu"
        model.decoder(torch.tensor([[tokenizer.bos]], device=device))

    assert advice("greedy", "greedy_decode", choose) == ""


def test_where_nobody_can_tell_nothing_is_said(capfd):
    def broken(*arguments, **more):
        print("a word")
        raise KeyError("something else")

    assert [advice(key, key, broken) for key in TRIALS] == [""] * len(TRIALS)
    assert capfd.readouterr() == ("", "")


def test_advice_leaves_random_numbers_as_they_were():
    state = torch.get_rng_state()
    advice("greedy", "greedy_decode", REFERENCE["greedy"])
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU to compare with")
@pytest.mark.parametrize(("exercise", "written"), [row[:2] for row in CPU_ONLY])
def test_a_real_gpu_stops_the_same_and_lets_the_reference_pass(exercise, written):
    class Real:
        tensor, move = staticmethod(torch.Tensor.cuda), staticmethod(nn.Module.cuda)

    with torch.no_grad():
        TRIALS[exercise](REFERENCE[exercise], Real)
        with pytest.raises((RuntimeError, TypeError)):
            TRIALS[exercise](written, Real)


# --- our own code ---------------------------------------------------------------------------------------------------

SIZES = {"input_dim": 8, "num_encoder_layers": 1, "encoder_hidden_state_dim": 6, "decoder_hidden_state_dim": 6}


def models():
    torch.manual_seed(3)
    written = RNNTransducer(len(tokenizer), output_dim=5, **SIZES)
    given = ReferenceRecogniser(ReferenceConfig(mel_bins=4, stack=2, channels=8, embedding=8, output_dim=8))
    return [written.eval(), given.eval()]


def batch():
    torch.manual_seed(4)
    lengths = torch.tensor([7, 4], dtype=torch.int32), torch.tensor([3, 2], dtype=torch.int32)
    return Batch(torch.randn(2, 7, 8), torch.randint(0, 28, (2, 3), dtype=torch.int32), *lengths)


@pytest.mark.parametrize("model", models(), ids=lambda model: type(model).__name__)
def test_decoding_runs_where_the_model_is(gpu, model):
    greedy = REFERENCE["greedy"]
    alone = recognize(model, *batch()[::2], greedy_decode=lambda *a: greedy(*a, max_steps=20))
    gpu.move(model)
    there = batch().to("cuda")
    assert all(map(is_there, there))
    for found in (
        recognize(model, *there[::2], greedy_decode=lambda *a: greedy(*a, max_steps=20)),
        recognize_batch(model, *there[::2], max_steps=20),
    ):
        assert [one.tolist() for one in found] == [one.tolist() for one in alone]
        assert not any(map(is_there, found))
    order = there.spectrograms, there.input_lengths, there.labels, there.label_lengths
    table = get_transducer_predictions(model, *order, greedy_decode=lambda *a: greedy(*a, max_steps=20))
    assert len(table) == 2


@pytest.mark.parametrize("implementation", ["auto", "wavefront", "torchaudio"])
def test_model_and_loss_run_where_the_batch_is(gpu, implementation):
    model = models()[0]
    spectrograms, labels, input_lengths, label_lengths = batch()
    here = rnnt_loss(
        model(spectrograms, input_lengths, labels, label_lengths), labels, input_lengths, label_lengths, tokenizer.blank
    )
    gpu.move(model)
    spectrograms, labels, input_lengths, label_lengths = batch().to("cuda")
    logits = model(spectrograms, input_lengths, misread(labels, 0.0), label_lengths)
    cost = rnnt_loss(logits, labels, input_lengths, label_lengths, tokenizer.blank, implementation=implementation)
    assert is_there(logits)
    assert is_there(cost)
    assert float(cost) == pytest.approx(float(here), rel=1e-5)
    assert is_there(misread(labels, 0.5))
