# torch, float64, row scan with logcumsumexp where it is finite; labels outside, frames inside; tensors returned
import torch


def gather(log_probs, targets, blank):
    lp = log_probs.double()
    U = targets.numel()
    return lp[..., blank], lp[:, :U].gather(2, targets.view(1, -1, 1).expand(len(lp), -1, 1)).squeeze(2)


def forward(log_probs, targets, blank=-1):
    empty, emit = gather(log_probs, targets, blank)
    T, U = emit.shape
    columns = []
    for u in range(U + 1):
        enter = columns[-1] + emit[:, u - 1] if u else torch.full((T,), -torch.inf, dtype=torch.float64)
        if u == 0:
            enter[0] = 0.0
        if torch.isfinite(empty[:, u]).all():
            c = torch.cat([torch.zeros(1, dtype=torch.float64), empty[:-1, u].cumsum(0)])
            columns.append(torch.logcumsumexp(enter - c, 0) + c)
        else:
            cells = [enter[0]]
            for t in range(1, T):
                cells.append(torch.logaddexp(cells[-1] + empty[t - 1, u], enter[t]))
            columns.append(torch.stack(cells))
    table = torch.stack(columns, dim=1)
    return table, -(table[-1, -1] + empty[-1, -1])


def backward(log_probs, targets, blank=-1):
    empty, emit = gather(log_probs, targets, blank)
    T, U = emit.shape
    table = torch.full((T, U + 1), -torch.inf, dtype=torch.float64)
    for u in range(U, -1, -1):
        for t in range(T - 1, -1, -1):
            if t == T - 1 and u == U:
                table[t, u] = empty[t, u]
            elif t == T - 1:
                table[t, u] = table[t, u + 1] + emit[t, u]
            elif u == U:
                table[t, u] = table[t + 1, u] + empty[t, u]
            else:
                table[t, u] = torch.logaddexp(table[t + 1, u] + empty[t, u], table[t, u + 1] + emit[t, u])
    return table, -table[0, 0]
