# backward by turning the lattice around and walking forward; helper functions; tuples
import numpy as np


def walk(frames, rows, blank_into, label_into, start):
    cells = {(0, 0): start}
    for t in range(frames):
        for u in range(rows):
            if (t, u) != (0, 0):
                a = cells[t - 1, u] + blank_into(t, u) if t else -np.inf
                b = cells[t, u - 1] + label_into(t, u) if u else -np.inf
                cells[t, u] = np.logaddexp(a, b)
    return cells


def forward(log_probs, targets, blank=-1):
    p, y = log_probs.numpy().astype(float), targets.tolist()
    T, U = len(p), len(y)
    cells = walk(T, U + 1, lambda t, u: p[t - 1, u, blank], lambda t, u: p[t, u - 1, y[u - 1]], 0.0)
    table = tuple(tuple(cells[t, u] for u in range(U + 1)) for t in range(T))
    return table, -table[-1][-1] - p[-1, -1, blank]


def backward(log_probs, targets, blank=-1):
    p, y = log_probs.numpy().astype(float), targets.tolist()
    T, U = len(p), len(y)
    cells = walk(
        T,
        U + 1,
        lambda t, u: p[T - 1 - t, U - u, blank],
        lambda t, u: p[T - 1 - t, U - u, y[U - u]],
        p[T - 1, U, blank],
    )
    table = tuple(tuple(cells[T - 1 - t, U - u] for u in range(U + 1)) for t in range(T))
    return table, -table[0][0]
