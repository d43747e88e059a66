"""The right answers of Homework 3: the parts of an LSTM transducer, and greedy decoding.

The truth for a question is what its probe gives on these.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from helpers.text import tokenizer


class EncoderRNNT(nn.Module):
    """(B, T, n), lengths (B,) -> (B, T, J), (h, c)."""

    def __init__(self, input_dim, hidden_size, output_dim, n_layers, dropout=0.2, bidirectional=True):
        super().__init__()
        between = dropout if n_layers > 1 else 0.0
        self.lstm = nn.LSTM(
            input_dim, hidden_size, n_layers, batch_first=True, dropout=between, bidirectional=bidirectional
        )
        self.output_proj = nn.Linear((2 if bidirectional else 1) * hidden_size, output_dim)

    def forward(self, inputs: Tensor, input_lengths: Tensor):  # noqa: D102
        packed = pack_padded_sequence(inputs, input_lengths.cpu(), batch_first=True, enforce_sorted=False)
        outputs, hidden = self.lstm(packed)
        padded, _ = pad_packed_sequence(outputs, batch_first=True, total_length=inputs.shape[1])
        return self.output_proj(padded), hidden


class DecoderRNNT(nn.Module):
    """(B, U) -> (B, U, J), (h, c)."""

    def __init__(self, hidden_size, vocab_size, output_dim, n_layers, dropout=0.2):
        super().__init__()
        between = dropout if n_layers > 1 else 0.0
        self.embedding = nn.Embedding(vocab_size, hidden_size)
        self.lstm = nn.LSTM(hidden_size, hidden_size, n_layers, batch_first=True, dropout=between)
        self.output_proj = nn.Linear(hidden_size, output_dim)

    def forward(self, inputs: Tensor, input_lengths: Tensor | None = None, hidden_states=None):  # noqa: D102
        # What comes after an utterance's end cannot reach back in a one-directional LSTM: no packing needed.
        outputs, hidden = self.lstm(self.embedding(inputs), hidden_states)
        return self.output_proj(outputs), hidden


class Joiner(nn.Module):
    """Linear(ReLU(f + g))."""

    def __init__(self, joiner_dim, num_outputs):
        super().__init__()
        self.linear = nn.Linear(joiner_dim, num_outputs)

    def forward(self, encoder_outputs: Tensor, decoder_outputs: Tensor):  # noqa: D102
        if encoder_outputs.dim() == 3:
            encoder_outputs, decoder_outputs = encoder_outputs.unsqueeze(2), decoder_outputs.unsqueeze(1)
        return self.linear(F.relu(encoder_outputs + decoder_outputs))


class RNNTransducer(nn.Module):
    """(B, T, n), (B,), (B, U), (B,) -> (B, T, U+1, V)."""

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
        self.encoder = EncoderRNNT(
            input_dim, encoder_hidden_state_dim, output_dim, num_encoder_layers, encoder_dropout_p,
            encoder_is_bidirectional,
        )  # fmt: skip
        self.decoder = DecoderRNNT(
            decoder_hidden_state_dim, num_classes, output_dim, num_decoder_layers, decoder_dropout_p
        )
        self.joiner = Joiner(output_dim, num_classes)

    def forward(self, inputs, input_lengths, targets, target_lengths):  # noqa: D102
        f, _ = self.encoder(inputs, input_lengths)
        g, _ = self.decoder(F.pad(targets, (1, 0), value=tokenizer.bos), target_lengths + 1)
        return self.joiner(f, g)


def greedy_decode(model, encoder_output: Tensor, max_steps: int = 2000) -> Tensor:
    """Labels of one utterance, encoder_output (T, J); at most `max_steps` steps, blank or label."""
    labels, t, device = [], 0, encoder_output.device
    g, hidden = model.decoder(torch.tensor([[tokenizer.bos]], device=device))
    for _ in range(max_steps):
        if t == len(encoder_output):
            break
        best = int(model.joiner(encoder_output[t], g[0, -1]).argmax())
        if best == tokenizer.blank:
            t += 1
        else:
            labels.append(best)
            g, hidden = model.decoder(torch.tensor([[best]], device=device), hidden_states=hidden)
    return torch.tensor(labels, dtype=torch.int64)


REFERENCE = {
    "encoder": EncoderRNNT,
    "decoder": DecoderRNNT,
    "joiner": Joiner,
    "transducer": RNNTransducer,
    "greedy": greedy_decode,
}
