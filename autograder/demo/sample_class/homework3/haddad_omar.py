# zip: Haddad_Omar_hw3.zip
# style: mistakes: padding is read by the encoder, the blank stands for <BOS>; weights of another model
# help: encoder 2 6, transducer 1 3, greedy 0 4, training 2 5
# quirks: run wrong-weights
# base: abebe_selam

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
