"""The probes of Homework 3: known weights go into the student's network, and its numbers come out."""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from helpers.text import tokenizer

from . import filling, smallest
from .calling import Malformed
from .filling import FEATURES, JOINT, layers, normal, pair, real_part, recurrence, states
from .filling import labels as some_labels
from .probing import Arrays, Probe
from .stand_ins import Instrumented, Watched, decode, reference_recordings, with_stand_ins

# --- encoder --------------------------------------------------------------------------------------------------------


def _encoder_shapes(cls: Callable, rng: np.random.Generator) -> Arrays:
    found = {}
    for bidirectional in (True, False):
        encoder = filling.encoder(cls, rng, bidirectional)
        outputs, hidden = pair("EncoderRNNT", encoder(normal(rng, 2, 9, FEATURES), torch.tensor([9, 9])))
        h, c = states("EncoderRNNT", hidden)
        name = "two directions" if bidirectional else "one direction"
        found |= {
            f"sizes of the LSTM, {name}": recurrence(encoder).sizes,
            f"shape of outputs, {name}": outputs.shape,
            f"shape of h, {name}": h.shape,
            f"shape of c, {name}": c.shape,
        }
    return found


def _encoder_values(cls: Callable, rng: np.random.Generator) -> Arrays:
    found = {}
    for name, bidirectional, n_layers in (
        ("two directions", True, 2),
        ("one direction", False, 2),
        ("one layer", True, 1),
    ):
        encoder = filling.encoder(cls, rng, bidirectional, n_layers)
        outputs, _ = pair("EncoderRNNT", encoder(normal(rng, 2, 7, FEATURES), torch.tensor([7, 7])))
        found[f"outputs, {name}"] = outputs
    return found


def _encoder_lengths(cls: Callable, rng: np.random.Generator) -> Arrays:
    encoder = filling.encoder(cls, rng)
    inputs, lengths = normal(rng, 4, 8, FEATURES), torch.tensor([3, 8, 1, 5], dtype=torch.int32)
    outputs, hidden = pair("EncoderRNNT", encoder(inputs, lengths))
    h, c = states("EncoderRNNT", hidden)
    shorter, _ = pair("EncoderRNNT", encoder(inputs, torch.tensor([3, 6, 1, 5])))
    return {
        "outputs on real frames": real_part(outputs, lengths),
        "h": h,
        "c": c,
        "input_lengths afterwards": lengths,
        "shape of outputs where every utterance is shorter than the batch": shorter.shape,
    }


ENCODER = (
    Probe(
        "shapes", "shapes", "a batch of two utterances", _encoder_shapes,
        {
            "sizes of the LSTM, two directions": "In order: input size, hidden size, number of layers, directions.",
            "sizes of the LSTM, one direction": "In order: input size, hidden size, number of layers, directions.",
        },
    ),
    Probe("values", "values", "two utterances of one length", _encoder_values, {}),
    Probe(
        "lengths", "lengths", "four utterances of different lengths, not sorted", _encoder_lengths,
        {
            "outputs on real frames": "Padding reaches real frames through the backward direction unless the LSTM "
            "knows the lengths: pack_padded_sequence(..., enforce_sorted=False).",
            "h": "The final states must be in the order of the batch, and taken at the last real frame.",
            "input_lengths afterwards": "The caller's tensor was changed.",
            "shape of outputs where every utterance is shorter than the batch": "As many frames as the input has: "
            "pad_packed_sequence(..., total_length=inputs.shape[1]).",
        },
    ),
    smallest.ENCODER,
)  # fmt: skip

# --- prediction network ---------------------------------------------------------------------------------------------


def _decoder_shapes(cls: Callable, rng: np.random.Generator) -> Arrays:
    decoder = filling.decoder(cls, rng, n_layers=2)
    outputs, hidden = pair("DecoderRNNT", decoder(some_labels(rng, 3, 4), torch.tensor([4, 4, 4])))
    h, c = states("DecoderRNNT", hidden)
    (embedding,) = layers(decoder, nn.Embedding)
    return {
        "sizes of the LSTM": recurrence(decoder).sizes,
        "sizes of the embedding": [embedding.num_embeddings, embedding.embedding_dim],
        "shape of outputs": outputs.shape,
        "shape of h": h.shape,
        "shape of c": c.shape,
    }


def _decoder_teacher(cls: Callable, rng: np.random.Generator) -> Arrays:
    lengths, found = torch.tensor([2, 5, 1], dtype=torch.int32), {}
    for name, n_layers in (("outputs", 1), ("outputs, two layers", 2)):
        decoder = filling.decoder(cls, rng, n_layers)
        outputs, _ = pair("DecoderRNNT", decoder(some_labels(rng, 3, 5), lengths))
        found[name] = real_part(outputs, torch.tensor([2, 5, 1]))
    return {**found, "input_lengths afterwards": lengths}


def _decoder_steps(cls: Callable, rng: np.random.Generator) -> Arrays:
    found = {}
    for name, batch, n_layers in (
        ("one utterance", 1, 1),
        ("three utterances", 3, 1),
        ("one utterance, two layers", 1, 2),
    ):
        decoder = filling.decoder(cls, rng, n_layers)
        labels, hidden, outputs = some_labels(rng, batch, 4), None, []
        for u in range(labels.shape[1]):
            output, hidden = pair("DecoderRNNT", decoder(labels[:, u : u + 1], hidden_states=hidden))
            outputs.append(output)
        found[f"outputs, {name}"] = torch.cat(outputs, dim=1)
    return found


DECODER = (
    Probe(
        "shapes", "shapes", "a batch of three transcripts", _decoder_shapes,
        {
            "sizes of the LSTM": "In order: input size, hidden size, number of layers, directions. It reads embeddings "
            "of size hidden_size.",
            "sizes of the embedding": "In order: vocab_size, hidden_size.",
        },
    ),
    Probe("teacher", "teacher", "three transcripts of different lengths, not sorted", _decoder_teacher, {}),
    Probe(
        "steps", "steps", "label by label, hidden_states handed on", _decoder_steps,
        {
            "outputs, one utterance": "Give hidden_states to the LSTM, and return the new ones.",
            "outputs, three utterances": "Right for one utterance and wrong for three: is the LSTM batch_first?",
        },
    ),
    smallest.DECODER,
)  # fmt: skip

# --- joiner ---------------------------------------------------------------------------------------------------------


def _joiner_grid(cls: Callable, rng: np.random.Generator) -> Arrays:
    return {"logits": filling.joiner(cls, rng)(normal(rng, 2, 4, JOINT), normal(rng, 2, 3, JOINT))}


def _joiner_single(cls: Callable, rng: np.random.Generator) -> Arrays:
    return {"logits": filling.joiner(cls, rng)(normal(rng, JOINT), normal(rng, JOINT))}


def _joiner_edges(cls: Callable, rng: np.random.Generator) -> Arrays:
    joiner = filling.joiner(cls, rng)
    return {
        "logits, B=1, T=1, U=1": joiner(normal(rng, 1, 1, JOINT), normal(rng, 1, 1, JOINT)),
        "logits, T equal to U": joiner(normal(rng, 2, 3, JOINT), normal(rng, 2, 3, JOINT)),
        "logits, B equal to T": joiner(normal(rng, 3, 3, JOINT), normal(rng, 3, 2, JOINT)),
    }


_FORMULA = "Linear(ReLU(f + g)): the activation comes before the linear layer, so that logits can be negative."

JOINER = (
    Probe("grid", "grid", "f of shape (2, 4, 5) and g of shape (2, 3, 5)", _joiner_grid, {"logits": _FORMULA}),
    Probe("single", "single", "f and g of shape (5,)", _joiner_single, {"logits": _FORMULA}),
    Probe(
        "edges", "edges", "sizes that happen to be equal", _joiner_edges,
        {
            "logits, T equal to U": "Each frame must meet each label: f.unsqueeze(2) and g.unsqueeze(1).",
            "logits, B equal to T": "Each frame must meet each label of its own utterance.",
        },
    ),
    smallest.JOINER,
)  # fmt: skip

# --- transducer -----------------------------------------------------------------------------------------------------


def _transducer_batch(rng: np.random.Generator) -> tuple[torch.Tensor, ...]:
    labels = torch.tensor(rng.integers(0, tokenizer.blank, (3, 4)), dtype=torch.int32)
    lengths = torch.tensor([4, 6, 5], dtype=torch.int32), torch.tensor([2, 4, 1], dtype=torch.int32)
    return normal(rng, 3, 6, FEATURES), lengths[0], labels, lengths[1]


def _transducer_shapes(cls: Callable, rng: np.random.Generator) -> Arrays:
    model = filling.transducer(cls, rng)
    inputs, frames, labels, lengths = _transducer_batch(rng)
    logits = model(inputs, frames, labels, lengths)
    (linear,) = layers(model.joiner, nn.Linear)
    return {
        "sizes of the encoder's LSTM": recurrence(model.encoder).sizes,
        "sizes of the decoder's LSTM": recurrence(model.decoder).sizes,
        "sizes of the joiner": [linear.in_features, linear.out_features],
        "shape of logits": logits.shape,
    }


def _logits(cls: Callable, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    model = with_stand_ins(cls, rng)
    inputs, frames, labels, lengths = _transducer_batch(rng)
    expected_lengths = frames.clone(), lengths.clone()
    logits = model(inputs, frames, labels, lengths)
    expected = (3, 6, 5, len(tokenizer))
    if tuple(logits.shape) != expected:
        raise Malformed(f"The logits have shape {tuple(logits.shape)}; expected {expected}, that is (B, T, U+1, V).")
    return logits, *expected_lengths


def _transducer_start(cls: Callable, rng: np.random.Generator) -> Arrays:
    logits, frames, _ = _logits(cls, rng)
    return {"logits at u=0": real_part(logits[:, :, 0], frames)}


def _transducer_values(cls: Callable, rng: np.random.Generator) -> Arrays:
    logits, frames, lengths = _logits(cls, rng)
    real = [one[:t, : u + 1].flatten(0, 1) for one, t, u in zip(logits, frames.tolist(), lengths.tolist(), strict=True)]
    return {"logits": torch.cat(real)}


def _transducer_arguments(cls: Callable, rng: np.random.Generator) -> Arrays:
    model = with_stand_ins(cls, rng)
    inputs, frames, labels, lengths = _transducer_batch(rng)
    model(inputs, frames, labels, lengths)
    return {
        "inputs afterwards": inputs,
        "input_lengths afterwards": frames,
        "targets afterwards": labels,
        "target_lengths afterwards": lengths,
    }


TRANSDUCER = (
    Probe(
        "shapes", "shapes", "three utterances", _transducer_shapes,
        {"shape of logits": "(B, T, U+1, V): one row more than labels, for the state before the first one."},
    ),
    Probe(
        "start", "start", "three utterances", _transducer_start,
        {"logits at u=0": "Put <BOS> (index 29) before the labels: F.pad(targets, (1, 0), value=BOS)."},
    ),
    Probe(
        "values", "values", "three utterances of different lengths", _transducer_values,
        {"logits": "With <BOS> in front, the prediction network reads target_lengths + 1 symbols."},
    ),
    Probe(
        "arguments", "arguments", "three utterances", _transducer_arguments,
        {"target_lengths afterwards": "`lengths += 1` changes the caller's tensor; `lengths + 1` does not."},
    ),
    smallest.TRANSDUCER,
)  # fmt: skip

# --- greedy decoding ------------------------------------------------------------------------------------------------


PATIENCE = 150
"""Steps. The right walks take fewer than 60; wrong ones may never end."""


def _walks(function: Callable, rng: np.random.Generator, count: int = 12) -> list[tuple[Instrumented, np.ndarray, int]]:
    found = []
    for number in range(count):
        model = Instrumented(rng, liking_for_blank=(0.0, 1.0, 2.0)[number % 3])
        frames = 1.5 * normal(rng, 6 + number, model.units)
        found.append((model, decode(function, model, frames, max_steps=PATIENCE), len(frames)))
    return found


def _greedy_transcripts(function: Callable, rng: np.random.Generator) -> Arrays:
    return {f"labels, model {number}": labels for number, (_, labels, _) in enumerate(_walks(function, rng))}


def _greedy_calls(function: Callable, rng: np.random.Generator) -> Arrays:
    walks = _walks(function, rng, 4)
    return {
        "labels given to the prediction network": np.concatenate([model.read for model, _, _ in walks]),
        "calls of the joiner": [model.joined for model, _, _ in walks],
    }


def _greedy_state(function: Callable, rng: np.random.Generator) -> Arrays:
    walks = _walks(function, rng, 4)
    return {"labels behind the state at each call": np.concatenate([model.carried for model, _, _ in walks])}


def _greedy_edges(function: Callable, rng: np.random.Generator) -> Arrays:
    found = {}
    # One model may happen to write a single label, and then a walk that allows no more of them looks right.
    for number in range(4):
        model = Instrumented(rng, liking_for_blank=0.0)
        frame = 1.5 * normal(rng, 1, model.units)
        found[f"labels, one frame, model {number}"] = decode(function, model, frame, max_steps=PATIENCE)
    model = Instrumented(rng, liking_for_blank=60.0)
    blanks = decode(function, model, 1.5 * normal(rng, 5, model.units), max_steps=PATIENCE)
    return {**found, "labels, nothing but blanks": blanks}


def _greedy_limit(function: Callable, rng: np.random.Generator) -> Arrays:
    model = Instrumented(rng, liking_for_blank=-1000.0)
    labels = decode(function, model, normal(rng, 3, model.units), max_steps=25)
    found = {"number of labels": len(labels), "labels": labels}
    for steps in (5, 9, 14):
        mixed = Instrumented(rng, liking_for_blank=2.5)
        cut = decode(function, mixed, 1.5 * normal(rng, 12, mixed.units), max_steps=steps)
        found[f"labels of an ordinary walk that ends after {steps} steps"] = cut
    return found


def _greedy_reference(function: Callable, rng: np.random.Generator) -> Arrays:
    reference, recordings = reference_recordings()
    return {name: decode(function, Watched(reference), frames, max_steps=400) for name, frames in recordings}


_EACH_STEP = "Each step, blank or label, counts towards max_steps."

GREEDY = (
    Probe(
        "transcripts", "transcripts", "twelve random models", _greedy_transcripts,
        {f"labels, model {number}": "A label keeps the frame, a blank keeps the prediction network's state."
         for number in range(12)},
    ),
    Probe(
        "reference", "transcripts", "recorded sentences, through the reference recogniser", _greedy_reference,
        {}, drawn=False,
    ),
    Probe(
        "calls", "calls", "four random models that write down their calls", _greedy_calls,
        {
            "labels given to the prediction network": "It should read <BOS>, then each label once, and nothing else: "
            "1 + U calls.",
            "calls of the joiner": "One call for each step, blank or label: T + U.",
        },
    ),
    Probe(
        "state", "state", "four random models that write down their calls", _greedy_state,
        {"labels behind the state at each call": "Give the hidden states of the last call to the next one."},
    ),
    Probe("edges", "edges", "one frame; nothing but blanks", _greedy_edges, {}),
    Probe(
        "limit", "limit", "a model that never emits a blank; ordinary ones that are cut short", _greedy_limit,
        {
            "number of labels": _EACH_STEP,
            **{f"labels of an ordinary walk that ends after {steps} steps": _EACH_STEP for steps in (5, 9, 14)},
        },
    ),
    smallest.GREEDY,
)  # fmt: skip

PROBES: dict[str, tuple[Probe, ...]] = {
    "encoder": ENCODER,
    "decoder": DECODER,
    "joiner": JOINER,
    "transducer": TRANSDUCER,
    "greedy": GREEDY,
}
