# one vector per frame: blanks for all rows at once, then labels along the row; int() of tensors, cost a 0-d tensor
import torch


def forward(log_probs, targets, blank=-1):
    T, U1, _ = log_probs.shape
    rows = []
    for t in range(T):
        row = torch.full((U1,), float("-inf"))
        if t == 0:
            row[0] = 0.0
        else:
            row = rows[-1] + log_probs[t - 1, :, blank]
        for u in range(1, U1):
            row[u] = torch.logaddexp(row[u], row[u - 1] + log_probs[t, u - 1, int(targets[u - 1])])
        rows.append(row)
    log_alpha = torch.stack(rows)
    return log_alpha, -(log_alpha[T - 1, U1 - 1] + log_probs[T - 1, U1 - 1, blank])


def backward(log_probs, targets, blank=-1):
    T, U1, _ = log_probs.shape
    after = None
    rows = []
    for t in range(T - 1, -1, -1):
        if after is None:
            row = torch.full((U1,), float("-inf"))
            row[-1] = log_probs[t, -1, blank]
        else:
            row = after + log_probs[t, :, blank]
        for u in range(U1 - 2, -1, -1):
            row[u] = torch.logaddexp(row[u], row[u + 1] + log_probs[t, u, int(targets[u])])
        after = row
        rows.insert(0, row)
    log_beta = torch.stack(rows)
    return log_beta, -log_beta[0, 0]
