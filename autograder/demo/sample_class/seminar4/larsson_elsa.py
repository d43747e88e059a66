# zip: Larsson_Elsa_sem3.zip
# style: mistakes: forward leaves the row u = 0 at zero, backward takes the best path instead of the sum
# help: forward 2 5, backward 1 4

# %% forward
def forward(log_probs, targets, blank=-1):
    lp = log_probs.numpy()
    T, U1, _ = lp.shape
    alpha = np.zeros((T, U1))
    for u in range(1, U1):
        alpha[0, u] = alpha[0, u - 1] + lp[0, u - 1, targets[u - 1]]
    for t in range(1, T):
        for u in range(1, U1):
            alpha[t, u] = np.logaddexp(
                alpha[t - 1, u] + lp[t - 1, u, blank], alpha[t, u - 1] + lp[t, u - 1, targets[u - 1]]
            )
    return alpha, -(alpha[-1, -1] + lp[-1, -1, blank])

# %% backward
def backward(log_probs, targets, blank=-1):
    lp = log_probs.numpy()
    T, U1, _ = lp.shape
    beta = np.full((T, U1), -np.inf)
    beta[-1, -1] = lp[-1, -1, blank]
    for t in range(T - 1, -1, -1):
        for u in range(U1 - 1, -1, -1):
            if t < T - 1:
                beta[t, u] = max(beta[t, u], beta[t + 1, u] + lp[t, u, blank])
            if u < U1 - 1:
                beta[t, u] = max(beta[t, u], beta[t, u + 1] + lp[t, u, targets[u]])
    return beta, -beta[0, 0]
