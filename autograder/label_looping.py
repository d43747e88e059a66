"""Greedy decoding of a whole batch, for evaluation: the tokens of the one-utterance loop for a fraction of its time.

Label-looping (Bataev et al. 2024, arXiv:2406.06220): the outer loop is over labels, so that the prediction network runs
once per label for all utterances together; the inner loop moves each utterance over its blanks, several frames per
joiner call. Works on any model through the seed's interface (see `helpers.decoding`); nothing is assumed about what
hidden states are made of.

It is an answer to the homework's greedy exercise, so it lives on the staff side: in no bundle for students, and not in
the sandbox.
"""

from __future__ import annotations

import torch
from torch import Tensor

from helpers.decoding import evaluating, without_onednn
from helpers.text import tokenizer

COMPACT_BELOW = 0.75
"""Finished utterances are dropped from the batch when fewer than this share of its rows is still running."""


@torch.no_grad()
def recognize_batch(model, inputs: Tensor, input_lengths: Tensor, **options) -> list[Tensor]:
    """`helpers.decoding.recognize` for many utterances at once: encode, then `greedy_batch` with its options."""
    with evaluating(model):
        encoder_outputs, _ = model.encoder(inputs, input_lengths)
    return greedy_batch(model, encoder_outputs, input_lengths, **options)


@torch.no_grad()
def greedy_batch(
    model,
    encoder_outputs: Tensor,
    lengths: Tensor,
    *,
    max_steps: int = 2000,
    max_labels_per_frame: int | None = None,
    blank: int = tokenizer.blank,
    bos: int = tokenizer.bos,
    chunk: int | None = None,
) -> list[Tensor]:
    """Labels of B utterances: encoder_outputs (B, T, J), lengths (B,) -> B int64 tensors on the CPU.

    max_steps: as in `greedy_decode(model, encoder_output, max_steps)`, the number of decisions, one per (frame, label)
        that the one-utterance loop asks the joiner about, for each utterance alone: T blanks + U labels for a complete
        one. What was emitted in the first `max_steps` decisions is returned.
    max_labels_per_frame: after that many labels on one frame go on to the next, which is no decision. None: no cap.
    chunk: frames per joiner call; by default chosen from what has been emitted so far. It changes the speed only.

    A model whose prediction network cannot step a batch (as when its LSTM takes the first axis for time) is noticed
    and decoded one utterance at a time.
    """
    lengths = lengths.to(encoder_outputs.device, torch.int64)
    if len(encoder_outputs) == 0:
        return []
    with evaluating(model), without_onednn():
        stepper = _Stepper(model, bos, encoder_outputs.device)
        groups = [torch.arange(len(lengths), device=lengths.device)]
        if not stepper.steps_batches:
            groups = list(groups[0].split(1))
        labels: list[list[int]] = [[] for _ in lengths]
        for rows in groups:
            run = _Run(stepper, encoder_outputs, lengths, rows, labels)
            run.decode(blank, max_steps, max_labels_per_frame, chunk)
    return [torch.tensor(found, dtype=torch.int64) for found in labels]


class _Stepper:
    """The prediction network, with what one must know to step a batch of it."""

    def __init__(self, model, bos: int, device: torch.device):
        self.model, self._bos, self._device = model, bos, device
        _, one = self.start(1)
        _, three = self.start(3)
        self._axes = [_batch_axis(a, b) for a, b in zip(_tensors(one), _tensors(three), strict=True)]
        self.steps_batches = None not in self._axes and self._agrees()

    def start(self, rows: int):
        """(g (rows, 1, J), hidden states) after BOS."""
        return self.step(torch.full((rows,), self._bos, device=self._device), None)

    def step(self, labels: Tensor, hidden_states):
        """(g (rows, 1, J), hidden states) after one more label for each row."""
        labels = labels.unsqueeze(1)
        if hidden_states is None:
            return self.model.decoder(labels)
        return self.model.decoder(labels, hidden_states=hidden_states)

    def keep(self, hidden_states, rows: Tensor):
        """The hidden states of some rows."""
        axes = iter(self._axes)
        return _map(hidden_states, lambda tensor: tensor.index_select(next(axes), rows))

    def _agrees(self) -> bool:
        # Different histories in the rows: a network that takes rows for time steps gives itself away.
        labels = torch.tensor([0, 1, 2], device=self._device)
        try:
            together, _ = self.step(labels, self.start(3)[1])
        except (RuntimeError, ValueError, IndexError, TypeError):
            return False
        alone = torch.cat([self.step(labels[i : i + 1], self.start(1)[1])[0] for i in range(3)])
        return together.shape == alone.shape and torch.allclose(together, alone, rtol=1e-3, atol=1e-4)


class _Run:
    """The walk of some utterances through their lattices. `_rows` are still running."""

    def __init__(self, stepper: _Stepper, encoder_outputs: Tensor, lengths: Tensor, rows: Tensor, labels):
        self._stepper, self._joiner = stepper, stepper.model.joiner
        self._frames, self._labels = encoder_outputs, labels
        self._rows, self._ends = rows, lengths[rows]
        self._t = torch.zeros_like(rows)
        self._decisions = torch.zeros_like(rows)
        self._on_frame = torch.zeros_like(rows)
        self._g, self._hidden = stepper.start(len(rows))

    def decode(self, blank: int, max_steps: int, cap: int | None, chunk: int | None) -> None:
        """Emit one label per utterance and round until none has frames or decisions left."""
        frames_seen, emitted = 0, 0
        while len(self._rows):
            width = chunk or max(1, min(16, round(1.2 * frames_seen / max(1, emitted)))) if frames_seen else chunk or 4
            before = int(self._t.sum())
            best, found = self._next_labels(blank, max_steps, width)
            frames_seen += int(self._t.sum()) - before
            emitting = found.nonzero().squeeze(1)
            if not len(emitting):
                return
            emitted += len(emitting)
            for row, label in zip(self._rows[emitting].tolist(), best[emitting].tolist(), strict=True):
                self._labels[row].append(label)
            if len(emitting) < COMPACT_BELOW * len(self._rows):
                self._compact(emitting)
                best, found = best[emitting], found[emitting]
            self._decisions += found
            if cap is not None:
                self._on_frame += found
                full = self._on_frame >= cap
                self._t += full
                self._on_frame.masked_fill_(full, 0)
            # Rows that are finished step along with the last label; nobody reads them any more.
            self._g, self._hidden = self._stepper.step(best, self._hidden)

    def _next_labels(self, blank: int, max_steps: int, width: int) -> tuple[Tensor, Tensor]:
        """Move every row over its blanks. -> (label (rows,), whether one was found (rows,))."""
        best = torch.full_like(self._rows, blank)
        found = torch.zeros_like(self._rows, dtype=torch.bool)
        searching = ((self._t < self._ends) & (self._decisions < max_steps)).nonzero().squeeze(1)
        steps = torch.arange(width, device=self._rows.device)
        while len(searching):
            t = self._t[searching]
            # A row may look only at its own frames, and only as far as its decisions last.
            sight = torch.minimum(self._ends[searching] - t, max_steps - self._decisions[searching]).clamp(max=width)
            seen = int(sight.max())
            ahead = steps[:seen]
            window = (t[:, None] + ahead).clamp(max=self._frames.shape[1] - 1)
            f = self._frames[self._rows[searching, None], window]
            choice = self._joiner(f, self._g[searching])[:, :, 0].argmax(dim=-1)
            label = (choice != blank) & (ahead < sight[:, None])
            has = label.any(dim=1)
            # argmax of booleans is the first True; without one, all that was seen are blanks.
            passed = torch.where(has, label.int().argmax(dim=1), sight)
            self._t[searching] += passed
            self._decisions[searching] += passed
            self._on_frame[searching[passed > 0]] = 0
            hits = searching[has]
            best[hits] = choice[has].gather(1, passed[has, None]).squeeze(1)
            found[hits] = True
            left = ~has & (self._t[searching] < self._ends[searching]) & (self._decisions[searching] < max_steps)
            searching = searching[left]
        return best, found

    def _compact(self, rows: Tensor) -> None:
        self._rows, self._ends, self._t = self._rows[rows], self._ends[rows], self._t[rows]
        self._decisions, self._on_frame = self._decisions[rows], self._on_frame[rows]
        self._hidden = self._stepper.keep(self._hidden, rows)


def _tensors(hidden_states) -> list[Tensor]:
    found: list[Tensor] = []
    _map(hidden_states, lambda tensor: found.append(tensor) or tensor)
    return found


def _map(hidden_states, function):
    """Apply to every tensor of nested tuples and lists; anything else stays."""
    if isinstance(hidden_states, Tensor):
        return function(hidden_states)
    if isinstance(hidden_states, tuple | list):
        return type(hidden_states)(_map(part, function) for part in hidden_states)
    return hidden_states


def _batch_axis(one: Tensor, three: Tensor) -> int | None:
    """The axis that grew with the batch, or None where that is not exactly one, from 1 to 3."""
    if one.dim() != three.dim():
        return None
    grown = [axis for axis, (a, b) in enumerate(zip(one.shape, three.shape, strict=True)) if a != b]
    return grown[0] if len(grown) == 1 and (one.shape[grown[0]], three.shape[grown[0]]) == (1, 3) else None
