"""The questions of Seminar 4: fresh inputs for `forward` and `backward`, made from a seed."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from helpers.checks.calling import call
from helpers.checks.cases import Inputs, case, log_softmax
from helpers.checks.probing import Reply


@dataclass(frozen=True)
class Question:
    """One call of a student's function."""

    key: str
    group: str
    """The group of inputs that a rubric item names; empty for the public example, which gives no points."""
    title: str
    """What a student may know about the inputs: their kind."""
    inputs: Inputs

    def ask(self, exercise: str, function: Callable, get: Callable) -> Reply:
        """Call the student's function on the inputs."""
        answer = call(exercise, function, self.inputs)
        if answer.status != "ok":
            return Reply(answer.status, answer.problem)
        return Reply("ok", arrays={"cells": answer.cells, "cost": np.array([answer.cost])})


def questions(seed: bytes) -> list[Question]:
    """All questions for one exercise. The same seed gives the same inputs, here and in the judge."""
    rng = np.random.Generator(np.random.PCG64(int.from_bytes(seed, "big")))

    def draw(key: str, group: str, title: str, *, T: int, U: int, V: int, blank: int = -1, **more: float) -> Question:
        return Question(key, group, title, _random_inputs(rng, T, U, V, blank, **more))

    def between(low: int, high: int) -> int:
        return int(rng.integers(low, high + 1))

    V = between(5, 9)
    long_T, long_U = between(90, 120), between(20, 28)
    return [
        Question("cat", "", "the worked example", case("cat")),
        draw("small-0", "small", "a small lattice", T=between(2, 3), U=2, V=V),
        draw("small-1", "small", "a small lattice", T=between(4, 6), U=between(3, 4), V=V),
        draw("small-2", "small", "a small lattice, a label repeated", T=between(4, 6), U=4, V=V, repeats=True),
        draw("one-frame", "borders", "one frame, T=1", T=1, U=between(2, 4), V=V),
        draw("one-node", "borders", "one frame and no label, T=1, U=0", T=1, U=0, V=V),
        draw("no-labels", "borders", "no label, U=0", T=between(4, 9), U=0, V=V),
        draw("more-labels", "borders", "more labels than frames, U>T", T=between(2, 3), U=between(5, 7), V=V),
        draw("blank-first", "blank", "the blank is class 0", T=4, U=3, V=V, blank=0),
        draw("blank-inside", "blank", "the blank lies inside the vocabulary", T=5, U=4, V=V, blank=between(1, V - 2)),
        draw("blank-negative", "blank", "the blank is a negative index", T=4, U=3, V=V, blank=-between(2, V - 1)),
        draw("long", "range", "a long lattice", T=long_T, U=long_U, V=30, scale=1.0),
        draw("peaky", "range", "peaky scores", T=between(20, 30), U=between(5, 8), V=V, scale=120.0),
        draw("impossible", "range", "some scores are −∞", T=between(5, 7), U=3, V=V, impossible=True),
    ]  # fmt: skip


def _random_inputs(
    rng: np.random.Generator,
    T: int,
    U: int,
    V: int,
    blank: int,
    scale: float = 1.5,
    repeats: bool = False,
    impossible: bool = False,
) -> Inputs:
    log_probs = log_softmax(scale * rng.standard_normal((T, U + 1, V)))
    labels = np.delete(np.arange(V), blank)
    targets = rng.choice(labels, size=U, replace=len(labels) < U or repeats)
    if repeats:
        targets[1] = targets[0]
    if impossible:
        # One path stays open: all labels in the first frame, then blanks along the top row.
        blocked = rng.random((T, U + 1)) < 0.35
        blocked[:, U] = False
        log_probs[blocked, blank] = -np.inf
        for t, u in zip(*np.nonzero(rng.random((T - 1, U)) < 0.35), strict=True):
            log_probs[t + 1, u, targets[u]] = -np.inf
        # Each node's probabilities still sum to 1: who takes a log-softmax once more has the same numbers.
        log_probs = log_softmax(log_probs)
    return Inputs(log_probs, targets.astype(np.int64), blank)
