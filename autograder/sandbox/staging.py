"""The Python code that student code may see: helpers and the asking room. Answers are not in it."""

import shutil
import sys
from pathlib import Path

from autograder.course import REPOSITORY

VISIBLE = ("helpers", "autograder/__init__.py", "autograder/asking", "autograder/sandbox/confine.py")


def stage(folder: Path, withheld: tuple[str, ...] = ()) -> None:
    """Copy the visible code into `folder`, which becomes the first entry of the worker's import path.

    Files named in `withheld` are left out: what helps in one assignment is the answer to another.
    """
    ignored = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", *withheld)
    for name in VISIBLE:
        source, target = REPOSITORY / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=ignored)
        else:
            shutil.copy(source, target)
    # The package around confine.py opens sandboxes, which only the grader does: in here it is empty.
    (folder / "autograder" / "sandbox" / "__init__.py").write_text("", "utf-8")


def command(folder: Path, descriptor: int) -> list[str]:
    """The command line of a worker that imports from `folder` and from installed packages, and from nowhere else.

    Without `site` (-S), because an editable install of this project would lead imports back to the answers.
    """
    packages = [entry for entry in sys.path if entry.endswith("site-packages")]
    start = (
        f"import sys; sys.path[:0] = [{str(folder)!r}]; sys.path += {packages!r}; "
        f"sys.argv[1:] = [{str(descriptor)!r}]; "
        "import runpy; runpy.run_module('autograder.asking', run_name='__main__')"
    )
    return [sys.executable, "-I", "-S", "-c", start]
