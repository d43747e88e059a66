"""What a file's name says: whose hand-in it is and for which assignment. And names that are safe to write."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from autograder.course import Assignment
from helpers.preflight.names import student_id

# Clutter of operating systems and editors; it is never part of a hand-in.
_CLUTTER = {"__macosx", "__pycache__", "thumbs.db", "desktop.ini"}
# Browsers that do not know notebooks add an ending of their own.
_ENDING = re.compile(r"\.(zip|ipynb(\.(txt|json))?)$", re.IGNORECASE)
# Names that Windows keeps for devices, with any ending.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
# What Google Drive and Windows put before the name of a copy.
_COPY_BEFORE = re.compile(
    r"^(copy( \(?\d+\)?)? of|копия( блокнота)?|kopie von|copie de|copia de|cópia de)[ _]+", re.IGNORECASE
)
# `name (1)`, `name(1)`, `name-1`, `name - Copy`, `name copy 2`, `name-Copy1`: downloads, macOS, Windows, JupyterLab.
_COPY_AFTER = re.compile(r"[ _]*(\((?P<a>\d{1,3})\)|-(?P<b>\d{1,3})|[ _-]+copy[ ]?(?P<c>\d{0,3}))$", re.IGNORECASE)
# What learning platforms put before the name of each file of a bulk download.
_PLATFORM = re.compile(r"^(.*_assignsubmission_(file|onlinetext)_+|[^\W_]+(_late)?_\d+_\d+_)", re.IGNORECASE)


@dataclass(frozen=True)
class Label:
    """What was read from one name."""

    student: str | None
    """The student id, `last_first`; None if the name holds none."""
    assignment: Assignment | None
    certain: bool
    """The name has the form `last_first_suffix`, so that nothing in it was guessed."""
    copy: int
    """The number that a browser or an editor put behind the name; 0 for none."""
    platform: str = ""
    """What Moodle put before it: the participant's name and number. Empty where it was not Moodle."""


def read_label(name: str, assignments: Iterable[Assignment]) -> Label:
    """Read `{last}_{first}_{suffix}` with any ending, in any case, with the usual marks of copies around it."""
    stem = unicodedata.normalize("NFC", name).strip()
    while match := _ENDING.search(stem):
        stem = stem[: match.start()].rstrip()
    stem = _PLATFORM.sub("", stem)
    while match := _COPY_BEFORE.match(stem):
        stem = stem[match.end() :].strip(" \"'«»“”")
        stem = _ENDING.sub("", stem)
    copy, plain = 0, stem
    while match := _COPY_AFTER.search(plain):
        copy = max(copy, int(match["a"] or match["b"] or match["c"] or 1))
        plain = _ENDING.sub("", plain[: match.start()].rstrip(" _-"))
    for assignment in assignments:
        for suffix in assignment.suffixes:
            spelled = re.sub(r"(?<=[a-z])(?=\d)", "[ _-]?", suffix)  # sem4, sem_4, sem 4, sem-4
            for candidate in (stem, plain):  # `..._sem-4` first as it stands: its "-4" is not a copy's number
                match = re.fullmatch(rf"(?:(.*?)[ _-]+)?{spelled}", candidate, re.IGNORECASE | re.DOTALL)
                if match:
                    student = student_id(match[1] or "")
                    certain = student is not None and "_" in match[1]
                    return Label(student, assignment, certain, copy if candidate == plain else 0)
    return Label(student_id(plain), None, False, copy)


_MOODLE = re.compile(r"^(?P<name>[^_]{1,120})_(?P<number>\d{1,12})_assignsubmission_")


def platform_of(name: str) -> str:
    """`Ada Lovelace_12345` of `Ada Lovelace_12345_assignsubmission_file_...`; empty where Moodle did not name it."""
    match = _MOODLE.match(unicodedata.normalize("NFC", name))
    if not match:
        return ""
    kept = "".join(c for c in match["name"] if c in " .-'" or unicodedata.category(c)[0] in "LMN").strip(" .")
    return f"{kept}_{match['number']}" if kept else ""


def expected_name(assignment: Assignment) -> str:
    """The name that a hand-in should have, for a sentence."""
    return f"last_first_{assignment.suffixes[0]}.zip"


def is_zip(name: str) -> bool:
    """A name that promises a zip."""
    return name.casefold().endswith(".zip")


def is_notebook(name: str) -> bool:
    """A name that promises a notebook."""
    return _ENDING.search(name) is not None and not is_zip(name)


def is_clutter(part: str) -> bool:
    """A file or folder that no student made: `__MACOSX`, `._name`, `.ipynb_checkpoints`, `Thumbs.db` ..."""
    return part.startswith(".") or part.casefold() in _CLUTTER


def safe_file_name(name: str, fallback: str) -> str:
    """The name without anything that a file system, a shell or a terminal could take amiss. At most 100 characters."""
    name = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    name = "".join(c if c in " ._-()" or unicodedata.category(c)[0] in "LMN" else "_" for c in name)
    stem, dot, ending = name.strip(" .").rpartition(".")
    if not dot:
        stem, ending = ending, ""
    name = (stem[: 90 - len(ending)].rstrip(" .") + dot + ending) if len(ending) <= 12 else f"{stem}_{ending}"[:90]
    while len(name.encode()) > 200:
        stem, dot, ending = name.rpartition(".")
        name = f"{stem[:-8]}{dot}{ending}" if len(stem) > 8 else ""
    name = name.strip(" .")
    if not name or not any(character.isalnum() for character in name):
        return fallback
    return f"_{name}" if _DEVICES.match(name) else name


def shown(name: str) -> str:
    """A name in a sentence or a table: printable and short."""
    name = "".join(character if character.isprintable() else "?" for character in name)
    return name if len(name) <= 80 else name[:60] + "…" + name[-19:]
