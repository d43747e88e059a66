"""Stand-ins for what a student has not written: simple parts of a transducer, models that write down their calls."""

import json
from collections.abc import Callable
from functools import cache

import numpy as np
import torch
from torch import nn

from helpers.text import tokenizer

from .calling import Malformed
from .filling import FEATURES, JOINT, normal, states, transducer


class _EncoderStandIn(nn.Module):
    def __init__(self, rng: np.random.Generator):
        super().__init__()
        self._weight = normal(rng, FEATURES, JOINT)

    def forward(self, inputs, input_lengths):
        heard = _without_padding(inputs @ self._weight, input_lengths)
        # From the end backwards, as one half of the real one reads: whatever it takes for sound reaches all frames.
        return heard.flip(1).cumsum(1).flip(1), None


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


def with_stand_ins(cls: Callable, rng: np.random.Generator) -> nn.Module:
    """The transducer with simple parts in place of its own: a mistake in the encoder is not counted twice."""
    model = transducer(cls, rng)
    model.encoder, model.decoder, model.joiner = _EncoderStandIn(rng), _DecoderStandIn(rng), _JoinerStandIn(rng)
    return model.eval()


class Part(nn.Module):
    """A part of a model whose work is done by a function."""

    def __init__(self, function: Callable):
        super().__init__()
        self._function = function

    def forward(self, *arguments, **more):
        """What the function gives."""
        return self._function(*arguments, **more)


MOST_CALLS = 1000
"""Of a joiner in one walk. The right walks take fewer than 400; a walk that no limit ends would ask for ever."""


class Patience:
    """Counts the calls of a joiner, and ends a walk that does not end itself."""

    def __init__(self):
        self.calls = 0

    def one_more(self) -> None:
        """Malformed after too many calls."""
        self.calls += 1
        if self.calls > MOST_CALLS:
            raise Malformed(
                f"greedy_decode does not end: it asked the joiner more than {MOST_CALLS} times, whatever max_steps "
                "said. Does each blank move t on, and is there a limit on all steps?"
            )


class Watched(nn.Module):
    """A model whose joiner is not asked for ever."""

    def __init__(self, model: nn.Module):
        super().__init__()
        patience = Patience()

        def join(encoder_outputs, decoder_outputs):
            patience.one_more()
            if encoder_outputs.dim() == decoder_outputs.dim() == 2:
                # As many frames as rows, side by side: a Linear takes that too, so students' joiners do.
                return model.joiner(encoder_outputs[:, None], decoder_outputs[:, None])[:, 0, 0]
            return model.joiner(encoder_outputs, decoder_outputs)

        self.anchor = nn.Parameter(torch.zeros(1))  # for code that asks a model for its device
        self.decoder, self.joiner = model.decoder, Part(join)


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
        self.decoder, self.joiner = Part(self._decode), Part(self._join)
        self.read: list[int] = []
        self.carried: list[int] = []
        self._patience = Patience()

    @property
    def joined(self) -> int:
        """How often the joiner was called."""
        return self._patience.calls

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

    def _join(self, encoder_outputs, decoder_outputs):
        """(B, T, units) and (B, U, units) -> (B, T, U, V), or two vectors -> (V,)."""
        self._patience.one_more()
        f, g = torch.as_tensor(encoder_outputs), torch.as_tensor(decoder_outputs)
        if f.dim() == 3 and g.dim() == 3:
            f, g = f.unsqueeze(2), g.unsqueeze(1)
        total = torch.tanh(f + g)
        logits = total @ self._weight.T + self._bias
        logits[..., tokenizer.blank] = logits[..., tokenizer.blank] + torch.as_tensor(g[..., 0])
        return logits


def decode(function: Callable, model: nn.Module, frames: torch.Tensor, **more: int) -> np.ndarray:
    """The labels that a student's greedy_decode writes. Malformed where they are no list of numbers."""
    decoded = function(model, frames, **more)
    if decoded is None:
        raise Malformed("greedy_decode returned None. Does it end with a return?")
    labels = np.array(decoded.detach().cpu() if isinstance(decoded, torch.Tensor) else decoded, dtype=np.float64)
    if labels.ndim != 1:
        raise Malformed(f"greedy_decode returned something of shape {labels.shape}; expected a 1-D tensor of labels.")
    return labels


@cache
def reference_recordings() -> tuple[nn.Module, list[tuple[str, torch.Tensor]]]:
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
