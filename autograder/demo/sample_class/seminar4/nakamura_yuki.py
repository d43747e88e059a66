# zip: Nakamura_Yuki_sem3.zip
# style: worked in Colab, handed in as "Copy of ..."
# quirks: colab

# %% forward
def forward(log_probs, targets, blank=-1):
    log_probs = log_probs.cpu().numpy()
    T, U1, V = log_probs.shape
    alpha = np.full((T, U1), -np.inf)
    alpha[0, 0] = 0.0
    for n in range(1, T + U1 - 1):
        for u in range(max(0, n - T + 1), min(n, U1 - 1) + 1):
            t = n - u
            terms = []
            if t >= 1:
                terms.append(alpha[t - 1, u] + log_probs[t - 1, u, blank])
            if u >= 1:
                terms.append(alpha[t, u - 1] + log_probs[t, u - 1, targets[u - 1]])
            alpha[t, u] = np.logaddexp.reduce(terms)
    return alpha, -(alpha[-1, -1] + log_probs[-1, -1, blank])

# %% extra
!echo "GPU? not today"
from google.colab import drive
drive.mount("/content/drive")

# %% backward
def backward(log_probs, targets, blank=-1):
    log_probs = log_probs.cpu().numpy()
    T, U1, V = log_probs.shape
    beta = np.full((T, U1), -np.inf)
    beta[T - 1, U1 - 1] = log_probs[T - 1, U1 - 1, blank]
    for n in range(T + U1 - 3, -1, -1):
        for u in range(max(0, n - T + 1), min(n, U1 - 1) + 1):
            t = n - u
            terms = []
            if t < T - 1:
                terms.append(beta[t + 1, u] + log_probs[t, u, blank])
            if u < U1 - 1:
                terms.append(beta[t, u + 1] + log_probs[t, u, targets[u]])
            beta[t, u] = np.logaddexp.reduce(terms)
    return beta, -beta[0, 0]
