# differentiable: nothing is written in place, the tensors returned carry gradients; -1e9 stands for impossible
import torch

NEVER = torch.tensor(-1e9, dtype=torch.float64)


def forward(log_probs, targets, blank=-1):
    log_probs = log_probs.double().clamp(min=-1e9).requires_grad_()
    T, U = len(log_probs), len(targets)
    rows = [[None] * (U + 1) for _ in range(T)]
    for t in range(T):
        for u in range(U + 1):
            if t == u == 0:
                rows[t][u] = (
                    log_probs.new_zeros(()) + 0 * log_probs.sum() if torch.isfinite(log_probs.sum()) else NEVER * 0
                )
                continue
            stay = rows[t - 1][u] + log_probs[t - 1, u, blank] if t else NEVER
            rise = rows[t][u - 1] + log_probs[t, u - 1, targets[u - 1]] if u else NEVER
            rows[t][u] = torch.logsumexp(torch.stack([stay, rise]), dim=0).clamp(min=-1e9)
    table = torch.stack([torch.stack(row) for row in rows])
    return table, -(table[-1, -1] + log_probs[-1, -1, blank])


def backward(log_probs, targets, blank=-1):
    log_probs = log_probs.double().clamp(min=-1e9).requires_grad_()
    T, U = len(log_probs), len(targets)
    rows = [[None] * (U + 1) for _ in range(T)]
    for t in reversed(range(T)):
        for u in reversed(range(U + 1)):
            if t == T - 1 and u == U:
                rows[t][u] = log_probs[t, u, blank]
                continue
            stay = rows[t + 1][u] + log_probs[t, u, blank] if t < T - 1 else NEVER
            rise = rows[t][u + 1] + log_probs[t, u, targets[u]] if u < U else NEVER
            rows[t][u] = torch.logsumexp(torch.stack([stay, rise]), dim=0).clamp(min=-1e9)
    table = torch.stack([torch.stack(row) for row in rows])
    return table, -table[0, 0]
