"""A film of training: one picture of the same utterance's lattice every few steps, in few bytes."""

import contextlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np

PRESETS = {"learning": "film_learning.npz", "blank collapse": "film_blank_collapse.npz"}
"""Recorded with `python -m data_scripts.record_films`."""


@dataclass(frozen=True, eq=False)
class Film:
    """N frames of a lattice of T encoder frames and U labels. `len(film)` is N; an empty film is false.

    Attributes:
        symbols: the U labels.
        steps: int (N,), training steps done, growing.
        loss: (N,), the cost of this utterance in nats per label.
        blank: (N,), the probability of the blank, averaged over all nodes.
        occupancy: uint8 (N, T, U+1), share of P(y | x) that passes each node, 255 for all of it.
        written: N texts, what greedy decoding writes at that time; empty when nobody asked.
        name: what was recorded.
    """

    symbols: tuple[str, ...]
    steps: np.ndarray
    loss: np.ndarray
    blank: np.ndarray
    occupancy: np.ndarray
    written: tuple[str, ...] = ()
    name: str = "your training"

    def __post_init__(self):
        N = len(self.steps)
        if not (len(self.loss) == len(self.blank) == len(self.occupancy) == N and len(self.written) in (0, N)):
            raise ValueError("A film needs a step, a loss, a blank probability and a picture for every frame.")
        if self.occupancy.ndim != 3 or self.occupancy.shape[2] != len(self.symbols) + 1:
            raise ValueError(
                f"The pictures of a film of U = {len(self.symbols)} labels must have shape (N, T, U+1); "
                f"these have shape {self.occupancy.shape}."
            )

    def __len__(self) -> int:
        return len(self.steps)

    def __repr__(self) -> str:
        if not len(self):
            return f"Film of {self.name}, empty"
        return f"Film of {self.name}, {len(self)} frames, steps {self.steps[0]} to {self.steps[-1]}"

    def until(self, step: int) -> "Film":
        """The frames up to and including a step."""
        n = int(np.searchsorted(self.steps, step, side="right"))
        cut = (values[:n] for values in (self.steps, self.loss, self.blank, self.occupancy, self.written))
        return Film(self.symbols, *cut, name=self.name)

    def save(self, path: str | Path) -> None:
        """One compressed file."""
        with open(path, "wb") as file:
            np.savez_compressed(
                file,
                symbols=np.array(self.symbols, dtype=str),
                steps=self.steps.astype(np.int32),
                loss=self.loss.astype(np.float32),
                blank=self.blank.astype(np.float32),
                occupancy=self.occupancy,
                written=np.array(self.written, dtype=str),
                name=np.array(self.name),
            )

    @classmethod
    def load(cls, path) -> "Film":
        """A saved film. ValueError with one sentence when the file is none."""
        try:
            with contextlib.ExitStack() as opened:
                # numpy leaves a file that it opened itself open, if that is no zip after all.
                file = path if hasattr(path, "read") else opened.enter_context(open(path, "rb"))
                stored = opened.enter_context(np.load(file, allow_pickle=False))
                arrays = {key: stored[key] for key in ("steps", "loss", "blank", "occupancy")}
                texts = {key: tuple(map(str, stored[key])) for key in ("symbols", "written")}
                return cls(**arrays, **texts, name=str(stored["name"]))
        except Exception as problem:  # numpy and zipfile raise a dozen kinds
            raise ValueError(f"{path} cannot be read as a film ({type(problem).__name__}): record it again.") from None

    @classmethod
    def preset(cls, name: str) -> "Film":
        """A film that comes with the course: "learning" or "blank collapse"."""
        if name not in PRESETS:
            raise ValueError(f"There is no film {name!r}: take one of {', '.join(map(repr, PRESETS))}.")
        with resources.files("helpers").joinpath("assets", PRESETS[name]).open("rb") as file:
            return cls.load(file)
