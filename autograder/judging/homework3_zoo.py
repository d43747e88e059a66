"""Typical wrong parts of a transducer, and wrong greedy walks, to be recognised by their numbers.

Each is the reference with one thing changed. Their names and explanations are in `helpers.checks.misconceptions`.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F

from helpers.text import tokenizer

from .homework3_reference import DecoderRNNT, EncoderRNNT, Joiner, RNNTransducer


class _Unpacked(EncoderRNNT):
    def forward(self, inputs, input_lengths):
        outputs, hidden = self.lstm(inputs)
        return self.output_proj(outputs), hidden


class _WithActivation(EncoderRNNT):
    def forward(self, inputs, input_lengths):
        outputs, hidden = super().forward(inputs, input_lengths)
        return F.relu(outputs), hidden


class _Sorted(EncoderRNNT):
    def forward(self, inputs, input_lengths):
        order = torch.argsort(input_lengths, descending=True)
        return super().forward(inputs[order], input_lengths[order])


class _StateIgnored(DecoderRNNT):
    def forward(self, inputs, input_lengths=None, hidden_states=None):
        return super().forward(inputs, input_lengths, None)


class _BatchIsTime(DecoderRNNT):
    def forward(self, inputs, input_lengths=None, hidden_states=None):
        if input_lengths is not None:
            return super().forward(inputs, input_lengths, hidden_states)
        embedded = self.embedding(inputs).transpose(0, 1)
        outputs, hidden = self.lstm(embedded, hidden_states)
        return self.output_proj(outputs.transpose(0, 1)), hidden


class _NoProjection(DecoderRNNT):
    def forward(self, inputs, input_lengths=None, hidden_states=None):
        return self.lstm(self.embedding(inputs), hidden_states)


def _joiner(combine: Callable) -> type[Joiner]:
    class Wrong(Joiner):
        def forward(self, f, g):
            if f.dim() == 3:
                f, g = f.unsqueeze(2), g.unsqueeze(1)
            return combine(self.linear, f, g)

    return Wrong


class _BosIs(RNNTransducer):
    first = tokenizer.blank

    def forward(self, inputs, input_lengths, targets, target_lengths):
        f, _ = self.encoder(inputs, input_lengths)
        g, _ = self.decoder(F.pad(targets, (1, 0), value=self.first), target_lengths + 1)
        return self.joiner(f, g)


class _BosIsZero(_BosIs):
    first = 0


class _BosAtTheEnd(RNNTransducer):
    def forward(self, inputs, input_lengths, targets, target_lengths):
        f, _ = self.encoder(inputs, input_lengths)
        g, _ = self.decoder(F.pad(targets, (0, 1), value=tokenizer.bos), target_lengths + 1)
        return self.joiner(f, g)


class _NoBos(RNNTransducer):
    def forward(self, inputs, input_lengths, targets, target_lengths):
        f, _ = self.encoder(inputs, input_lengths)
        return self.joiner(f, self.decoder(targets, target_lengths)[0])


class _LengthsNotExtended(RNNTransducer):
    def forward(self, inputs, input_lengths, targets, target_lengths):
        f, _ = self.encoder(inputs, input_lengths)
        g, _ = self.decoder(F.pad(targets, (1, 0), value=tokenizer.bos), target_lengths)
        return self.joiner(f, g)


class _LengthsInPlace(RNNTransducer):
    def forward(self, inputs, input_lengths, targets, target_lengths):
        target_lengths += 1
        f, _ = self.encoder(inputs, input_lengths)
        g, _ = self.decoder(F.pad(targets, (1, 0), value=tokenizer.bos), target_lengths)
        return self.joiner(f, g)


class _Probabilities(RNNTransducer):
    def forward(self, *batch):
        return super().forward(*batch).softmax(dim=-1)


def _greedy(
    *,
    label_moves_on: bool = False,
    blank_is_read: bool = False,
    state: str = "carried",
    bos: int = tokenizer.bos,
    frames: slice = slice(None),
    merges: bool = False,
    prefix: bool = False,
    waits_for_blank: bool = False,
) -> Callable:
    """The greedy walk with knobs."""

    def decode(model, encoder_output, max_steps=2000):
        encoder_output = encoder_output[frames]
        labels, t = [], 0
        g, hidden = model.decoder(torch.tensor([[bos]]))
        pending = None
        for _ in range(max_steps):
            if t >= len(encoder_output):
                break
            best = int(model.joiner(encoder_output[t], g[0, -1]).argmax())
            if best == tokenizer.blank:
                t += 1
                if blank_is_read:
                    g, hidden = model.decoder(torch.tensor([[best]]), hidden_states=hidden)
                if state == "reset on blank":
                    hidden = None
                if waits_for_blank and pending is not None:
                    g, hidden = model.decoder(torch.tensor([[pending]]), hidden_states=hidden)
                    pending = None
                continue
            labels.append(best)
            if waits_for_blank:
                pending, t = best, t + 1
                continue
            if prefix:
                g, hidden = model.decoder(torch.tensor([[bos, *labels]]))
            else:
                kept = hidden if state != "dropped" else None
                g, hidden = model.decoder(torch.tensor([[best]]), hidden_states=kept)
            t += label_moves_on
        if merges:
            labels = [one for number, one in enumerate(labels) if number == 0 or one != labels[number - 1]]
        return torch.tensor(labels, dtype=torch.int64)

    return decode


ZOO: dict[str, dict[str, object]] = {
    "encoder": {
        "padding-read": _Unpacked,
        "activation-at-the-end": _WithActivation,
        "order-lost": _Sorted,
    },
    "decoder": {
        "state-ignored": _StateIgnored,
        "batch-taken-for-time": _BatchIsTime,
        "projection-missing": _NoProjection,
    },
    "joiner": {
        "activation-after-linear": _joiner(lambda linear, f, g: F.relu(linear(f + g))),
        "activation-missing": _joiner(lambda linear, f, g: linear(f + g)),
        "tanh": _joiner(lambda linear, f, g: linear(torch.tanh(f + g))),
        "product": _joiner(lambda linear, f, g: linear(F.relu(f * g))),
        "softmax-inside": _joiner(lambda linear, f, g: linear(F.relu(f + g)).softmax(dim=-1)),
        "log-softmax-inside": _joiner(lambda linear, f, g: linear(F.relu(f + g)).log_softmax(dim=-1)),
        "activation-before-sum": _joiner(lambda linear, f, g: linear(F.relu(f) + F.relu(g))),
    },
    "transducer": {
        "blank-for-bos": _BosIs,
        "zero-for-bos": _BosIsZero,
        "bos-at-the-end": _BosAtTheEnd,
        "bos-missing": _NoBos,
        "lengths-changed": _LengthsInPlace,
        "lengths-not-extended": _LengthsNotExtended,
        "softmax-inside": _Probabilities,
    },
    "greedy": {
        "label-moves-on": _greedy(label_moves_on=True),
        "blank-read": _greedy(blank_is_read=True),
        "state-dropped": _greedy(state="dropped"),
        "state-reset-on-blank": _greedy(state="reset on blank"),
        "blank-for-bos": _greedy(bos=tokenizer.blank),
        "zero-for-bos": _greedy(bos=0),
        "last-frame-left-out": _greedy(frames=slice(None, -1)),
        "first-frame-left-out": _greedy(frames=slice(1, None)),
        "repeats-merged": _greedy(merges=True),
        "whole-prefix-again": _greedy(prefix=True),
        "label-waits-for-blank": _greedy(waits_for_blank=True),
    },
}
