# zip: Mehta_Ravi_sem3.zip
# style: a colon is missing in backward, so that cell does not run at all

# %% forward
def forward(log_probs, targets, blank=-1):
    p = np.asarray(log_probs, dtype=float)
    T, U1, _ = p.shape
    table = {}
    for t in range(T):
        for u in range(U1):
            value = 0.0 if t == u == 0 else -np.inf
            if t:
                value = np.logaddexp(value, table[t - 1, u] + p[t - 1, u, blank])
            if u:
                value = np.logaddexp(value, table[t, u - 1] + p[t, u - 1, targets[u - 1]])
            table[t, u] = value
    log_alpha = np.array([[table[t, u] for u in range(U1)] for t in range(T)])
    return log_alpha, -(log_alpha[T - 1, U1 - 1] + p[T - 1, U1 - 1, blank])

# %% backward
def backward(log_probs, targets, blank=-1)
    return forward(log_probs.flip(0), targets.flip(0), blank)
