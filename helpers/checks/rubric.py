"""What is graded and for how many points. Public: students, nbgrader and the sealed grader all read it here."""

from dataclasses import dataclass


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


@dataclass(frozen=True)
class Exercise:
    """One graded task. `key` is the name of the student's function and the suffix of its check cell, `check-<key>`."""

    key: str
    title: str
    items: tuple[Item, ...]

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


SEMINAR4 = (
    Exercise("forward", "Forward", _lattice_items("log_alpha")),
    Exercise("backward", "Backward", _lattice_items("log_beta")),
)
