# zip: Costa_Beatriz_sem3.zip
# style: anti-diagonals in numpy; hands in with macOS resource forks
# quirks: macos

# %% forward
def arcs(log_probs, targets, blank):
    p = log_probs.detach().cpu().numpy().astype(float)
    y = targets.numpy()
    return p[:, :, blank], p[:, np.arange(len(y)), y]

def forward(log_probs, targets, blank=-1):
    stay, emit = arcs(log_probs, targets, blank)
    T, U1 = stay.shape
    padded = np.full((T + 1, U1 + 1), -np.inf)  # a border of impossible nodes
    padded[1, 1] = 0.0
    for n in range(1, T + U1 - 1):
        u = np.arange(max(0, n - T + 1), min(n, U1 - 1) + 1)
        t = n - u
        from_left = padded[t, u + 1] + np.where(t > 0, stay[np.maximum(t - 1, 0), u], -np.inf)
        from_below = padded[t + 1, u]
        if U1 > 1:
            from_below = from_below + np.where(u > 0, emit[t, np.maximum(u - 1, 0)], -np.inf)
        padded[t + 1, u + 1] = np.logaddexp(from_left, from_below)
    log_alpha = padded[1:, 1:]
    return log_alpha, -(log_alpha[-1, -1] + stay[-1, -1])

# %% backward
def backward(log_probs, targets, blank=-1):
    stay, emit = arcs(log_probs, targets, blank)
    T, U1 = stay.shape
    padded = np.full((T + 1, U1 + 1), -np.inf)
    padded[T - 1, U1 - 1] = stay[-1, -1]
    emit = np.concatenate([emit, np.full((T, 1), -np.inf)], axis=1)
    for n in range(T + U1 - 3, -1, -1):
        u = np.arange(max(0, n - T + 1), min(n, U1 - 1) + 1)
        t = n - u
        padded[t, u] = np.logaddexp(padded[t + 1, u] + stay[t, u], padded[t, u + 1] + emit[t, u])
    log_beta = padded[:-1, :-1]
    return log_beta, -log_beta[0, 0]
