# zip: Haddad_Omar_hw3.zip
# style: mistakes: padding is read by the encoder, the blank stands for <BOS>; weights of another model
# quirks: run wrong-weights

# %% encoder
class EncoderRNNT(nn.Module):
    def __init__(self, input_dim, hidden_size, output_dim, n_layers, dropout=0.2, bidirectional=True):
        super().__init__()
        self.lstm = nn.LSTM(
            input_dim, hidden_size, n_layers,
            dropout=dropout if n_layers > 1 else 0, bidirectional=bidirectional, batch_first=True,
        )
        self.output_proj = nn.Linear(hidden_size * 2 if bidirectional else hidden_size, output_dim)

    def forward(self, inputs, input_lengths):
        out, hidden = self.lstm(inputs)
        return self.output_proj(out), hidden

# %% decoder
class DecoderRNNT(nn.Module):
    def __init__(self, hidden_size, vocab_size, output_dim, n_layers, dropout=0.2):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, hidden_size)
        self.lstm = nn.LSTM(hidden_size, hidden_size, n_layers, batch_first=True, dropout=dropout if n_layers > 1 else 0)
        self.output_proj = nn.Linear(hidden_size, output_dim)

    def forward(self, inputs, input_lengths=None, hidden_states=None):
        x = self.embedding(inputs)
        if input_lengths is not None:
            x = nn.utils.rnn.pack_padded_sequence(x, input_lengths.cpu(), batch_first=True, enforce_sorted=False)
        x, hidden = self.lstm(x, hidden_states)
        if input_lengths is not None:
            x, _ = nn.utils.rnn.pad_packed_sequence(x, batch_first=True, total_length=inputs.size(1))
        return self.output_proj(x), hidden

# %% joiner
class Joiner(nn.Module):
    def __init__(self, joiner_dim, num_outputs):
        super().__init__()
        self.linear = nn.Linear(joiner_dim, num_outputs)

    def forward(self, encoder_outputs, decoder_outputs):
        if encoder_outputs.dim() == 3:
            encoder_outputs = encoder_outputs[:, :, None]
            decoder_outputs = decoder_outputs[:, None]
        return self.linear(torch.relu(encoder_outputs + decoder_outputs))

# %% transducer
class RNNTransducer(nn.Module):
    def __init__(
        self, num_classes, input_dim, num_encoder_layers=4, num_decoder_layers=1, encoder_hidden_state_dim=320,
        decoder_hidden_state_dim=512, output_dim=512, encoder_is_bidirectional=True, encoder_dropout_p=0.2,
        decoder_dropout_p=0.2,
    ):
        super().__init__()
        self.encoder = EncoderRNNT(
            input_dim, encoder_hidden_state_dim, output_dim, num_encoder_layers, encoder_dropout_p,
            encoder_is_bidirectional,
        )
        self.decoder = DecoderRNNT(decoder_hidden_state_dim, num_classes, output_dim, num_decoder_layers, decoder_dropout_p)
        self.joiner = Joiner(output_dim, num_classes)

    def forward(self, inputs, input_lengths, targets, target_lengths):
        start = torch.full_like(targets[:, :1], 28)
        f, _ = self.encoder(inputs, input_lengths)
        g, _ = self.decoder(torch.cat([start, targets], dim=1), target_lengths + 1)
        return self.joiner(f, g)

# %% greedy
@torch.no_grad()
def greedy_decode(model, encoder_output, max_steps=2000):
    out, hidden = model.decoder(torch.tensor([[29]]))
    t, labels = 0, []
    for step in range(max_steps):
        if t >= encoder_output.size(0):
            break
        k = model.joiner(encoder_output[t], out[0, 0]).argmax().item()
        if k == 28:
            t += 1
        else:
            labels.append(k)
            out, hidden = model.decoder(torch.tensor([[k]]), hidden_states=hidden)
    return torch.LongTensor(labels)
