# repeat, einsum, and a bias added by hand
import torch
from torch import nn


class Joiner(nn.Module):
    def __init__(self, joiner_dim, num_outputs):
        super().__init__()
        self.linear = nn.Linear(in_features=joiner_dim, out_features=num_outputs, bias=True)
        self.activation = nn.ReLU()

    def forward(self, f, g):
        if len(f.shape) == 3:
            T, U = f.size(1), g.size(1)
            f = f[:, :, None, :].repeat(1, 1, U, 1)
            g = g[:, None, :, :].repeat(1, T, 1, 1)
        hidden = self.activation(f + g)
        return torch.einsum("...j,vj->...v", hidden, self.linear.weight) + self.linear.bias
