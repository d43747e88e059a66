"""What a part of Homework 3 does far from what any check asks: other sizes, lengths, layers, states, limits.

By these probes a mutant that keeps its points is told from right code.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from helpers.checks import filling
from helpers.checks.filling import DECODER_LAYERS, ENCODER_LAYERS, fill, normal, pair, real_part, states
from helpers.checks.probing import Arrays, Probe
from helpers.checks.stand_ins import Instrumented, decode
from helpers.text import tokenizer


def _between(rng: np.random.Generator, low: int, high: int) -> int:
    return int(rng.integers(low, high + 1))


def _encoder(cls: Callable, rng: np.random.Generator) -> Arrays:
    found: dict[str, object] = {}
    for number in range(6):
        n, hidden, joint = _between(rng, 1, 9), _between(rng, 2, 7), _between(rng, 1, 6)
        n += n == hidden or n == 2 * hidden  # sizes that tell the layers apart
        encoder = cls(n, hidden, joint, 1 + number % 2, 0.1, number % 3 != 0)
        fill(encoder, ENCODER_LAYERS, rng)
        batch, frames = _between(rng, 1, 5), _between(rng, 2, 11)
        lengths = torch.tensor(rng.integers(1, frames + 1, batch))
        outputs, hidden_states = pair("EncoderRNNT", encoder(normal(rng, batch, frames, n), lengths))
        h, c = states("EncoderRNNT", hidden_states)
        found |= {f"outputs {number}": real_part(outputs, lengths), f"shape {number}": outputs.shape}
        found |= {f"h {number}": h, f"c {number}": c}
    return found


def _decoder(cls: Callable, rng: np.random.Generator) -> Arrays:
    found: dict[str, object] = {}
    for number in range(6):
        hidden, classes, joint = _between(rng, 2, 7), _between(rng, 3, 12), _between(rng, 1, 6)
        decoder = cls(hidden, classes, joint, 1 + number % 2, 0.1)
        fill(decoder, DECODER_LAYERS, rng)
        batch, length = _between(rng, 1, 4), _between(rng, 1, 7)
        given = filling.labels(rng, batch, length, classes=classes)
        lengths = torch.tensor(rng.integers(1, length + 1, batch))
        whole, _ = pair("DecoderRNNT", decoder(given, lengths))
        found[f"whole {number}"] = real_part(whole, lengths)
        # In pieces of several labels, the states handed on; and the states themselves.
        first, carried = pair("DecoderRNNT", decoder(given))
        second, carried = pair("DecoderRNNT", decoder(given, hidden_states=carried))
        h, c = states("DecoderRNNT", carried)
        found |= {f"first {number}": first, f"second {number}": second, f"h {number}": h, f"c {number}": c}
    return found


def _joiner(cls: Callable, rng: np.random.Generator) -> Arrays:
    found = {}
    for number in range(8):
        joint, classes = _between(rng, 1, 9), _between(rng, 1, 9)
        joiner = cls(joint, classes)
        fill(joiner, (nn.Linear,), rng)
        batch, frames, rows = (_between(rng, 1, 6) for _ in range(3))
        found[f"grid {number}"] = joiner(normal(rng, batch, frames, joint), normal(rng, batch, rows, joint))
        found[f"one {number}"] = joiner(normal(rng, joint), normal(rng, joint))
    return found


def _transducer(cls: Callable, rng: np.random.Generator) -> Arrays:
    found: dict[str, object] = {}
    for number in range(4):
        n, hidden, written, joint = (_between(rng, low, low + 4) for low in (9, 2, 2, 3))
        layers = 1 + number % 2, 1 + number // 2
        model = cls(len(tokenizer), n, *layers, hidden, written, joint, number % 2 == 0, 0.1, 0.1)
        fill(model.encoder, ENCODER_LAYERS, rng)
        fill(model.decoder, DECODER_LAYERS, rng)
        fill(model.joiner, (nn.Linear,), rng)
        model.eval()
        batch, frames, labels = _between(rng, 1, 4), _between(rng, 1, 8), _between(rng, 1, 6)
        lengths = torch.tensor(rng.integers(1, frames + 1, batch)), torch.tensor(rng.integers(0, labels + 1, batch))
        lengths[0][0], lengths[1][0] = frames, labels
        targets = torch.tensor(rng.integers(0, tokenizer.blank, (batch, labels)))
        logits = model(normal(rng, batch, frames, n), lengths[0], targets, lengths[1])
        if logits.dim() == 4:
            pairs = zip(logits, lengths[0].tolist(), lengths[1].tolist(), strict=True)
            found[f"logits {number}"] = torch.cat([one[:t, : u + 1].flatten() for one, t, u in pairs])
        found[f"shape {number}"] = logits.shape
    return found


def _greedy(function: Callable, rng: np.random.Generator) -> Arrays:
    found: dict[str, object] = {}
    for number in range(20):
        model = Instrumented(rng, (-1.0, 0.0, 1.0, 2.5, 4.0)[number % 5], units=_between(rng, 3, 20))
        frames = 1.5 * normal(rng, 1 + number, model.units)
        found[f"labels {number}"] = decode(function, model, frames, max_steps=_between(rng, 1, 60))
        found |= {f"read {number}": model.read, f"carried {number}": model.carried, f"joined {number}": [model.joined]}
    return found


FAR = {
    key: Probe(f"far {key}", "far", "far from any check", run, {})
    for key, run in {
        "encoder": _encoder,
        "decoder": _decoder,
        "joiner": _joiner,
        "transducer": _transducer,
        "greedy": _greedy,
    }.items()
}
