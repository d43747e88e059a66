# no packing: one LSTM per layer and direction, sequences turned around within their lengths, masks
import torch
from torch import nn


def turned(x, lengths):
    """Each sequence back to front, its padding left where it is."""
    place = torch.arange(x.shape[1])[None, :]
    index = torch.where(place < lengths[:, None], lengths[:, None] - 1 - place, place)
    return x.gather(1, index[..., None].expand_as(x))


class EncoderRNNT(nn.Module):
    def __init__(self, input_dim, hidden_size, output_dim, n_layers, dropout=0.2, bidirectional=True):
        super().__init__()
        ways = 2 if bidirectional else 1
        sizes = [input_dim] + [ways * hidden_size] * (n_layers - 1)
        self.there = nn.ModuleList([nn.LSTM(size, hidden_size, batch_first=True) for size in sizes])
        self.back = nn.ModuleList(
            [nn.LSTM(size, hidden_size, batch_first=True) for size in sizes[: n_layers * (ways - 1)]]
        )
        self.between = nn.Dropout(dropout)
        self.output_proj = nn.Linear(ways * hidden_size, output_dim)

    def forward(self, inputs, input_lengths):
        lengths = input_lengths.long()
        x, h, c = inputs, [], []
        last = (lengths - 1)[:, None, None]
        for number, there in enumerate(self.there):
            if number:
                x = self.between(x)
            parts = []
            for lstm, turn in ((there, False), *(((self.back[number], True),) if len(self.back) else ())):
                y = turned(x, lengths) if turn else x
                outputs, cells = [], []
                state = None
                for t in range(y.shape[1]):
                    out, state = lstm(y[:, t : t + 1], state)
                    outputs.append(out)
                    cells.append(state[1][0][:, None])
                out, cell = torch.cat(outputs, 1), torch.cat(cells, 1)
                h.append(out.gather(1, last.expand(-1, 1, out.shape[2]))[:, 0])
                c.append(cell.gather(1, last.expand(-1, 1, cell.shape[2]))[:, 0])
                parts.append(turned(out, lengths) if turn else out)
            x = torch.cat(parts, dim=-1)
        mask = torch.arange(x.shape[1])[None, :, None] < lengths[:, None, None]
        return self.output_proj(x * mask), (torch.stack(h), torch.stack(c))
