# zip: Ivanova_Darya_sem3 (1).zip
# style: mistakes: labels read one too late in forward, the blank read at the wrong node in backward

# %% forward
def forward(log_probs, targets, blank=-1):
    lp = log_probs.double().numpy()
    y = list(targets.numpy())
    T, U1, _ = lp.shape
    a = np.zeros((T, U1))
    for t in range(1, T):
        a[t, 0] = a[t - 1, 0] + lp[t - 1, 0, blank]
    for u in range(1, U1):
        a[0, u] = a[0, u - 1] + lp[0, u - 1, y[min(u, len(y) - 1)]]
    for t in range(1, T):
        for u in range(1, U1):
            a[t, u] = np.logaddexp(
                a[t - 1, u] + lp[t - 1, u, blank], a[t, u - 1] + lp[t, u - 1, y[min(u, len(y) - 1)]]
            )
    return a, -(a[-1, -1] + lp[-1, -1, blank])

# %% backward
def backward(log_probs, targets, blank=-1):
    lp = log_probs.double().numpy()
    T, U1, _ = lp.shape
    b = np.zeros((T, U1))
    b[-1, -1] = lp[-1, -1, blank]
    for t in range(T - 2, -1, -1):
        b[t, -1] = b[t + 1, -1] + lp[t + 1, -1, blank]
    for u in range(U1 - 2, -1, -1):
        b[-1, u] = b[-1, u + 1] + lp[-1, u, targets[u]]
    for t in range(T - 2, -1, -1):
        for u in range(U1 - 2, -1, -1):
            b[t, u] = np.logaddexp(b[t + 1, u] + lp[t + 1, u, blank], b[t, u + 1] + lp[t, u, targets[u]])
    return b, -b[0, 0]
