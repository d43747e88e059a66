"""Random lattices and their tables, for tests of what is drawn."""

import numpy as np

from helpers import lattice


def log_softmax(x: np.ndarray) -> np.ndarray:
    x = x - x.max(axis=-1, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=-1, keepdims=True))


def make(T: int, U: int, seed: int = 0) -> "lattice.Lattice":
    """A lattice of T frames and U labels with random scores."""
    rng = np.random.default_rng(seed)
    scores = log_softmax(2 * rng.normal(size=(T, U + 1, 5)))
    return lattice.Lattice.from_log_probs(scores, rng.integers(1, 5, size=U), symbols=("∅", "C", "A", "T", "S"))


def forward_backward(x: "lattice.Lattice") -> tuple[np.ndarray, np.ndarray]:
    """log_alpha and log_beta, (T, U+1) each: the dynamic programme of Graves (2012)."""
    a, b = np.full(x.blank.shape, -np.inf), np.full(x.blank.shape, -np.inf)
    for t in range(x.T):
        for u in range(x.U + 1):
            before = [0.0] if t == u == 0 else []
            before += [a[t - 1, u] + x.blank[t - 1, u]] if t else []
            before += [a[t, u - 1] + x.label[t, u - 1]] if u else []
            a[t, u] = np.logaddexp.reduce(before)
    for t in reversed(range(x.T)):
        for u in reversed(range(x.U + 1)):
            after = [x.blank[t, u]] if (t, u) == (x.T - 1, x.U) else []
            after += [x.blank[t, u] + b[t + 1, u]] if t + 1 < x.T else []
            after += [x.label[t, u] + b[t, u + 1]] if u < x.U else []
            b[t, u] = np.logaddexp.reduce(after)
    return a, b
