"""The probes of Homework 3: known weights go into the student's network, and its numbers come out.

Everything is small (8 features, 6 units), so that a check takes milliseconds and an array can be looked at.
"""

import json
from collections.abc import Callable
from functools import cache

import numpy as np
import torch
from torch import nn

from helpers.text import tokenizer

from .calling import Malformed
from .probing import Arrays, Probe

FEATURES, HIDDEN, JOINT, LABELS = 8, 6, 5, 7
"""Sizes of the networks that probes build. The transducer has the homework's 30 classes, for <BOS> is one of them."""

# --- putting known weights into a student's network -----------------------------------------------------------------


def layers(module: nn.Module, kind: type[nn.Module], count: int = 1) -> list[nn.Module]:
    """The layers of one kind. Malformed where there are more or fewer."""
    found = [layer for layer in module.modules() if isinstance(layer, kind)]
    if len(found) != count:
        raise Malformed(
            f"{type(module).__name__} has {len(found)} layers of type nn.{kind.__name__}; {count} expected, "
            "since the check puts known weights into it."
        )
    return found


def fill(module: nn.Module, kinds: tuple[type[nn.Module], ...], rng: np.random.Generator) -> None:
    """Known weights into one layer of each kind, in the order given; the module is in eval mode afterwards."""
    chosen = [layer for kind in kinds for layer in layers(module, kind)]
    parameters = [parameter for layer in chosen for _, parameter in sorted(layer.named_parameters())]
    expected = sum(1 for _ in module.parameters())
    if len(parameters) != expected:
        raise Malformed(
            f"{type(module).__name__} has parameters outside its {', '.join(f'nn.{kind.__name__}' for kind in kinds)}."
        )
    for parameter in parameters:
        parameter.copy_(torch.tensor(rng.normal(0.0, 0.5, tuple(parameter.shape)), dtype=torch.float32))
    module.eval()


def lstm_sizes(module: nn.Module) -> list[int]:
    """Input size, hidden size, layers, directions."""
    (lstm,) = layers(module, nn.LSTM)
    return [lstm.input_size, lstm.hidden_size, lstm.num_layers, 2 if lstm.bidirectional else 1]


def pair(name: str, returned: object) -> tuple:
    """The two values that a network returns. Malformed where it is no pair."""
    if not isinstance(returned, tuple | list) or len(returned) != 2:
        raise Malformed(f"{name} returned {type(returned).__name__}; expected the pair (outputs, hidden states).")
    return tuple(returned)


def states(name: str, hidden: object) -> tuple[torch.Tensor, torch.Tensor]:
    """h and c of an LSTM. Malformed where they are not."""
    if not isinstance(hidden, tuple | list) or len(hidden) != 2:
        raise Malformed(f"The hidden states that {name} returned are no pair (h, c), as nn.LSTM gives them.")
    return hidden[0], hidden[1]


def normal(rng: np.random.Generator, *shape: int) -> torch.Tensor:
    """A float32 tensor of standard normal numbers."""
    return torch.tensor(rng.standard_normal(shape), dtype=torch.float32)


def real_part(outputs: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """The positions that are not padding, one utterance after the other."""
    if outputs.dim() < 2 or outputs.shape[0] != len(lengths) or outputs.shape[1] < int(lengths.max()):
        raise Malformed(f"The outputs have shape {tuple(outputs.shape)} for a batch of lengths {lengths.tolist()}.")
    return torch.cat([one[:length] for one, length in zip(outputs, lengths.tolist(), strict=True)])


# --- encoder --------------------------------------------------------------------------------------------------------

ENCODER_LAYERS = (nn.LSTM, nn.Linear)


def _encoder(cls: Callable, rng: np.random.Generator, bidirectional: bool = True) -> nn.Module:
    encoder = cls(FEATURES, HIDDEN, JOINT, 2, 0.2, bidirectional)
    fill(encoder, ENCODER_LAYERS, rng)
    return encoder


def _encoder_shapes(cls: Callable, rng: np.random.Generator) -> Arrays:
    found = {}
    for bidirectional in (True, False):
        encoder = _encoder(cls, rng, bidirectional)
        outputs, hidden = pair("EncoderRNNT", encoder(normal(rng, 2, 9, FEATURES), torch.tensor([9, 9])))
        h, c = states("EncoderRNNT", hidden)
        name = "two directions" if bidirectional else "one direction"
        found |= {
            f"sizes of the LSTM, {name}": lstm_sizes(encoder),
            f"shape of outputs, {name}": outputs.shape,
            f"shape of h, {name}": h.shape,
            f"shape of c, {name}": c.shape,
        }
    return found


def _encoder_values(cls: Callable, rng: np.random.Generator) -> Arrays:
    found = {}
    for name, bidirectional in (("two directions", True), ("one direction", False)):
        encoder = _encoder(cls, rng, bidirectional)
        outputs, _ = pair("EncoderRNNT", encoder(normal(rng, 2, 7, FEATURES), torch.tensor([7, 7])))
        found[f"outputs, {name}"] = outputs
    return found


def _encoder_lengths(cls: Callable, rng: np.random.Generator) -> Arrays:
    encoder = _encoder(cls, rng)
    inputs, lengths = normal(rng, 4, 8, FEATURES), torch.tensor([3, 8, 1, 5], dtype=torch.int32)
    outputs, hidden = pair("EncoderRNNT", encoder(inputs, lengths))
    h, c = states("EncoderRNNT", hidden)
    return {"outputs on real frames": real_part(outputs, lengths), "h": h, "c": c, "input_lengths afterwards": lengths}


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
        },
    ),
)  # fmt: skip

# --- prediction network ---------------------------------------------------------------------------------------------

DECODER_LAYERS = (nn.Embedding, nn.LSTM, nn.Linear)


def _decoder(cls: Callable, rng: np.random.Generator, n_layers: int = 1) -> nn.Module:
    decoder = cls(HIDDEN, LABELS, JOINT, n_layers, 0.0)
    fill(decoder, DECODER_LAYERS, rng)
    return decoder


def _labels(rng: np.random.Generator, *shape: int, classes: int = LABELS) -> torch.Tensor:
    return torch.tensor(rng.integers(0, classes, shape), dtype=torch.int64)


def _decoder_shapes(cls: Callable, rng: np.random.Generator) -> Arrays:
    decoder = _decoder(cls, rng, n_layers=2)
    outputs, hidden = pair("DecoderRNNT", decoder(_labels(rng, 3, 4), torch.tensor([4, 4, 4])))
    h, c = states("DecoderRNNT", hidden)
    (embedding,) = layers(decoder, nn.Embedding)
    return {
        "sizes of the LSTM": lstm_sizes(decoder),
        "sizes of the embedding": [embedding.num_embeddings, embedding.embedding_dim],
        "shape of outputs": outputs.shape,
        "shape of h": h.shape,
        "shape of c": c.shape,
    }


def _decoder_teacher(cls: Callable, rng: np.random.Generator) -> Arrays:
    decoder = _decoder(cls, rng)
    lengths = torch.tensor([2, 5, 1], dtype=torch.int32)
    outputs, _ = pair("DecoderRNNT", decoder(_labels(rng, 3, 5), lengths))
    return {"outputs": real_part(outputs, lengths), "input_lengths afterwards": lengths}


def _decoder_steps(cls: Callable, rng: np.random.Generator) -> Arrays:
    decoder = _decoder(cls, rng)
    found = {}
    for name, batch in (("one utterance", 1), ("three utterances", 3)):
        labels, hidden, outputs = _labels(rng, batch, 4), None, []
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
)  # fmt: skip

# --- joiner ---------------------------------------------------------------------------------------------------------


def _joiner(cls: Callable, rng: np.random.Generator) -> nn.Module:
    joiner = cls(JOINT, LABELS)
    fill(joiner, (nn.Linear,), rng)
    return joiner


def _joiner_grid(cls: Callable, rng: np.random.Generator) -> Arrays:
    return {"logits": _joiner(cls, rng)(normal(rng, 2, 4, JOINT), normal(rng, 2, 3, JOINT))}


def _joiner_single(cls: Callable, rng: np.random.Generator) -> Arrays:
    return {"logits": _joiner(cls, rng)(normal(rng, JOINT), normal(rng, JOINT))}


def _joiner_edges(cls: Callable, rng: np.random.Generator) -> Arrays:
    joiner = _joiner(cls, rng)
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
)  # fmt: skip

# --- transducer -----------------------------------------------------------------------------------------------------


def _transducer(cls: Callable, rng: np.random.Generator) -> nn.Module:
    model = cls(len(tokenizer), FEATURES, 2, 1, HIDDEN, 4, JOINT, True, 0.2, 0.2)
    parts = ("encoder", "decoder", "joiner")
    missing = [part for part in parts if not isinstance(getattr(model, part, None), nn.Module)]
    if missing:
        raise Malformed(f"RNNTransducer has no part called {' and no '.join(missing)}.")
    fill(model.encoder, ENCODER_LAYERS, rng)
    fill(model.decoder, DECODER_LAYERS, rng)
    fill(model.joiner, (nn.Linear,), rng)
    return model.eval()


def _transducer_batch(rng: np.random.Generator) -> tuple[torch.Tensor, ...]:
    labels = torch.tensor(rng.integers(0, tokenizer.blank, (3, 4)), dtype=torch.int32)
    lengths = torch.tensor([4, 6, 5], dtype=torch.int32), torch.tensor([2, 4, 1], dtype=torch.int32)
    return normal(rng, 3, 6, FEATURES), lengths[0], labels, lengths[1]


def _transducer_shapes(cls: Callable, rng: np.random.Generator) -> Arrays:
    model = _transducer(cls, rng)
    inputs, frames, labels, lengths = _transducer_batch(rng)
    logits = model(inputs, frames, labels, lengths)
    (linear,) = layers(model.joiner, nn.Linear)
    return {
        "sizes of the encoder's LSTM": lstm_sizes(model.encoder),
        "sizes of the decoder's LSTM": lstm_sizes(model.decoder),
        "sizes of the joiner": [linear.in_features, linear.out_features],
        "shape of logits": logits.shape,
    }


class _EncoderStandIn(nn.Module):
    def __init__(self, rng: np.random.Generator):
        super().__init__()
        self._weight = normal(rng, FEATURES, JOINT)

    def forward(self, inputs, input_lengths):
        return _without_padding(inputs @ self._weight, input_lengths), None


class _DecoderStandIn(nn.Module):
    def __init__(self, rng: np.random.Generator):
        super().__init__()
        self._weight = normal(rng, len(tokenizer), JOINT)

    def forward(self, inputs, input_lengths=None, hidden_states=None):
        outputs = self._weight[torch.as_tensor(inputs).long()].cumsum(dim=1)
        return _without_padding(outputs, input_lengths), None


class _JoinerStandIn(nn.Module):
    def __init__(self, rng: np.random.Generator):
        super().__init__()
        self._weight = normal(rng, JOINT, len(tokenizer))

    def forward(self, encoder_outputs, decoder_outputs):
        return torch.tanh(encoder_outputs.unsqueeze(2) + decoder_outputs.unsqueeze(1)) @ self._weight


def _without_padding(outputs: torch.Tensor, lengths: torch.Tensor | None) -> torch.Tensor:
    if lengths is None:
        return outputs
    return outputs * (torch.arange(outputs.shape[1]) < torch.as_tensor(lengths)[:, None])[..., None]


def _with_stand_ins(cls: Callable, rng: np.random.Generator) -> nn.Module:
    """The transducer with simple parts in place of its own: a mistake in the encoder is not counted twice."""
    model = _transducer(cls, rng)
    model.encoder, model.decoder, model.joiner = _EncoderStandIn(rng), _DecoderStandIn(rng), _JoinerStandIn(rng)
    return model.eval()


def _logits(cls: Callable, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    model = _with_stand_ins(cls, rng)
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
    model = _with_stand_ins(cls, rng)
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
)  # fmt: skip

# --- greedy decoding ------------------------------------------------------------------------------------------------


class _Part(nn.Module):
    """A part of a model whose work is done by a function."""

    def __init__(self, function: Callable):
        super().__init__()
        self._function = function

    def forward(self, *arguments, **more):
        """What the function gives."""
        return self._function(*arguments, **more)


class Instrumented(nn.Module):
    """A small random transducer that writes down how it is called. Its prediction network is a plain recurrence.

    The more labels it has read, the more it likes the blank, so that every walk ends.
    """

    def __init__(self, rng: np.random.Generator, liking_for_blank: float, units: int = 12):
        super().__init__()
        self.anchor = nn.Parameter(torch.zeros(1))  # for code that asks a model for its device
        self.units, self.classes = units, len(tokenizer)
        self._embed, self._turn = 1.5 * normal(rng, self.classes, units), 0.6 * normal(rng, units, units)
        self._weight, self._bias = normal(rng, self.classes, units), normal(rng, self.classes)
        self._bias[tokenizer.bos] = -50.0
        self._bias[tokenizer.blank] += liking_for_blank
        self.decoder, self.joiner = _Part(self._decode), _Part(self._join)
        self.read: list[int] = []
        self.carried: list[int] = []
        self.joined = 0

    def _decode(self, inputs, input_lengths=None, hidden_states=None):
        """(B, U) labels -> (B, U, units), (h, c) of shape (1, B, units); c counts the labels read."""
        inputs = torch.as_tensor(inputs)
        if inputs.dim() != 2:
            raise Malformed(f"model.decoder takes labels of shape (B, U); it was given shape {tuple(inputs.shape)}.")
        batch = inputs.shape[0]
        if hidden_states is None:
            h, c = torch.zeros(1, batch, self.units), torch.zeros(1, batch, self.units)
        else:
            h, c = states("the decoder", hidden_states)
        outputs = []
        for u in range(inputs.shape[1]):
            self.read.append(int(inputs[0, u]))
            self.carried.append(int(c[0, 0, 0]))
            h = torch.tanh(self._embed[inputs[:, u].long()][None] + h @ self._turn)
            c = c + 1
            out = h[0].clone()
            out[:, 0] = 0.35 * c[0, :, 0]  # the first unit counts; it speaks for the blank alone
            outputs.append(out)
        return torch.stack(outputs, dim=1), (h, c)

    def _join(self, f, g):
        """(B, T, units) and (B, U, units) -> (B, T, U, V), or two vectors -> (V,)."""
        self.joined += 1
        f, g = torch.as_tensor(f), torch.as_tensor(g)
        if f.dim() == 3 and g.dim() == 3:
            f, g = f.unsqueeze(2), g.unsqueeze(1)
        total = torch.tanh(f + g)
        logits = total @ self._weight.T + self._bias
        logits[..., tokenizer.blank] = logits[..., tokenizer.blank] + torch.as_tensor(g[..., 0])
        return logits


def _decode(function: Callable, model: nn.Module, frames: torch.Tensor, **more: int) -> np.ndarray:
    decoded = function(model, frames, **more)
    if decoded is None:
        raise Malformed("greedy_decode returned None. Does it end with a return?")
    labels = np.array(decoded.detach().cpu() if isinstance(decoded, torch.Tensor) else decoded, dtype=np.float64)
    if labels.ndim != 1:
        raise Malformed(f"greedy_decode returned something of shape {labels.shape}; expected a 1-D tensor of labels.")
    return labels


PATIENCE = 150
"""Steps. The right walks take fewer than 60; wrong ones may never end."""


def _walks(function: Callable, rng: np.random.Generator, count: int = 12) -> list[tuple[Instrumented, np.ndarray, int]]:
    found = []
    for number in range(count):
        model = Instrumented(rng, liking_for_blank=(0.0, 1.0, 2.0)[number % 3])
        frames = 1.5 * normal(rng, 6 + number, model.units)
        found.append((model, _decode(function, model, frames, max_steps=PATIENCE), len(frames)))
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
    for name, frames, liking in (("one frame", 1, 0.0), ("nothing but blanks", 5, 60.0)):
        model = Instrumented(rng, liking)
        found[f"labels, {name}"] = _decode(function, model, 1.5 * normal(rng, frames, model.units))
    return found


def _greedy_limit(function: Callable, rng: np.random.Generator) -> Arrays:
    model = Instrumented(rng, liking_for_blank=-1000.0)
    labels = _decode(function, model, normal(rng, 3, model.units), max_steps=25)
    return {"number of labels": len(labels), "labels": labels}


@cache
def _reference_recordings() -> tuple[nn.Module, list[tuple[str, torch.Tensor]]]:
    """The reference recogniser, and name and encoder outputs (T, J) of its bundled recordings."""
    from helpers import model as models
    from helpers.corpora import Utterance
    from helpers.features import LogMel, collate

    reference, features, found = models.load_reference(), LogMel(), []
    for one in json.loads(models.REFERENCE_TRANSCRIPTS.read_text("utf-8"))["utterances"]:
        spoken = Utterance(one["id"], one["speaker"], one["ground_truth"], models.ASSETS / one["audio"])
        batch = collate([spoken], features=features, stack=reference.config.stack)
        outputs, _ = reference.encoder(batch.spectrograms, batch.input_lengths)
        found.append((f"labels of “{one['ground_truth']}”", outputs[0]))
    return reference, found


def _greedy_reference(function: Callable, rng: np.random.Generator) -> Arrays:
    reference, recordings = _reference_recordings()
    return {name: _decode(function, reference, frames, max_steps=400) for name, frames in recordings}


GREEDY = (
    Probe(
        "transcripts", "transcripts", "twelve random models", _greedy_transcripts,
        {f"labels, model {number}": "A label keeps the frame, a blank keeps the prediction network's state."
         for number in range(12)},
    ),
    Probe(
        "reference", "transcripts", "recorded sentences, through the reference recogniser", _greedy_reference,
        {},
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
        "limit", "limit", "a model that never emits a blank, max_steps=25", _greedy_limit,
        {"number of labels": "Each step, blank or label, counts towards max_steps."},
    ),
)  # fmt: skip

PROBES: dict[str, tuple[Probe, ...]] = {
    "encoder": ENCODER,
    "decoder": DECODER,
    "joiner": JOINER,
    "transducer": TRANSDUCER,
    "greedy": GREEDY,
}
