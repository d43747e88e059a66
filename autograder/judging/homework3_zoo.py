"""Typical wrong parts of a transducer, and wrong greedy walks, to be recognised by their numbers.

Each is the reference with one knob turned; a pair of common mistakes turns the knobs of both. Their words are in
`helpers.checks.words`; students get only sketches of the numbers that they give on the public probes.
"""

from collections.abc import Callable, Mapping
from functools import cache
from itertools import combinations, count

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from helpers.checks.probing import PAIR
from helpers.text import tokenizer

from .homework3_reference import DecoderRNNT, EncoderRNNT, Joiner, RNNTransducer

Knobs = Mapping[str, object]


def _same(values: torch.Tensor) -> torch.Tensor:
    return values


def _softmax(values: torch.Tensor) -> torch.Tensor:
    return values.softmax(dim=-1)


def _log_softmax(values: torch.Tensor) -> torch.Tensor:
    return values.log_softmax(dim=-1)


class _Encoder(EncoderRNNT):
    """The encoder with knobs."""

    packs, fills_up, time_first, returns_order, layers, directions = True, True, False, "all", None, None
    end = staticmethod(_same)

    def __init__(self, input_dim, hidden_size, output_dim, n_layers, dropout=0.2, bidirectional=True):
        chosen = bidirectional if self.directions is None else self.directions == 2
        super().__init__(input_dim, hidden_size, output_dim, self.layers or n_layers, dropout, chosen)

    def forward(self, inputs, input_lengths):
        order = torch.arange(len(inputs))
        if self.returns_order != "all":
            order = torch.argsort(input_lengths, descending=True)
        given, lengths = inputs[order], input_lengths[order]
        if self.time_first:
            outputs, hidden = self.lstm(given.transpose(0, 1))
            outputs = outputs.transpose(0, 1)
        elif self.packs:
            packed = pack_padded_sequence(given, lengths.cpu(), batch_first=True, enforce_sorted=False)
            outputs, hidden = self.lstm(packed)
            total = inputs.shape[1] if self.fills_up else None
            outputs, _ = pad_packed_sequence(outputs, batch_first=True, total_length=total)
        else:
            outputs, hidden = self.lstm(given)
        if self.returns_order == "outputs":
            outputs = outputs[torch.argsort(order)]
        return self.end(self.output_proj(outputs)), hidden


class _Decoder(DecoderRNNT):
    """The prediction network with knobs."""

    state, returns, batch_is_time, projects, adds_bos, last_only, layers = (
        "carried",
        "new",
        False,
        True,
        False,
        False,
        None,
    )
    end = begin = staticmethod(_same)

    def __init__(self, hidden_size, vocab_size, output_dim, n_layers, dropout=0.2):
        super().__init__(hidden_size, vocab_size, output_dim, self.layers or n_layers, dropout)

    def forward(self, inputs, input_lengths=None, hidden_states=None):
        if self.adds_bos:
            inputs = F.pad(inputs, (1, 0), value=0)
        embedded = self.begin(self.embedding(inputs))
        given = hidden_states
        if self.state == "ignored":
            hidden_states = None
        elif self.state == "cell lost" and hidden_states is not None:
            hidden_states = hidden_states[0], torch.zeros_like(hidden_states[1])
        turned = self.batch_is_time and input_lengths is None
        outputs, hidden = self.lstm(embedded.transpose(0, 1) if turned else embedded, hidden_states)
        outputs = outputs.transpose(0, 1) if turned else outputs
        if self.last_only:
            outputs = outputs[:, -1:].expand_as(outputs)
        outputs = self.end(self.output_proj(outputs)) if self.projects else outputs
        return outputs, hidden if self.returns == "new" or given is None else given


class _Joiner(Joiner):
    """The joiner with knobs."""

    first = begin = end = staticmethod(_same)
    inner = staticmethod(F.relu)
    mix = staticmethod(torch.add)
    axes = (2, 1)

    def forward(self, f, g):
        f, g = self.begin(f), self.begin(g)
        if f.dim() == 3 and self.axes:
            f, g = f.unsqueeze(self.axes[0]), g.unsqueeze(self.axes[1])
        return self.end(self.linear(self.inner(self.mix(f, g))))


class _Transducer(RNNTransducer):
    """The transducer with knobs."""

    first, place, lengths, hears = tokenizer.bos, "front", "longer", "lengths"
    end = staticmethod(_same)

    def forward(self, inputs, input_lengths, targets, target_lengths):
        if self.lengths == "changed":
            target_lengths += 1
        given = target_lengths + 1 if self.lengths == "longer" else target_lengths
        if self.place == "nowhere":
            given = target_lengths
        if self.hears == "everything":
            input_lengths = torch.full_like(input_lengths, inputs.shape[1])
        read = {
            "front": lambda: F.pad(targets, (1, 0), value=self.first),
            "end": lambda: F.pad(targets, (0, 1), value=self.first),
            "nowhere": lambda: targets,
            "front, last label dropped": lambda: F.pad(targets, (1, 0), value=self.first)[:, :-1],
            "twice": lambda: F.pad(targets, (2, 0), value=self.first)[:, :-1],
        }[self.place]()
        f, _ = self.encoder(inputs, input_lengths)
        g, _ = self.decoder(read, given)
        return self.end(self.joiner(f, g))


def _greedy(
    *,
    label_moves_on: bool = False,
    blank_is_read: bool = False,
    last_read_again: bool = False,
    state: str = "carried",
    resets_on_blank: bool = False,
    bos: int = tokenizer.bos,
    frames: slice = slice(None),
    looks_back: bool = False,
    merges: bool = False,
    prefix: str = "",
    reads: str = "at once",
    written: str = "labels",
    ends: str = "after the last frame",
    limit: str = "steps",
) -> Callable:
    """The greedy walk with knobs."""

    def decode(model, encoder_output, max_steps=2000):
        encoder_output = encoder_output[frames]
        labels, t, taken, pending = [], 0, 0, None
        g, hidden = model.decoder(torch.tensor([[bos]]))
        first_state, last = hidden, bos
        # A limit that counts something else may never be reached: the models of the checks end that.
        for _ in range(max_steps) if limit == "steps" else count():
            if t >= len(encoder_output) or taken >= max_steps:
                break
            at = max(t - 1, 0) if looks_back else t
            best = int(model.joiner(encoder_output[at], g[0, -1]).argmax())
            if best == tokenizer.blank:
                if written == "blanks too":
                    labels.append(best)
                t, taken = t + 1, taken + (limit == "frames")
                if ends == "at the first blank":
                    break
                if blank_is_read or last_read_again:
                    g, hidden = model.decoder(torch.tensor([[best if blank_is_read else last]]), hidden_states=hidden)
                if resets_on_blank:
                    hidden = None
                if pending is not None and reads == "at the next blank":
                    g, hidden = model.decoder(torch.tensor([[pending]]), hidden_states=hidden)
                    pending = None
                continue
            labels.append(best)
            taken += limit == "labels"
            if reads == "at the next blank":
                pending, t = best, t + 1
                continue
            read = last if reads == "one late" else best
            if prefix:
                carried = hidden if prefix == "with the state" else None
                g, hidden = model.decoder(torch.tensor([[bos, *labels]]), hidden_states=carried)
            else:
                carried = {"carried": hidden, "dropped": None, "that of <BOS>": first_state}[state]
                g, hidden = model.decoder(torch.tensor([[read]]), hidden_states=carried)
            last = best
            t += label_moves_on
        if merges:
            labels = [one for number, one in enumerate(labels) if number == 0 or one != labels[number - 1]]
        if written == "<BOS> too":
            labels = [tokenizer.bos, *labels]
        return torch.tensor(labels, dtype=torch.int64)

    return decode


def _static(function: Callable) -> staticmethod:
    return staticmethod(function)


KNOBS: dict[str, dict[str, Knobs]] = {
    "encoder": {
        "padding-read": {"packs": False},
        "activation-at-the-end": {"end": _static(F.relu)},
        "order-lost": {"returns_order": "nothing"},
        "states-not-put-back": {"returns_order": "outputs"},
        "one-direction-only": {"directions": 1},
        "always-two-directions": {"directions": 2},
        "one-layer-only": {"layers": 1},
        "batch-taken-for-time": {"time_first": True},
        "cut-to-the-longest": {"fills_up": False},
    },
    "decoder": {
        "state-ignored": {"state": "ignored"},
        "cell-state-lost": {"state": "cell lost"},
        "old-state-returned": {"returns": "old"},
        "batch-taken-for-time": {"batch_is_time": True},
        "projection-missing": {"projects": False},
        "activation-at-the-end": {"end": _static(F.relu)},
        "activation-on-the-embedding": {"begin": _static(F.relu)},
        "start-symbol-added": {"adds_bos": True},
        "last-output-everywhere": {"last_only": True},
        "one-layer-only": {"layers": 1},
    },
    "joiner": {
        "activation-after-linear": {"inner": _static(_same), "end": _static(F.relu)},
        "activation-missing": {"inner": _static(_same)},
        "activation-twice": {"end": _static(F.relu)},
        "activation-before-sum": {"inner": _static(_same), "begin": _static(F.relu)},
        "tanh": {"inner": _static(torch.tanh)},
        "sigmoid": {"inner": _static(torch.sigmoid)},
        "product": {"mix": _static(torch.mul)},
        "difference": {"mix": _static(torch.sub)},
        "softmax-inside": {"end": _static(_softmax)},
        "log-softmax-inside": {"end": _static(_log_softmax)},
        "axes-swapped": {"axes": (1, 2)},
        "same-position-only": {"axes": ()},
    },
    "transducer": {
        "blank-for-bos": {"first": tokenizer.blank},
        "zero-for-bos": {"first": 0},
        "bos-at-the-end": {"place": "end"},
        "bos-missing": {"place": "nowhere"},
        "last-label-dropped": {"place": "front, last label dropped"},
        "bos-twice": {"place": "twice"},
        "lengths-changed": {"lengths": "changed"},
        "lengths-not-extended": {"lengths": "given"},
        "padding-heard": {"hears": "everything"},
        "softmax-inside": {"end": _static(_softmax)},
        "log-softmax-inside": {"end": _static(_log_softmax)},
    },
    "greedy": {
        "label-moves-on": {"label_moves_on": True},
        "blank-read": {"blank_is_read": True},
        "last-label-read-again": {"last_read_again": True},
        "state-dropped": {"state": "dropped"},
        "state-of-the-start": {"state": "that of <BOS>"},
        "state-reset-on-blank": {"resets_on_blank": True},
        "blank-for-bos": {"bos": tokenizer.blank},
        "zero-for-bos": {"bos": 0},
        "last-frame-left-out": {"frames": slice(None, -1)},
        "first-frame-left-out": {"frames": slice(1, None)},
        "one-frame-behind": {"looks_back": True},
        "repeats-merged": {"merges": True},
        "whole-prefix-again": {"prefix": "afresh"},
        "whole-prefix-and-state": {"prefix": "with the state"},
        "label-waits-for-blank": {"reads": "at the next blank"},
        "one-label-late": {"reads": "one late"},
        "blanks-written": {"written": "blanks too"},
        "bos-written": {"written": "<BOS> too"},
        "ends-at-the-first-blank": {"ends": "at the first blank"},
        "limit-counts-labels": {"limit": "labels"},
        "limit-counts-frames": {"limit": "frames"},
    },
}

COMMON = {
    "encoder": ("padding-read", "activation-at-the-end", "order-lost", "one-layer-only"),
    "decoder": ("state-ignored", "batch-taken-for-time", "activation-at-the-end"),
    "joiner": ("activation-missing", "tanh", "product", "softmax-inside", "log-softmax-inside"),
    "transducer": ("blank-for-bos", "zero-for-bos", "lengths-changed", "lengths-not-extended", "log-softmax-inside"),
    "greedy": (
        "label-moves-on", "blank-read", "state-dropped", "blank-for-bos", "zero-for-bos", "last-frame-left-out",
        "repeats-merged",
    ),
}  # fmt: skip
"""Mistakes that often come in pairs."""

_BASE = {"encoder": _Encoder, "decoder": _Decoder, "joiner": _Joiner, "transducer": _Transducer}

ZOO: dict[str, tuple[str, ...]] = {exercise: tuple(mistakes) for exercise, mistakes in KNOBS.items()}


def pairs(exercise: str) -> tuple[str, ...]:
    """The names of two common mistakes at once, wherever they turn different knobs."""
    knobs = KNOBS[exercise]
    return tuple(
        f"{one}{PAIR}{other}"
        for one, other in combinations(COMMON[exercise], 2)
        if not knobs[one].keys() & knobs[other].keys()
    )


def everything(exercise: str) -> tuple[str, ...]:
    """The names of all mistakes, the single ones first."""
    return ZOO[exercise] + pairs(exercise)


@cache
def wrong(exercise: str, name: str) -> type[nn.Module] | Callable:
    """The class or the function that makes this mistake, or this pair of mistakes."""
    knobs = {knob: value for part in name.split(PAIR) for knob, value in KNOBS[exercise][part].items()}
    if exercise == "greedy":
        return _greedy(**knobs)
    base = _BASE[exercise]
    return type(base.__name__.removeprefix("_"), (base,), knobs)
