"""One folder of whatever was downloaded -> submissions in the course, and a table row for everything in the folder."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from autograder.course import ASSIGNMENTS, Assignment, Course
from autograder.errors import UserError
from autograder.intake import filing, receipts
from autograder.intake.archives import (
    LARGEST_ARCHIVE,
    LARGEST_MEMBER,
    Archive,
    Budget,
    Damaged,
    DiskFile,
    InMemory,
    Member,
    PackedFolder,
    Source,
    list_folder,
    open_zip,
)
from autograder.intake.filing import Received
from autograder.intake.names import (
    Label,
    expected_name,
    is_clutter,
    is_notebook,
    is_zip,
    platform_of,
    read_label,
    safe_file_name,
)
from autograder.intake.names import shown as shown_name
from autograder.intake.notebooks import LARGEST, Unreadable, read_notebook, settled, write_notebook
from autograder.matching import Repair, repair
from autograder.stamping import released_with
from helpers.fitting import graded_as

if TYPE_CHECKING:
    from nbformat import NotebookNode

# Data that an exercise may ask for beside the notebook. Never Python: a file named numpy.py would take numpy's place.
DATA_ENDINGS = (".safetensors", ".pt", ".csv", ".json", ".jsonl")
MOST_DATA_FILES = 20
MOST_NOTEBOOKS = 20

Progress = Callable[[int, int, str], None]


class IntakeError(UserError):
    """Nothing can be collected at all. `str()` of it is one sentence that says what to do."""


@dataclass(frozen=True)
class Row:
    """What became of one file or folder of the inbox."""

    file: str
    """Its path in the inbox, printable."""
    student: str
    """The student id; empty if the name holds none."""
    assignment: str
    """The assignment's name; empty if it could not be told."""
    status: str
    """taken, repaired (taken, and put right), refused, superseded (by a newer one), unchanged (taken before)."""
    notes: tuple[str, ...] = ()
    """One sentence each. Plain text that holds names which students chose: escape it for HTML."""
    receipt: str = ""
    """Of the preflight that packed it; empty for a zip made by hand."""


@dataclass(frozen=True)
class _HandIn:
    """One student's file or folder, not looked into yet."""

    file: str
    label: Label
    original: Source
    kind: str
    """zip, notebook or folder"""
    arrived: datetime
    nested: bool = False
    """It comes out of an archive already, so that no further zip inside is opened."""
    members: tuple[Member, ...] = ()
    left_out: tuple[str, ...] = ()
    modified: datetime | None = None

    @property
    def age(self) -> tuple:
        """Sorts hand-ins from the oldest to the newest."""
        return (self.modified, self.arrived, self.label.copy, self.file)

    def row(self, status: str, *notes: str, receipt: str = "") -> Row:
        assignment = self.label.assignment
        return Row(self.file, self.label.student or "", assignment.name if assignment else "", status, notes, receipt)

    @contextmanager
    def contents(self) -> Iterator[Archive]:
        """What it holds, with the zips inside it opened. Raises `Damaged`."""
        with ExitStack() as stack:
            if self.kind == "notebook":
                yield Archive([Member((self.original.name,), self.modified, file=self.original)])
                return
            if self.kind == "zip":
                outer = stack.enter_context(open_zip(self.original))
            else:
                outer = Archive(list(self.members), list(self.left_out))
            result = Archive([], list(outer.left_out), outer.zip)
            budget = Budget()
            for member in outer.members:
                if not is_zip(member.name):
                    result.members.append(member)
                elif self.nested:
                    result.left_out.append(f"{member.path} was left out: it is a zip inside a zip inside a zip.")
                else:
                    try:
                        data = member.read()
                        budget.take(len(data))  # all of them are open, and so in memory, at the same time
                        inner = stack.enter_context(open_zip(InMemory(member.name, data, member.modified)))
                    except Damaged as damage:
                        result.left_out.append(f"{member.path} was left out. {damage}")
                        continue
                    result.left_out += inner.left_out
                    result.members += [replace(deep, parts=member.parts + deep.parts) for deep in inner.members]
            yield result


@dataclass
class _Choice:
    """The notebook that was chosen from a hand-in."""

    member: Member
    assignment: Assignment
    repaired: Repair

    @property
    def rank(self) -> tuple:
        # Answers weigh more than given cells: beside the answered notebook there may lie the empty one, unharmed.
        recognised = self.repaired.recognised + 3 * self.repaired.answered
        label = read_label(self.member.name, [self.assignment])
        named = self.member.name.casefold() == self.assignment.notebook.casefold() or label.assignment is not None
        moment = self.member.modified or datetime.min.replace(tzinfo=UTC)
        return (recognised, named, moment, -len(self.member.parts), self.member.parts)


def collect(inbox: Path, course: Course, progress: Progress | None = None) -> list[Row]:
    """Take in every hand-in of a folder.

    A file can be damaged in any way without harm to its neighbours: it becomes a row that says so. Collecting the same
    folder again changes nothing; a newer file of a student takes the place of the older one.

    Args:
        inbox: a folder, or one file.
        course: where submissions go.
        progress: called with (hand-ins done, hand-ins in all, the file just done).

    Returns:
        One row for each file or hand-in, sorted by file.

    Raises:
        IntakeError: there is no such folder, or nothing has been released that hand-ins could be matched with.
    """
    inbox = Path(inbox)
    if not inbox.exists():
        raise IntakeError(f"There is no folder {inbox}: give the folder that holds the hand-ins.")
    own = [course.root / name for name in ("received", "submitted", "release", "source", "autograded", "feedback")]
    if any(inbox.resolve().is_relative_to(path.resolve()) for path in own) or inbox.resolve() == course.root.resolve():
        raise IntakeError(f"{inbox} is the course's own folder: put the hand-ins into another one and give that.")
    templates = _templates(course)
    with ExitStack() as open_archives:
        scan = _Scan(list(templates.assignments), open_archives, os.path.realpath(course.root))
        scan.inbox(inbox)
        rows = scan.rows
        waiting: dict[tuple[str, str], list[_HandIn]] = {}
        for hand_in in scan.found:
            try:
                hand_in = _with_assignment(hand_in, templates)
            except (Damaged, Unreadable) as damage:
                rows.append(hand_in.row("refused", str(damage)))
                continue
            waiting.setdefault((hand_in.label.assignment.name, hand_in.label.student), []).append(hand_in)
        for done, group in enumerate(waiting.values()):
            *older, newest = sorted(group, key=lambda hand_in: hand_in.age)
            rows += [hand_in.row("superseded", f"A newer hand-in was taken: {newest.file}.") for hand_in in older]
            try:
                rows.append(_take(newest, older, course, templates))
            except OSError as error:  # ours, not the student's: reading a hand-in ends in `Damaged`
                raise IntakeError(f"The course {course.root} cannot be written ({error.strerror}).") from error
            if progress:
                progress(done + 1, len(waiting), newest.file)
    return sorted(rows, key=lambda row: (row.file, row.student, row.status))


# --- what has been released -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Templates:
    assignments: tuple[Assignment, ...]
    """All that there are, released or not: names are read by them."""
    released: dict[str, "NotebookNode"]

    def of(self, assignment: Assignment) -> "NotebookNode":
        if assignment.name not in self.released:
            raise Damaged(f"{assignment.title} has not been released yet: run `{_release(assignment)}`.")
        return self.released[assignment.name]

    def candidates(self, assignment: Assignment | None) -> list[Assignment]:
        if assignment:
            return [assignment]
        return [assignment for assignment in self.assignments if assignment.name in self.released]


def _release(assignment: Assignment) -> str:
    return f"python -m autograder release {assignment.name}"


def _templates(course: Course) -> _Templates:
    released = {}
    for assignment in ASSIGNMENTS.values():
        path = course.release(assignment)
        try:
            # Read as it is: the template is ours, and its cells keep all their metadata.
            import nbformat

            if path.is_file():
                released[assignment.name] = nbformat.reads(path.read_text("utf-8"), as_version=4)
        except Exception as error:
            raise IntakeError(
                f"The released notebook {path} cannot be read ({type(error).__name__}): run `{_release(assignment)}`."
            ) from error
    if not released:
        assignment = next(iter(ASSIGNMENTS.values()))
        raise IntakeError(f"{assignment.title} has not been released yet: run `{_release(assignment)}` first.")
    return _Templates(tuple(ASSIGNMENTS.values()), released)


# --- what there is --------------------------------------------------------------------------------------------------


class _Scan:
    """Walks the inbox and finds the hand-ins: `found`, and `rows` for what is none."""

    def __init__(self, assignments: list[Assignment], open_archives: ExitStack, course: str):
        self.assignments = assignments
        self.course = course
        self.open_archives = open_archives
        self.found: list[_HandIn] = []
        self.rows: list[Row] = []

    def refuse(self, file: str, sentence: str, label: Label | None = None) -> None:
        student = (label and label.student) or ""
        assignment = label.assignment.name if label and label.assignment else ""
        self.rows.append(Row(file, student, assignment, "refused", (sentence,)))

    def label(self, parts: tuple[str, ...]) -> Label:
        """The student and the assignment in a file's name, or, where it is silent, in the names of its folders."""
        label = read_label(parts[-1], self.assignments)
        for part in reversed(parts[:-1]):
            if label.student and label.assignment:
                break
            above = read_label(part, self.assignments)
            label = replace(
                label,
                student=label.student or above.student,
                assignment=label.assignment or above.assignment,
                certain=label.certain or (above.certain and label.student in (None, above.student)),
            )
        platform = next((found for part in reversed(parts) if (found := platform_of(part))), "")
        return replace(label, platform=platform)

    def inbox(self, inbox: Path) -> None:
        if not inbox.is_dir():
            self.entry(inbox)
            return
        try:
            names = sorted(os.listdir(inbox))
        except OSError as error:
            raise IntakeError(f"The folder {inbox} cannot be opened ({error.strerror}).") from None
        for name in names:
            # Not `Path.resolve`, which raises on a link that leads to itself.
            if not is_clutter(name) and os.path.realpath(inbox / name) != self.course:
                self.entry(inbox / name)

    def entry(self, path: Path) -> None:
        """One entry of the inbox. Whatever happens in it stays in its row."""
        file = shown_name(path.name)
        label = self.label((path.name,))
        arrived = DiskFile(path).modified or datetime.fromtimestamp(0, UTC)
        try:
            if path.is_symlink():
                self.refuse(file, "It is a link, and links are not followed: put the file itself there.", label)
            elif path.is_dir():
                if is_zip(path.name):
                    self.refuse(file, "It is a folder, although its name is that of a zip: rename or zip it.", label)
                else:
                    listing = list_folder(path)
                    members = [replace(member, parts=(path.name, *member.parts)) for member in listing.members]
                    self.folder((path.name,), members, arrived, nested=False, left_out=listing.left_out)
            elif path.is_file():
                self.guarded((path.name,), DiskFile(path), arrived, nested=False)
            else:
                self.refuse(file, "It is not a regular file.", label)
        except Damaged as damage:
            self.refuse(file, str(damage), label)
        except OSError as error:
            self.refuse(file, f"It cannot be opened ({error.strerror}).", label)

    def file(self, parts: tuple[str, ...], source: Source, arrived: datetime, *, nested: bool) -> None:
        """One file that must be a hand-in, or many in one."""
        file = shown_name("/".join(parts))
        label = self.label(parts)
        if is_zip(parts[-1]):
            if label.student:
                self.add(_HandIn(file, label, _limited(source), "zip", arrived, nested))
            elif nested:
                self.refuse(file, self.unnamed(label))
            else:
                self.bulk(parts, source, arrived, label)
        elif is_notebook(parts[-1]):
            if label.student:
                self.add(_HandIn(file, label, _limited(source), "notebook", arrived, nested))
            else:
                self.refuse(file, self.unnamed(label))
        else:
            self.refuse(file, "It is neither a zip nor a notebook (.ipynb).", label)

    def unnamed(self, label: Label) -> str:
        name = expected_name(label.assignment or self.assignments[0])
        return f"Its name does not say whose it is: expected something like {name}."

    def bulk(self, parts: tuple[str, ...], source: Source, arrived: datetime, label: Label) -> None:
        """A zip that is nobody's: a learning platform's download of all hand-ins."""
        archive = self.open_archives.enter_context(open_zip(source, bulk=True))
        file = shown_name("/".join(parts))
        before = len(self.found) + len(self.rows)
        for sentence in archive.left_out:
            self.refuse(file, sentence)
        members = [replace(member, parts=(*parts, *member.parts)) for member in archive.members]
        if any(self.names_someone(member, len(parts)) for member in members):
            self.folder(parts, members, arrived, nested=True)
        if len(self.found) + len(self.rows) == before:
            self.refuse(file, self.unnamed(label) if archive.members else "The zip has no files in it.")

    def names_someone(self, member: Member, depth: int) -> bool:
        inside = member.parts[depth:]
        return is_zip(member.name) or (is_notebook(member.name) and self.label(inside).student is not None)

    def folder(
        self,
        place: tuple[str, ...],
        members: list[Member],
        arrived: datetime,
        *,
        nested: bool,
        left_out: Sequence[str] = (),
    ) -> None:
        """A folder is one hand-in if its name says so and the files in it do not; else each file is looked at."""
        label = self.label(place)
        own = read_label(place[-1], self.assignments)
        depth = len(place)
        wanted = [member for member in members if is_zip(member.name) or is_notebook(member.name)]
        named = [read_label(member.name, self.assignments).student for member in wanted]
        spoken_for = [student for student in named if student]
        alone = len(wanted) == 1 and not is_zip(wanted[0].name) and spoken_for == [own.student]
        if own.student and (own.assignment or alone or (wanted and not spoken_for)):
            inside = tuple(replace(member, parts=member.parts[depth:]) for member in members)
            packed = PackedFolder(f"{place[-1]}.zip", inside)
            file = shown_name("/".join(place))
            self.add(_HandIn(file, label, packed, "folder", arrived, nested, inside, tuple(left_out)))
            return
        for sentence in left_out:
            self.refuse(shown_name("/".join(place)), sentence)
        folders: dict[str, list[Member]] = {}
        others = []
        for member in members:
            if len(member.parts) > depth + 1:
                folders.setdefault(member.parts[depth], []).append(member)
            elif is_zip(member.name) or is_notebook(member.name):
                self.guarded(member.parts, member, member.modified or arrived, nested)
            else:
                others.append(member)
        for name, inner in folders.items():
            self.folder((*place, name), inner, arrived, nested=nested)
        if others and not spoken_for:
            count = "1 file is" if len(others) == 1 else f"{len(others)} files are"
            self.refuse(
                shown_name("/".join(place)),
                f"{count} neither a zip nor a notebook (.ipynb) of a student: {shown_name(others[0].name)}"
                + (" ..." if len(others) > 1 else "."),
            )

    def guarded(self, parts: tuple[str, ...], source: Source, arrived: datetime, nested: bool) -> None:
        """One file. Whatever happens in it stays in its row."""
        try:
            with _surprises():
                self.file(parts, source, arrived, nested=nested)
        except Damaged as damage:
            self.refuse(shown_name("/".join(parts)), str(damage), self.label(parts))

    def add(self, hand_in: _HandIn) -> None:
        modified = None
        if hand_in.kind != "notebook":
            try:
                with hand_in.contents() as archive:
                    notebooks = [member for member in archive.members if is_notebook(member.name)]
                    moments = [member.modified for member in notebooks or archive.members if member.modified]
                    modified = max(moments, default=None)
            except Damaged:
                pass  # it is told when the hand-in is taken; an older one of the student's may not even be looked at
        modified = modified or hand_in.original.modified or hand_in.arrived
        self.found.append(replace(hand_in, modified=modified.replace(microsecond=0)))


def _limited(source: Source) -> Source:
    return replace(source, limit=LARGEST_ARCHIVE) if isinstance(source, DiskFile) else source


# --- what is in it --------------------------------------------------------------------------------------------------


def _with_assignment(hand_in: _HandIn, templates: _Templates) -> _HandIn:
    """Decide for which assignment it is, by its name or else by its cells. Raises `Damaged` or `Unreadable`."""
    if hand_in.label.assignment:
        templates.of(hand_in.label.assignment)
        return hand_in
    name = expected_name(templates.assignments[0])
    with _surprises(), hand_in.contents() as archive:
        choices, sentences = _choices(archive, templates.candidates(None), templates, Budget())
    best = max(choices, key=lambda choice: choice.rank, default=None)
    if best is None:
        sentence = f" {sentences[0]}" if sentences else ""
        raise Damaged(f"Its name does not say for which assignment it is: expected something like {name}.{sentence}")
    if not best.repaired.recognised:
        raise Damaged(f"It is not the notebook of any released assignment; expected something like {name}.")
    return replace(hand_in, label=replace(hand_in.label, assignment=best.assignment))


@contextmanager
def _surprises() -> Iterator[None]:
    """The last net: an error that nobody thought of costs one hand-in, not the whole collection."""
    try:
        yield
    except (Damaged, Unreadable):
        raise
    except OSError as error:
        raise Damaged(f"It cannot be opened ({error.strerror}).") from None
    except (MemoryError, RecursionError) as error:
        raise Damaged(f"It is too large or too deeply nested to be read ({type(error).__name__}).") from None
    except Exception as error:
        raise Damaged(
            f"It could not be read ({type(error).__name__}); this may be the grader's own mistake: look at it by hand."
        ) from error


def _choices(
    archive: Archive, assignments: list[Assignment], templates: _Templates, budget: Budget
) -> tuple[list[_Choice], list[str]]:
    """Every readable notebook with every assignment that it might be for, and a sentence for each unreadable one."""
    choices, sentences = [], []
    notebooks = [member for member in archive.members if is_notebook(member.name)]
    notebooks.sort(key=lambda member: (len(member.parts), member.parts))
    for member in notebooks[:MOST_NOTEBOOKS]:
        try:
            data = member.read(LARGEST)
            budget.take(len(data))
            data, conflict = settled(data)
            notebook = read_notebook(data)
        except (Damaged, Unreadable) as damage:
            sentences.append(str(damage) if len(notebooks) == 1 else f"{member.path}: {damage}")
            continue
        for assignment in assignments:
            template = templates.of(assignment)
            repaired = repair(template, notebook)
            if notes := [note for note in (conflict, _other_release(template, notebook)) if note]:
                repaired = replace(repaired, notes=[*notes, *repaired.notes])
            choices.append(_Choice(member, assignment, repaired))
    return choices, sentences


def _other_release(template: "NotebookNode", notebook: "NotebookNode") -> str:
    """A sentence where the hand-in comes from another release of the course than is graded by."""
    course = released_with(template.metadata.get("rnnt"), "")
    start = next((cell.source for cell in notebook.cells if cell.source.startswith("# @title Start here")), "")
    hand_in = released_with(notebook.metadata.get("rnnt"), start)
    return graded_as(hand_in, course) if hand_in and course else ""


@dataclass
class _Taken:
    """What a hand-in gives to grading."""

    choice: _Choice | None = None
    problem: str | None = None
    notes: list[str] = field(default_factory=list)
    data: list[tuple[str, Member]] = field(default_factory=list)
    manifest: receipts.Beside | None = None


def _look(archive: Archive, assignment: Assignment, templates: _Templates, budget: Budget) -> _Taken:
    choices, sentences = _choices(archive, [assignment], templates, budget)
    taken = _Taken(notes=list(archive.left_out))
    best = max(choices, key=lambda choice: choice.rank, default=None)
    if best is None:
        taken.problem = sentences[0] if sentences else _no_notebook(archive)
        taken.notes += sentences[1:]
        return taken
    others = [member.path for member in archive.members if is_notebook(member.name) and member is not best.member]
    if not best.repaired.recognised:
        taken.problem = f"This is not the notebook of {assignment.title}: none of its cells was recognised."
        return taken
    taken.choice = best
    if others:
        taken.notes.append(f"Of {len(others) + 1} notebooks {best.member.path} was taken, not {_some(others)}.")
    taken.manifest = receipts.manifest_beside(best.member, archive)
    ignored = []
    for member in archive.members:
        if is_notebook(member.name) or (taken.manifest and member is taken.manifest.member):
            continue
        name = safe_file_name(member.name, "")
        taken_names = {data_name.casefold() for data_name, _ in taken.data}
        if PurePath(name).suffix.casefold() not in DATA_ENDINGS or len(taken.data) >= MOST_DATA_FILES:
            ignored.append(member.path)
        elif name.casefold() in taken_names:
            taken.notes.append(f"{member.path} was left out: there is another file of that name.")
        else:
            taken.data.append((name, member))
    if ignored:
        taken.notes.append(f"Only notebooks and data files are used; left out: {_some(ignored)}.")
    return taken


def _no_notebook(archive: Archive) -> str:
    if archive.left_out:
        return f"There is no notebook (.ipynb) in it that can be used. {archive.left_out[0]}"
    if not archive.members:
        return "There is no notebook (.ipynb) in it: it is empty."
    return f"There is no notebook (.ipynb) in it, only {_some([member.path for member in archive.members])}."


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


# --- taking it ------------------------------------------------------------------------------------------------------


def _take(hand_in: _HandIn, older: list[_HandIn], course: Course, templates: _Templates) -> Row:
    """File one hand-in, unless a newer one has been filed before."""
    assignment, student = hand_in.label.assignment, hand_in.label.student
    before = filing.load_record(course, assignment, student)
    problem = original = ""
    try:
        with _surprises():
            sha256 = filing.digest(hand_in.original)
    except Damaged as damage:
        sha256, problem = "", str(damage)
    same = before is not None and before.sha256 == sha256 and (sha256 or before.modified == hand_in.modified)
    if before and not same and before.modified and hand_in.modified < before.modified:
        when = f"{before.modified:%Y-%m-%d %H:%M} UTC"
        return hand_in.row("superseded", f"A newer hand-in was taken before: {before.original}, of {when}.")
    # The same bytes downloaded again are not a later hand-in.
    modified = before.modified if same and before.modified else hand_in.modified
    if sha256:
        try:
            original = filing.keep_original(course, assignment, student, hand_in.original, sha256)
        except Damaged as damage:
            sha256, problem = "", str(damage)
    taken = _Taken(problem=problem or None)
    folder = course.submitted(assignment, student)
    if not problem:
        try:
            with hand_in.contents() as archive:
                budget = Budget()
                with _surprises():
                    taken = _look(archive, assignment, templates, budget)
                    if taken.manifest:
                        member = taken.choice.member
                        taken.notes += receipts.compare(taken.manifest, member, archive, assignment, student)
                _submit(taken, assignment, folder, modified, budget)
        except (Damaged, Unreadable) as damage:
            taken = _Taken(problem=str(damage))
    if taken.problem:
        # Points of an earlier hand-in must not stay: the student has sent another one.
        filing.remove_others(folder, ())
        if older:
            taken.notes.append(f"An older hand-in of the same student was not used: {older[-1].file}.")
    if not hand_in.label.certain:
        taken.notes.append(f"The student was taken to be {student}; a name like {expected_name(assignment)} says it.")
    repairs = taken.choice.repaired.notes if taken.choice else []
    notes = (*taken.notes, *repairs)
    receipt = taken.manifest.receipt(assignment) if taken.manifest else ""
    record = Received(
        student, assignment.name, original, sha256, modified, taken.problem is None, taken.problem, notes, receipt,
        hand_in.label.platform or (before.platform if before else ""),
    )  # fmt: skip
    filing.save_record(course, record)
    if taken.problem:
        return hand_in.row("refused", taken.problem, *notes)
    if record == before:
        return hand_in.row("unchanged", *notes, receipt=receipt)
    return hand_in.row("repaired" if repairs else "taken", *notes, receipt=receipt)


def _submit(taken: _Taken, assignment: Assignment, folder: Path, modified: datetime, budget: Budget) -> None:
    """Write nbgrader's folder of a submission."""
    if taken.choice is None:
        return
    written = {assignment.notebook, "timestamp.txt"}
    filing.write_bytes(folder / assignment.notebook, write_notebook(taken.choice.repaired.notebook))
    filing.write_bytes(folder / "timestamp.txt", filing.timestamp(modified))
    for name, member in taken.data:
        try:
            budget.take(filing.write_source(folder / name, member, min(LARGEST_MEMBER, max(budget.left, 0))))
        except Damaged as damage:
            taken.notes.append(f"{member.path} was left out. {damage}")
        else:
            written.add(name)
    filing.remove_others(folder, written)
