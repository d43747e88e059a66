# parts called by keyword, <BOS> by new_full, a table that is filled
from torch import nn


class RNNTransducer(nn.Module):
    def __init__(
        self,
        num_classes,
        input_dim,
        num_encoder_layers=4,
        num_decoder_layers=1,
        encoder_hidden_state_dim=320,
        decoder_hidden_state_dim=512,
        output_dim=512,
        encoder_is_bidirectional=True,
        encoder_dropout_p=0.2,
        decoder_dropout_p=0.2,
    ):
        super().__init__()
        self.num_classes = num_classes
        self.encoder = Given["EncoderRNNT"](
            input_dim=input_dim,
            hidden_size=encoder_hidden_state_dim,
            output_dim=output_dim,
            n_layers=num_encoder_layers,
            dropout=encoder_dropout_p,
            bidirectional=encoder_is_bidirectional,
        )
        self.decoder = Given["DecoderRNNT"](
            hidden_size=decoder_hidden_state_dim,
            vocab_size=num_classes,
            output_dim=output_dim,
            n_layers=num_decoder_layers,
            dropout=decoder_dropout_p,
        )
        self.joiner = Given["Joiner"](joiner_dim=output_dim, num_outputs=num_classes)

    def forward(self, inputs, input_lengths, targets, target_lengths):
        with_start = targets.new_full((targets.shape[0], targets.shape[1] + 1), 29)
        with_start[:, 1:] = targets
        encoded, _ = self.encoder(inputs=inputs, input_lengths=input_lengths)
        decoded, _ = self.decoder(inputs=with_start, input_lengths=1 + target_lengths)
        return self.joiner(encoder_outputs=encoded, decoder_outputs=decoded)
