# row by row with np.logaddexp.accumulate where blanks are possible, else a plain loop
import numpy as np


def scan(blanks, labels, first):
    """Rows of alpha; blanks (T, U+1) and labels (T, U) are the scores of the arcs that leave a node."""
    T, rows = blanks.shape
    table = np.full((T, rows), -np.inf)
    for u in range(rows):
        entering = table[:, u - 1] + labels[:, u - 1] if u else np.where(np.arange(T) == 0, first, -np.inf)
        if np.isfinite(blanks[:, u]).all():
            before = np.concatenate([[0.0], np.cumsum(blanks[:-1, u])])
            table[:, u] = before + np.logaddexp.accumulate(entering - before)
        else:
            run = -np.inf
            for t in range(T):
                run = np.logaddexp(run + blanks[t - 1, u] if t else -np.inf, entering[t])
                table[t, u] = run
    return table


def arcs(log_probs, targets, blank):
    p = np.asarray(log_probs, dtype=np.float64)
    y = np.asarray(targets, dtype=np.int64)
    return p[:, :, blank], p[:, np.arange(len(y)), y]


def forward(log_probs, targets, blank=-1):
    blanks, labels = arcs(log_probs, targets, blank)
    table = scan(blanks, labels, 0.0)
    return table, -(table[-1, -1] + blanks[-1, -1])


def backward(log_probs, targets, blank=-1):
    # The mirrored lattice: an arc's score moves to the node that it now leaves.
    blanks, labels = arcs(log_probs, targets, blank)
    T, rows = blanks.shape
    mirrored = np.concatenate([blanks[::-1, ::-1][1:], np.zeros((1, rows))])
    table = scan(mirrored, labels[::-1, ::-1], blanks[-1, -1])
    table = table[::-1, ::-1]
    return table, -table[0, 0]
