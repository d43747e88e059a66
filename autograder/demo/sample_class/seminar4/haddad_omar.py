# zip: Haddad_Omar_sem3.zip
# style: mistake: the final blank is missing from forward's cost
# help: forward 3 9, backward 0 2

# %% forward
def forward(log_probs, targets, blank=-1):
    lp = log_probs.numpy()
    T, U1, _ = lp.shape
    log_alpha = np.full((T, U1), -np.inf)
    log_alpha[0, 0] = 0
    for t in range(T):
        for u in range(U1):
            if t > 0:
                log_alpha[t, u] = np.logaddexp(log_alpha[t, u], log_alpha[t - 1, u] + lp[t - 1, u, blank])
            if u > 0:
                log_alpha[t, u] = np.logaddexp(log_alpha[t, u], log_alpha[t, u - 1] + lp[t, u - 1, targets[u - 1]])
    return log_alpha, -log_alpha[-1, -1]

# %% backward
def backward(log_probs, targets, blank=-1):
    lp = log_probs.numpy()
    T, U1, _ = lp.shape
    log_beta = np.full((T, U1), -np.inf)
    log_beta[-1, -1] = lp[-1, -1, blank]
    for t in reversed(range(T)):
        for u in reversed(range(U1)):
            if t + 1 < T:
                log_beta[t, u] = np.logaddexp(log_beta[t, u], log_beta[t + 1, u] + lp[t, u, blank])
            if u + 1 < U1:
                log_beta[t, u] = np.logaddexp(log_beta[t, u], log_beta[t, u + 1] + lp[t, u, targets[u]])
    return log_beta, -log_beta[0, 0]
