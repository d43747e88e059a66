# log-sum-exp written out with the maximum taken out; numpy in float32 throughout
import numpy as np


def log_sum(*values):
    m = max(values)
    if np.isneginf(m):
        return m
    return m + np.log(sum(np.exp(v - m) for v in values))


def forward(log_probs, targets, blank=-1):
    P = np.array(log_probs, dtype=np.float32)
    Y = np.array(targets)
    T, U1 = P.shape[:2]
    A = np.zeros((T, U1), dtype=np.float32)
    for t in range(T):
        for u in range(U1):
            ways = []
            if t > 0:
                ways.append(A[t - 1, u] + P[t - 1, u, blank])
            if u > 0:
                ways.append(A[t, u - 1] + P[t, u - 1, Y[u - 1]])
            if ways:
                A[t, u] = log_sum(*ways)
    return A, -(A[-1, -1] + P[-1, -1, blank])


def backward(log_probs, targets, blank=-1):
    P = np.array(log_probs, dtype=np.float32)
    Y = np.array(targets)
    T, U1 = P.shape[:2]
    B = np.zeros((T, U1), dtype=np.float32)
    for t in range(T)[::-1]:
        for u in range(U1)[::-1]:
            ways = []
            if t + 1 < T:
                ways.append(B[t + 1, u] + P[t, u, blank])
            if u + 1 < U1:
                ways.append(B[t, u + 1] + P[t, u, Y[u]])
            B[t, u] = log_sum(*ways) if ways else P[t, u, blank]
    return B, -B[0, 0]
