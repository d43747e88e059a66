"""Preflight as a whole: find the notebook, run it, pack it, tell."""

import os
import platform
import sys
from collections.abc import Callable
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from helpers.checks import help_file
from helpers.checks.runs import PT_WEIGHTS, WEIGHTS

from .finding import Found, Trouble, find, unsaved
from .manifest import Manifest, receipt
from .names import filled_in, student_of
from .packing import Contents, entry, pack
from .report import Notice, Packed, Report
from .running import Run, run

RUN = "run"

EXAMPLE = 'checks.preflight(last="Lovelace", first="Ada")'


def preflight(last: object, first: object, notebook: str | os.PathLike | None, folder: str, anyway: bool) -> Report:
    """See `helpers.checks.preflight`. Whatever is in the way is told, not raised."""
    shell = _shell()
    if _graded(shell):
        return Notice("Preflight rests while this notebook is being graded.")
    if not filled_in(last, first):
        return Notice(
            f"Ready when you are: put your names into this cell, {EXAMPLE}, save the notebook and run the cell. It "
            "tries your notebook as the grader will and writes the zip to hand in."
        )
    try:
        student = student_of(last, first)
        found = find(notebook, shell)
        if not anyway and unsaved(found, shell):
            raise Trouble(
                "The notebook on your screen is newer than its file: save first (Ctrl+S, on a Mac ⌘S), then run this "
                "cell again. (Where that cannot be, anyway=True takes the file as it is.)"
            )
        files = _run_files(found, folder)
        with _telling(shell) as tell:
            flown = run(found, files, tell)
        return _packed(found, files, flown, student, str(last), str(first))
    except (Trouble, ValueError) as trouble:
        return Notice(str(trouble))
    except KeyboardInterrupt:
        return Notice("Stopped. Nothing was written; run this cell again when you like.")


def _packed(found: Found, files: dict[str, Path], flown: Run, student: str, last: str, first: str) -> Packed:
    assignment = found.assignment
    contents = {assignment.notebook: found.data}
    contents |= {f"{RUN}/{name}": path.read_bytes() for name, path in files.items()}
    contents |= _help(found)
    described = Manifest(
        assignment.name,
        student,
        last[:200],
        first[:200],
        datetime.now(UTC).isoformat(timespec="seconds"),
        {name: entry(data) for name, data in contents.items()},
        {one.exercise.key: one.in_words() for one in flown.exercises},
        _versions(),
        platform.platform()[:200],
        flown.wall_seconds,
    )
    data = described.to_bytes()
    path = found.folder / f"{student}_{assignment.suffixes[0]}.zip"
    pack(path, contents, data)
    offered = _download(path) if found.live else False
    return Packed(assignment, flown, path, _sizes(contents), receipt(data, assignment.suffixes[0]), offered)


def _run_files(found: Found, folder: str) -> dict[str, Path]:
    """What training left and the grade depends on, by name; of two formats of weights the one that is graded."""
    there = {}
    for place in (Path.cwd() / folder, found.folder / folder):
        for name in found.assignment.hand_in:
            if (place / name).is_file():
                there.setdefault(name, place / name)
    if WEIGHTS in there:
        there.pop(PT_WEIGHTS, None)
    return there


def _help(found: Found) -> Contents:
    for place in (found.folder, Path.cwd()):
        with suppress(OSError):
            data = (place / help_file.NAME).read_bytes()
            if len(data) <= help_file.MOST_BYTES:
                return {help_file.NAME: data}
    return {}


def _sizes(contents: Contents) -> dict[str, int]:
    return {name: len(data) for name, data in contents.items()}


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in ("torch", "numpy"):
        with suppress(PackageNotFoundError):
            found[name] = version(name)[:60]
    return found


# --- where this runs ------------------------------------------------------------------------------------------------


def _shell():
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    return get_ipython()


def _graded(shell) -> bool:
    """Whether it is the grader that runs this cell: ours, or nbgrader."""
    from helpers.asking.notebook import being_asked

    return being_asked(shell) or "NBGRADER_EXECUTION" in os.environ


@contextmanager
def _telling(shell):
    """A function that shows one sentence in place of the one before."""
    if getattr(shell, "kernel", None) is not None:
        from IPython.display import HTML, display

        from .report import progress

        handle = display(HTML(progress("...")), display_id=True)
        try:
            yield lambda sentence: handle.update(HTML(progress(sentence)))
        finally:
            handle.update(HTML(""))
    else:
        yield _in_terminal()


def _in_terminal() -> Callable[[str], None]:
    wanted = sys.stdout.isatty()

    def tell(sentence: str) -> None:
        if wanted:
            print(f"\r\x1b[K{sentence}", end="", flush=True)

    return tell


def _download(path: Path) -> bool:
    """Offer the file to the browser, on Colab. False where that did not work."""
    try:
        from google.colab import files

        files.download(str(path))
    except Exception:  # a blocked pop-up, say: the file is there all the same
        return False
    return True
