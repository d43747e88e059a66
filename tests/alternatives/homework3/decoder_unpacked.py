# no packing at all, which one direction does not need; an embedding with a padding index; int32 labels welcome
from torch import nn


class DecoderRNNT(nn.Module):
    def __init__(self, hidden_size, vocab_size, output_dim, n_layers, dropout=0.2):
        super().__init__()
        self.emb = nn.Embedding(vocab_size, hidden_size, padding_idx=0)
        self.drop = nn.Dropout(dropout)
        self.rnn = nn.LSTM(hidden_size, hidden_size, num_layers=n_layers, batch_first=True)
        self.fc = nn.Linear(hidden_size, output_dim)

    def forward(self, inputs, input_lengths=None, hidden_states=None):
        out, (h, c) = self.rnn(self.drop(self.emb(inputs.long())), hidden_states)
        return self.fc(self.drop(out)), (h, c)
