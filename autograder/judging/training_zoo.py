"""Typical hand-ins of a training run that went wrong, made up row by row, to be recognised by what the log says.

Each is a good run with one thing changed. Their words are in `helpers.checks.words.run`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from helpers.checks.runs import Measured


@dataclass(frozen=True)
class Run:
    """What a run left behind, and what its weights reach."""

    rows: tuple[dict, ...]
    cer: float
    wer: float

    @property
    def measured(self) -> Measured:
        """Error rates of the weights on held-out utterances."""
        return Measured(self.cer, self.wer, "held-out utterances")


def good(rng: np.random.Generator) -> Run:
    """A run as it should be: the loss falls smoothly, the text grows, log and weights agree."""
    return _run(rng)


def _run(
    rng: np.random.Generator,
    *,
    trained: tuple[float, ...] = (3.2, 2.4, 1.8, 1.2, 0.9, 0.7, 0.55, 0.45, 0.4, 0.35),
    heard: tuple[float, ...] = (2.4, 1.2, 0.7, 0.4, 0.12),
    ratios: tuple[float, ...] = (0.05, 0.3, 0.8, 0.95, 0.98),
    cers: tuple[float, ...] = (0.95, 0.8, 0.4, 0.15, 0.07),
    measured: float | None = None,
) -> Run:
    """Twenty training rows and five evaluations, each value shaken by a hundredth."""

    def shaken(value: float) -> float:
        return float(value * (1 + 0.01 * rng.standard_normal()))

    rows: list[dict] = [{"kind": "start", "step": 0, "train_set": "mini train, 2400 utterances"}]
    marks = np.linspace(0, len(trained) - 1, 20)
    for number, mark in enumerate(marks, start=1):
        per_char = shaken(float(np.interp(mark, range(len(trained)), trained)))
        rows.append({"kind": "train", "step": 10 * number, "loss": 40 * per_char, "loss_per_char": per_char})
        if number % 4 == 0:
            place = number // 4 - 1
            last = number == 20
            rows.append(
                {
                    "kind": "final" if last else "dev",
                    "step": 10 * number,
                    "loss": 40 * heard[place],
                    "loss_per_char": shaken(heard[place]),
                    "cer": min(shaken(cers[place]), 1.0),
                    "wer": min(shaken(2 * cers[place]), 1.0),
                    "length_ratio": shaken(ratios[place]),
                }
            )
    reached = rows[-1]["cer"] if measured is None else shaken(measured)
    return Run(tuple(rows), reached, min(2 * reached, 1.0))


def _ended_early(rng: np.random.Generator) -> Run:
    run = _run(rng)
    return replace(run, rows=run.rows[:-1])


def _two_runs(rng: np.random.Generator) -> Run:
    first, second = _run(rng, measured=0.31), _run(rng)
    return Run(first.rows[:12] + second.rows, first.cer, first.wer)


def _broken(rng: np.random.Generator) -> Run:
    run = _run(rng, cers=(0.95, 0.9, 1.0, 1.0, 1.0), ratios=(0.05, 0.1, 0.0, 0.0, 0.0))
    rows = [
        {**row, "loss": float("nan"), "loss_per_char": float("nan")}
        if row["kind"] == "train" and row["step"] > 120
        else row
        for row in run.rows
    ]
    return replace(run, rows=tuple(rows))


ZOO: dict[str, Callable[[np.random.Generator], Run]] = {
    "ended-early": _ended_early,
    "learned-too-little": lambda rng: _run(
        rng, trained=(3.4, 3.2, 3.0, 2.9), heard=(3.2, 3.1, 3.0, 2.95, 2.9), ratios=(0.0,) * 5, cers=(1.0,) * 5
    ),
    "writes-almost-nothing": lambda rng: _run(
        rng, trained=(3.2, 2.0, 1.2, 0.9), heard=(2.4, 1.6, 1.2, 1.0, 0.8), ratios=(0.0, 0.05, 0.06, 0.1, 0.15),
        cers=(1.0, 0.97, 0.95, 0.9, 0.86),
    ),
    "scores-clipped": lambda rng: _run(
        rng, trained=(3.2, 1.6, 0.8, 0.45, 0.4, 0.38), heard=(1.4, 0.6, 0.35, 0.305, 0.303),
        cers=(0.9, 0.5, 0.33, 0.3, 0.29),
    ),
    "diverged": _broken,
    "learned-by-heart": lambda rng: _run(
        rng, trained=(3.2, 1.5, 0.6, 0.2, 0.05), heard=(2.0, 0.9, 0.6, 0.8, 1.2), cers=(0.9, 0.5, 0.3, 0.3, 0.32)
    ),
    "writes-too-much": lambda rng: _run(
        rng, heard=(2.4, 1.4, 1.0, 0.8, 0.6), ratios=(3.0, 3.0, 2.5, 2.4, 2.2), cers=(1.0, 1.0, 1.0, 1.0, 1.0)
    ),
    "decoding-disagrees": lambda rng: _run(rng, cers=(0.95, 0.9, 0.85, 0.8, 0.8)),
    "weights-untrained": lambda rng: _run(rng, measured=0.99),
    "weights-of-another-run": lambda rng: _run(rng, measured=0.31),
    "two-runs-in-one-log": _two_runs,
}  # fmt: skip
