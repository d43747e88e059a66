"""What a page can ask for besides text."""

import os
import subprocess
import sys

from docutils import nodes
from docutils.parsers.rst import Directive, directives

from . import figures

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
