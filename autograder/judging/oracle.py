"""The right answers: forward and backward over the RNN-T lattice in float64 (Graves 2012, arXiv:1211.3711, eq. 16-19).

Written for speed, so that judging a long lattice costs milliseconds. Along one row (fixed u) the recurrence is

    log_alpha[t, u] = logaddexp(log_alpha[t-1, u] + blank[t-1, u],  x[t])      x[t] = log_alpha[t, u-1] + label[t, u-1]

and with C[t] = blank[0, u] + ... + blank[t-1, u] it becomes a running log-sum of x - C, which numpy does in one call.
That subtracts infinities when a blank is impossible; such lattices take the slower road along anti-diagonals.
"""

import numpy as np

Arcs = tuple[np.ndarray, np.ndarray]


def arcs(log_probs: np.ndarray, targets: np.ndarray, blank: int) -> Arcs:
    """Scores of the two kinds of arcs: blank (T, U+1), and label (T, U) from (t, u) to (t, u+1)."""
    scores = np.asarray(log_probs, dtype=np.float64)
    targets = np.asarray(targets, dtype=np.int64)
    return scores[:, :, blank], scores[:, np.arange(len(targets)), targets]


def forward(log_probs: np.ndarray, targets: np.ndarray, blank: int = -1) -> tuple[np.ndarray, float]:
    """Log forward variables, shape (T, U+1), and the cost -ln P(y | x) in nats.

    `log_probs` has shape (T, U+1, V), `targets` shape (U,).
    """
    blanks, labels = arcs(log_probs, targets, blank)
    log_alpha = (_forward_scan if np.isfinite(blanks).all() else _forward_diagonals)(blanks, labels)
    return log_alpha, float(-(log_alpha[-1, -1] + blanks[-1, -1]))


def backward(log_probs: np.ndarray, targets: np.ndarray, blank: int = -1) -> tuple[np.ndarray, float]:
    """Log backward variables, shape (T, U+1), the final blank included, and the cost -ln P(y | x) in nats."""
    blanks, labels = arcs(log_probs, targets, blank)
    log_beta = (_backward_scan if np.isfinite(blanks).all() else _backward_diagonals)(blanks, labels)
    return log_beta, float(-log_beta[0, 0])


def _forward_scan(blanks: np.ndarray, labels: np.ndarray) -> np.ndarray:
    frames, rows = blanks.shape
    labels = np.ascontiguousarray(labels.T)
    before = np.zeros((rows, frames))
    np.cumsum(blanks[:-1].T, axis=1, out=before[:, 1:])
    log_alpha = np.empty((rows, frames))
    log_alpha[0] = before[0]
    for u in range(1, rows):
        entering = log_alpha[u - 1] + labels[u - 1] - before[u]
        log_alpha[u] = before[u] + np.logaddexp.accumulate(entering)
    return log_alpha.T


def _backward_scan(blanks: np.ndarray, labels: np.ndarray) -> np.ndarray:
    # Turned around both axes, it is the same running log-sum; only here a row's own blank is part of its score.
    rows = blanks.shape[1]
    labels = np.ascontiguousarray(labels[::-1].T)
    after = np.cumsum(blanks[::-1].T, axis=1)
    log_beta = np.empty_like(after)
    log_beta[-1] = after[-1]
    for u in range(rows - 2, -1, -1):
        leaving = log_beta[u + 1] + labels[u] - after[u]
        log_beta[u] = after[u] + np.logaddexp.accumulate(leaving)
    return log_beta[:, ::-1].T


def _forward_diagonals(blanks: np.ndarray, labels: np.ndarray) -> np.ndarray:
    frames, rows = blanks.shape
    log_alpha = np.full((frames, rows), -np.inf)
    log_alpha[0, 0] = 0.0
    for n in range(1, frames + rows - 1):
        u = np.arange(max(0, n - frames + 1), min(rows - 1, n) + 1)
        t = n - u
        value = np.full(len(u), -np.inf)
        late, high = t > 0, u > 0
        value[late] = log_alpha[t[late] - 1, u[late]] + blanks[t[late] - 1, u[late]]
        climbed = log_alpha[t[high], u[high] - 1] + labels[t[high], u[high] - 1]
        value[high] = np.logaddexp(value[high], climbed)
        log_alpha[t, u] = value
    return log_alpha


def _backward_diagonals(blanks: np.ndarray, labels: np.ndarray) -> np.ndarray:
    frames, rows = blanks.shape
    log_beta = np.full((frames, rows), -np.inf)
    log_beta[-1, -1] = blanks[-1, -1]
    for n in range(frames + rows - 3, -1, -1):
        u = np.arange(max(0, n - frames + 1), min(rows - 1, n) + 1)
        t = n - u
        value = np.full(len(u), -np.inf)
        early, low = t < frames - 1, u < rows - 1
        value[early] = log_beta[t[early] + 1, u[early]] + blanks[t[early], u[early]]
        climbing = log_beta[t[low], u[low] + 1] + labels[t[low], u[low]]
        value[low] = np.logaddexp(value[low], climbing)
        log_beta[t, u] = value
    return log_beta
