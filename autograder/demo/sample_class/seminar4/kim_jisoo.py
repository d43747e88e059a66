# zip: Kim_Ji-soo_sem3.zip
# style: mistake: the blank is always the last class

# %% forward
def forward(log_probs, targets, blank=-1):
    lp = log_probs.numpy()
    T, U1, _ = lp.shape
    alpha = np.zeros((T, U1))
    for t in range(1, T):
        alpha[t, 0] = alpha[t - 1, 0] + lp[t - 1, 0, -1]
    for u in range(1, U1):
        alpha[0, u] = alpha[0, u - 1] + lp[0, u - 1, targets[u - 1]]
    for t in range(1, T):
        for u in range(1, U1):
            alpha[t, u] = np.logaddexp(alpha[t - 1, u] + lp[t - 1, u, -1], alpha[t, u - 1] + lp[t, u - 1, targets[u - 1]])
    return alpha, -(alpha[-1, -1] + lp[-1, -1, -1])

# %% backward
def backward(log_probs, targets, blank=-1):
    lp = log_probs.numpy()
    T, U1, _ = lp.shape
    beta = np.zeros((T, U1))
    beta[-1, -1] = lp[-1, -1, -1]
    for t in range(T - 2, -1, -1):
        beta[t, -1] = beta[t + 1, -1] + lp[t, -1, -1]
    for u in range(U1 - 2, -1, -1):
        beta[-1, u] = beta[-1, u + 1] + lp[-1, u, targets[u]]
    for t in range(T - 2, -1, -1):
        for u in range(U1 - 2, -1, -1):
            beta[t, u] = np.logaddexp(beta[t + 1, u] + lp[t, u, -1], beta[t, u + 1] + lp[t, u, targets[u]])
    return beta, -beta[0, 0]
