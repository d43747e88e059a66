"""A course's own points, thresholds and corpus, written into the notebook that it releases.

The text of the notebooks says the usual ones, in a few fixed forms. Each form that a change touches must be found, or
the release stops: a notebook that promises other points than the grader gives must not go out.
"""

import json
import re
from collections.abc import Iterable

from helpers.checks.rubric import Exercise, Item

from .course import ASSIGNMENTS, Assignment
from .errors import UserError

_WORTH = re.compile(r"\((\d+(?:\.\d+)?)( points?)?\)")
"""Points in brackets: `(5 points)`, `(4)`."""
_TOTAL = re.compile(r"\*\*\d+(?:\.\d+)? points?(?= ·)")
_EACH = re.compile(r"^\*\*One point each:\*\* (?P<items>.*)\.$", re.MULTILINE)
_LISTED = re.compile(r"^\*\*Points:\*\* .*$", re.MULTILINE)
_SAME = re.compile(r"One point each for the same (?P<number>\w+) things, with (?P<what>[^.]*)\.")
_CORPUS = re.compile(r'^CORPUS = "\w+"', re.MULTILINE)


def for_course(text: str, assignment: Assignment) -> str:
    """The source notebook, as JSON text, as this course wants it. UserError where its text cannot be brought along."""
    usual = ASSIGNMENTS[assignment.name]
    if (assignment.exercises, assignment.corpus) == (usual.exercises, usual.corpus):
        return text
    notebook = json.loads(text)
    cells = _Cells({cell["id"]: _Cell(cell) for cell in notebook["cells"]})
    if assignment.exercises != usual.exercises:
        _rewrite(cells, usual, assignment)
        cells["setup"].append(_for_checks(usual, assignment))
    if assignment.corpus != usual.corpus:
        cells["choose-corpus"].replace(_CORPUS, [f'CORPUS = "{assignment.corpus}"'])
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def _rewrite(cells: dict[str, "_Cell"], usual: Assignment, chosen: Assignment) -> None:
    cells["title"].replace(_TOTAL, [f"**{_points(chosen.points)}"])
    # The title names the exercises in their order, each with its points.
    told = cells["title"].count(_WORTH)
    cells["title"].replace(_WORTH, [exercise.points for exercise in chosen.exercises], told)
    for before, after in zip(usual.exercises, chosen.exercises, strict=True):
        cells[f"check-{after.key}"].points(after.points)
        cells[f"{after.key}-exercise"].replace_heading(after.points)
        if f"check-{after.key}-text" in cells:
            cells[f"check-{after.key}-text"].replace_heading(after.points)
        if [item.points for item in before.items] != [item.points for item in after.items]:
            cells[f"{after.key}-exercise"].items(after.items)
        for old, new in zip(before.items, after.items, strict=True):
            if old.at_most != new.at_most:
                _threshold(cells.values(), old, new)


def _threshold(cells: Iterable["_Cell"], old: Item, new: Item) -> None:
    """Every `CER at most 0.15` and `CER ≤ 0.15`."""
    number = old.title.rpartition(" ")[2]
    wherever = re.compile(rf"(?<={old.key.upper()} )(at most|≤) {re.escape(number)}(?!\d)")
    found = [cell for cell in cells if cell.is_text and cell.count(wherever)]
    if not found:
        raise _lost("any cell", old.title)
    for cell in found:
        cell.sub(wherever, rf"\1 {new.title.rpartition(' ')[2]}")


def _for_checks(usual: Assignment, chosen: Assignment) -> str:
    """The line that tells the checks beside the student's code."""

    def own(exercise: Exercise) -> dict[str, float]:
        return {item.key: item.points for item in exercise.items}

    pairs = list(zip(usual.exercises, chosen.exercises, strict=True))
    points = {after.key: own(after) for before, after in pairs if own(before) != own(after)}
    at_most = {
        new.key: new.at_most
        for before, after in pairs
        for old, new in zip(before.items, after.items, strict=True)
        if old.at_most != new.at_most
    }
    return f"\nchecks.course(points={json.dumps(points)}, at_most={json.dumps(at_most)})"


def _points(number: float) -> str:
    return f"{number:g} point{'' if number == 1 else 's'}"


def _lost(cell: str, what: str) -> UserError:
    return UserError(
        f"course.toml changes what the notebook says of points, but {what} was not found in {cell}: release it without "
        "that setting, or bring autograder/rewriting.py in line with the notebook."
    )


class _Cells(dict):
    def __missing__(self, name: str) -> None:
        raise _lost("the notebook", f"cell {name}")


class _Cell:
    """One cell of a notebook file, changed in place."""

    def __init__(self, cell: dict):
        self._cell = cell

    @property
    def _text(self) -> str:
        return "".join(self._cell["source"])

    @_text.setter
    def _text(self, text: str) -> None:
        self._cell["source"] = text.splitlines(keepends=True)

    @property
    def is_text(self) -> bool:
        return self._cell["cell_type"] == "markdown"

    def count(self, pattern: re.Pattern) -> int:
        return len(pattern.findall(self._text))

    def sub(self, pattern: re.Pattern, new: str) -> None:
        self._text = pattern.sub(new, self._text)

    def append(self, text: str) -> None:
        self._text += text

    def points(self, points: float) -> None:
        """What nbgrader takes for the most that the cell can give."""
        self._cell["metadata"]["nbgrader"]["points"] = int(points) if points == int(points) else points

    def replace(self, pattern: re.Pattern, new: list, expected: int = 1) -> None:
        """Put each of `new`, a text or points, in the place of one match."""
        if self.count(pattern) != len(new) or len(new) < expected:
            raise _lost(self._cell["id"], pattern.pattern)
        values = iter(new)
        self._text = pattern.sub(lambda match: _written(next(values), match), self._text)

    def replace_heading(self, points: float) -> None:
        """The points behind the cell's first line."""
        first, line_end, rest = self._text.partition("\n")
        if len(_WORTH.findall(first)) != 1:
            raise _lost(self._cell["id"], "points in the heading")
        self._text = _WORTH.sub(lambda match: _written(points, match), first) + line_end + rest

    def items(self, items: tuple[Item, ...]) -> None:
        """The list of what gives points."""
        text = self._text
        if match := _EACH.search(text):
            told = match["items"].split("; ")
            if len(told) != len(items):
                raise _lost(self._cell["id"], "a text for each item")
            listed = "; ".join(f"{what} ({item.points:g})" for what, item in zip(told, items, strict=True))
            self._text = text[: match.start()] + f"**Points:** {listed}." + text[match.end() :]
        elif match := _SAME.search(text):
            *most, last = (f"{item.points:g}" for item in items)
            listed = f"{', '.join(most)} and {last} points"
            same = f"The same {match['number']} things, with {match['what']}, give {listed}."
            self._text = text[: match.start()] + same + text[match.end() :]
        elif match := _LISTED.search(text):
            line = match[0]
            if len(_WORTH.findall(line)) != len(items):
                raise _lost(self._cell["id"], "points for each item")
            values = iter(items)
            line = _WORTH.sub(lambda found: _written(next(values).points, found), line)
            self._text = text[: match.start()] + line + text[match.end() :]
        else:
            raise _lost(self._cell["id"], "the list of points")


def _written(value: object, match: re.Match) -> str:
    if isinstance(value, str):
        return value
    return f"({_points(value)})" if match.groups()[1] else f"({value:g})"
