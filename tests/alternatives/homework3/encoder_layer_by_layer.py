# a list of one-layer LSTMs with dropout between, each packed anew
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class EncoderRNNT(nn.Module):
    def __init__(self, input_dim, hidden_size, output_dim, n_layers, dropout=0.2, bidirectional=True):
        super().__init__()
        width = hidden_size * (2 if bidirectional else 1)
        self.layers = nn.ModuleList(
            nn.LSTM(width if i else input_dim, hidden_size, batch_first=True, bidirectional=bidirectional)
            for i in range(n_layers)
        )
        self.dropout, self.head = nn.Dropout(dropout), nn.Sequential(nn.Linear(width, output_dim))

    def forward(self, inputs, input_lengths):
        x, hs, cs = inputs, [], []
        for i, layer in enumerate(self.layers):
            packed = pack_padded_sequence(
                self.dropout(x) if i else x, input_lengths.cpu(), batch_first=True, enforce_sorted=False
            )
            x, (h, c) = layer(packed)
            x, _ = pad_packed_sequence(x, batch_first=True, total_length=inputs.shape[1])
            hs.append(h)
            cs.append(c)
        return self.head(x), (torch.cat(hs), torch.cat(cs))
