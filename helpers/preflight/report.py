"""How a preflight looks: as a table in a notebook, as text in a terminal."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from urllib.parse import quote

from helpers.asking.assignments import CALL_SECONDS, CELL_SECONDS, Assignment
from helpers.checks.report import BOX, CAUSE, CELL, MARK, NOTE
from helpers.checks.runs import LOG, PT_WEIGHTS, WEIGHTS

from .running import CellError, Flown, Run

_TABLE = "width:100%;border-collapse:collapse;margin:.4em 0"
_FAINT = "color:var(--jp-ui-font-color2,inherit);opacity:.85"
_CODE = "font:600 1.25em ui-monospace,monospace;letter-spacing:.04em"
MOST_TOLD = 8
"""Cells that stopped."""


class Report:
    """Something to show."""

    def text(self) -> str:
        """All of it, for a terminal."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return self.text()


@dataclass(frozen=True, repr=False)
class Notice(Report):
    """One sentence; nothing was packed."""

    sentence: str

    def text(self) -> str:
        """The sentence."""
        return self.sentence

    def _repr_html_(self) -> str:
        return f'<div style="{BOX}"><p style="{NOTE}">{escape(self.sentence)}</p></div>'


def progress(sentence: str) -> str:
    """What is being done, as HTML."""
    return f'<div style="{BOX};{_FAINT}">✈ {escape(sentence)}</div>'


@dataclass(frozen=True, repr=False)
class Packed(Report):
    """A hand-in that was written, and what the clean run showed."""

    assignment: Assignment
    run: Run
    path: Path
    sizes: Mapping[str, int]
    """Bytes of each file in it."""
    receipt: str
    offered: bool = False
    """The browser was asked to download it."""

    @property
    def complete(self) -> bool:
        """There is nothing to look at again."""
        return self._to_look_at == 0

    @cached_property
    def _to_look_at(self) -> int:
        return len(self.remarks) + sum(bool(_lack(one)) for one in self.run.exercises)

    @cached_property
    def remarks(self) -> list[str]:
        """What is missing or looks wrong beside the exercises, one sentence each, the weightiest first."""
        found = [sentence for sentence in (_ending(self.assignment, self.run),) if sentence]
        found += self._files_missing()
        own = [error for error in self.run.errors if not error.given]
        # Where all of the student's is well, a given cell that stops is news.
        wanted = own if own or any(map(_lack, self.run.exercises)) else list(self.run.errors)
        found += [_stopped(error) for error in wanted[:MOST_TOLD]]
        if len(wanted) > MOST_TOLD:
            found.append(f"{len(wanted) - MOST_TOLD} more cells stop.")
        return found

    def _files_missing(self) -> list[str]:
        if not self.assignment.hand_in:
            return []
        there = {Path(name).name for name in self.sizes}
        missing = [] if there & {WEIGHTS, PT_WEIGHTS} else [WEIGHTS]
        missing += [] if LOG in there else [LOG]
        if not missing:
            return []
        return [f"There is no {' and no '.join(missing)} in the folder run: train first, or hand in without training."]

    # --- words ---

    @property
    def headline(self) -> str:
        """What became of it."""
        if self.complete:
            return f"✓ Ready to hand in: {self.path.name}"
        count = self._to_look_at
        return f"Packed: {self.path.name}, with {count} thing{'s'[: count != 1]} to look at"

    @property
    def used(self) -> str:
        """Time and memory against the grader's limits."""
        parts = [f"{self.run.wall_seconds:.1f} s (limit {self.assignment.wall_seconds:g} s)"]
        if self.run.cpu_seconds is not None:
            parts.append(f"{self.run.cpu_seconds:.1f} s of computing ({self.assignment.cpu_seconds} s)")
        if self.run.memory_mb is not None:
            parts.append(f"{self.run.memory_mb:.0f} MB of memory ({self.assignment.memory_mb} MB)")
        return "A clean run from top to bottom took " + ", ".join(parts) + "."

    @property
    def keep(self) -> str:
        """What the receipt is for."""
        there = "Your browser was asked to save the zip." if self.offered else f"The zip lies in {self.path.parent}."
        return f"{there} Hand it in as it is, and keep the receipt: it tells whether this very zip arrived."

    @property
    def graded(self) -> str:
        """Where points come from."""
        return (
            "Preflight gives no points. They come from fresh inputs of the kinds below, which nobody has seen before. "
            f"One call may take {CALL_SECONDS} s, one cell {CELL_SECONDS} s."
        )

    def text(self) -> str:
        """All of it, for a terminal."""
        lines = [self.headline, f"Receipt: {self.receipt}", self.keep]
        lines += [f"! {remark}" for remark in self.remarks]
        for one in self.run.exercises:
            lines.append(f"{_mark(one)[0]} {one.exercise.title} ({one.exercise.points:g} points): {_went(one)}")
        lines += [self.used, "Files: " + ", ".join(f"{name} ({_size(size)})" for name, size in self.sizes.items())]
        lines.append(self.graded)
        for one in self.run.exercises:
            lines.append(f"{one.exercise.title}:")
            lines += [f"    {points:g}  {title}{told}" for title, points, told in _kinds(one)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        color = MARK[True][1] if self.complete else "inherit"
        parts = [
            f'<p style="margin:.3em 0;font-size:1.1em;color:{color}"><strong>{escape(self.headline)}</strong></p>',
            f'<p style="{NOTE}">Receipt&nbsp; <code style="{_CODE};background:none">{escape(self.receipt)}</code><br>'
            f"{escape(self.keep)}{self._link()}</p>",
        ]
        if self.remarks:
            entries = "".join(f'<div style="margin:.3em 0">{escape(remark)}</div>' for remark in self.remarks)
            parts.append(f'<div style="{CAUSE}">{entries}</div>')
        rows = "".join(map(_row, self.run.exercises))
        parts.append(f'<table style="{_TABLE}">{rows}</table>')
        parts.append(f"<p>{escape(self.used)}</p>")
        files = "".join(
            f'<tr><td style="{CELL}"><code style="background:none">{escape(name)}</code></td>'
            f'<td style="{CELL};text-align:right;white-space:nowrap">{_size(size)}</td></tr>'
            for name, size in self.sizes.items()
        )
        parts.append(_folded("What is in the zip", f'<table style="{_TABLE}">{files}</table>'))
        kinds = "".join(map(_kinds_rows, self.run.exercises))
        told = f'<p>{escape(self.graded)}</p><table style="{_TABLE}">{kinds}</table>'
        parts.append(_folded(f"What will be graded, {self.assignment.points:g} points", told))
        return f'<div style="{BOX}">{"".join(parts)}</div>'

    def _link(self) -> str:
        try:
            place = self.path.relative_to(Path.cwd()).as_posix()
        except ValueError:
            return ""
        name = escape(self.path.name)
        return "" if self.offered else f' <a href="{quote(place)}" download="{name}">Download {name}</a>'


def _folded(title: str, body: str) -> str:
    return f'<details style="margin:.5em 0"><summary style="cursor:pointer">{escape(title)}</summary>{body}</details>'


def _ending(assignment: Assignment, run: Run) -> str:
    if run.ending == "timeout":
        return f"The run was stopped after {assignment.wall_seconds:g} s, as the grader would stop it."
    if run.ending == "cpu":
        return f"The run was stopped: it computed for more than {assignment.cpu_seconds} s, the grader's limit."
    if run.ending == "crashed":
        return "The run ended before the last cell" + (f": {run.detail}" if run.detail else ".")
    return ""


def _lack(one: Flown) -> str:
    """What is missing of an exercise; empty where nothing is."""
    if not one.whole:
        return "" if one.status == "nothing to ask" else _went(one)
    if "agreement" in one.public_failed:
        return "the log and the weights do not belong together. Hand in the whole folder of one run."
    if one.public is not None and one.public < one.exercise.points:
        return f"the public check gives {one.public:g} of {one.exercise.points:g} points."
    return ""


def _went(one: Flown) -> str:
    questions = f"{one.asked} question{'s'[: one.asked != 1]}"
    words = {
        "not implemented": "still the stub: nothing is written yet.",
        "missing": f"there is no {one.exercise.name} after a clean run. Is it defined in a cell of this file?",
        "nothing to ask": "there are no weights to try.",
        "not reached": "not reached: the run ended before.",
        "timeout": f"too slow: answered {one.answered} of {questions}. {one.problem}",
    }
    if told := words.get(one.status):
        return told
    if not one.whole:
        return f"answered {one.answered} of {questions}. {one.problem}"
    given = "" if one.public is None else f"; the public check gives {one.public:g} of {one.exercise.points:g} points"
    told = f"answered {'all ' if one.asked > 1 else ''}{questions}{given}."
    return f"{told} {one.note}" if one.exercise.key == "training" and one.note else told


def _stopped(error: CellError) -> str:
    line = f", line {error.line}" if error.line else ""
    told = f"{error.cell[:1].upper()}{error.cell[1:]}{line} stops in a clean run with {error.kind}: {error.message}"
    if error.kind in ("NameError", "UnboundLocalError"):
        told += ". If it works here, a variable of a deleted or changed cell is still around"
    if error.kind == "ModuleNotFoundError":
        told += ". The grader has the course's packages, and no files beside the notebook"
    return told.rstrip(".") + "."


def _mark(one: Flown) -> tuple[str, str]:
    if one.status == "nothing to ask":
        return "–", "inherit"
    return MARK[not _lack(one)]


def _row(one: Flown) -> str:
    mark, color = _mark(one)
    went = _went(one)
    return (
        f'<tr><td style="{CELL};width:1.2em;font-weight:700;color:{color}">{mark}</td>'
        f'<td style="{CELL}"><strong>{escape(one.exercise.title)}</strong><br>'
        f"{escape(went[:1].upper() + went[1:])}</td>"
        f'<td style="{CELL};width:6em;text-align:right;white-space:nowrap">{one.exercise.points:g} points</td></tr>'
    )


def _kinds(one: Flown) -> list[tuple[str, float, str]]:
    """Title, points and kinds of inputs of each line of the rubric."""
    groups = dict(one.kinds)
    found = []
    for item in one.exercise.items:
        titles = list(dict.fromkeys(groups.get(item.inputs, ())))
        if one.exercise.key == "training":
            titles = ["on speech that is synthesised for the grading alone"] if item.key in ("cer", "wer") else []
        told = "; ".join(title for title in titles if title.casefold() != item.title.casefold())
        found.append((item.title, item.points, f": {told}" if told else ""))
    return found


def _kinds_rows(one: Flown) -> str:
    head = f'<tr><td style="{CELL}" colspan="2"><strong>{escape(one.exercise.title)}</strong></td></tr>'
    return head + "".join(
        f'<tr><td style="{CELL}">{escape(title)}<span style="{_FAINT}">{escape(told)}</span></td>'
        f'<td style="{CELL};width:3em;text-align:right">{points:g}</td></tr>'
        for title, points, told in _kinds(one)
    )


def _size(count: int) -> str:
    for unit, size in (("MB", 2**20), ("kB", 2**10)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"
