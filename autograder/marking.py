"""Grade a class: find what is new, grade it in parallel, write every outcome down once.

A grade is on disk as soon as it is known (`results/`), one file a student, replaced whole. Gradebook and graded
notebook are brought up to date from it, now or, after a kill, by the next run.
"""

import contextlib
import json
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache
from pathlib import Path

from helpers.checks.runs import LOG, WEIGHTS, corpus_of, parse_log
from helpers.corpora import CorpusError

from . import lateness
from .course import ASSIGNMENTS, Assignment, Course
from .errors import UserError
from .files import remove, write_whole
from .gradebook import Ledger, graded_notebook_shows, write_graded_notebook
from .grading import Bundle, Pool, bundle, grade_class, seed
from .heldout import Heldout, Reserve, heldout, nothing
from .help_used import help_used
from .history import Run, read_grade
from .intake import Received, Unreadable, read_notebook, received
from .locking import WORKING_PREFIX, Writing, only_writer
from .matching import repair
from .publishing import published, settled
from .release import course_key
from .settings import settings
from .verdicts import Grade


@dataclass(frozen=True)
class Submission:
    """One collected hand-in, ready to be graded."""

    record: Received
    notebook: object | None
    """The repaired notebook; None where there is none to open."""
    bundle: Bundle


class Submissions:
    """What was collected for an assignment, of all students or of some. Opened one at a time, as they are taken."""

    def __init__(self, assignment: Assignment, course: Course, students: Sequence[str] = ()):
        """UserError where nothing has been released, or nothing was collected from one of `students`."""
        if not course.release(assignment).exists():
            raise UserError(
                f"{assignment.name} has not been released in {course.root}: run `python -m autograder release "
                f"{assignment.name}` first."
            )
        self.assignment, self.course, self.whole_class = assignment, course, not students
        self._hint_cost = settings(course).hints.cost
        self.records = [record for record in received(course, assignment) if not students or record.student in students]
        if missing := set(students) - {record.student for record in self.records}:
            raise UserError(
                f"Nothing was collected from {', '.join(sorted(missing))}; names are spelled as the folders in "
                f"{course.root / 'submitted'} are."
            )

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Submission]:
        """Each matched against the released notebook."""
        template = _nbformat().read(self.course.release(self.assignment), as_version=4)
        for record in self.records:
            try:
                yield _submission(self.assignment, self.course, record, template, self._hint_cost)
            except Exception as error:
                # One file must not stop the class, and a fault of ours must not look like a zero.
                fault = f"{type(error).__name__}: {error}"
                broken = bundle(self.assignment, record.student, None, template, "", list(record.notes))
                yield Submission(record, None, replace(broken, fault=fault))


def _nbformat():
    """The package nbformat, without a grammar for web addresses that costs a second to build and is not used here."""
    grammar = "rfc3987_syntax"
    if "nbformat" in sys.modules or grammar in sys.modules:
        import nbformat

        return nbformat
    # jsonschema, which nbformat imports, takes what is None here for not installed.
    sys.modules[grammar] = None
    try:
        import nbformat
    finally:
        del sys.modules[grammar]
    return nbformat


def _submission(assignment: Assignment, course: Course, record: Received, template, hint_cost: float) -> Submission:
    notebook, problem, notes = None, record.problem or "", list(record.notes)
    if not problem:
        path = course.submitted(assignment, record.student) / assignment.notebook
        try:
            repaired = repair(template, read_notebook(path.read_bytes()))
            notebook, notes = repaired.notebook, notes + [note for note in repaired.notes if note not in notes]
        except FileNotFoundError:
            problem = f"{path.name} is no longer in the submitted folder; collect the hand-in again."
        except Unreadable as error:
            problem = str(error)
    files = _files(assignment, course, record.student) if notebook else ()
    bundled = replace(
        bundle(assignment, record.student, notebook, template, problem, notes, files),
        help=help_used(course.submitted(assignment, record.student), assignment) if notebook else {},
        hint_cost=hint_cost,
    )
    log = dict(files).get(LOG)
    said = _heldout(course, log, bundled, assignment.utterances) if log is not None else nothing(NO_RUN)
    return Submission(record, notebook, replace(bundled, heldout=said))


NO_RUN = f"There is no training run in the hand-in: {WEIGHTS} and {LOG} belong beside the notebook."


def _files(assignment: Assignment, course: Course, student: str) -> tuple[tuple[str, bytes], ...]:
    folder = course.submitted(assignment, student)
    paths = [folder / name for name in assignment.hand_in]
    return tuple((path.name, path.read_bytes()) for path in paths if path.is_file() and not path.is_symlink())


def _heldout(course: Course, log: bytes, of: Bundle, utterances: int) -> Heldout:
    """What a run is measured on: utterances of its own, of the corpus that its log names."""
    try:
        reserve = _reserve(corpus_of(parse_log(log)[0]), course, utterances)
    except (ValueError, CorpusError) as error:
        return nothing(f"The weights were not tried: {error}")
    key = course_key(course)
    return reserve.draw(seed(key, of.hand_in(key), "held-out"), utterances)


@cache
def _reserve(name: str, course: Course, utterances: int) -> Reserve:
    return heldout(name, course.root / "heldout", course_key(course), utterances)


class Outcome(Enum):
    """What became of one student's grade in a run."""

    GRADED = "graded"
    UNCHANGED = "unchanged"
    WITHDRAWN = "withdrawn"
    """The hand-in is no longer there, and so neither is its grade."""


def mark(
    work: Submissions,
    pool: Callable[[int, Path], Pool],
    again: bool = False,
    *,
    allow_lower: bool = False,
    command: str = "grade",
    watch: Callable[[Grade, Grade], None] = lambda fresh, in_force: None,
) -> Iterator[tuple[Grade, Outcome]]:
    """Grade what is new or changed, yielding every student's grade and what became of it.

    Killed at any moment and run again, it goes on where it stopped. UserError where another process writes in the
    course, or where nothing can be graded at all.

    Args:
        work: what was collected.
        pool: makes the place to grade from the number of submissions to expect and a folder for temporary files.
        again: grade also what has not changed.
        allow_lower: a published grade may be lowered.
        command: what was asked for, for the record of the run.
        watch: is told of each grading what it gave and what counts from now on, which a published grade may decide.
    """
    assignment, course = work.assignment, work.course
    key = course_key(course)
    with only_writer(course) as writing, Ledger(course) as ledger, _working_folder(writing) as folder:
        run = Run(course, assignment, command)
        if work.whole_class:
            yield from _withdraw(work, ledger, run)
        expected = sum(again or not _file(assignment, course, record.student).exists() for record in work.records)
        in_work: dict[str, Submission] = {}

        def to_do() -> Iterator[Bundle | Grade]:
            for submission in work:
                known = stored(assignment, course, submission.record.student)
                if known and known.fingerprint != submission.bundle.fingerprint(key):
                    known = None
                if known and known.help != submission.bundle.help:
                    known = replace(known, help=submission.bundle.help)
                    save(assignment, course, known)
                if known and known.decided and not again and not _may_fall(known, allow_lower):
                    _bring_up_to_date(ledger, course, known, submission)
                    yield known
                else:
                    in_work[submission.record.student] = submission
                    yield submission.bundle

        with pool(expected, folder) as place:
            for grade in grade_class(to_do(), key, pool=place):
                if grade.student not in in_work:
                    yield grade, Outcome.UNCHANGED
                    continue
                submission = in_work.pop(grade.student)
                before = stored(assignment, course, grade.student)
                fresh = _stamped(grade, submission, key, run.name)
                in_force = _settled(course, assignment, fresh, before, allow_lower)
                if in_force is not before:
                    in_force = _replace(course, assignment, run, before, in_force)
                    _publish(ledger, course, in_force, submission)
                watch(fresh, in_force)
                yield (in_force if in_force is not before else grade), Outcome.GRADED
        lateness.apply(settings(course), assignment, ledger)


def rehearse(
    work: Submissions, pool: Callable[[int, Path], Pool], allow_lower: bool = False
) -> Iterator[tuple[Grade, Grade]]:
    """Grade everything again and write nothing: for each student what that gives, and what would count."""
    assignment, course = work.assignment, work.course
    key = course_key(course)
    with only_writer(course) as writing, _working_folder(writing) as folder:
        in_work: dict[str, Submission] = {}

        def to_do() -> Iterator[Bundle]:
            for submission in work:
                in_work[submission.record.student] = submission
                yield submission.bundle

        with pool(len(work), folder) as place:
            for grade in grade_class(to_do(), key, pool=place):
                fresh = _stamped(grade, in_work.pop(grade.student), key, "")
                before = stored(assignment, course, grade.student)
                yield fresh, _settled(course, assignment, fresh, before, allow_lower)


def _may_fall(known: Grade, allow_lower: bool) -> bool:
    """A published grade was kept, and now need not be."""
    return allow_lower and known.graded_again is not None


def _stamped(grade: Grade, submission: Submission, key: bytes, run: str) -> Grade:
    """The grade with what it was given for, and when."""
    bundled = submission.bundle
    return replace(
        grade, hand_in=bundled.hand_in(key), received=submission.record.sha256, inputs=bundled.inputs(key), run=run
    )


def _settled(course: Course, assignment: Assignment, fresh: Grade, before: Grade | None, allow_lower: bool) -> Grade:
    return settled(fresh, before, published(assignment, course, fresh.student), allow_lower)


def _replace(course: Course, assignment: Assignment, run: Run, before: Grade | None, grade: Grade) -> Grade:
    """Write a grade, after what it replaces is put away. The grade as it was written."""
    if before and before.says_the_same(grade):
        # Nobody could tell the two apart, so it is still the grade of the earlier run.
        grade = replace(grade, run=before.run)
    elif before:
        run.keep(before)
    else:
        run.begin()
    save(assignment, course, grade)
    return grade


@contextlib.contextmanager
def _working_folder(writing: Writing) -> Iterator[Path]:
    """A folder for temporary files; what a killed run left is removed first."""
    if writing.left_behind:
        remove(writing.left_behind)
    folder = Path(tempfile.gettempdir()) / f"{WORKING_PREFIX}{secrets.token_hex(8)}"
    # Noted before it is there, and from now on all that this process makes for a while is in it.
    writing.working_in(folder)
    # Names in it are not to be listed; that a file in it cannot be read is for the sandbox to see to, and to prove.
    folder.mkdir(mode=0o711)
    outside, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield folder
    finally:
        tempfile.tempdir = outside
        remove(folder)
        writing.working_in(None)


def _withdraw(work: Submissions, ledger: Ledger, run: Run) -> Iterator[tuple[Grade, Outcome]]:
    """Take back grades of hand-ins that are no longer there."""
    assignment, course = work.assignment, work.course
    present = {record.student for record in work.records}
    for student in sorted(_students_with_results(assignment, course) - present):
        grade = stored(assignment, course, student)
        if grade:
            run.keep(grade)
        ledger.withdraw(assignment, student)
        for folder in (course.autograded(assignment, student), course.feedback(assignment, student)):
            shutil.rmtree(folder, ignore_errors=True)
        # Last, so that a run that is killed before does the rest again.
        _file(assignment, course, student).unlink()
        if grade:
            yield grade, Outcome.WITHDRAWN


def _bring_up_to_date(ledger: Ledger, course: Course, grade: Grade, submission: Submission) -> None:
    """Write what a killed run has not, and what was lost since."""
    notebook_shows = (
        graded_notebook_shows(course, grade)
        if submission.notebook
        else not course.autograded(ASSIGNMENTS[grade.assignment], grade.student).exists()
    )
    if not (notebook_shows and ledger.shows(grade, submission.record.modified)):
        _publish(ledger, course, grade, submission, another_look=not notebook_shows)


def _publish(ledger: Ledger, course: Course, grade: Grade, submission: Submission, another_look: bool = True) -> None:
    ledger.record(grade, submission.record.modified, another_look)
    # The notebook comes last: that it is there and says this grade tells that all was written.
    if submission.notebook is None:
        # Formgrader must not show an earlier hand-in beside the verdict on this one.
        shutil.rmtree(course.autograded(ASSIGNMENTS[grade.assignment], grade.student), ignore_errors=True)
    else:
        write_graded_notebook(course, grade, submission.notebook)


def stored(assignment: Assignment, course: Course, student: str) -> Grade | None:
    """The grade on file; None where there is none or it cannot be read, and then it is simply graded again."""
    return read_grade(_file(assignment, course, student))


class Stored:
    """All grades on file, by student, read one at a time."""

    def __init__(self, assignment: Assignment, course: Course):
        """UserError where there are none."""
        self._assignment, self._course = assignment, course
        self.students = sorted(_students_with_results(assignment, course))
        if not any(True for _ in self):
            raise UserError(
                f"There are no grades in {course.root}: run `python -m autograder grade {assignment.name}` first."
            )

    def __len__(self) -> int:
        return len(self.students)

    def __iter__(self) -> Iterator[Grade]:
        for student in self.students:
            if grade := stored(self._assignment, self._course, student):
                yield grade


def all_stored(assignment: Assignment, course: Course) -> list[Grade]:
    """All grades on file, by student. UserError where there are none."""
    return list(Stored(assignment, course))


def save(assignment: Assignment, course: Course, grade: Grade) -> None:
    """Write a grade so that the file is either the old one or the new one, never half of it."""
    text = json.dumps(grade.to_json(), ensure_ascii=False, indent=1)
    write_whole(_file(assignment, course, grade.student), text, durable=True)


def _students_with_results(assignment: Assignment, course: Course) -> set[str]:
    return {path.stem for path in course.results(assignment).glob("*.json")}


def _file(assignment: Assignment, course: Course, student: str) -> Path:
    return course.results(assignment) / f"{student}.json"
