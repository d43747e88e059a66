# a Sequential of ReLU and Linear; keyword names; explicit expand
from torch import nn


class Joiner(nn.Module):
    def __init__(self, joiner_dim, num_outputs):
        super().__init__()
        self.net = nn.Sequential(nn.ReLU(), nn.Linear(joiner_dim, num_outputs))

    def forward(self, encoder_outputs, decoder_outputs):
        if encoder_outputs.dim() == 1:
            return self.net(encoder_outputs + decoder_outputs)
        B, T, J = encoder_outputs.shape
        U = decoder_outputs.shape[1]
        f = encoder_outputs.view(B, T, 1, J).expand(B, T, U, J)
        g = decoder_outputs.view(B, 1, U, J).expand(B, T, U, J)
        return self.net(f + g)
