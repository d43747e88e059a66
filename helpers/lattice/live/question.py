"""Questions: one under a view (what did the picture show?), or one on its own, before any code is written."""

from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Question:
    """A question with one right answer; `because` is read after it was found.

    Raises ValueError when `right` is no index of `options`, or there are fewer than two.
    """

    text: str
    options: tuple[str, ...]
    right: int
    because: str

    def __post_init__(self):
        object.__setattr__(self, "options", tuple(self.options))
        if len(self.options) < 2 or len(set(self.options)) < len(self.options):
            raise ValueError(f"A question needs at least two different options; this one has {self.options}.")
        if not 0 <= self.right < len(self.options):
            raise ValueError(f"right is {self.right}, not an index of the {len(self.options)} options.")

    def html(self) -> str:
        """How it reads where no script runs: the options as a list, the answer folded."""
        options = "".join(f"<li>{escape(option)}</li>" for option in self.options)
        return (
            f"<div data-question><p>{escape(self.text)}</p><ul>{options}</ul>"
            f"<details><summary>Answer</summary><p>{escape(self.options[self.right])}. {escape(self.because)}</p>"
            "</details></div>"
        )


@dataclass(frozen=True)
class Prediction:
    """A question whose likely wrong answers are known. With options, an answer is the index of one; else a number.

    Raises ValueError where the right answer is no option, or a wrong one is as good as the right one.
    """

    key: str
    text: str
    right: float
    because: str
    """Read after the right answer was found."""
    nudge: str
    """Read after a wrong answer that nobody foresaw; it does not give the answer away."""
    known: tuple[tuple[float, str], ...] = ()
    """Wrong answers, and what each of them would be the answer to."""
    options: tuple[str, ...] = ()
    within: float = 0.0
    """How far a number may be off."""

    def __post_init__(self):
        if self.options and self.right not in range(len(self.options)):
            raise ValueError(f"{self.key}: right is {self.right}, not an index of the {len(self.options)} options.")
        if any(self.is_right(value) for value, _ in self.known):
            raise ValueError(f"{self.key}: a wrong answer is too close to the right one.")

    def is_right(self, answer: float) -> bool:
        """Whether this is the answer, as far as it has to be exact."""
        return abs(answer - self.right) <= self.within

    def meaning(self, answer: float) -> str:
        """What to say to a wrong answer."""
        return next((words for value, words in self.known if abs(answer - value) <= self.within), self.nudge)

    @property
    def told(self) -> str:
        """The right answer as a text."""
        return self.options[int(self.right)] if self.options else f"{self.right:g}"

    def html(self) -> str:
        """How it reads where no script runs: the answer folded."""
        options = f"<ul>{''.join(f'<li>{escape(option)}</li>' for option in self.options)}</ul>" if self.options else ""
        return (
            f"<p>{escape(self.text)}</p>{options}<details><summary>Answer</summary>"
            f"<p>{escape(self.told)}. {escape(self.because)}</p></details>"
        )
