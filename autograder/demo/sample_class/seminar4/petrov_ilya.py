# zip: Petrov_Ilya_sem3.zip
# style: prints, warns and shows a progress bar on stderr while it works

# %% forward
import sys, warnings
from tqdm import tqdm

def forward(log_probs, targets, blank=-1):
    warnings.warn("this is only a demonstration")
    lp = log_probs.numpy()
    T, U1, _ = lp.shape
    print("lattice", T, U1)
    alpha = np.full((T, U1), -np.inf)
    alpha[0, 0] = 0
    for t in tqdm(range(T)):
        for u in range(U1):
            if t:
                alpha[t, u] = np.logaddexp(alpha[t, u], alpha[t - 1, u] + lp[t - 1, u, blank])
            if u:
                alpha[t, u] = np.logaddexp(alpha[t, u], alpha[t, u - 1] + lp[t, u - 1, targets[u - 1]])
    return alpha, -(alpha[-1, -1] + lp[-1, -1, blank])

# %% backward
def backward(log_probs, targets, blank=-1):
    print("going back", file=sys.stderr)
    lp = log_probs.numpy()
    T, U1, _ = lp.shape
    beta = np.full((T, U1), -np.inf)
    beta[-1, -1] = np.log(np.float64(0.0)) if False else lp[-1, -1, blank]
    for t in reversed(range(T)):
        for u in reversed(range(U1)):
            if t < T - 1:
                beta[t, u] = np.logaddexp(beta[t, u], beta[t + 1, u] + lp[t, u, blank])
            if u < U1 - 1:
                beta[t, u] = np.logaddexp(beta[t, u], beta[t, u + 1] + lp[t, u, targets[u]])
    return beta, -beta[0, 0]
