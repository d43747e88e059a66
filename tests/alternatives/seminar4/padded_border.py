# a border of -inf around the table, so that no node is a special case; cut off at the end
import numpy as np


def forward(log_probs, targets, blank=-1):
    lp = log_probs.double().numpy()
    T, U = lp.shape[0], targets.numel()
    a = np.full((T + 1, U + 2), -np.inf)
    a[0, 1] = 0.0  # a blank that leads into the lattice
    for t in range(1, T + 1):
        for u in range(1, U + 2):
            stay = a[t - 1, u] + (lp[t - 2, u - 1, blank] if t > 1 else 0.0)
            rise = a[t, u - 1] + (lp[t - 1, u - 2, targets[u - 2]] if u > 1 else 0.0)
            a[t, u] = np.logaddexp(stay, rise)
    alpha = a[1:, 1:]
    return alpha, float(-alpha[T - 1, U] - lp[T - 1, U, blank])


def backward(log_probs, targets, blank=-1):
    lp = log_probs.double().numpy()
    T, U = lp.shape[0], targets.numel()
    b = np.full((T + 1, U + 2), -np.inf)
    b[T, U] = 0.0
    for t in range(T - 1, -1, -1):
        for u in range(U, -1, -1):
            stay = b[t + 1, u] + lp[t, u, blank]
            rise = b[t, u + 1] + lp[t, u, targets[u]] if u < U else -np.inf
            b[t, u] = np.logaddexp(stay, rise)
    return b[:T, : U + 1], float(-b[0, 0])
