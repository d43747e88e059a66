"""What a page can ask for besides text."""

import json
import os
import subprocess
import sys
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive, directives

from . import figures

RESULTS = Path(__file__).resolve().parents[2] / "benchmarks" / "results.json"

WIDTH = "100"
"""Columns of what commands print: a line of code on a page."""


class Live(Directive):
    """A drawing that answers by itself."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The drawing as HTML."""
        (name,) = self.arguments
        if name not in figures.FIGURES:
            raise self.error(f"There is no drawing {name!r}. There are: {', '.join(figures.FIGURES)}.")
        return [nodes.raw("", figures.fragment(name), format="html")]


class Printed(Directive):
    """What a command of the grader prints, so that a page never says anything else."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {"language": directives.unchanged}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        """The command, unless it is in a language of its own, and what it printed."""
        arguments, language = self.arguments[0].split(), self.options.get("language", "")
        done = subprocess.run(
            [sys.executable, "-m", "autograder", *arguments],
            capture_output=True,
            text=True,
            env={**os.environ, "COLUMNS": WIDTH, "PYTHONPATH": os.pathsep.join(sys.path)},
            check=False,
        )
        if done.returncode:
            raise self.error(f"autograder {' '.join(arguments)} ended with {done.returncode}: {done.stderr[-300:]}")
        text = done.stdout if language else f"$ python -m autograder {' '.join(arguments)}\n{done.stdout}"
        return [nodes.literal_block(text, text, language=language or "console")]


class Benchmarks(Directive):
    """The table of what `python -m benchmarks` measured last."""

    def run(self) -> list[nodes.Node]:
        """One row a benchmark, with what was measured below its figures."""
        rows = json.loads(RESULTS.read_text("utf-8"))
        group = nodes.tgroup("", *(nodes.colspec(colwidth=width) for width in (4, 2, 2, 1, 9)), cols=5)
        group += nodes.thead("", _row("name", "ours", "baseline", "ratio", "what"))
        group += nodes.tbody("", *(_row(*_cells(row)) for row in rows))
        return [nodes.table("", group, classes=["benchmarks"])]


def _cells(row: dict) -> tuple[str, ...]:
    ours, baseline = (f"{row[key]:.3g} {row['unit']}" if row[key] is not None else "" for key in ("ours", "baseline"))
    return row["name"], ours, baseline, f"{row['ratio']:.1f}" if row["ratio"] else "", row["what"]


def _row(*cells: str) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph(text=cell)) for cell in cells))
