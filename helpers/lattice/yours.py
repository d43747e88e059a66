"""The learner's own `forward` and `backward`, called for a picture: tables and shares, or one sentence why not."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from helpers.checks import calling
from helpers.checks.cases import Inputs, log_softmax

from .lattice import Lattice

RATE = 0.3  # of gradient descent: on CAT, 30 steps take the cost from 2.7 to 0.3 nats


class NotYet(Exception):
    """There is nothing to draw; the message says why, in one sentence."""


def table_of(function: Callable, exercise: str, log_probs: np.ndarray, targets, blank: int) -> tuple[np.ndarray, float]:
    """(table, cost) by the learner's function; log_probs (T, U+1, V). Raises NotYet."""
    inputs = Inputs(np.asarray(log_probs), np.asarray(targets, dtype=np.int64), int(blank))
    answer = calling.call(exercise, function, inputs)
    if answer.status == "not implemented":
        raise NotYet(f"{exercise} is not written yet. Write it, run its cell, then run this one.")
    if answer.status != "ok":
        raise NotYet(answer.problem)
    if answer.cells.shape != inputs.shape:
        raise NotYet(f"{exercise} returned a table of shape {answer.cells.shape}; expected is {inputs.shape}.")
    return answer.cells, answer.cost


@dataclass(frozen=True)
class Shares:
    """What forward and backward together say of one lattice."""

    lattice: Lattice
    log_alpha: np.ndarray
    log_beta: np.ndarray
    cost: float
    nodes: np.ndarray
    """(T, U+1): share of P(y|x) that passes through a node."""
    blank: np.ndarray
    """(T, U+1): share that takes the blank there."""
    label: np.ndarray
    """(T, U): share that takes the label there."""

    @property
    def frames(self) -> np.ndarray:
        """(U,): the frame at which each label comes out, on average."""
        return (self.label * np.arange(self.label.shape[0])[:, None]).sum(axis=0)


def shares(
    forward: Callable, backward: Callable, log_probs: np.ndarray, targets, blank: int, symbols: tuple[str, ...]
) -> Shares:
    """Occupancy and arc posteriors by the learner's two functions; `symbols` are the U targets. Raises NotYet."""
    targets = np.asarray(targets, dtype=np.int64)
    log_alpha, cost = table_of(forward, "forward", log_probs, targets, blank)
    log_beta, _ = table_of(backward, "backward", log_probs, targets, blank)
    scores = np.asarray(log_probs, dtype=np.float64)
    cat = Lattice(scores[:, :, blank], scores[:, np.arange(len(targets)), targets], symbols)
    onward = np.vstack([log_beta[1:], np.full(log_beta.shape[1], -np.inf)])
    onward[-1, -1] = 0.0  # behind the terminal blank nothing is left to do

    def share(log_value):  # of a wrong table shares may exceed 1 by far: drawn as full, not as an overflow
        return np.nan_to_num(np.exp(np.minimum(log_value + cost, 50.0)))

    with np.errstate(all="ignore"):
        return Shares(
            cat,
            log_alpha,
            log_beta,
            cost,
            share(log_alpha + log_beta),
            share(log_alpha + cat.blank + onward),
            share(log_alpha[:, :-1] + cat.label + log_beta[:, 1:]),
        )


def gradient(found: Shares, probabilities: np.ndarray, targets, blank: int, fastemit: float = 0.0) -> np.ndarray:
    """d cost / d logits, (T, U+1, V), from shares; probabilities (T, U+1, V) are the softmax of the logits.

    FastEmit (Yu et al., 2021, arXiv:2010.11148) makes the share of every label arc 1 + `fastemit` times as large, and
    leaves the blanks.
    """
    label = (1 + fastemit) * found.label
    passing = found.blank.copy()
    passing[:, :-1] += label
    change = passing[:, :, None] * probabilities
    change[:, :, blank] -= found.blank
    for u, y in enumerate(targets):
        change[:, u, y] -= label[:, u]
    return change


def train(
    f, g, targets, forward, backward, blank: int, symbols: tuple[str, ...], steps: int, fastemit: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """f (T, V) and g (U+1, V) after so many steps of gradient descent on what the learner's functions say."""
    f, g = np.array(f, dtype=float), np.array(g, dtype=float)
    for _ in range(steps):
        scores = log_softmax(f[:, None] + g[None])
        found = shares(forward, backward, scores, targets, blank, symbols)
        change = gradient(found, np.exp(scores), targets, blank, fastemit)
        f -= RATE * change.sum(axis=1)
        g -= RATE * change.sum(axis=0)
    return f, g
