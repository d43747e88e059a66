"""Grade a class: find what is new, grade it in parallel, write every outcome down once."""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from helpers.checks.runs import LOG, WEIGHTS, corpus_of, parse_log
from helpers.corpora import CorpusError

from .course import ASSIGNMENTS, Assignment, Course
from .errors import UserError
from .gradebook import Ledger, write_graded_notebook
from .grading import Bundle, bundle, grade_class
from .heldout import Heldout, heldout, nothing
from .intake import Received, Unreadable, read_notebook, received
from .matching import repair
from .release import course_key
from .verdicts import Grade


@dataclass(frozen=True)
class Submission:
    """One collected hand-in, ready to be graded."""

    record: Received
    notebook: object | None
    """The repaired notebook; None where there is none to open."""
    bundle: Bundle


def submissions(assignment: Assignment, course: Course, students: Sequence[str] = ()) -> list[Submission]:
    """What was collected for the assignment, matched against the released notebook; of all students or of some."""
    import nbformat

    if not course.release(assignment).exists():
        raise UserError(
            f"{assignment.name} has not been released in {course.root}: run `python -m autograder release "
            f"{assignment.name}` first."
        )
    template = nbformat.read(course.release(assignment), as_version=4)
    records = [record for record in received(course, assignment) if not students or record.student in students]
    if missing := set(students) - {record.student for record in records}:
        raise UserError(
            f"Nothing was collected from {', '.join(sorted(missing))}; names are spelled as the folders in "
            f"{course.root / 'submitted'} are."
        )
    return [_submission(assignment, course, record, template) for record in records]


def _submission(assignment: Assignment, course: Course, record: Received, template) -> Submission:
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
    log = dict(files).get(LOG)
    said = _heldout(course, log) if log is not None else nothing(NO_RUN)
    return Submission(
        record, notebook, bundle(assignment, record.student, notebook, template, problem, notes, files, said)
    )


NO_RUN = f"There is no training run in the hand-in: {WEIGHTS} and {LOG} belong beside the notebook."


def _files(assignment: Assignment, course: Course, student: str) -> tuple[tuple[str, bytes], ...]:
    folder = course.submitted(assignment, student)
    paths = [folder / name for name in assignment.hand_in]
    return tuple((path.name, path.read_bytes()) for path in paths if path.is_file() and not path.is_symlink())


def _heldout(course: Course, log: bytes) -> Heldout:
    """What a run is measured on: of the corpus that its log names."""
    try:
        return _heldout_of(corpus_of(parse_log(log)[0]), course)
    except (ValueError, CorpusError) as error:
        return nothing(f"The weights were not tried: {error}")


@cache
def _heldout_of(name: str, course: Course) -> Heldout:
    return heldout(name, course.root / "heldout", course_key(course))


def mark(
    assignment: Assignment, course: Course, work: Sequence[Submission], again: bool = False, workers: int = 2
) -> Iterator[tuple[Grade, bool]]:
    """Grade what is new or changed, yielding every student's grade and whether it was graded just now.

    Killed at any moment and run again, it goes on where it stopped: a grade is one file, replaced whole, and the
    gradebook is brought up to date from those files.
    """
    key = course_key(course)
    by_student = {submission.record.student: submission for submission in work}
    with Ledger(course) as ledger:
        waiting = []
        for submission in work:
            known = stored(assignment, course, submission.record.student)
            if again or known is None or not known.decided or known.fingerprint != submission.bundle.fingerprint(key):
                waiting.append(submission.bundle)
            else:
                _write(ledger, course, known, submission)
                yield known, False
        for grade in grade_class(waiting, key, workers):
            save(assignment, course, grade)
            _write(ledger, course, grade, by_student[grade.student])
            yield grade, True


def _write(ledger: Ledger, course: Course, grade: Grade, submission: Submission) -> None:
    ledger.record(grade, submission.record.modified)
    if submission.notebook is None:
        # Formgrader must not show an earlier hand-in beside the verdict on this one.
        shutil.rmtree(course.autograded(ASSIGNMENTS[grade.assignment], grade.student), ignore_errors=True)
    else:
        write_graded_notebook(course, grade, submission.notebook)


def stored(assignment: Assignment, course: Course, student: str) -> Grade | None:
    """The grade on file; None where there is none or it cannot be read, and then it is simply graded again."""
    try:
        return Grade.from_json(json.loads(_file(assignment, course, student).read_text("utf-8")))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def all_stored(assignment: Assignment, course: Course) -> list[Grade]:
    """All grades on file, by student."""
    names = sorted(path.stem for path in course.results(assignment).glob("*.json"))
    grades = [stored(assignment, course, name) for name in names]
    if not any(grades):
        raise UserError(
            f"There are no grades in {course.root}: run `python -m autograder grade {assignment.name}` first."
        )
    return [grade for grade in grades if grade]


def save(assignment: Assignment, course: Course, grade: Grade) -> None:
    """Write a grade so that the file is either the old one or the new one, never half of it."""
    path = _file(assignment, course, grade.student)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps(grade.to_json(), ensure_ascii=False, indent=1), "utf-8")
    os.replace(draft, path)


def _file(assignment: Assignment, course: Course, student: str) -> Path:
    return course.results(assignment) / f"{student}.json"
