# torch tables in float32, the borders filled first
import torch


def forward(log_probs, targets, blank=-1):
    T, U = log_probs.shape[0], targets.shape[0]
    log_alpha = torch.full((T, U + 1), float("-inf"))
    log_alpha[0, 0] = 0
    for t in range(1, T):
        log_alpha[t, 0] = log_alpha[t - 1, 0] + log_probs[t - 1, 0, blank]
    for u in range(1, U + 1):
        log_alpha[0, u] = log_alpha[0, u - 1] + log_probs[0, u - 1, targets[u - 1]]
        for t in range(1, T):
            log_alpha[t, u] = torch.logaddexp(
                log_alpha[t - 1, u] + log_probs[t - 1, u, blank],
                log_alpha[t, u - 1] + log_probs[t, u - 1, targets[u - 1]],
            )
    return log_alpha, -(log_alpha[-1, -1] + log_probs[-1, -1, blank])


def backward(log_probs, targets, blank=-1):
    T, U = log_probs.shape[0], targets.shape[0]
    log_beta = torch.zeros(T, U + 1)
    log_beta[-1, -1] = log_probs[-1, -1, blank]
    for t in range(T - 2, -1, -1):
        log_beta[t, U] = log_beta[t + 1, U] + log_probs[t, U, blank]
    for u in range(U - 1, -1, -1):
        log_beta[T - 1, u] = log_beta[T - 1, u + 1] + log_probs[T - 1, u, targets[u]]
        for t in range(T - 2, -1, -1):
            log_beta[t, u] = torch.logaddexp(
                log_beta[t + 1, u] + log_probs[t, u, blank], log_beta[t, u + 1] + log_probs[t, u, targets[u]]
            )
    return log_beta, -log_beta[0, 0]
