"""A greedy walk through the lattice, as it happened: at each step where it stood, what the joiner liked best, what the
prediction network read. Recorded from someone's own `greedy_decode` by `helpers.decoding.watch`.
"""

import json
from dataclasses import dataclass
from functools import cached_property
from importlib import resources

import numpy as np

from .codes import from_code, to_code
from .lattice import BLANK_TEXT, check_path, walk

RECORDED = "assets/greedy_walks.json"
"""Walks of the reference recogniser over the recordings in `assets`; made by `data_scripts/record_walks.py`."""


@dataclass(frozen=True)
class Step:
    """One call of the joiner.

    Attributes:
        t, u: frames consumed and labels written so far.
        top: the most probable symbols with their probabilities, best first; `BLANK_TEXT` is the blank.
        read: the symbols that the prediction network read between this call and the next: the label just written, or
            nothing after a blank. Anything else is a mistake of the decoder.
    """

    t: int
    u: int
    top: tuple[tuple[str, float], ...]
    read: tuple[str, ...] = ()

    @property
    def symbol(self) -> str:
        """What the walk took."""
        return self.top[0][0]

    @property
    def is_blank(self) -> bool:
        """Whether time moves on."""
        return self.symbol == BLANK_TEXT


@dataclass(frozen=True, eq=False)
class Walk:
    """A walk over T frames.

    Attributes:
        T: encoder frames.
        truth: the symbols that were really said; empty when nobody knows.
        steps: in the order in which they were taken.
        seconds_per_frame: length of an encoder frame, 0 when unknown.
        occupancy: (T, U+1) in [0, 1], where the transcript's probability lies, for U = len(truth); or None.
        name: whose walk it is.
    """

    T: int
    truth: tuple[str, ...]
    steps: tuple[Step, ...]
    seconds_per_frame: float = 0.0
    occupancy: np.ndarray | None = None
    name: str = ""

    def __post_init__(self):
        if self.occupancy is not None and self.occupancy.shape != (self.T, len(self.truth) + 1):
            raise ValueError(
                f"occupancy must have shape (T, U+1) = {(self.T, len(self.truth) + 1)}; "
                f"it has shape {self.occupancy.shape}."
            )

    @classmethod
    def along(cls, path: str, symbols, **more) -> "Walk":
        """The walk that follows a given alignment, such as "lbblb", writing `symbols`; `more` as in the class."""
        symbols = tuple(map(str, symbols))
        T = path.count("b")
        check_path(path, T, len(symbols))
        steps = tuple(
            Step(t, u, ((BLANK_TEXT if step == "b" else symbols[u], 1.0),), () if step == "b" else (symbols[u],))
            for step, t, u in walk(path)
        )
        return cls(T, symbols, steps, **more)

    def __repr__(self) -> str:
        return f"Walk of {len(self.steps)} steps over {self.T} frames, writing “{self.text}”"

    @cached_property
    def labels(self) -> tuple[tuple[str, int], ...]:
        """Every label written, with the frame at which it was."""
        return tuple((step.symbol, step.t) for step in self.steps if not step.is_blank)

    @property
    def text(self) -> str:
        """What was written."""
        return "".join(symbol for symbol, _ in self.labels)

    @cached_property
    def first_error(self) -> int | None:
        """The step that writes a label which the transcript has not there; None when all labels are right so far."""
        for i, step in enumerate(self.steps):
            if self.truth and not step.is_blank and (step.u >= len(self.truth) or self.truth[step.u] != step.symbol):
                return i
        return None

    @property
    def verdict(self) -> str:
        """How the walk compares with the transcript, in one sentence."""
        if not self.truth:
            return f"It took {len(self.steps)} steps."
        if self.first_error is not None:
            step = self.steps[self.first_error]
            said = f"“{self.truth[step.u]}” was said" if step.u < len(self.truth) else "nothing more was said"
            return f"At ({step.t}, {step.u}) it writes “{step.symbol}” where {said}: here it leaves the lattice."
        if missing := len(self.truth) - len(self.labels):
            return f"It ends {missing} label{'s' * (missing > 1)} too early."
        return "It stays in the lattice to the end: every label is right."

    def to_json(self) -> dict:
        """Plain data; `from_json` reads it."""
        return {
            "T": self.T,
            "truth": "".join(self.truth),
            "seconds_per_frame": self.seconds_per_frame,
            "name": self.name,
            "steps": [
                [s.t, s.u, "".join(c for c, _ in s.top), [round(p, 4) for _, p in s.top], "".join(s.read)]
                for s in self.steps
            ],
            "occupancy": None if self.occupancy is None else to_code(self.occupancy),
        }

    @classmethod
    def from_json(cls, data: dict) -> "Walk":
        """What `to_json` wrote; probabilities are rounded to four digits, the occupancy to 1/61."""
        T, truth = data["T"], tuple(data["truth"])
        code = data["occupancy"]
        return cls(
            T,
            truth,
            tuple(
                Step(t, u, tuple(zip(symbols, shares, strict=True)), tuple(read))
                for t, u, symbols, shares, read in data["steps"]
            ),
            data["seconds_per_frame"],
            None if code is None else from_code(code, (T, len(truth) + 1)),
            data["name"],
        )

    @classmethod
    def recorded(cls, number: int = 1) -> "Walk":
        """The walk of the reference recogniser over recording 1 to 6 in `assets`."""
        walks = json.loads(resources.files("helpers").joinpath(RECORDED).read_text("utf-8"))["walks"]
        if not (isinstance(number, int) and 1 <= number <= len(walks)):
            raise ValueError(f"There are the recordings 1 to {len(walks)}; {number!r} is none of them.")
        return cls.from_json(walks[number - 1])
