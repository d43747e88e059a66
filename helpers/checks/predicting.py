"""`checks.predict`: ask a question before any code runs, or take an answer to it."""

import math
from dataclasses import dataclass
from html import escape

from helpers.lattice import live

from . import session
from .predictions import PREDICTIONS

PATIENCE = 3
"""Wrong answers to a question, then it is explained."""


@dataclass(frozen=True)
class Question:
    """A question that waits for an answer: live in a notebook, as text elsewhere."""

    asked: live.Prediction

    def __repr__(self) -> str:
        options = [f"  {letter}) {option}" for letter, option in zip("abcdefgh", self.asked.options, strict=False)]
        return "\n".join([self.asked.text, *options, self._how()])

    def _repr_html_(self) -> str:
        from .report import BOX, SOFT, with_code

        how = f'<p style="{SOFT};margin:0 12px;font-size:12px">{with_code(self._how())}</p>'
        return f'{live.asked(self.asked)}<div style="{BOX}">{how}</div>'

    def _how(self) -> str:
        given = '"a"' if self.asked.options else "..."
        return f'Answer here, or in a cell, where it is noted in help.json: checks.predict("{self.asked.key}", {given})'


@dataclass(frozen=True)
class Reply:
    """What an answer gets back."""

    words: str
    right: bool = False

    def __repr__(self) -> str:
        return f"{'✓' if self.right else '✗'} {self.words}"

    def _repr_html_(self) -> str:
        from .report import BOX, CAUSE, MARK, NOTE

        sign, color = MARK[self.right]
        mark = f'<strong style="color:{color}">{sign}</strong>'
        return f'<div style="{BOX}"><p style="{NOTE if self.right else CAUSE}">{mark} {escape(self.words)}</p></div>'


def predict(key: str, answer: object = None, of: session.Session | None = None) -> Question | Reply:
    """The question, or what there is to say to an answer. `of`: for which session."""
    questions = {name: one for of_notebook in PREDICTIONS.values() for name, one in of_notebook.items()}
    asked = questions.get(key) if isinstance(key, str) else None
    if asked is None:
        return Reply(f"There is no question {str(key)[:60]!r}. There are: {', '.join(questions)}.")
    if answer is None:
        return Question(asked)
    try:
        value = _value(asked, answer)
    except ValueError as problem:
        return Reply(str(problem))
    of = of or session.current()
    right = asked.is_right(value)
    of.predicted(key, right)
    if right:
        return Reply(f"Right: {asked.told}. {asked.because}", right=True)
    tried = next(one for one in of.help.predictions if one.question == key)
    if tried.tries >= PATIENCE and not tried.right:
        return Reply(f"{asked.meaning(value)} Here is the answer: {asked.told}. {asked.because}")
    return Reply(asked.meaning(value))


def _value(asked: live.Prediction, answer: object) -> float:
    """The answer as a number: of an option its index. ValueError with a sentence where it is none."""
    if not asked.options:
        text = answer.strip().replace("−", "-").replace(",", ".") if isinstance(answer, str) else answer
        try:
            value = float(text)
        except (TypeError, ValueError, RuntimeError, OverflowError):
            value = math.nan
        if not math.isfinite(value):
            raise ValueError("The answer to this is a number.")
        return value
    letters = "abcdefgh"[: len(asked.options)]
    said = str(answer).strip().casefold()
    for index, (letter, option) in enumerate(zip(letters, asked.options, strict=True)):
        if said in {letter, option.casefold()}:
            return float(index)
    raise ValueError(f'Answer with a letter from "a" to "{letters[-1]}", or with the words of an option.')
