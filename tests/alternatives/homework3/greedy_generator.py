# a helper that yields the walk; states kept as a list; numpy for the argmax and the result
import numpy as np
import torch

BLANK, START = 28, 29


def walk(model, frames, limit):
    t, (g, hidden) = 0, model.decoder(torch.tensor([[START]]))
    while t < len(frames) and limit:
        limit -= 1
        k = int(np.argmax(model.joiner(frames[t], g.reshape(-1)).detach().numpy()))
        if k == BLANK:
            t += 1
        else:
            yield k
            g, hidden = model.decoder(torch.tensor([[k]]), hidden_states=list(hidden))


def greedy_decode(model, encoder_output, max_steps=2000):
    return np.fromiter(walk(model, encoder_output, max_steps), dtype=np.int64)
