"""Known mistakes in words: what was done, where to look, and three hints that give away a little more each."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Misconception:
    """One known mistake."""

    says: str
    """Completes the sentence "This is exactly what you get when ...", in the student's words."""
    look: str
    """What to change, or what to ask oneself."""
    see: str
    """The formula or the figure to look at."""
    question: str
    """First hint: a question back."""
    concept: str
    """Second hint: the idea behind it."""
    example: str
    """Third hint: the smallest example that shows it, with numbers. Tests compute them again."""

    @property
    def hints(self) -> tuple[str, str, str]:
        """The hints, the one that gives away least first."""
        return self.question, self.concept, self.example


def all_words() -> dict[str, dict[str, Misconception]]:
    """By exercise and name."""
    from . import lattice, parts, run, walk

    return {**lattice.WORDS, **parts.WORDS, **walk.WORDS, **run.WORDS}
