"""A camera for training: what one fixed utterance's lattice looks like, every few steps.

    camera = Camera(utterance, stack=recipe.stack)
    train(..., camera=camera)
    lattice.training_film(camera.film)

The film is kept beside the run's checkpoint and goes on where the run goes on.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from .corpora import Utterance
from .decoding import evaluating
from .features import LogMel, collate
from .lattice.film import Film
from .text import tokenizer
from .training import FILM

GROWTH = 1.1
"""The next frame is taken when training has gone on for a tenth longer: most changes are early."""


class Camera:
    """Takes a frame of `utterance` now and then, in eval mode and without touching weights or random numbers.

    Args:
        utterance: what is filmed; short ones (T x (U+1) of about a thousand nodes) make good films.
        stack: as in training.
        features: anything with `.of(utterance) -> (T, mel bins)`.
        decode: as in training; with it every frame also remembers what is written.
        name: what the film is called.
    """

    def __init__(
        self,
        utterance: Utterance,
        *,
        stack: int,
        features=None,
        decode: Callable[[nn.Module, Tensor, Tensor], list[Tensor]] | None = None,
        name: str = "your training",
    ):
        self._batch = collate([utterance], features=features if features is not None else LogMel(), stack=stack)
        self._decode, self._next = decode, 1
        T, U = int(self._batch.input_lengths), int(self._batch.label_lengths)
        nothing, pictures = np.zeros(0), np.zeros((0, T, U + 1), dtype=np.uint8)
        symbols, steps = tuple(utterance.text.lower()), np.zeros(0, dtype=np.int64)
        self.film = Film(symbols, steps, nothing, nothing, pictures, (), name)

    def start(self, model: nn.Module) -> None:
        """A new film. Its first frame is the untrained model."""
        self.film = self.film.until(-1)
        self.take(model, 0)

    def __call__(self, model: nn.Module, step: int) -> None:
        """Called after every training step; takes a frame when one is due."""
        if step >= self._next:
            self.take(model, step)

    @torch.no_grad()
    def take(self, model: nn.Module, step: int) -> None:
        """A frame, now."""
        from .loss import posteriors

        spectrograms, labels, input_lengths, label_lengths = self._batch.to(next(model.parameters()).device)
        with evaluating(model):
            logits = model(spectrograms, input_lengths, labels, label_lengths)[0]
        blank, label, cost = posteriors(logits, labels[0], tokenizer.blank)
        blank[:, :-1] += label
        picture = (255 * blank).round().clamp(0, 255).to(torch.uint8).cpu().numpy()
        share = float(torch.softmax(logits.float(), dim=-1)[..., tokenizer.blank].mean())
        film, written = self.film, ()
        if self._decode is not None:
            (found,) = self._decode(model, spectrograms, input_lengths)
            before = film.written or ("",) * len(film)  # a film that goes on may have been begun without decoding
            written = (*before, tokenizer.indices_to_text(found))
        self.film = Film(
            film.symbols,
            np.append(film.steps, step),
            np.append(film.loss, cost / max(1, len(film.symbols))),
            np.append(film.blank, share),
            np.concatenate([film.occupancy, picture[None]]),
            written,
            film.name,
        )
        self._next = max(step + 1, math.ceil(step * GROWTH))

    def save(self, folder: Path) -> None:
        """Beside the checkpoint, so that a run that goes on keeps its film."""
        temporary = folder / f".{FILM}.tmp"
        self.film.save(temporary)
        temporary.replace(folder / FILM)

    def resume(self, folder: Path, step: int) -> None:
        """The frames of the run in `folder` up to a step, if it was filmed with this utterance."""
        try:
            film = Film.load(folder / FILM)
        except ValueError:
            return
        if film.symbols == self.film.symbols and film.occupancy.shape[1:] == self.film.occupancy.shape[1:]:
            self.film = film.until(step)
            self._next = max(step + 1, math.ceil(step * GROWTH))
