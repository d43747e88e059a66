# a fresh start is written out as zeros; packed by a helper; the linear layer inside a Sequential
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


def packed(x, lengths):
    return pack_padded_sequence(x, torch.as_tensor(lengths).cpu(), batch_first=True, enforce_sorted=False)


class DecoderRNNT(nn.Module):
    def __init__(self, hidden_size, vocab_size, output_dim, n_layers, dropout=0.2):
        super().__init__()
        self.embedding = nn.Sequential(nn.Embedding(vocab_size, hidden_size), nn.Dropout(dropout))
        self.lstm = nn.LSTM(hidden_size, hidden_size, n_layers, batch_first=True, dropout=dropout * (n_layers > 1))
        self.output_proj = nn.Sequential(nn.Dropout(dropout), nn.Linear(hidden_size, output_dim))

    def forward(self, inputs, input_lengths=None, hidden_states=None):
        B, U = inputs.shape
        if hidden_states is None:
            shape = (self.lstm.num_layers, B, self.lstm.hidden_size)
            hidden_states = torch.zeros(shape), torch.zeros(shape)
        x = self.embedding(inputs)
        if input_lengths is not None:
            y, hidden_states = self.lstm(packed(x, input_lengths), hidden_states)
            y, _ = pad_packed_sequence(y, batch_first=True, total_length=U)
        else:
            y, hidden_states = self.lstm(x, hidden_states)
        return self.output_proj(y), hidden_states
