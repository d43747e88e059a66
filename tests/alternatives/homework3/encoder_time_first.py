# time first, packed; lengths as a list; transposed at both ends
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class EncoderRNNT(nn.Module):
    def __init__(self, input_dim, hidden_size, output_dim, n_layers, dropout=0.2, bidirectional=True):
        super().__init__()
        self.lstm = nn.LSTM(input_dim, hidden_size, n_layers, dropout=dropout, bidirectional=bidirectional)
        self.output_proj = nn.Linear(self.lstm.hidden_size * (2 if bidirectional else 1), output_dim)

    def forward(self, inputs, input_lengths):
        x = inputs.transpose(0, 1)
        x = pack_padded_sequence(x, input_lengths.tolist(), enforce_sorted=False)
        x, hidden = self.lstm(x)
        x, _ = pad_packed_sequence(x, total_length=inputs.shape[1])
        return self.output_proj(x).transpose(0, 1), hidden
