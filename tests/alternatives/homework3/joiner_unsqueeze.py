# unsqueeze with negative axes, clamp for the ReLU
from torch import nn


class Joiner(nn.Module):
    def __init__(self, joiner_dim, num_outputs):
        super().__init__()
        self.fc = nn.Linear(joiner_dim, num_outputs)

    def forward(self, encoder_outputs, decoder_outputs):
        f, g = encoder_outputs, decoder_outputs
        if f.ndim > 1:
            f = f.unsqueeze(-2)
            g = g.unsqueeze(-3)
        return self.fc((f + g).clamp(min=0))
