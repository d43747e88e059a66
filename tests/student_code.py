"""Right solutions of Seminar 4 in the styles that students use, as source text for the sandbox and for `exec`."""

LOOPS = """
import numpy as np

def forward(log_probs, targets, blank=-1):
    log_probs, y = np.asarray(log_probs, dtype=np.float64), np.asarray(targets)
    T, U = log_probs.shape[0], len(y)
    log_alpha = np.full((T, U + 1), -np.inf)
    log_alpha[0, 0] = 0.0
    for t in range(T):
        for u in range(U + 1):
            if t > 0:
                log_alpha[t, u] = np.logaddexp(log_alpha[t, u], log_alpha[t - 1, u] + log_probs[t - 1, u, blank])
            if u > 0:
                log_alpha[t, u] = np.logaddexp(log_alpha[t, u], log_alpha[t, u - 1] + log_probs[t, u - 1, y[u - 1]])
    return log_alpha, -(log_alpha[T - 1, U] + log_probs[T - 1, U, blank])

def backward(log_probs, targets, blank=-1):
    log_probs, y = np.asarray(log_probs, dtype=np.float64), np.asarray(targets)
    T, U = log_probs.shape[0], len(y)
    log_beta = np.full((T, U + 1), -np.inf)
    log_beta[T - 1, U] = log_probs[T - 1, U, blank]
    for t in reversed(range(T)):
        for u in reversed(range(U + 1)):
            if t < T - 1:
                log_beta[t, u] = np.logaddexp(log_beta[t, u], log_beta[t + 1, u] + log_probs[t, u, blank])
            if u < U:
                log_beta[t, u] = np.logaddexp(log_beta[t, u], log_beta[t, u + 1] + log_probs[t, u, y[u]])
    return log_beta, -log_beta[0, 0]
"""

TORCH = """
import torch

def forward(log_probs, targets, blank=-1):
    T, U = log_probs.shape[0], targets.shape[0]
    log_alpha = torch.full((T, U + 1), float("-inf"))
    log_alpha[0, 0] = 0
    for t in range(1, T):
        log_alpha[t, 0] = log_alpha[t - 1, 0] + log_probs[t - 1, 0, blank]
    for u in range(1, U + 1):
        log_alpha[0, u] = log_alpha[0, u - 1] + log_probs[0, u - 1, targets[u - 1]]
        for t in range(1, T):
            log_alpha[t, u] = torch.logaddexp(
                log_alpha[t - 1, u] + log_probs[t - 1, u, blank],
                log_alpha[t, u - 1] + log_probs[t, u - 1, targets[u - 1]],
            )
    return log_alpha, -(log_alpha[-1, -1] + log_probs[-1, -1, blank])

def backward(log_probs, targets, blank=-1):
    T, U = log_probs.shape[0], targets.shape[0]
    log_beta = torch.zeros(T, U + 1)
    log_beta[-1, -1] = log_probs[-1, -1, blank]
    for t in range(T - 2, -1, -1):
        log_beta[t, U] = log_beta[t + 1, U] + log_probs[t, U, blank]
    for u in range(U - 1, -1, -1):
        log_beta[T - 1, u] = log_beta[T - 1, u + 1] + log_probs[T - 1, u, targets[u]]
        for t in range(T - 2, -1, -1):
            log_beta[t, u] = torch.logaddexp(
                log_beta[t + 1, u] + log_probs[t, u, blank], log_beta[t, u + 1] + log_probs[t, u, targets[u]]
            )
    return log_beta, -log_beta[0, 0]
"""

LISTS = """
import math

NEVER = -1e30

def add(a, b):
    high, low = max(a, b), min(a, b)
    return high if low < NEVER / 2 else high + math.log1p(math.exp(low - high))

def forward(log_probs, targets, blank=-1):
    p, y = log_probs.tolist(), targets.tolist()
    T, U = len(p), len(y)
    rows = [[NEVER] * (U + 1) for _ in range(T)]
    for t in range(T):
        for u in range(U + 1):
            stay = rows[t - 1][u] + p[t - 1][u][blank] if t else NEVER
            climb = rows[t][u - 1] + p[t][u - 1][y[u - 1]] if u else NEVER
            rows[t][u] = max(add(stay, climb), NEVER) if t or u else 0.0
    return rows, -(rows[-1][-1] + p[-1][-1][blank])

def backward(log_probs, targets, blank=-1):
    p, y = log_probs.tolist(), targets.tolist()
    T, U = len(p), len(y)
    rows = [[NEVER] * (U + 1) for _ in range(T)]
    for t in reversed(range(T)):
        for u in reversed(range(U + 1)):
            stay = rows[t + 1][u] + p[t][u][blank] if t < T - 1 else NEVER
            climb = rows[t][u + 1] + p[t][u][y[u]] if u < U else NEVER
            end = t == T - 1 and u == U
            rows[t][u] = p[t][u][blank] if end else max(add(stay, climb), NEVER)
    return rows, -rows[0][0]
"""

DIAGONALS = """
import numpy as np

def arcs(log_probs, targets, blank):
    p = np.asarray(log_probs)
    T, U = p.shape[0], len(targets)
    blanks = np.pad(p[:, :, blank], 1, constant_values=-np.inf)
    labels = np.pad(p[:, np.arange(U), np.asarray(targets)], ((1, 1), (1, 2)), constant_values=-np.inf)
    return T, U, blanks, labels

def diagonal(n, T, U):
    u = np.arange(max(0, n - T + 1), min(U, n) + 1)
    return n - u + 1, u + 1

def forward(log_probs, targets, blank=-1):
    T, U, blanks, labels = arcs(log_probs, targets, blank)
    a = np.full((T + 2, U + 3), -np.inf, dtype=np.float32)
    a[1, 1] = 0
    for n in range(1, T + U):
        t, u = diagonal(n, T, U)
        a[t, u] = np.logaddexp(a[t - 1, u] + blanks[t - 1, u], a[t, u - 1] + labels[t, u - 1])
    return a[1:T + 1, 1:U + 2], np.array([-(a[T, U + 1] + blanks[T, U + 1])])

def backward(log_probs, targets, blank=-1):
    T, U, blanks, labels = arcs(log_probs, targets, blank)
    b = np.full((T + 2, U + 3), -np.inf, dtype=np.float32)
    b[T, U + 1] = blanks[T, U + 1]
    for n in reversed(range(T + U - 1)):
        t, u = diagonal(n, T, U)
        b[t, u] = np.logaddexp(b[t + 1, u] + blanks[t, u], b[t, u + 1] + labels[t, u])
    return b[1:T + 1, 1:U + 2], np.array([-b[1, 1]])
"""

RECURSION = """
from functools import lru_cache

import torch

def forward(log_probs, targets, blank=-1):
    p, T, U = log_probs.double(), len(log_probs), len(targets)

    @lru_cache(maxsize=None)
    def alpha(t, u):
        ways = []
        if t:
            ways.append(alpha(t - 1, u) + p[t - 1, u, blank])
        if u:
            ways.append(alpha(t, u - 1) + p[t, u - 1, targets[u - 1]])
        return torch.logsumexp(torch.stack(ways), 0) if ways else p.new_zeros(())

    table = torch.stack([torch.stack([alpha(t, u) for u in range(U + 1)]) for t in range(T)])
    return [table, -(table[T - 1, U] + p[T - 1, U, blank])]

def backward(log_probs, targets, blank=-1):
    p, T, U = log_probs.double(), len(log_probs), len(targets)

    @lru_cache(maxsize=None)
    def beta(t, u):
        ways = []
        if t < T - 1:
            ways.append(beta(t + 1, u) + p[t, u, blank])
        if u < U:
            ways.append(beta(t, u + 1) + p[t, u, targets[u]])
        return torch.logsumexp(torch.stack(ways), 0) if ways else p[t, u, blank]

    table = torch.stack([torch.stack([beta(t, u) for u in range(U + 1)]) for t in range(T)])
    return [table, -table[0, 0]]
"""

STUB = """
def forward(log_probs, targets, blank=-1):
    raise NotImplementedError("forward: fill alpha with the recurrence above")

def backward(log_probs, targets, blank=-1):
    raise NotImplementedError("backward: fill beta with the recurrence above")
"""

STYLES = {"loops": LOOPS, "torch": TORCH, "lists": LISTS, "diagonals": DIAGONALS, "recursion": RECURSION}


def function(source: str, exercise: str):
    """The student's function of that name."""
    names: dict = {}
    exec(source, names)
    return names[exercise]
