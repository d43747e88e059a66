# a function for a whole batch, called with a batch of one; torch, anti-diagonals of a skewed table, float64
import torch


def batched(log_probs, targets, blank):
    """(B, T, U+1, V), (B, U) -> log_alpha (B, T, U+1)."""
    B, T, U1, _ = log_probs.shape
    alpha = torch.full((B, T, U1), -torch.inf, dtype=torch.float64)
    alpha[:, 0, 0] = 0
    empty = log_probs[..., blank]
    emit = torch.gather(log_probs[:, :, : U1 - 1], 3, targets[:, None, :, None].expand(B, T, U1 - 1, 1))[..., 0]
    for n in range(1, T + U1 - 1):
        u = torch.arange(max(0, n - T + 1), min(U1 - 1, n) + 1)
        t = n - u
        stay = torch.where(t > 0, alpha[:, t - 1, u] + empty[:, t - 1, u], -torch.inf)
        if U1 > 1:
            v = (u - 1).clamp(min=0)
            rise = torch.where(u > 0, alpha[:, t, v] + emit[:, t, v], -torch.inf)
        else:
            rise = torch.full_like(stay, -torch.inf)
        alpha[:, t, u] = torch.logaddexp(stay, rise)
    return alpha


def forward(log_probs, targets, blank=-1):
    alpha = batched(log_probs.double()[None], targets[None], blank)[0]
    return alpha, -(alpha[-1, -1] + log_probs.double()[-1, -1, blank])


def backward(log_probs, targets, blank=-1):
    p = log_probs.double()
    T, U1, _ = p.shape
    # beta is the alpha of the mirrored lattice: shift the arcs to the nodes that they leave after mirroring.
    mirrored = p.flip(0, 1).clone()
    last = p[-1, -1, blank]
    mirrored[:-1, :, blank] = p.flip(0, 1)[1:, :, blank]
    turned = targets.flip(0)
    for u in range(U1 - 1):
        mirrored[:, u, turned[u]] = p.flip(0, 1)[:, u + 1, turned[u]]
    beta = batched(mirrored[None], turned[None], blank)[0] + last
    beta = beta.flip(0, 1)
    return beta, -beta[0, 0]
