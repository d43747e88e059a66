"""The Python code that student code may see: helpers with the asking code in it, and the walls. No answer is there."""

import os
import shutil
import stat
import sys
from pathlib import Path

from autograder.course import REPOSITORY

from .inside.namespaces import UID

VISIBLE = ("helpers", "autograder/__init__.py", "autograder/sandbox/inside")


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
    # The package around `inside` opens sandboxes, which only the grader does: in here it is empty.
    (folder / "autograder" / "sandbox" / "__init__.py").write_text("", "utf-8")
    (folder / "etc").mkdir()
    (folder / "etc" / "passwd").write_text(f"student:x:{UID}:{UID}::/tmp:/bin/sh\n", "utf-8")
    (folder / "etc" / "group").write_text(f"student:x:{UID}:\n", "utf-8")
    # Readable for the user that the worker becomes, whatever the grader's umask is.
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode | stat.S_IRGRP | stat.S_IROTH | (0o111 if path.is_dir() else 0))


def packages() -> list[str]:
    """Folders with installed packages."""
    return [entry for entry in sys.path if entry.endswith(("site-packages", "dist-packages")) and os.path.isdir(entry)]


def shown_at(place: str) -> str:
    """Where bubblewrap's room has a folder of packages: in its own place, but for /tmp, which belongs to the job."""
    return f"/packages{place}" if Path(place).is_relative_to("/tmp") else place


def command(folder: Path, module: str, *arguments: str, in_room: bool = False) -> list[str]:
    """The command line of a worker that imports from `folder` and from installed packages, and from nowhere else.

    In bubblewrap's room it settles down first. Without `site` (-S), because an editable install of this project would
    lead imports back to the answers.
    """
    places = [*map(shown_at, packages())] if in_room else packages()
    start = (
        f"import sys; sys.path[:0] = [{str(folder)!r}]; sys.path += {places!r}; sys.argv[1:] = {[*arguments]!r}; "
        + ("from autograder.sandbox.inside.settling import settle; settle(); " if in_room else "")
        + f"import runpy; runpy.run_module({module!r}, run_name='__main__')"
    )
    return [str(Path(sys.executable).resolve()), "-I", "-S", "-c", start]
