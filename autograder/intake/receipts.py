"""What a hand-in's own manifest is worth: a receipt, and a note where the files are no longer those of the preflight.

A manifest never costs a point and never refuses a hand-in. Anybody can write one: it proves that nothing was changed by
accident, not who did the work.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from autograder.course import ASSIGNMENTS, Assignment, Course
from autograder.intake.archives import Archive, Budget, Damaged, DiskFile, Member, open_zip
from autograder.intake.filing import RECORD, load_record
from autograder.intake.names import is_notebook, shown
from helpers.preflight import manifest as written
from helpers.preflight.manifest import Manifest

MOST_DIGESTS = 40
"""Files that are looked at for one manifest."""


@dataclass(frozen=True)
class Beside:
    """A manifest that came with a hand-in."""

    content: Manifest
    member: Member
    data: bytes

    def receipt(self, assignment: Assignment) -> str:
        """The short name that preflight printed."""
        return written.receipt(self.data, assignment.suffixes[0])


@dataclass(frozen=True)
class Arrival:
    """A hand-in that a receipt belongs to."""

    receipt: str
    student: str
    assignment: str
    original: Path
    collected: datetime
    """UTC; when the file was taken in."""
    packed: str
    """When preflight packed it, by the student's clock."""
    newest: bool
    """It is the hand-in that is graded."""
    notes: tuple[str, ...]

    def to_json(self) -> dict:
        """A form for programs."""
        told = {"original": str(self.original), "collected": self.collected.isoformat(timespec="seconds")}
        return asdict(self) | told


def manifest_beside(notebook: Member, archive: Archive) -> Beside | None:
    """The manifest in the folder of the chosen notebook; None where there is none that preflight wrote."""
    for member in archive.members:
        if member.parts == (*notebook.parts[:-1], written.NAME):
            try:
                data = member.read(written.MOST_BYTES)
            except Damaged:
                return None
            content = written.parse(data)
            return Beside(content, member, data) if content else None
    return None


def compare(manifest: Beside, notebook: Member, archive: Archive, assignment: Assignment, student: str) -> list[str]:
    """Sentences that say whether the files are those of the preflight, and whether it was this student's."""
    receipt, content = manifest.receipt(assignment), manifest.content
    if content.assignment != assignment.name:
        return [f"Receipt {receipt} was written for another assignment, {shown(content.assignment)}."]
    listed = {entry.sha256: name.rsplit("/", 1)[-1] for name, entry in content.files.items()}
    spoken_of = {*listed.values(), *assignment.hand_in}
    wanted = [
        member
        for member in archive.members
        if member is notebook or (member.name in spoken_of and not is_notebook(member.name))
    ]
    budget = Budget()
    here = {_digest(member, budget): member.name for member in wanted[:MOST_DIGESTS]}
    changed = {name for digest, name in here.items() if digest not in listed}
    changed |= {name for digest, name in listed.items() if digest not in here}
    if changed:
        names = sorted(map(shown, changed))
        told = [f"Changed after preflight (receipt {receipt}): {', '.join(names[:5])}{' ...' if names[5:] else ''}."]
    else:
        told = [f"Receipt {receipt} verified."]
    if content.student != student:
        told.append(f"The preflight was that of {shown(content.student)}.")
    return told


def _digest(member: Member, budget: Budget) -> str:
    total = hashlib.sha256()
    try:
        for chunk in member.chunks():
            budget.take(len(chunk))
            total.update(chunk)
    except Damaged:
        return f"cannot be read: {member.path}"
    return total.hexdigest()


# --- has it arrived -------------------------------------------------------------------------------------------------


def arrivals(course: Course, receipt: str) -> list[Arrival]:
    """Every hand-in that was ever collected with this receipt, however it is typed, the newest first."""
    code = written.code_of(receipt)
    found = [one for one in _all(course) if code and written.code_of(one.receipt) == code]
    return sorted(found, key=lambda one: (one.newest, one.collected), reverse=True)


def _all(course: Course) -> Iterator[Arrival]:
    for assignment in ASSIGNMENTS.values():
        for folder in sorted(course.received(assignment).glob("*/")):
            record = load_record(course, assignment, folder.name)
            for original in sorted(folder.iterdir()):
                if original.name == RECORD or not original.is_file() or original.is_symlink():
                    continue
                if found := _manifest_in(original):
                    moment = datetime.fromtimestamp(original.stat().st_mtime, UTC)
                    newest = record is not None and record.original == original.name
                    yield Arrival(
                        found.receipt(assignment), folder.name, assignment.name, original, moment,
                        shown(found.content.created), newest, record.notes if newest else (),
                    )  # fmt: skip


def _manifest_in(original: Path) -> Beside | None:
    try:
        with open_zip(DiskFile(original)) as archive:
            notebooks = [member for member in archive.members if is_notebook(member.name)]
            found = (manifest_beside(notebook, archive) for notebook in notebooks)
            return next((one for one in found if one), None)
    except Damaged:
        return None
