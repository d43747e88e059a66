"""Run a student's cells one after the other, as a kernel would, but quietly and without drawing anything."""

import contextlib
import signal
from dataclasses import dataclass

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from helpers.checks.calling import message


class TimeLimit(BaseException):
    """Raised inside student code that takes too long. Not an Exception, so that `except Exception` lets it pass."""


@contextlib.contextmanager
def time_limit(seconds: float):
    """Raise TimeLimit in the code inside after that much wall time. Stubborn code is left to the limits around it.

    Windows has no such signal: there only those limits hold.
    """
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(signum, frame):
        raise TimeLimit

    previous = signal.signal(signal.SIGALRM, stop)
    # Repeats, for code that catches the first one.
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


class _SilentHook(DisplayHook):
    def __call__(self, result=None):
        pass


class _SilentPublisher(DisplayPublisher):
    def publish(self, data, metadata=None, **more):
        pass


class _Shell(InteractiveShell):
    def showtraceback(self, *args, **more):
        pass

    def showsyntaxerror(self, *args, **more):
        pass

    def enable_gui(self, gui=None):
        pass


@dataclass(frozen=True)
class CellError:
    """An exception at the top level of a cell."""

    cell: str
    kind: str
    message: str
    line: int | None


class Notebook:
    """One notebook being run. IPython's shell without a kernel: magics and `!commands` work, nothing is displayed."""

    def __init__(self):
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.displayhook_class = _SilentHook
        config.InteractiveShell.display_pub_class = _SilentPublisher
        self._shell = _Shell.instance(config=config)
        # display(figure) would otherwise render every figure, only to drop it.
        self._shell.display_formatter.mimebundle_formatter.enabled = False
        self._shell.display_formatter.ipython_display_formatter.enabled = False
        self._shell.display_formatter.active_types = ["text/plain"]

    def run(self, name: str, source: str, seconds: float) -> CellError | None:
        """Run one cell. Whatever it raises is reported, and the next cell can run."""
        try:
            with time_limit(seconds):
                outcome = self._shell.run_cell(source, store_history=False)
        except TimeLimit as error:
            return CellError(name, "TimeLimit", f"stopped after {seconds:g} s", _line(error))
        except Exception as error:  # source that is nested too deep stops IPython itself, before the cell
            return CellError(name, type(error).__name__, message(error)[:500], None)
        error = outcome.error_before_exec or outcome.error_in_exec
        if error is None:
            return None
        if isinstance(error, TimeLimit):
            return CellError(name, "TimeLimit", f"stopped after {seconds:g} s", _line(error))
        return CellError(name, type(error).__name__, message(error)[:500], _line(error))

    def get(self, name: str) -> object | None:
        """What the notebook's global `name` is now."""
        return self._shell.user_ns.get(name)

    def set(self, name: str, value: object) -> None:
        """Replace a global of the notebook."""
        self._shell.user_ns[name] = value


def being_asked(shell: InteractiveShell | None) -> bool:
    """Whether this shell is the one in which a notebook is run to be asked."""
    return isinstance(shell, _Shell)


def _line(error: BaseException) -> int | None:
    """The line within the cell: of a syntax error its own, else that of the outermost frame in a cell."""
    if isinstance(error, SyntaxError):
        return error.lineno
    traceback = error.__traceback__
    while traceback is not None:
        if "ipython-input" in (name := traceback.tb_frame.f_code.co_filename) or "ipykernel" in name:
            return traceback.tb_lineno
        traceback = traceback.tb_next
    return None
