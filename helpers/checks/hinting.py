"""`checks.hint`: one level of help at a time, about what the latest check found."""

import json
from dataclasses import dataclass
from html import escape
from importlib import resources

from . import session
from .help_file import EXERCISES, LEVELS
from .misconceptions import known_as
from .rubric import Exercise
from .scoring import ExerciseResult
from .words.exercises import EXERCISES as ON_THE_WHOLE

COST = "assets/hints.json"
"""Where a released course says what a hint costs; without it, nothing."""

MOST_CANDIDATES = 3
"""Mistakes that give the same numbers: hints on so many of them are still read."""

KINDS = ("a question back", "the idea", "a small example")


@dataclass(frozen=True)
class Level:
    """One hint: a text for each mistake that it may be about."""

    number: int
    texts: tuple[tuple[str, str], ...]
    """What the text is about, empty where that is plain, and the text."""


@dataclass(frozen=True)
class Shown:
    """What `checks.hint` answers: shown as a small box in a notebook, as lines elsewhere."""

    title: str
    levels: tuple[Level, ...] = ()
    """Those revealed so far, the newest last."""
    about: str = ""
    """What the hints go by."""
    notes: tuple[str, ...] = ()
    """How to go on, and what it costs."""

    def __repr__(self) -> str:
        lines = [self.title, *([self.about] if self.about else [])]
        for level in self.levels:
            lines.append(f"Hint {level.number} of {LEVELS}, {KINDS[level.number - 1]}:")
            lines += [f"    {about + ': ' if about else ''}{text}" for about, text in level.texts]
        return "\n".join([*lines, *self.notes])

    def _repr_html_(self) -> str:
        from .report import BOX, CAUSE, NOTE, SOFT, with_code

        parts = [f"<p><strong>{with_code(self.title)}</strong></p>"]
        parts += [f'<p style="{SOFT}">{escape(self.about)}</p>'] if self.about else []
        for level in self.levels:
            style = CAUSE if level is self.levels[-1] else NOTE
            head = f"<em>Hint {level.number} of {LEVELS}, {KINDS[level.number - 1]}</em>"
            body = [(f"{escape(about)}: " if about else "") + escape(text) for about, text in level.texts]
            parts.append(f'<p style="{style}">{"<br>".join([head, *body])}</p>')
        parts += [f'<p style="{SOFT}">{with_code(note)}</p>' for note in self.notes]
        return f'<div style="{BOX}">{"".join(parts)}</div>'


def hint(exercise: object, number: int | None = None, of: session.Session | None = None) -> Shown:
    """The next hint for an exercise: its key, or what the student wrote for it. `of`: for which session.

    `number`: the hint that is wanted; it has to be the next one or an earlier one. Where hints cost, no more than the
    first is shown without it, so that running a notebook again from the top buys nothing.
    """
    of = of or session.current()
    asked = _exercise(exercise)
    if asked is None:
        return Shown(f"There are no hints for {_said(exercise)}. There are for {', '.join(EXERCISES)}.")
    result = of.latest.get(asked.key)
    if result is None:
        return Shown(
            f"Run the check first: {check_call(asked)}.",
            about="Hints go by what it finds. It also runs where nothing is written yet.",
        )
    if all(item.passed for item in result.items):
        return Shown(f"{asked.title} has all its points: there is nothing left to hint at.")
    mistake, about, levels = _levels(result)
    revealed = of.help.revealed(asked.key, mistake)
    wanted = number or (1 if cost() else revealed + 1)
    fresh = revealed < LEVELS and wanted > revealed
    if fresh:
        revealed += 1
        of.revealed(asked.key, revealed, mistake)
    return Shown(asked.title, levels[:revealed], about, tuple(_notes(asked, revealed, of)))


def check_call(exercise: Exercise) -> str:
    """How the check of an exercise is called in a notebook."""
    return f'checks.{exercise.key}("run")' if exercise.key == "training" else f"checks.{exercise.key}({exercise.name})"


def invitation(exercise: Exercise) -> str:
    """What the report of a check says of hints where points are missing."""
    price = f" Each costs {cost():g} points." if cost() else ""
    return f'Stuck? checks.hint("{exercise.key}") helps, one step at a time.{price}'


def cost() -> float:
    """Points that a hint costs in the course that this was released for, as far as a student's machine knows."""
    try:
        price = json.loads(resources.files("helpers").joinpath(COST).read_text("utf-8"))["cost"]
        return float(price)
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0


def _exercise(asked: object) -> Exercise | None:
    name = asked if isinstance(asked, str) else getattr(asked, "__name__", "")
    by_name = {exercise.name: exercise for exercise in reversed(EXERCISES.values())}  # RNNTransducer is also trained
    return EXERCISES.get(name) or by_name.get(name)


def _said(asked: object) -> str:
    return repr(asked)[:60] if isinstance(asked, str) else f"a {type(asked).__name__}"


def _levels(result: ExerciseResult) -> tuple[str, str, tuple[Level, ...]]:
    """What the hints are about, as a name and in words, and all of them."""
    key, names = result.exercise.key, result.misconceptions if result.written else ()
    if not names or len(names) > MOST_CANDIDATES:
        about = "No known mistake was recognised, so this is about the exercise as a whole." if result.written else ""
        texts = [[("", text)] for text in ON_THE_WHOLE[key]]
        return "", about, _numbered(texts)
    if len(names) == 1:
        parts = known_as(key, names[0])
        about = f"The check recognised: {', and '.join(part.says for part in parts)}."
        texts = [[("", part.hints[level]) for part in parts] for level in range(LEVELS)]
        return names[0], about, _numbered(texts)
    about = "The check recognised one of several mistakes; the hints go by number."
    candidates = [known_as(key, name) for name in names]
    heads = [f"({n}) If {', and '.join(part.says for part in parts)}" for n, parts in enumerate(candidates, start=1)]
    texts = [
        [(head, " ".join(part.hints[level] for part in parts)) for head, parts in zip(heads, candidates, strict=True)]
        for level in range(LEVELS)
    ]
    return " or ".join(names), about, _numbered(texts)


def _numbered(texts: list[list[tuple[str, str]]]) -> tuple[Level, ...]:
    return tuple(Level(number, tuple(one)) for number, one in enumerate(texts, start=1))


def _notes(exercise: Exercise, revealed: int, of: session.Session) -> list[str]:
    price = cost()
    if revealed == LEVELS:
        notes = ["These are all there are. After a change run the check again: a new mistake has its own hints."]
    elif price:
        call = f'checks.hint("{exercise.key}", {revealed + 1})'
        notes = [f"For hint {revealed + 1} run {call}. It costs {price:g} points; showing these again costs nothing."]
    else:
        notes = [f'For hint {revealed + 1} run checks.hint("{exercise.key}") again.']
    if of.cannot_write:
        notes.append("(This folder cannot be written to, so nothing is recorded.)")
    return notes
