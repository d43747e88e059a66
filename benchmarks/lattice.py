"""The oracle's forward against the double loop of the course's original solution."""

import numpy as np
import torch

from autograder.judging import oracle
from helpers.checks.cases import random_log_probs

from .measuring import Result, cpu_of_call, result


def log_of_product(*logs: torch.Tensor) -> np.floating:
    """The baseline's way to multiply: out of the log domain and back. That it underflows does not change its cost."""
    product = np.prod([np.exp(value) for value in logs])
    return np.log(product) if product else -np.inf


def original_forward(log_probs: torch.Tensor, targets: torch.Tensor, blank: int) -> tuple[np.ndarray, float]:
    """The original algorithm, restated: border loops, then a double loop that indexes a tensor at every node."""
    frames, rows = log_probs.shape[:2]
    alpha = np.zeros((frames, rows), dtype=np.float32)
    for t in range(1, frames):
        alpha[t, 0] = log_of_product(alpha[t - 1, 0], log_probs[t - 1, 0, blank])
    for u in range(1, rows):
        alpha[0, u] = log_of_product(alpha[0, u - 1], log_probs[0, u - 1, targets[u - 1]])
    for t in range(1, frames):
        for u in range(1, rows):
            label = log_of_product(alpha[t, u - 1], log_probs[t, u - 1, targets[u - 1]])
            stay = log_of_product(alpha[t - 1, u], log_probs[t - 1, u, blank])
            alpha[t, u] = np.logaddexp(label, stay)
    return alpha, -log_of_product(alpha[-1, -1], log_probs[-1, -1, blank])


def _measure(frames: int, labels: int, classes: int, ours: int, theirs: int) -> Result:
    torch.set_num_threads(1)
    log_probs = random_log_probs(0, frames, labels, classes, 1.0)
    targets = np.arange(labels) % (classes - 1) + 1
    tensor, target_tensor = torch.tensor(log_probs), torch.tensor(targets)
    with np.errstate(all="ignore"):
        slow = cpu_of_call(lambda: original_forward(tensor, target_tensor, 0), theirs)
    fast = cpu_of_call(lambda: oracle.forward(log_probs, targets, 0), ours)
    what = f"forward at (T,U,V)=({frames},{labels},{classes}): the oracle in float64; the original double loop"
    return result(f"lattice_{frames}_{labels}_{classes}", 1000 * fast, 1000 * slow, "ms CPU", what)


def lattice_200_50_30() -> Result:
    """Lattice (200, 50, 30)."""
    return _measure(200, 50, 30, ours=50, theirs=3)


def lattice_835_158_30() -> Result:
    """Lattice (835, 158, 30)."""
    return _measure(835, 158, 30, ours=20, theirs=2)


BENCHMARKS = (lattice_200_50_30, lattice_835_158_30)
