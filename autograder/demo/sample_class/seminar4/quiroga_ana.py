# zip: Quiroga_Ana_sem3.zip
# style: forward is right, backward never ends

# %% forward
def forward(log_probs, targets, blank=-1):
    lp = log_probs.numpy()
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

# %% backward
def backward(log_probs, targets, blank=-1):
    lp = log_probs.numpy()
    T, U1, _ = lp.shape
    beta = np.zeros((T, U1))
    beta[-1, -1] = lp[-1, -1, blank]
    t = T - 1
    while t >= 0:
        for u in reversed(range(U1 - 1)):
            beta[t, u] = beta[t, u + 1] + lp[t, u, targets[u]]
    return beta, -beta[0, 0]
