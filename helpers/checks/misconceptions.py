"""How answers are recognised as a known mistake, and how that is said."""

from collections.abc import Callable, Iterable, Mapping

from .calling import Answer
from .cases import Truth
from .comparing import same_answer
from .probing import PAIR, simplest
from .words import Misconception, all_words

MISCONCEPTIONS: dict[str, dict[str, Misconception]] = all_words()
"""By exercise and name."""


def known_as(exercise: str, name: str) -> tuple[Misconception, ...]:
    """The words for a name: one mistake, or the two of a pair."""
    return tuple(MISCONCEPTIONS[exercise][part] for part in name.split(PAIR))


def recognise(
    answers: Mapping[str, Answer],
    truths: Mapping[str, Truth],
    known: Iterable[str],
    numbers: Callable[[str, str], Truth | None],
) -> list[str]:
    """The known mistakes whose numbers these are, on every case where both exist; several where they coincide.

    `numbers(name, case)` is what a mistake gives on a case, None where it gives nothing. It is called only as long as
    the mistake still fits, so that computing afresh stays cheap.

    A mistake is only named if it shows: some case must tell it apart from the truth. Who stops where the mistake would
    give numbers makes another one. A pair of mistakes is named only where no single one explains the numbers.
    """
    right = {key for key, answer in answers.items() if same_answer(answer, truths[key])}
    order = sorted(answers, key=lambda key: key in right)

    def fits(name: str) -> bool:
        shows = False
        for key in order:
            given = numbers(name, key)
            if given is None:
                continue
            if not same_answer(answers[key], given):
                return False
            shows = shows or key not in right
        return shows

    if len(right) == len(answers):
        return []
    return simplest(known, fits)


def in_words(exercise: str, names: list[str]) -> str:
    """The sentence for the mistakes recognised; empty for none."""
    if not names:
        return ""
    if len(names) == 1:
        parts = known_as(exercise, names[0])
        opening = "This looks like a run where" if exercise == "training" else "This is exactly what you get when"
        return f"{opening} {', and '.join(part.says for part in parts)}. {' '.join(part.look for part in parts)}"
    listed = (", and ".join(part.says for part in known_as(exercise, name)) for name in names)
    return "This is what you get from one of these: " + "; or ".join(
        f"({number}) {says}" for number, says in enumerate(listed, start=1)
    )
