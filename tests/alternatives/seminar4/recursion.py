# memoised recursion, torch.logsumexp of a stack, float64; a list of two is returned
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
