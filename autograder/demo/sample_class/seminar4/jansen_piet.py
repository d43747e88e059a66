# zip: Jansen_Piet_sem3.zip
# style: mistake: goes through float32 probabilities, which underflow on long lattices

# %% forward
def times(*logs):
    return np.log(np.prod([np.exp(np.float32(x)) for x in logs]))

def forward(log_probs, targets, blank=-1):
    lp = log_probs.numpy()
    T, U1, _ = lp.shape
    alpha = np.zeros((T, U1), dtype=np.float32)
    for t in range(T):
        for u in range(U1):
            ways = []
            if t > 0:
                ways.append(times(alpha[t - 1, u], lp[t - 1, u, blank]))
            if u > 0:
                ways.append(times(alpha[t, u - 1], lp[t, u - 1, targets[u - 1]]))
            if ways:
                alpha[t, u] = np.logaddexp.reduce(ways)
    return alpha, -times(alpha[-1, -1], lp[-1, -1, blank])

# %% backward
def backward(log_probs, targets, blank=-1):
    lp = log_probs.numpy()
    T, U1, _ = lp.shape
    beta = np.zeros((T, U1), dtype=np.float32)
    beta[-1, -1] = lp[-1, -1, blank]
    for t in reversed(range(T)):
        for u in reversed(range(U1)):
            ways = []
            if t < T - 1:
                ways.append(times(beta[t + 1, u], lp[t, u, blank]))
            if u < U1 - 1:
                ways.append(times(beta[t, u + 1], lp[t, u, targets[u]]))
            if ways:
                beta[t, u] = np.logaddexp.reduce(ways)
    return beta, -beta[0, 0]
