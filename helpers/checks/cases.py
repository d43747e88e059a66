"""The public cases: inputs with the right answers, as numbers. Made by `data_scripts/make_fingerprints.py`."""

import json
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

import numpy as np


@dataclass(frozen=True)
class Inputs:
    """What `forward` and `backward` are called with."""

    log_probs: np.ndarray
    """float32, (T, U+1, V): ln P(k | t, u)."""
    targets: np.ndarray
    """int64, (U,)."""
    blank: int

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of the lattice, (T, U+1)."""
        return self.log_probs.shape[:2]


@dataclass(frozen=True)
class Truth:
    """One right answer: the array, (T, U+1) in nats, and the cost -ln P(y | x) in nats."""

    cells: np.ndarray
    cost: float


@dataclass(frozen=True)
class Case(Inputs):
    """A public case."""

    key: str
    item: str
    """The rubric item it belongs to; empty for the worked example, which gives no points."""
    title: str
    source: str
    log_alpha: np.ndarray
    log_beta: np.ndarray
    cost: float

    def truth(self, exercise: str) -> Truth:
        """The right answer to `forward` or `backward`."""
        return Truth({"forward": self.log_alpha, "backward": self.log_beta}[exercise], self.cost)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Natural log of the softmax over the last axis, float32, computed in float64."""
    logits = np.asarray(logits, dtype=np.float64)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return (shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))).astype(np.float32)


def random_log_probs(seed: int, frames: int, labels: int, classes: int, scale: float) -> np.ndarray:
    """Log-softmax of normal logits times `scale`, (T, U+1, V). The legacy generator never changes its stream."""
    logits = np.random.RandomState(seed).standard_normal((frames, labels + 1, classes))
    return log_softmax(scale * logits)


@cache
def _stored() -> dict:
    return json.loads(resources.files("helpers").joinpath("assets/seminar4_cases.json").read_text("utf-8"))


def numbers(rows: list) -> np.ndarray:
    """A stored array; `null` stands for -inf, which JSON does not have."""
    array = np.array(rows, dtype=object)
    array[array == None] = -np.inf  # noqa: E711  (element-wise)
    return array.astype(np.float64)


@cache
def public_cases() -> tuple[Case, ...]:
    """All public cases, the worked example "cat" first."""
    return tuple(_case(entry) for entry in _stored()["cases"])


@cache
def fingerprints(exercise: str) -> dict[str, dict[str, Truth]]:
    """The numbers that known mistakes in `forward` or `backward` give, by mistake and case. No wrong code is shipped.

    Of two mistakes made at once only some cases are stored, and none on which a mistake crashes.
    """
    return {
        name: {key: Truth(numbers(answer["cells"]), float(answer["cost"])) for key, answer in answers.items()}
        for name, answers in _stored()["fingerprints"][exercise].items()
    }


def case(key: str) -> Case:
    """The public case of that name. ValueError names the others."""
    for candidate in public_cases():
        if candidate.key == key:
            return _own_copy(candidate)
    raise ValueError(f"There is no public case {key!r}. There are: {', '.join(c.key for c in public_cases())}.")


def _own_copy(case: Case) -> Case:
    """What happens to it in a notebook happens to no later check."""
    arrays = {name: value.copy() for name, value in vars(case).items() if isinstance(value, np.ndarray)}
    return replace(case, **arrays)


def inputs_of(recipe: dict) -> Inputs:
    """Inputs from their stored form: `logits`, or the `random` draw that makes them, and arcs set to `impossible`."""
    if "logits" in recipe:
        log_probs = log_softmax(np.array(recipe["logits"], dtype=np.float64))
    else:
        log_probs = random_log_probs(**recipe["random"])
    if impossible := recipe.get("impossible"):
        for t, u, k in impossible:
            log_probs[t, u, k] = -np.inf
        # What is left of a node's probability still sums to 1: a log-softmax once more must change nothing.
        log_probs = log_softmax(log_probs)
    return Inputs(log_probs, np.array(recipe["targets"], dtype=np.int64), recipe["blank"])


def _case(entry: dict) -> Case:
    inputs = inputs_of(entry)
    return Case(
        inputs.log_probs,
        inputs.targets,
        inputs.blank,
        key=entry["key"],
        item=entry["item"],
        title=entry["title"],
        source=entry["source"],
        log_alpha=numbers(entry["log_alpha"]),
        log_beta=numbers(entry["log_beta"]),
        cost=entry["cost"],
    )
