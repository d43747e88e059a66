# zip: Abebe_Selam_sem3.zip
# style: two plain loops
# help: forward 0 2, backward 0 1

# %% forward
def forward(log_probs, targets, blank=-1):
    log_probs = log_probs.numpy().astype(np.float64)
    T, U1, _ = log_probs.shape
    log_alpha = np.full((T, U1), -np.inf)
    log_alpha[0, 0] = 0
    for t in range(T):
        for u in range(U1):
            if t > 0:
                stay = log_alpha[t - 1, u] + log_probs[t - 1, u, blank]
                log_alpha[t, u] = np.logaddexp(log_alpha[t, u], stay)
            if u > 0:
                emit = log_alpha[t, u - 1] + log_probs[t, u - 1, targets[u - 1]]
                log_alpha[t, u] = np.logaddexp(log_alpha[t, u], emit)
    return log_alpha, -(log_alpha[-1, -1] + log_probs[-1, -1, blank])

# %% backward
def backward(log_probs, targets, blank=-1):
    log_probs = log_probs.numpy().astype(np.float64)
    T, U1, _ = log_probs.shape
    log_beta = np.full((T, U1), -np.inf)
    log_beta[-1, -1] = log_probs[-1, -1, blank]
    for t in range(T - 1, -1, -1):
        for u in range(U1 - 1, -1, -1):
            if t < T - 1:
                log_beta[t, u] = np.logaddexp(log_beta[t, u], log_beta[t + 1, u] + log_probs[t, u, blank])
            if u < U1 - 1:
                log_beta[t, u] = np.logaddexp(log_beta[t, u], log_beta[t, u + 1] + log_probs[t, u, targets[u]])
    return log_beta, -log_beta[0, 0]
