# lists of Python floats, -1e30 for impossible, an own log-sum
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
