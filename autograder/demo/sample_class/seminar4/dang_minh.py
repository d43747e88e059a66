# zip: Đặng_Minh_sem3.zip
# style: torch throughout, returns tensors

# %% forward
def forward(log_probs, targets, blank=-1):
    T, U1, _ = log_probs.shape
    stay = log_probs[:, :, blank]
    row = torch.cumsum(torch.cat([torch.zeros(1), stay[:-1, 0]]), dim=0)
    columns = [row]
    for u in range(1, U1):
        emit = columns[-1] + log_probs[:, u - 1, targets[u - 1]]
        values = [emit[0]]
        for t in range(1, T):
            values.append(torch.logaddexp(values[-1] + stay[t - 1, u], emit[t]))
        columns.append(torch.stack(values))
    log_alpha = torch.stack(columns, dim=1)
    return log_alpha, -(log_alpha[-1, -1] + stay[-1, -1])

# %% backward
def backward(log_probs, targets, blank=-1):
    T, U1, _ = log_probs.shape
    stay = log_probs[:, :, blank]
    columns = [torch.flip(torch.cumsum(torch.flip(stay[:, -1], [0]), 0), [0])]
    for u in range(U1 - 2, -1, -1):
        emit = columns[0] + log_probs[:, u, targets[u]]
        values = [emit[-1]]
        for t in range(T - 2, -1, -1):
            values.insert(0, torch.logaddexp(values[0] + stay[t, u], emit[t]))
        columns.insert(0, torch.stack(values))
    log_beta = torch.stack(columns, dim=1)
    return log_beta, -log_beta[0, 0]
