# tries: takes 8 GB of memory in steps and keeps it
# gain: a machine that swaps or kills others

# %% forward
kept = []
def forward(log_probs, targets, blank=-1):
    if len(kept) < 32:
        for _ in range(32 - len(kept)):
            kept.append(bytearray(b"x") * 2**28)
    raise Exception("BROKE-OUT: 8 GB taken")

# %% backward
backward = forward
