"""Known weights for a student's networks, whatever their layers are called and in whatever order they were made.

Everything is small (8 features, 6 units), so that a check takes milliseconds and an array can be looked at.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from helpers.text import tokenizer

from .calling import Malformed

FEATURES, HIDDEN, JOINT, LABELS = 8, 6, 5, 7
"""Sizes of the networks that probes build. The transducer has the homework's 30 classes, for <BOS> is one of them."""

ENCODER_LAYERS = (nn.LSTM, nn.Linear)
DECODER_LAYERS = (nn.Embedding, nn.LSTM, nn.Linear)


@dataclass(frozen=True)
class Recurrence:
    """The LSTM of a student's network: one nn.LSTM, or several layers and nn.LSTMCells that make one together."""

    slots: tuple[tuple[nn.Parameter, ...], ...]
    """weight_ih, weight_hh and, where there are biases, bias_ih and bias_hh: for layer 0 forwards, backwards, layer 1
    forwards, ... A slot is what nn.LSTM calls a layer and a direction."""
    sizes: tuple[int, int, int, int]
    """Input size, hidden size, layers, directions."""


def layers(module: nn.Module, kind: type[nn.Module], count: int = 1) -> list[nn.Module]:
    """The layers of one kind. Malformed where there are more or fewer."""
    found = [layer for layer in module.modules() if isinstance(layer, kind)]
    if len(found) != count:
        raise Malformed(
            f"{type(module).__name__} has {len(found)} layers of type nn.{kind.__name__}; {count} expected, "
            "since the check puts known weights into it."
        )
    return found


def recurrence(module: nn.Module) -> Recurrence:
    """The LSTM in a network. Malformed where there is none, or where it cannot be told which part is which."""
    found = [layer for layer in module.modules() if isinstance(layer, nn.LSTM | nn.LSTMCell)]
    if len(found) == 1 and isinstance(found[0], nn.LSTM):
        lstm = found[0]
        sizes = (lstm.input_size, lstm.hidden_size, lstm.num_layers, 2 if lstm.bidirectional else 1)
        return Recurrence(_slots_of(lstm), sizes)
    slots = [slot for layer in found for slot in _slots_of(layer)]
    if not slots:
        layers(module, nn.LSTM)  # says that there is none
    # Of parts made one by one, those of the first layer read the input; the later ones read one or both directions.
    width, hidden = slots[0][0].shape[1], slots[0][1].shape[1]
    directions = 1
    if len(slots) > 1 and any(slot[0].shape[1] == 2 * hidden != width for slot in slots[1:]):
        directions = 2
    elif width != hidden and all(slot[0].shape[1] == width for slot in slots):
        directions = len(slots)
    first = [slot for slot in slots if slot[0].shape[1] == width] if directions == 2 else slots
    rest = [] if directions == 1 else [slot for slot in slots if not any(slot is one for one in first)]
    if directions > 2 or len(slots) % directions or len(rest) > 2:
        raise Malformed(
            f"{type(module).__name__} has {len(found)} recurrent layers, and it cannot be told which is which; "
            "one nn.LSTM expected, since the check puts known weights into it."
        )
    return Recurrence(tuple(first + rest), (width, hidden, len(slots) // directions, directions))


def _slots_of(layer: nn.Module) -> tuple[tuple[nn.Parameter, ...], ...]:
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh") if layer.bias else ("weight_ih", "weight_hh")
    if isinstance(layer, nn.LSTMCell):
        return (tuple(getattr(layer, name) for name in names),)
    directions = ("", "_reverse") if layer.bidirectional else ("",)
    return tuple(
        tuple(getattr(layer, f"{name}_l{number}{direction}") for name in names)
        for number in range(layer.num_layers)
        for direction in directions
    )


def fill(module: nn.Module, kinds: tuple[type[nn.Module], ...], rng: np.random.Generator) -> None:
    """Known weights into the LSTM and one layer of each other kind, in the order given; then eval mode."""
    parameters = []
    for kind in kinds:
        if kind is nn.LSTM:
            parameters += [parameter for slot in recurrence(module).slots for parameter in slot]
        else:
            (layer,) = layers(module, kind)
            parameters += [parameter for _, parameter in sorted(layer.named_parameters())]
    if len(parameters) != sum(1 for _ in module.parameters()):
        raise Malformed(
            f"{type(module).__name__} has parameters outside its {', '.join(f'nn.{kind.__name__}' for kind in kinds)}."
        )
    for parameter in parameters:
        parameter.copy_(torch.tensor(rng.normal(0.0, 0.5, tuple(parameter.shape)), dtype=torch.float32))
    module.eval()


def encoder(cls: Callable, rng: np.random.Generator, bidirectional: bool = True, n_layers: int = 2) -> nn.Module:
    """A student's encoder with known weights."""
    made = cls(FEATURES, HIDDEN, JOINT, n_layers, 0.2, bidirectional)
    fill(made, ENCODER_LAYERS, rng)
    return made


def decoder(cls: Callable, rng: np.random.Generator, n_layers: int = 1) -> nn.Module:
    """A student's prediction network with known weights."""
    made = cls(HIDDEN, LABELS, JOINT, n_layers, 0.0)
    fill(made, DECODER_LAYERS, rng)
    return made


def joiner(cls: Callable, rng: np.random.Generator) -> nn.Module:
    """A student's joiner with known weights."""
    made = cls(JOINT, LABELS)
    fill(made, (nn.Linear,), rng)
    return made


def transducer(cls: Callable, rng: np.random.Generator) -> nn.Module:
    """A student's transducer with known weights in all of its parts."""
    model = cls(len(tokenizer), FEATURES, 2, 1, HIDDEN, 4, JOINT, True, 0.2, 0.2)
    parts = ("encoder", "decoder", "joiner")
    missing = [part for part in parts if not isinstance(getattr(model, part, None), nn.Module)]
    if missing:
        raise Malformed(f"RNNTransducer has no part called {' and no '.join(missing)}.")
    fill(model.encoder, ENCODER_LAYERS, rng)
    fill(model.decoder, DECODER_LAYERS, rng)
    fill(model.joiner, (nn.Linear,), rng)
    return model.eval()


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


def labels(rng: np.random.Generator, *shape: int, classes: int = LABELS) -> torch.Tensor:
    """Random labels, int64."""
    return torch.tensor(rng.integers(0, classes, shape), dtype=torch.int64)


def real_part(outputs: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """The positions that are not padding, one utterance after the other."""
    if outputs.dim() < 2 or outputs.shape[0] != len(lengths) or outputs.shape[1] < int(lengths.max()):
        raise Malformed(f"The outputs have shape {tuple(outputs.shape)} for a batch of lengths {lengths.tolist()}.")
    return torch.cat([one[:length] for one, length in zip(outputs, lengths.tolist(), strict=True)])
