"""What the command line shows: tables and progress, plain text where there is no terminal."""

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from contextvars import ContextVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from .course import Assignment
from .help_used import hints_revealed
from .lateness import Standing
from .verdicts import Grade, Verdict

WIDTH_WITHOUT_TERMINAL = 140
ROUNDING = 1e-6
"""Points: less than this is no difference."""


_for_machines: ContextVar[bool] = ContextVar("for machines", default=False)


@contextlib.contextmanager
def for_machines(wanted: bool) -> Iterator[None]:
    """While it lasts, stdout is kept for `emit`: what people read goes to stderr."""
    token = _for_machines.set(wanted)
    try:
        yield
    finally:
        _for_machines.reset(token)


def emit(document: object) -> None:
    """Print the one JSON document of a command."""
    json.dump(document, sys.stdout, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")


def _console() -> Console:
    stream = sys.stderr if _for_machines.get() else sys.stdout
    return Console(file=stream, width=None if stream.isatty() else WIDTH_WITHOUT_TERMINAL, highlight=False)


def say(sentence: str) -> None:
    """Print one line."""
    _console().print(sentence, markup=False, soft_wrap=True)


def show(table: Table) -> None:
    """Print a table."""
    _console().print(table)


@contextlib.contextmanager
def progress(title: str, total: int | None) -> Iterator[Callable[..., None]]:
    """A progress bar. The function it gives takes one step and names it, and may say how many there are."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[last]}", markup=False),
        console=_console(),
    )
    with bar:
        task = bar.add_task(title, total=total, last="")
        yield lambda last, total=total: bar.update(task, advance=1, last=last, total=total)


@contextlib.contextmanager
def waiting(what: str) -> Iterator[None]:
    """Something that moves on a terminal, for a step of seconds that has no parts to count; elsewhere nothing."""
    console = _console()
    with console.status(f"{what} ...") if console.is_terminal else contextlib.nullcontext():
        yield


def grade_line(grade: Grade) -> str:
    """One student in a few words."""
    points = f"{grade.points:g}/{grade.max_points:g}" if grade.decided else "undecided"
    return f"{grade.student}: {grade.verdict.value}, {points}"


def intake_table(rows) -> Table:
    """What was taken, repaired, refused, and why."""
    table = Table(title="Collected")
    for name in ("file", "student", "assignment", "status", "receipt", "notes"):
        table.add_column(name, overflow="fold")
    colors = {"refused": "red", "repaired": "yellow", "taken": "green"}
    for row in rows:
        status = f"[{colors[row.status]}]{row.status}[/]" if row.status in colors else row.status
        cells = (row.file, row.student or "", row.assignment or "")
        table.add_row(*map(_plain, cells), status, _plain(row.receipt), _plain(" ".join(row.notes)))
    return table


def grade_table(assignment: Assignment, grades: list[Grade], standings: dict[str, Standing]) -> Table:
    """One row a student, one column an exercise. The points are nbgrader's, less what coming late costs."""
    table = Table(title=f"{assignment.title}, {assignment.points:g} points")
    table.add_column("student", overflow="fold")
    table.add_column("verdict")
    for exercise in assignment.exercises:
        table.add_column(exercise.key, justify="right")
    table.add_column("points", justify="right", style="bold")
    table.add_column("hints", justify="right")
    table.add_column("what was recognised", overflow="fold")
    for grade in grades:
        color = {Verdict.GRADED: "green", Verdict.GRADER_ERROR: "red"}.get(grade.verdict, "yellow")
        points = [f"{exercise.points:g}" if grade.decided else "–" for exercise in grade.exercises]
        total = _total(grade, standings.get(grade.student)) if grade.decided else "–"
        why = " ".join(
            f"{exercise.key}: {_short(exercise.misconception)}"
            for exercise in grade.exercises
            if exercise.misconception
        )
        hints = hints_revealed(grade.help)
        told = "–" if hints is None else str(hints)
        verdict = f"[{color}]{grade.verdict.value}[/]"
        table.add_row(_plain(grade.student), verdict, *points, total, told, _plain(why or grade.detail))
    return table


def _total(grade: Grade, standing: Standing | None) -> str:
    if standing is None:
        return f"{grade.points:g}"
    aside = ["by hand"] if abs(standing.score - grade.points) > ROUNDING else []
    aside += [f"{standing.penalty:g} off: late"] if standing.penalty else []
    return f"{standing.total:g} ({', '.join(aside)})" if aside else f"{standing.total:g}"


def regrade_table(assignment: Assignment, changes) -> Table:
    """Who gains and who loses, by which item and why. Students for whom nothing changes are left out."""
    table = Table(title=f"{assignment.title}, graded again")
    for name, more in (("student", {}), ("", {}), ("before", _RIGHT), ("after", _RIGHT), ("counts", _RIGHT)):
        table.add_column(name, **more)
    for name in ("inputs", "item", "then", "now"):
        table.add_column(name, overflow="fold")
    colors = {"loses": "red", "gains": "green"}
    for one in changes:
        if one.change == "same" and not (one.items or one.kept):
            continue
        color = colors.get(one.change, "yellow")
        points = ["–" if number is None else f"{number:g}" for number in (one.before, one.after, one.in_force)]
        head = [_plain(one.student), f"[{color}]{one.change}[/]", *points, one.inputs]
        if one.kept:
            head[1] += " (kept)"
        said = ["", ""]
        for item in one.items or (None,):
            what, *why = _item_cells(item)
            # A reason that is that of the line above is not said again.
            table.add_row(
                *head, what, *("〃" if now and now == then else now for now, then in zip(why, said, strict=True))
            )
            head, said = [""] * len(head), why
    return table


_RIGHT = {"justify": "right"}


def _item_cells(item) -> list[str]:
    if item is None:
        return ["", "", ""]
    then, now = ("–" if number is None else f"{number:g}" for number in (item.before, item.after))
    return [
        f"{item.exercise}.{item.item}: {then} → {now}",
        _plain(_shortened(item.why_before)),
        _plain(_shortened(item.why_after)),
    ]


def _shortened(sentence: str) -> str:
    sentence = sentence.removeprefix(_FRAME)
    return sentence if len(sentence) <= 120 else f"{sentence[:117]}..."


def runs_table(runs) -> Table:
    """The runs of the grader that changed something."""
    table = Table("run", "assignment", "command", "grades given", "grades replaced", title="Runs")
    for one in runs:
        table.add_row(one.name, _plain(one.assignment), _plain(one.command), str(one.given), str(one.replaced))
    return table


def settings_table(found) -> Table:
    """Every setting, its value, what it means; what the course chose itself stands out."""
    table = Table("setting", "value", "meaning", title="Settings in force")
    for one in found:
        value = "–" if one.value in ({}, "") else str(one.value)
        table.add_row(_plain(one.name), f"[bold]{_plain(value)}[/]" if one.chosen else _plain(value), _plain(one.about))
    return table


def isolation_tables(found) -> list[Table]:
    """What `doctor` found: the ladder, best first, and what the machine has."""
    ladder = Table("level", "made of", "here", "why not", title="The ladder of isolation")
    for rung in found.rungs:
        ladder.add_row(rung.level, rung.title, "[green]yes[/]" if rung.holds else "[red]no[/]", _plain(rung.obstacle))
    facts = Table("what", "found", title="This machine")
    for name, value in found.facts.items():
        facts.add_row(name, _plain(value))
    return [ladder, facts]


def _short(sentence: str) -> str:
    """The cause without its frame: `This is exactly what you get when` says nothing in a table."""
    return sentence.removeprefix(_FRAME).partition(". ")[0] + "."


_FRAME = "This is exactly what you get when "


def _plain(text: str) -> str:
    """Text from outside, with rich's markup disarmed and control characters gone."""
    from rich.markup import escape

    return escape("".join(character if character.isprintable() else " " for character in text))
