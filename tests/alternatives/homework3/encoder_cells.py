# LSTMCells, frame by frame, the state of finished utterances kept by torch.where
import torch
from torch import nn


class EncoderRNNT(nn.Module):
    def __init__(self, input_dim, hidden_size, output_dim, n_layers, dropout=0.2, bidirectional=True):
        super().__init__()
        self.directions = 2 if bidirectional else 1
        self.cells = nn.ModuleList()
        for layer in range(n_layers):
            size = input_dim if layer == 0 else self.directions * hidden_size
            for _ in range(self.directions):
                self.cells.append(nn.LSTMCell(size, hidden_size))
        self.hidden_size, self.drop = hidden_size, nn.Dropout(dropout)
        self.output_proj = nn.Linear(self.directions * hidden_size, output_dim)

    def forward(self, inputs, input_lengths):
        B, T, _ = inputs.shape
        real = torch.arange(T)[:, None] < input_lengths[None]
        x, hs, cs = inputs, [], []
        for layer in range(len(self.cells) // self.directions):
            if layer > 0:
                x = self.drop(x)
            sides = []
            for side in range(self.directions):
                cell = self.cells[layer * self.directions + side]
                h = c = inputs.new_zeros(B, self.hidden_size)
                outs = [None] * T
                for t in reversed(range(T)) if side else range(T):
                    new_h, new_c = cell(x[:, t], (h, c))
                    h = torch.where(real[t, :, None], new_h, h)
                    c = torch.where(real[t, :, None], new_c, c)
                    outs[t] = h
                sides.append(torch.stack(outs, dim=1))
                hs.append(h)
                cs.append(c)
            x = torch.cat(sides, dim=2)
        return self.output_proj(x), (torch.stack(hs), torch.stack(cs))
