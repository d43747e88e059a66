"""From tiny inputs upwards: the first at which a student's part goes wrong says what it cannot do yet.

Each ladder is a probe that gives no points. Its rungs add one thing at a time: a frame, a label, an utterance, padding.
A rung that stops with an exception ends the ladder; what it found until then is its answer.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import torch
from torch import nn

from helpers.text import tokenizer

from . import filling
from .filling import FEATURES, JOINT, labels, normal, pair, real_part
from .probing import LADDER, Arrays, Probe
from .stand_ins import Instrumented, Part, Patience, decode, with_stand_ins

Rung = Callable[[object, np.random.Generator], object]


def ladder(rungs: Mapping[str, Rung]) -> Probe:
    """A probe that climbs as far as the student's code goes. The names of the rungs are the inputs in words."""

    def climb(written: object, rng: np.random.Generator) -> Iterator[tuple[str, object]]:
        for name, rung in rungs.items():
            yield name, rung(written, rng)

    def run(written: object, rng: np.random.Generator) -> Arrays:
        found: dict[str, object] = {}
        try:
            for name, value in climb(written, rng):
                found[name] = value
        except Exception:
            if not found:
                raise
        return found

    return Probe(LADDER, LADDER, "from the smallest input upwards", run, {}, tuple(rungs), climb)


def _encoder(frames: int, lengths: list[int], n_layers: int = 1, bidirectional: bool = False) -> Rung:
    def rung(cls: Callable, rng: np.random.Generator) -> torch.Tensor:
        encoder = filling.encoder(cls, rng, bidirectional, n_layers)
        outputs, _ = pair("EncoderRNNT", encoder(normal(rng, len(lengths), frames, FEATURES), torch.tensor(lengths)))
        return real_part(outputs, torch.tensor(lengths))

    return rung


ENCODER = ladder(
    {
        "B=1, T=1, one layer, one direction": _encoder(1, [1]),
        "B=1, T=2, one layer, one direction": _encoder(2, [2]),
        "B=1, T=2, two layers, one direction": _encoder(2, [2], 2),
        "B=1, T=2, one layer, two directions": _encoder(2, [2], 1, True),
        "B=1, T=2, two layers, two directions": _encoder(2, [2], 2, True),
        "B=2, T=2, both of length 2": _encoder(2, [2, 2], 1, True),
        "B=1, T=2, of which one frame is real": _encoder(2, [1], 1, True),
        "B=2, T=2, lengths 2 and 1": _encoder(2, [2, 1], 1, True),
        "B=2, T=2, lengths 1 and 2": _encoder(2, [1, 2], 1, True),
        "B=3, T=3, lengths 2, 3 and 1": _encoder(3, [2, 3, 1], 2, True),
    }
)


def _whole(batch: int, length: int, n_layers: int = 1, lengths: list[int] | None = None) -> Rung:
    def rung(cls: Callable, rng: np.random.Generator) -> torch.Tensor:
        decoder = filling.decoder(cls, rng, n_layers)
        real = torch.tensor(lengths or [length] * batch)
        outputs, _ = pair("DecoderRNNT", decoder(labels(rng, batch, length), real))
        return real_part(outputs, real)

    return rung


def _steps(batch: int, length: int) -> Rung:
    def rung(cls: Callable, rng: np.random.Generator) -> torch.Tensor:
        decoder, hidden, outputs = filling.decoder(cls, rng), None, []
        given = labels(rng, batch, length)
        for u in range(length):
            output, hidden = pair("DecoderRNNT", decoder(given[:, u : u + 1], hidden_states=hidden))
            outputs.append(output)
        return torch.cat(outputs, dim=1)

    return rung


DECODER = ladder(
    {
        "one label, B=1": _whole(1, 1),
        "two labels at once, B=1": _whole(1, 2),
        "two labels at once, B=1, two layers": _whole(1, 2, 2),
        "two labels at once, B=2": _whole(2, 2),
        "lengths 1 and 2 at once, B=2": _whole(2, 2, 1, [1, 2]),
        "one label in a step of its own, B=1": _steps(1, 1),
        "two labels step by step, B=1": _steps(1, 2),
        "one label in a step of its own, B=2": _steps(2, 1),
        "two labels step by step, B=2": _steps(2, 2),
    }
)


def _grid(batch: int, frames: int, rows: int) -> Rung:
    return lambda cls, rng: filling.joiner(cls, rng)(normal(rng, batch, frames, JOINT), normal(rng, batch, rows, JOINT))


JOINER = ladder(
    {
        "one f_t and one g_u": lambda cls, rng: filling.joiner(cls, rng)(normal(rng, JOINT), normal(rng, JOINT)),
        "B=1, T=1, U+1=1": _grid(1, 1, 1),
        "B=1, T=2, U+1=1": _grid(1, 2, 1),
        "B=1, T=1, U+1=2": _grid(1, 1, 2),
        "B=1, T=2, U+1=2": _grid(1, 2, 2),
        "B=1, T=2, U+1=3": _grid(1, 2, 3),
        "B=2, T=2, U+1=2": _grid(2, 2, 2),
        "B=2, T=3, U+1=2": _grid(2, 3, 2),
    }
)


def _logits(frames: list[int], lengths: list[int]) -> Rung:
    def rung(cls: Callable, rng: np.random.Generator) -> torch.Tensor:
        model, rows = with_stand_ins(cls, rng), max(lengths) + 1
        targets = torch.tensor(rng.integers(0, tokenizer.blank, (len(frames), rows - 1)), dtype=torch.int32)
        inputs = normal(rng, len(frames), max(frames), FEATURES)
        given = torch.tensor(frames, dtype=torch.int32), torch.tensor(lengths, dtype=torch.int32)
        logits = model(inputs, given[0], targets, given[1])
        if tuple(logits.shape) != (len(frames), max(frames), rows, len(tokenizer)):
            return torch.cat([torch.tensor(logits.shape), logits.flatten()])
        return torch.cat([one[:t, : u + 1].flatten() for one, t, u in zip(logits, frames, lengths, strict=True)])

    return rung


TRANSDUCER = ladder(
    {
        "B=1, T=1, U=1": _logits([1], [1]),
        "B=1, T=2, U=1": _logits([2], [1]),
        "B=1, T=2, U=2": _logits([2], [2]),
        "B=2, T=2, U=2": _logits([2, 2], [2, 2]),
        "B=2, T=2, U=2, padded: frames 1 and 2": _logits([1, 2], [2, 2]),
        "B=2, T=2, U=2, padded: labels 1 and 2": _logits([2, 2], [1, 2]),
    }
)


class Scripted(nn.Module):
    """A model that plays a script: at frame t, after u labels of which the last is k, it likes best what stands there.

    Where the script says nothing it likes the blank.
    """

    def __init__(self, script: Mapping[tuple[int, int, int], int]):
        super().__init__()
        self._script, self._patience = script, Patience()
        self.anchor = nn.Parameter(torch.zeros(1))  # for code that asks a model for its device
        self.decoder, self.joiner = Part(self._read), Part(self._like)

    def _read(self, inputs, input_lengths=None, hidden_states=None):
        inputs = torch.as_tensor(inputs).reshape(1, -1)
        seen = 0 if hidden_states is None else int(hidden_states[1].reshape(-1)[0])
        seen += inputs.shape[1]
        outputs = torch.zeros(1, inputs.shape[1], 2)
        outputs[0, :, 0] = torch.arange(seen - inputs.shape[1], seen)
        outputs[0, :, 1] = inputs[0]
        state = torch.full((1, 1, 1), float(seen))
        return outputs, (state, state.clone())

    def _like(self, encoder_outputs, decoder_outputs):
        self._patience.one_more()
        f, g = torch.as_tensor(encoder_outputs), torch.as_tensor(decoder_outputs)
        if f.dim() == 3 and g.dim() == 3:
            f, g = f.unsqueeze(2), g.unsqueeze(1)
        places = torch.stack(torch.broadcast_tensors(f[..., 0], g[..., 0], g[..., 1]), dim=-1)
        best = [self._script.get(tuple(map(int, place)), tokenizer.blank) for place in places.reshape(-1, 3)]
        scores = torch.zeros(len(best), len(tokenizer))
        scores[torch.arange(len(best)), torch.tensor(best)] = 1.0
        return scores.reshape(*places.shape[:-1], len(tokenizer))


def _played(frames: int, script: Mapping[tuple[int, int, int], int], max_steps: int = 30) -> Rung:
    def rung(function: Callable, rng: np.random.Generator) -> np.ndarray:
        places = torch.arange(frames, dtype=torch.float32)[:, None].repeat(1, 2)
        return decode(function, Scripted(script), places, max_steps=max_steps)

    return rung


def _drawn(frames: int) -> Rung:
    def rung(function: Callable, rng: np.random.Generator) -> np.ndarray:
        model = Instrumented(rng, liking_for_blank=1.0)
        return decode(function, model, 1.5 * normal(rng, frames, model.units), max_steps=30)

    return rung


_A, _B = 2, 3
"""Two labels. A script's places are (frame, labels read, last label read)."""
_BOS = tokenizer.bos

GREEDY = ladder(
    {
        "T=1, a blank": _played(1, {}),
        "T=1, a label and a blank": _played(1, {(0, 0, _BOS): _A}),
        "T=2, a blank, a label in frame 1, a blank": _played(2, {(1, 0, _BOS): _A}),
        "T=1, two different labels in one frame": _played(1, {(0, 0, _BOS): _A, (0, 1, _A): _B}),
        "T=1, the same label twice in one frame": _played(1, {(0, 0, _BOS): _A, (0, 1, _A): _A}),
        "T=2, one label in each frame": _played(2, {(0, 0, _BOS): _A, (1, 1, _A): _B}),
        "T=2, one label that is the same in each frame": _played(2, {(0, 0, _BOS): _A, (1, 1, _A): _A}),
        "T=2, one label in the last frame, after two in the first": _played(
            2, {(0, 0, _BOS): _A, (0, 1, _A): _B, (1, 2, _B): _A}
        ),
        "T=2, max_steps=2 in the middle of a label": _played(2, {(0, 0, _BOS): _A, (1, 1, _A): _B}, max_steps=2),
        "T=4, a random model": _drawn(4),
        "T=8, a random model": _drawn(8),
    }
)
