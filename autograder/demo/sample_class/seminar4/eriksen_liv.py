# zip: Eriksen_Liv_seminar4.zip
# style: recursion with a cache, plain Python numbers, returns lists

# %% forward
import math
from functools import lru_cache

def lse(values):
    top = max(values)
    return top if top == -math.inf else top + math.log(sum(math.exp(v - top) for v in values))

def forward(log_probs, targets, blank=-1):
    p, y = log_probs.tolist(), targets.tolist()
    T, U1 = len(p), len(p[0])

    @lru_cache(None)
    def alpha(t, u):
        ways = [0.0] if (t, u) == (0, 0) else []
        if t > 0:
            ways.append(alpha(t - 1, u) + p[t - 1][u][blank])
        if u > 0:
            ways.append(alpha(t, u - 1) + p[t][u - 1][y[u - 1]])
        return lse(ways)

    log_alpha = [[alpha(t, u) for u in range(U1)] for t in range(T)]
    return log_alpha, -(log_alpha[-1][-1] + p[-1][-1][blank])

# %% backward
def backward(log_probs, targets, blank=-1):
    p, y = log_probs.tolist(), targets.tolist()
    T, U1 = len(p), len(p[0])

    @lru_cache(None)
    def beta(t, u):
        ways = []
        if t < T - 1:
            ways.append(beta(t + 1, u) + p[t][u][blank])
        if u < U1 - 1:
            ways.append(beta(t, u + 1) + p[t][u][y[u]])
        return lse(ways or [p[t][u][blank]])

    log_beta = [[beta(t, u) for u in range(U1)] for t in range(T)]
    return log_beta, -log_beta[0][0]
