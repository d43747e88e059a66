# time first, transposed at both ends; hidden states as a list
from torch import nn


class DecoderRNNT(nn.Module):
    def __init__(self, hidden_size, vocab_size, output_dim, n_layers, dropout=0.2):
        super().__init__()
        self.rnn = nn.LSTM(hidden_size, hidden_size, n_layers)
        self.emb = nn.Embedding(vocab_size, hidden_size)
        self.proj = nn.Linear(hidden_size, output_dim)

    def forward(self, inputs, input_lengths=None, hidden_states=None):
        if hidden_states is not None:
            hidden_states = tuple(hidden_states)
        outputs, hidden = self.rnn(self.emb(inputs).transpose(0, 1), hidden_states)
        return self.proj(outputs).transpose(0, 1), list(hidden)
