# zip: O'Brien_Sean_sem3.zip
# style: scratch cells added, check cells deleted, the answer cell for backward split in two
# quirks: no-checks

# %% forward
def forward(log_probs, targets, blank=-1):
    lp = log_probs.numpy().astype("float64")
    T, U1, _ = lp.shape
    alpha = np.full((T, U1), -np.inf)
    alpha[0, 0] = 0
    for t in range(T):
        for u in range(U1):
            if t:
                alpha[t, u] = np.logaddexp(alpha[t, u], alpha[t - 1, u] + lp[t - 1, u, blank])
            if u:
                alpha[t, u] = np.logaddexp(alpha[t, u], alpha[t, u - 1] + lp[t, u - 1, targets[u - 1]])
    return alpha, -(alpha[-1, -1] + lp[-1, -1, blank])

# %% extra
# scratch: does it look like a probability?
np.exp(-forward(cat.log_probs if torch.is_tensor(cat.log_probs) else torch.tensor(cat.log_probs), torch.tensor([1, 2, 3]), 0)[1])

# %% extra
def flipped(log_probs, targets, blank):
    # beta of a lattice is alpha of the lattice walked backwards, with the blank of each node paid on arrival
    lp = log_probs.numpy().astype("float64")[::-1, ::-1]
    return lp, targets.numpy()[::-1]

# %% backward
def backward(log_probs, targets, blank=-1):
    lp, y = flipped(log_probs, targets, blank)
    T, U1, _ = lp.shape
    beta = np.full((T, U1), -np.inf)
    beta[0, 0] = lp[0, 0, blank]
    for t in range(T):
        for u in range(U1):
            if t:
                beta[t, u] = np.logaddexp(beta[t, u], beta[t - 1, u] + lp[t, u, blank])
            if u:
                beta[t, u] = np.logaddexp(beta[t, u], beta[t, u - 1] + lp[t, u, y[u - 1]])
    return beta[::-1, ::-1], -beta[0 - 1, -1]
