# LSTMCells in a loop over labels and layers
import torch
from torch import nn


class DecoderRNNT(nn.Module):
    def __init__(self, hidden_size, vocab_size, output_dim, n_layers, dropout=0.2):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, hidden_size)
        self.cells = nn.ModuleList([nn.LSTMCell(hidden_size, hidden_size) for _ in range(n_layers)])
        self.dropout = nn.Dropout(dropout)
        self.output_proj = nn.Linear(hidden_size, output_dim)

    def forward(self, inputs, input_lengths=None, hidden_states=None):
        x = self.embedding(inputs)
        batch, steps, size = x.shape
        if hidden_states is None:
            zeros = x.new_zeros(len(self.cells), batch, size)
            hidden_states = (zeros, zeros)
        h, c = list(hidden_states[0]), list(hidden_states[1])
        outputs = []
        for u in range(steps):
            y = x[:, u]
            for n, cell in enumerate(self.cells):
                h[n], c[n] = cell(self.dropout(y) if n else y, (h[n], c[n]))
                y = h[n]
            outputs.append(y)
        return self.output_proj(torch.stack(outputs, dim=1)), (torch.stack(h), torch.stack(c))
