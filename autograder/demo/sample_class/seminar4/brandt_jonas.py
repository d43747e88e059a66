# zip: brandt_jonas_sem4.zip
# style: one running log-sum per row; fast, but it subtracts −∞ from −∞

# %% forward
def scan(first, steps):
    """y[t] = logaddexp(y[t-1] + steps[t-1], first[t])"""
    total = np.concatenate([[0.0], np.cumsum(steps[:-1])])
    return total + np.logaddexp.accumulate(first - total)

def forward(log_probs, targets, blank=-1):
    p = np.asarray(log_probs, dtype=np.float64)
    T, U1 = p.shape[:2]
    start = np.full(T, -np.inf)
    start[0] = 0.0
    rows = [scan(start, p[:, 0, blank])]
    for u, y in enumerate(np.asarray(targets)):
        rows.append(scan(rows[-1] + p[:, u, y], p[:, u + 1, blank]))
    log_alpha = np.stack(rows, axis=1)
    return log_alpha, float(-(log_alpha[-1, -1] + p[-1, -1, blank]))

# %% backward
def backward(log_probs, targets, blank=-1):
    p = np.asarray(log_probs, dtype=np.float64)[::-1]
    T, U1 = p.shape[:2]
    rows = [np.cumsum(p[:, U1 - 1, blank])]
    for u in range(U1 - 2, -1, -1):
        total = np.cumsum(p[:, u, blank])
        rows.append(total + np.logaddexp.accumulate(rows[-1] + p[:, u, int(targets[u])] - total))
    log_beta = np.stack(rows[::-1], axis=1)[::-1]
    return log_beta, float(-log_beta[0, 0])
