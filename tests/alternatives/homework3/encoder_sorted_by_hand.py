# sorts, packs and puts back by hand, hidden states too; a tuple of new tensors
import torch
from torch import nn


class EncoderRNNT(nn.Module):
    def __init__(self, input_dim, hidden_size, output_dim, n_layers, dropout=0.2, bidirectional=True):
        super().__init__()
        if n_layers == 1:
            dropout = 0
        self.rnn = nn.LSTM(input_dim, hidden_size, n_layers, True, True, dropout, bidirectional)
        self.proj = nn.Linear(hidden_size * (2 if bidirectional else 1), output_dim)

    def forward(self, inputs, input_lengths):
        lengths, order = torch.sort(input_lengths, descending=True)
        back = torch.argsort(order)
        packed = nn.utils.rnn.pack_padded_sequence(inputs[order], lengths.cpu(), batch_first=True)
        packed, (h, c) = self.rnn(packed)
        outputs, _ = nn.utils.rnn.pad_packed_sequence(packed, batch_first=True, total_length=inputs.size(1))
        return self.proj(outputs[back]), (h[:, back], c[:, back])
