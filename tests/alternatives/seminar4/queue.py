# nodes taken from a queue and pushed along their arcs instead of pulled; a dictionary; the array is made at the end
from collections import defaultdict, deque

import numpy as np


def forward(log_probs, targets, blank=-1):
    lp, y = log_probs.tolist(), targets.tolist()
    T, U = len(lp), len(y)
    inbox, waiting, seen = defaultdict(lambda: -np.inf), deque([(0, 0)]), {(0, 0)}
    inbox[0, 0] = 0.0
    while waiting:
        t, u = waiting.popleft()
        for node, score in (((t, u + 1), lp[t][u][y[u]] if u < U else None), ((t + 1, u), lp[t][u][blank])):
            if node[0] < T and node[1] <= U:
                inbox[node] = np.logaddexp(inbox[node], inbox[t, u] + score)
                if node not in seen:
                    seen.add(node)
                    waiting.append(node)
    return np.array([[inbox[t, u] for u in range(U + 1)] for t in range(T)]), -(inbox[T - 1, U] + lp[-1][-1][blank])


def backward(log_probs, targets, blank=-1):
    lp, y = log_probs.tolist(), targets.tolist()
    T, U = len(lp), len(y)
    value = {(T - 1, U): lp[-1][-1][blank]}
    for n in range(T + U - 2, -1, -1):
        for t in range(max(0, n - U), min(T - 1, n) + 1):
            u = n - t
            value[t, u] = np.logaddexp(
                value[t + 1, u] + lp[t][u][blank] if t + 1 < T else -np.inf,
                value[t, u + 1] + lp[t][u][y[u]] if u < U else -np.inf,
            )
    return np.array([[value[t, u] for u in range(U + 1)] for t in range(T)]), np.array(-value[0, 0])
