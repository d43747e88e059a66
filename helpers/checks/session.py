"""What this session knows: how each check ended last, and what `help.json` has kept of hints, runs and predictions.

Only a person's session is kept in the file: a notebook's kernel, or a Python prompt. Not where nbgrader runs the
notebook, not in the sealed grader, not in a script or a test.
"""

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from . import help_file
from .help_file import Help
from .scoring import ExerciseResult

PEOPLE = {"ZMQInteractiveShell", "TerminalInteractiveShell"}
"""IPython's shells that a person sits at. Colab's is one of the first."""


class Session:
    """One run of Python, and the file that outlives it."""

    def __init__(self, folder: Path | None, clock: Callable[[], datetime] = lambda: datetime.now(UTC)):
        """`folder`: where the file lies; None: it is not kept."""
        self._folder, self._clock = folder, clock
        self._told = Help()
        self.latest: dict[str, ExerciseResult] = {}
        """By exercise: the outcome of the latest run of its check."""
        self.cannot_write = False
        """The file should be kept, and the folder does not take it."""

    @property
    def help(self) -> Help:
        """What was revealed, run and predicted so far."""
        # Read each time: another notebook in this folder may have written since.
        return self._told if self._folder is None or self.cannot_write else help_file.read(self._folder)

    def checked(self, result: ExerciseResult) -> None:
        """A check has run."""
        self.latest[result.exercise.key] = result
        self._keep(self.help.with_run(result.exercise.key, result.points, self._clock()))

    def revealed(self, exercise: str, level: int, mistake: str) -> None:
        """A hint was shown."""
        self._keep(self.help.with_hint(exercise, level, mistake, self._clock()))

    def predicted(self, question: str, right: bool) -> None:
        """A question was answered."""
        self._keep(self.help.with_prediction(question, right, self._clock()))

    def _keep(self, told: Help) -> None:
        self._told = told
        if self._folder is None or self.cannot_write:
            return
        try:
            help_file.write(self._folder, told)
        except OSError:
            self.cannot_write = True


_current: list[Session] = []


def current() -> Session:
    """The session of this process. Its folder is the one it stands in when it first matters."""
    if not _current:
        _current.append(Session(Path.cwd() if person_at_work() else None))
    return _current[0]


def person_at_work() -> bool:
    """Whether somebody works here, rather than a program that runs their notebook."""
    if os.environ.get("NBGRADER_EXECUTION"):  # autograde or validate
        return False
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None:
        return any(base.__name__ in PEOPLE for base in type(shell).__mro__)
    return hasattr(sys, "ps1")
