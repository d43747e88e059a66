# everything in bits with np.logaddexp2, turned into nats at the end; positional only in style, other names
import numpy as np

BITS = 1 / np.log(2)


def forward(log_probs, targets, blank=-1):
    q = np.asarray(log_probs, dtype=np.float64) * BITS
    n, m = q.shape[:2]
    f = np.full((n, m), -np.inf)
    f[0, 0] = 0
    for i in range(n):
        for j in range(m):
            if i:
                f[i, j] = np.logaddexp2(f[i, j], f[i - 1, j] + q[i - 1, j, blank])
            if j:
                f[i, j] = np.logaddexp2(f[i, j], f[i, j - 1] + q[i, j - 1, targets[j - 1].item()])
    return f / BITS, -(f[-1, -1] + q[-1, -1, blank]) / BITS


def backward(log_probs, targets, blank=-1):
    q = np.asarray(log_probs, dtype=np.float64) * BITS
    n, m = q.shape[:2]
    r = np.full((n, m), -np.inf)
    for i in range(n - 1, -1, -1):
        for j in range(m - 1, -1, -1):
            if (i, j) == (n - 1, m - 1):
                r[i, j] = q[i, j, blank]
            if i < n - 1:
                r[i, j] = np.logaddexp2(r[i, j], r[i + 1, j] + q[i, j, blank])
            if j < m - 1:
                r[i, j] = np.logaddexp2(r[i, j], r[i, j + 1] + q[i, j, targets[j].item()])
    return r / BITS, -r[0, 0] / BITS
