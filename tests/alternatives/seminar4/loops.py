# a double loop over nodes, numpy, float64
import numpy as np


def forward(log_probs, targets, blank=-1):
    log_probs, y = np.asarray(log_probs, dtype=np.float64), np.asarray(targets)
    T, U = log_probs.shape[0], len(y)
    log_alpha = np.full((T, U + 1), -np.inf)
    log_alpha[0, 0] = 0.0
    for t in range(T):
        for u in range(U + 1):
            if t > 0:
                log_alpha[t, u] = np.logaddexp(log_alpha[t, u], log_alpha[t - 1, u] + log_probs[t - 1, u, blank])
            if u > 0:
                log_alpha[t, u] = np.logaddexp(log_alpha[t, u], log_alpha[t, u - 1] + log_probs[t, u - 1, y[u - 1]])
    return log_alpha, -(log_alpha[T - 1, U] + log_probs[T - 1, U, blank])


def backward(log_probs, targets, blank=-1):
    log_probs, y = np.asarray(log_probs, dtype=np.float64), np.asarray(targets)
    T, U = log_probs.shape[0], len(y)
    log_beta = np.full((T, U + 1), -np.inf)
    log_beta[T - 1, U] = log_probs[T - 1, U, blank]
    for t in reversed(range(T)):
        for u in reversed(range(U + 1)):
            if t < T - 1:
                log_beta[t, u] = np.logaddexp(log_beta[t, u], log_beta[t + 1, u] + log_probs[t, u, blank])
            if u < U:
                log_beta[t, u] = np.logaddexp(log_beta[t, u], log_beta[t, u + 1] + log_probs[t, u, y[u]])
    return log_beta, -log_beta[0, 0]
