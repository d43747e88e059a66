# each utterance alone, without packing or batch_first; a list of hidden states; other attribute names
import torch
from torch import nn


class EncoderRNNT(nn.Module):
    def __init__(self, input_dim, hidden_size, output_dim, n_layers, dropout=0.2, bidirectional=True):
        super().__init__()
        self.out = nn.Linear(hidden_size * (1 + bidirectional), output_dim)
        self.listener = nn.LSTM(input_dim, hidden_size, n_layers, bidirectional=bidirectional)

    def forward(self, inputs, input_lengths):
        outputs, states = [], []
        for one, length in zip(inputs, input_lengths):
            seen, state = self.listener(one[: int(length), None])
            outputs.append(nn.functional.pad(self.out(seen[:, 0]), (0, 0, 0, inputs.shape[1] - int(length))))
            states.append(state)
        return torch.stack(outputs), [torch.cat([state[k] for state in states], dim=1) for k in (0, 1)]
