# zip: García_Núria_sem3.zip
# style: half done: only forward; the notebook lies in a folder in a folder
# quirks: nested

# %% forward
def forward(log_probs, targets, blank=-1):
    T, U1, _ = log_probs.shape
    A = np.full((T, U1), -np.inf)
    A[0, 0] = 0
    for u in range(1, U1):
        A[0, u] = A[0, u - 1] + log_probs[0, u - 1, targets[u - 1]].item()
    for t in range(1, T):
        A[t, 0] = A[t - 1, 0] + log_probs[t - 1, 0, blank].item()
        for u in range(1, U1):
            A[t, u] = np.logaddexp(
                A[t - 1, u] + log_probs[t - 1, u, blank].item(),
                A[t, u - 1] + log_probs[t, u - 1, targets[u - 1]].item(),
            )
    return A, -(A[-1, -1] + log_probs[-1, -1, blank].item())
