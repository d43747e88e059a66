"""One writer a course. A second one gets a sentence; a killed one holds nobody up."""

import contextlib
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from .course import Course
from .errors import UserError


@dataclass(frozen=True)
class Writing:
    """The right to write in a course."""

    file: IO[str]
    left_behind: Path | None
    """The working folder of a writer that was killed; None where nothing was left."""

    def working_in(self, folder: Path | None) -> None:
        """Note the folder for temporary files, so that whoever comes after a kill can remove it."""
        _note(self.file, folder)


@contextlib.contextmanager
def only_writer(course: Course) -> Iterator[Writing]:
    """Hold the course's lock. UserError where another process does.

    The lock is the kernel's, on an open file: it ends with the process, however that ends. The file stays.
    """
    if not course.root.is_dir():
        raise UserError(f"There is no course in {course.root}: release an assignment first, or name another --course.")
    with course.lock.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"Another command is writing in {course.root} ({_who(file)}): wait for it to end, or stop it."
            ) from None
        except OSError as error:
            raise UserError(
                f"{course.lock} cannot be locked ({error.strerror}): keep the course on a local disk."
            ) from error
        left_behind = _left_behind(file)
        _note(file, left_behind)
        yield Writing(file, left_behind)


def _note(file: IO[str], folder: Path | None) -> None:
    file.seek(0)
    file.truncate()
    json.dump(
        {
            "process": os.getpid(),
            "host": socket.gethostname(),
            "since": f"{datetime.now().astimezone():%Y-%m-%d %H:%M}",
            "folder": folder and str(folder),
        },
        file,
    )
    file.flush()


def _read(file: IO[str]) -> dict:
    file.seek(0)
    try:
        note = json.load(file)
    except ValueError:
        return {}
    return note if isinstance(note, dict) else {}


def _who(file: IO[str]) -> str:
    note = _read(file)
    return f"process {note.get('process', '?')} on {note.get('host', '?')}, since {note.get('since', '?')}"


def _left_behind(file: IO[str]) -> Path | None:
    note = _read(file)
    folder = Path(str(note.get("folder") or ""))
    # Only what a grader makes, on this machine, and ours: the file is in a folder that others may write to.
    if note.get("host") != socket.gethostname() or not folder.name.startswith(WORKING_PREFIX) or folder.is_symlink():
        return None
    return folder if folder.is_dir() and folder.stat().st_uid == os.getuid() else None


WORKING_PREFIX = "rnnt-grading-"
