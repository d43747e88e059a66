"""One question under a view: what did the picture show?"""

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
