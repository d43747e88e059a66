"""What is graded and for how many points. Public: students, nbgrader and the sealed grader all read it here."""

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Item:
    """One line of a rubric: all or nothing."""

    key: str
    title: str
    points: float
    inputs: str
    """The group of cases that decides it."""
    looks_at: frozenset[str] = frozenset({"cells", "cost"})
    """The halves of an answer that count: the array, the cost, or both."""
    at_most: float | None = None
    """A threshold, where the item has one."""


@dataclass(frozen=True)
class Exercise:
    """One graded task."""

    key: str
    """The suffix of its check cell, `check-<key>`."""
    title: str
    items: tuple[Item, ...]
    defines: str = ""
    """The name that the student's notebook must define; `key` where empty."""

    @property
    def name(self) -> str:
        """What the student writes."""
        return self.defines or self.key

    @property
    def points(self) -> float:
        """The most that the exercise can give."""
        return sum(item.points for item in self.items)


def _lattice_items(array: str) -> tuple[Item, ...]:
    return (
        Item("cost", "The cost of small lattices", 1.0, "small", frozenset({"cost"})),
        Item("cells", f"Every cell of {array}", 1.0, "small", frozenset({"cells"})),
        Item("borders", "One frame, no labels, more labels than frames", 1.0, "borders"),
        Item("blank", "The blank anywhere in the vocabulary", 1.0, "blank"),
        Item("range", "Long, peaky and impossible (−∞) scores", 1.0, "range"),
    )


def _threshold(rate: str, at_most: float, points: float = 1.0) -> Item:
    return Item(rate, f"{rate.upper()} at most {at_most:.{_decimals(at_most)}f}", points, "run", at_most=at_most)


def _decimals(rate: float) -> int:
    return max(2, len(f"{rate:g}".partition(".")[2]))


SEMINAR4 = (
    Exercise("forward", "Forward", _lattice_items("log_alpha")),
    Exercise("backward", "Backward", _lattice_items("log_beta")),
)

HOMEWORK3 = (
    Exercise(
        "encoder",
        "Encoder",
        (
            Item("shapes", "Layers and shapes", 1.0, "shapes"),
            Item("values", "The right numbers, in one and in two directions", 2.0, "values"),
            Item("lengths", "Utterances of different lengths in one batch", 2.0, "lengths"),
        ),
        defines="EncoderRNNT",
    ),
    Exercise(
        "decoder",
        "Prediction network",
        (
            Item("shapes", "Layers and shapes", 1.0, "shapes"),
            Item("teacher", "Whole padded sequences, as in training", 1.0, "teacher"),
            Item("steps", "Step by step with the state carried, as in decoding", 2.0, "steps"),
        ),
        defines="DecoderRNNT",
    ),
    Exercise(
        "joiner",
        "Joiner",
        (
            Item("grid", "Every frame with every label", 2.0, "grid"),
            Item("single", "One frame with one label", 1.0, "single"),
            Item("edges", "One utterance, one frame, T equal to U", 1.0, "edges"),
        ),
        defines="Joiner",
    ),
    Exercise(
        "transducer",
        "Transducer",
        (
            Item("shapes", "Parts, their sizes, and logits of shape (B, T, U+1, V)", 1.0, "shapes"),
            Item("start", "The first label is predicted from <BOS>", 1.0, "start"),
            Item("values", "The right logits everywhere", 2.0, "values"),
            Item("arguments", "The arguments are left as they were", 1.0, "arguments"),
        ),
        defines="RNNTransducer",
    ),
    Exercise(
        "greedy",
        "Greedy decoding",
        (
            Item("transcripts", "The right labels, on random models and on recorded speech", 8.0, "transcripts"),
            Item("calls", "Each network is called just as often as needed", 4.0, "calls"),
            Item("state", "The state moves with labels and rests on blanks", 2.0, "state"),
            Item("edges", "One frame, nothing but blanks", 2.0, "edges"),
            Item("limit", "max_steps ends what would never end", 2.0, "limit"),
        ),
        defines="greedy_decode",
    ),
    Exercise(
        "training",
        "Training",
        (
            Item("curves", "Curves of loss, CER and WER", 1.0, "run"),
            Item("agreement", "The log and the weights are of one run", 1.0, "run"),
            _threshold("cer", 0.15),
            _threshold("wer", 0.30),
        ),
        defines="RNNTransducer",
    ),
)


def with_points(exercises: tuple[Exercise, ...], points: Mapping[str, Mapping[str, float]]) -> tuple[Exercise, ...]:
    """The same exercises for other points, given by exercise and item. What is not named keeps its own."""
    return tuple(
        replace(
            exercise,
            items=tuple(
                replace(item, points=float(points.get(exercise.key, {}).get(item.key, item.points)))
                for item in exercise.items
            ),
        )
        for exercise in exercises
    )


def with_thresholds(exercises: tuple[Exercise, ...], at_most: Mapping[str, float]) -> tuple[Exercise, ...]:
    """The same exercises with other thresholds, given by item; the titles say them."""
    return tuple(
        replace(
            exercise,
            items=tuple(
                _threshold(item.key, float(at_most[item.key]), item.points)
                if item.at_most is not None and item.key in at_most
                else item
                for item in exercise.items
            ),
        )
        for exercise in exercises
    )
