# the joiner gets (1, J); max over scores; a small class that holds the walk
import torch


class Walk:
    def __init__(self, model):
        self.model, self.written, self.state = model, [], None
        self.read(29)

    def read(self, k):
        self.g, self.state = self.model.decoder(torch.tensor([[k]]), None, self.state)

    def step(self, f):
        """True for a blank."""
        _, k = self.model.joiner(f[None], self.g[:, 0]).max(dim=1)
        if k == 28:
            return True
        self.written.append(k.item())
        self.read(k.item())
        return False


def greedy_decode(model, encoder_output, max_steps=2000):
    walk, t = Walk(model), 0
    for _ in range(max_steps):
        if t >= encoder_output.size(0):
            break
        t += walk.step(encoder_output[t])
    return torch.LongTensor(walk.written)
