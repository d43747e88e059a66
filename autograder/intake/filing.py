"""The course's own copy of what came in: originals, one record a student, and nbgrader's `submitted` folder.

`received/{assignment}/{student}/` holds every original that was ever taken, untouched, and `received.json`, which says
what became of the newest. `submitted/` is made from it and can be made again.
"""

import filecmp
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from autograder.course import Assignment, Course
from autograder.intake.archives import LARGEST_ARCHIVE, Damaged, Source
from autograder.intake.names import safe_file_name

RECORD = "received.json"


@dataclass(frozen=True)
class Received:
    """One student's newest hand-in."""

    student: str
    assignment: str
    original: str
    """The file's name beside the record; empty if the bytes could not be kept."""
    sha256: str
    """Of the original, in hexadecimal; changes exactly when something else was handed in."""
    modified: datetime | None
    """UTC, in whole seconds."""
    notebook: bool
    """There is a notebook in `submitted` to grade."""
    problem: str | None
    """If not, why: one sentence."""
    notes: tuple[str, ...] = ()
    receipt: str = ""
    """Of the preflight that packed it; empty for a zip made by hand."""
    platform: str = ""
    """The participant's name and number as Moodle's download has them; empty where it did not come from there."""


def received(course: Course, assignment: Assignment) -> list[Received]:
    """What has been handed in, one record a student, sorted by student.

    A record that cannot be read stands for a submission without a notebook, so that nobody disappears from a grading.
    """
    folder = course.received(assignment)
    if not folder.is_dir():
        return []
    return [
        _load(entry, assignment)
        or Received(
            entry.name,
            assignment.name,
            "",
            "",
            None,
            False,
            f"The record of this hand-in ({RECORD}) is damaged or missing: collect it again.",
        )
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.is_dir() and not entry.name.startswith(".") and any(entry.iterdir())
    ]


def load_record(course: Course, assignment: Assignment, student: str) -> Received | None:
    """The record of one student; None if there is none that can be read."""
    return _load(course.received(assignment, student), assignment)


def _load(folder: Path, assignment: Assignment) -> Received | None:
    try:
        record = json.loads((folder / RECORD).read_bytes())
        modified = record["modified"] and datetime.fromisoformat(record["modified"]).astimezone(UTC)
        found = Received(
            folder.name,  # the folder decides: a record that was copied elsewhere must not give points to another
            assignment.name,
            record["original"],
            record["sha256"],
            modified,
            record["notebook"] is True,
            record["problem"],
            tuple(record["notes"]),
            record.get("receipt", ""),
            record.get("platform", ""),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    texts = (found.original, found.sha256, found.problem or "", found.receipt, found.platform, *found.notes)
    return found if all(isinstance(text, str) for text in texts) else None


def save_record(course: Course, record: Received) -> None:
    """Write a record in one step, if it says something new."""
    content = {
        "student": record.student,
        "assignment": record.assignment,
        "original": record.original,
        "sha256": record.sha256,
        "modified": record.modified.isoformat(timespec="seconds") if record.modified else None,
        "notebook": record.notebook,
        "problem": record.problem,
        "notes": list(record.notes),
        "receipt": record.receipt,
    }
    if record.platform:
        content["platform"] = record.platform
    folder = course.root / "received" / record.assignment / record.student
    write_bytes(folder / RECORD, (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "replace"))


def digest(source: Source) -> str:
    """SHA-256 of the bytes. Raises `Damaged`."""
    total = hashlib.sha256()
    for chunk in source.chunks(LARGEST_ARCHIVE):
        total.update(chunk)
    return total.hexdigest()


def keep_original(course: Course, assignment: Assignment, student: str, source: Source, sha256: str) -> str:
    """Copy an original beside the earlier ones, which stay. Returns its name there. Raises `Damaged`."""
    folder = course.received(assignment, student)
    name = safe_file_name(source.name, "hand-in")
    if name.casefold() == RECORD:
        name = f"_{name}"
    stem, ending = os.path.splitext(name)
    number = 1
    while os.path.lexists(folder / name):
        with suppress(OSError, Damaged):
            if _file_digest(folder / name) == sha256:
                return name
        number += 1
        name = f"{stem}-{number}{ending}"
    write_source(folder / name, source, LARGEST_ARCHIVE)
    return name


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def timestamp(moment: datetime) -> bytes:
    """The content of nbgrader's `timestamp.txt`."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC\n".encode()


def remove_others(folder: Path, wanted: Iterable[str]) -> None:
    """Remove files of an earlier hand-in from a folder in `submitted`; the originals are in `received`."""
    wanted = set(wanted)
    if folder.is_dir():
        for entry in folder.iterdir():
            if entry.name not in wanted and (entry.is_symlink() or entry.is_file()):
                entry.unlink()
        if not wanted:  # nbgrader takes an empty folder for a submission that lost its notebook
            with suppress(OSError):
                folder.rmdir()
                folder.parent.rmdir()


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file in one step; leave it alone if it holds these bytes already."""
    with suppress(OSError):
        if not path.is_symlink() and path.read_bytes() == data:
            return
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, [data])


def write_source(path: Path, source: Source, limit: int) -> int:
    """Write a file in one step from a source. Returns its size. Raises `Damaged` and then writes nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return _replace(path, source.chunks(limit))


def _replace(path: Path, chunks: Iterable[bytes]) -> int:
    # In the same folder, so that the last step is a rename; the dot keeps a left-over from being taken for a file.
    descriptor, temporary = tempfile.mkstemp(prefix=".writing-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            size = sum(file.write(chunk) for chunk in chunks)
        if path.is_file() and not path.is_symlink() and filecmp.cmp(temporary, path, shallow=False):
            os.unlink(temporary)
        else:
            os.chmod(temporary, 0o644)  # mkstemp's 0600 would lock out a grading that runs as another user
            os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    return size
