"""The smallest examples that show something: T=2, U=1. The third hint of every known mistake works in them.

Lattice: plain fractions. Encoder and prediction network: one unit, every weight and the LSTM's input biases 1, all else
0, so that a reader can follow with a calculator. Joiner: two numbers in, two scores out.
"""

import numpy as np
import torch
from torch import nn

from helpers.checks.cases import Inputs, Truth

from . import homework3_zoo, oracle, zoo
from .homework3_reference import REFERENCE

PROBABILITIES = np.array(
    [
        # another class, the blank, the label y[0]
        [[0.20, 0.50, 0.30], [0.30, 0.60, 0.10]],
        [[0.10, 0.20, 0.70], [0.05, 0.80, 0.15]],
    ]
)
INPUTS = Inputs(np.log(PROBABILITIES).astype(np.float32), np.array([2]), 1)


def right(exercise: str) -> Truth:
    """The right answer on the lattice."""
    return Truth(*getattr(oracle, exercise)(INPUTS.log_probs, INPUTS.targets, INPUTS.blank))


def wrong(exercise: str, name: str) -> Truth | None:
    """What that mistake gives on the lattice; None where it crashes."""
    return zoo.answers(exercise, name, INPUTS)


def part(exercise: str, name: str = "") -> object:
    """The right class or function; with a name, the one that makes this mistake."""
    return homework3_zoo.wrong(exercise, name) if name else REFERENCE[exercise]


def _plain_weights(module: nn.Module) -> nn.Module:
    """Every weight 1 and the LSTM's input biases 1, all other biases 0; an embedding gives the label itself."""
    for name, parameter in module.named_parameters():
        if "embedding" in name:
            parameter.data = torch.arange(float(len(parameter)))[:, None]
        else:
            nn.init.constant_(parameter, float("weight" in name or "bias_ih" in name))
    return module.eval()


@torch.no_grad()
def encoder(name: str = "", frames: tuple[float, ...] = (1.0, 0.0), length: int = 1, n_layers: int = 1) -> list[float]:
    """f_t of one utterance with one number a frame, of which `length` frames are real."""
    made = _plain_weights(part("encoder", name)(1, 1, 1, n_layers, 0.0, True))
    outputs, _ = made(torch.tensor(frames)[None, :, None], torch.tensor([length]))
    return outputs[0, :, 0].tolist()


@torch.no_grad()
def decoder(name: str = "", given: tuple[int, ...] = (2, 1), steps: bool = True, n_layers: int = 1) -> list[float]:
    """g of one transcript, label by label with the states handed on, or at once."""
    made, hidden, found = _plain_weights(part("decoder", name)(1, 3, 1, n_layers, 0.0)), None, []
    if not steps:
        return made(torch.tensor([given]), torch.tensor([len(given)]))[0].flatten().tolist()
    for label in given:
        output, hidden = made(torch.tensor([[label]]), hidden_states=hidden)
        found += output.flatten().tolist()
    return found


FRAMES, ROWS = torch.tensor([[[1.0, -2.0], [-1.0, 1.0]]]), torch.tensor([[[0.5, 1.0], [2.0, -1.0]]])
"""f_0 = (1, -2), f_1 = (-1, 1); g_0 = (0.5, 1), g_1 = (2, -1)."""


@torch.no_grad()
def joiner(name: str = "") -> torch.Tensor:
    """Scores (T, U+1, 2): the first adds the first number and takes away the second, the second is always 0."""
    made = part("joiner", name)(2, 2)
    made.linear.weight.data = torch.tensor([[1.0, -1.0], [0.0, 0.0]])
    made.linear.bias.data = torch.zeros(2)
    return made(FRAMES, ROWS)[0]
