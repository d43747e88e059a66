# a log-softmax once more over the classes, which changes nothing; a loop per border; returns an array and a Python float
import math

import numpy as np
import torch


def forward(log_probs, targets, blank=-1):
    scores = torch.log_softmax(log_probs.double(), dim=-1).numpy()
    y = [int(k) for k in targets]
    T, U = scores.shape[0], len(y)
    log_alpha = np.empty((T, U + 1))
    log_alpha[0, 0] = math.log(1)
    for t in range(1, T):
        log_alpha[t, 0] = log_alpha[t - 1, 0] + scores[t - 1, 0, blank]
    for u in range(1, U + 1):
        log_alpha[0, u] = log_alpha[0, u - 1] + scores[0, u - 1, y[u - 1]]
    for t in range(1, T):
        for u in range(1, U + 1):
            by_blank = log_alpha[t - 1, u] + scores[t - 1, u, blank]
            by_label = log_alpha[t, u - 1] + scores[t, u - 1, y[u - 1]]
            log_alpha[t, u] = np.logaddexp(by_blank, by_label)
    return log_alpha, float(-log_alpha[-1, -1] - scores[-1, -1, blank])


def backward(log_probs, targets, blank=-1):
    scores = torch.log_softmax(log_probs.double(), dim=-1).numpy()
    y = [int(k) for k in targets]
    T, U = scores.shape[0], len(y)
    log_beta = np.empty((T, U + 1))
    log_beta[T - 1, U] = scores[T - 1, U, blank]
    for t in range(T - 2, -1, -1):
        log_beta[t, U] = log_beta[t + 1, U] + scores[t, U, blank]
    for u in range(U - 1, -1, -1):
        log_beta[T - 1, u] = log_beta[T - 1, u + 1] + scores[T - 1, u, y[u]]
    for t in range(T - 2, -1, -1):
        for u in range(U - 1, -1, -1):
            log_beta[t, u] = np.logaddexp(
                log_beta[t + 1, u] + scores[t, u, blank], log_beta[t, u + 1] + scores[t, u, y[u]]
            )
    return log_beta, float(-log_beta[0, 0])
