# as the exercises suggest: packed, batch_first, F.pad, blank first
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class EncoderRNNT(nn.Module):
    def __init__(self, input_dim, hidden_size, output_dim, n_layers, dropout=0.2, bidirectional=True):
        super().__init__()
        self.lstm = nn.LSTM(
            input_dim,
            hidden_size,
            n_layers,
            batch_first=True,
            dropout=dropout if n_layers > 1 else 0.0,
            bidirectional=bidirectional,
        )
        self.output_proj = nn.Linear((1 + bidirectional) * hidden_size, output_dim)

    def forward(self, inputs, input_lengths):
        packed = pack_padded_sequence(inputs, input_lengths.cpu(), batch_first=True, enforce_sorted=False)
        packed, hidden = self.lstm(packed)
        outputs, _ = pad_packed_sequence(packed, batch_first=True, total_length=inputs.shape[1])
        return self.output_proj(outputs), hidden


class DecoderRNNT(nn.Module):
    def __init__(self, hidden_size, vocab_size, output_dim, n_layers, dropout=0.2):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, hidden_size)
        self.lstm = nn.LSTM(
            hidden_size, hidden_size, n_layers, batch_first=True, dropout=dropout if n_layers > 1 else 0.0
        )
        self.output_proj = nn.Linear(hidden_size, output_dim)

    def forward(self, inputs, input_lengths=None, hidden_states=None):
        embedded = self.embedding(inputs)
        if input_lengths is None:
            outputs, hidden_states = self.lstm(embedded, hidden_states)
        else:
            packed = pack_padded_sequence(embedded, input_lengths.cpu(), batch_first=True, enforce_sorted=False)
            packed, hidden_states = self.lstm(packed, hidden_states)
            outputs, _ = pad_packed_sequence(packed, batch_first=True, total_length=inputs.shape[1])
        return self.output_proj(outputs), hidden_states


class Joiner(nn.Module):
    def __init__(self, joiner_dim, num_outputs):
        super().__init__()
        self.linear = nn.Linear(joiner_dim, num_outputs)

    def forward(self, encoder_outputs, decoder_outputs):
        if encoder_outputs.dim() == 3:
            encoder_outputs, decoder_outputs = encoder_outputs[:, :, None], decoder_outputs[:, None, :]
        return self.linear(F.relu(encoder_outputs + decoder_outputs))


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
        self.encoder = EncoderRNNT(
            input_dim,
            encoder_hidden_state_dim,
            output_dim,
            num_encoder_layers,
            encoder_dropout_p,
            encoder_is_bidirectional,
        )
        self.decoder = DecoderRNNT(
            decoder_hidden_state_dim, num_classes, output_dim, num_decoder_layers, decoder_dropout_p
        )
        self.joiner = Joiner(output_dim, num_classes)

    def forward(self, inputs, input_lengths, targets, target_lengths):
        f, _ = self.encoder(inputs, input_lengths)
        g, _ = self.decoder(F.pad(targets, (1, 0), value=29), target_lengths + 1)
        return self.joiner(f, g)


@torch.no_grad()
def greedy_decode(model, encoder_output, max_steps=2000):
    labels, t = [], 0
    g, hidden = model.decoder(torch.tensor([[29]], device=encoder_output.device))
    for _ in range(max_steps):
        if t == len(encoder_output):
            break
        best = int(model.joiner(encoder_output[t], g[0, 0]).argmax())
        if best == 28:
            t += 1
        else:
            labels.append(best)
            g, hidden = model.decoder(torch.tensor([[best]], device=encoder_output.device), hidden_states=hidden)
    return torch.tensor(labels, dtype=torch.int64)
