"""A whole year's class in one run: does the two-thousandth submission cost what the first ones do?"""

import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from autograder.course import ASSIGNMENTS, Assignment, Course
from autograder.demo.hand_ins import build, samples
from autograder.intake import collect
from autograder.release import release

from .measuring import Result, adopting_orphans, children_cpu, result

SEMINAR = ASSIGNMENTS["seminar4"]
SMALL, LARGE = 200, 2000
COPIED = ("Abebe_Selam", "Eriksen_Liv", "Haddad_Omar", "Kim_Ji-soo", "Larsson_Elsa", "Nakamura_Yuki")
"""Right and wrong ones of the sample class; none of them runs into a time limit."""


@dataclass(frozen=True)
class Run:
    """One command over a class."""

    cpu_seconds: float
    """Per submission, of all processes."""
    peak_mb: float
    """The most that the grader's own process held."""


def large_class(
    folder: Path, students: int, assignment: Assignment = SEMINAR, copied: tuple[str, ...] = COPIED
) -> Course:
    """A course with that many hand-ins: copies of a few, each of a student of its own."""
    course = Course(folder / "course")
    release(assignment, course)
    build(course.release(assignment), folder / "all")
    (folder / "inbox").mkdir()
    for name in copied:
        zip_name = next(one.zip_name for one in samples(assignment.name) if name in one.zip_name)
        shutil.copy(folder / "all" / zip_name, folder / "inbox")
    originals = sorted({row.student for row in collect(folder / "inbox", course) if row.student})
    if len(originals) != len(copied):
        raise RuntimeError(f"collected {originals}")
    for number in range(students):
        original, student = originals[number % len(originals)], f"student_{number:04d}"
        shutil.copytree(course.received(assignment, original), course.received(assignment, student))
        shutil.copytree(course.submitted(assignment, original), course.submitted(assignment, student))
    for original in originals:
        shutil.rmtree(course.received(assignment, original))
        shutil.rmtree(course.root / "submitted" / original)
    return course


def run(course: Course, students: int, *command: str) -> Run:
    """Run `python -m autograder COMMAND` in the course. RuntimeError if it fails or anybody has no grade."""
    with adopting_orphans(), tempfile.TemporaryFile("w+") as said:
        before = children_cpu()
        process = subprocess.Popen(
            [sys.executable, "-m", "autograder", *command, "seminar4", "--course", str(course.root)],
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, _peak_mb(process.pid))
            time.sleep(0.5)
    cpu = children_cpu() - before
    graded = len(list(course.results(SEMINAR).glob("*.json")))
    if process.returncode or graded != students:
        raise RuntimeError(f"{command} ended with {process.returncode}, {graded} of {students} are graded")
    return Run(cpu / students, peak)


def _peak_mb(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii", errors="replace")
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0.0)


def grades_and_pages(students: int) -> tuple[Run, Run]:
    """Grade a class of that size, then write its feedback."""
    with tempfile.TemporaryDirectory() as folder:
        course = large_class(Path(folder), students)
        return run(course, students, "grade"), run(course, students, "feedback")


def scale_2000() -> Result:
    """2,000 submissions in one run against 200: CPU seconds for each, and memory. Takes most of an hour."""
    (small, small_pages), (large, large_pages) = grades_and_pages(SMALL), grades_and_pages(LARGE)
    what = (
        f"a submission in a class of {LARGE}, and of {SMALL}; the grader's process held {large.peak_mb:.0f} and "
        f"{small.peak_mb:.0f} MB at most; a feedback page costs "
        f"{1000 * large_pages.cpu_seconds:.1f} and {1000 * small_pages.cpu_seconds:.1f} ms CPU"
    )
    return result("scale_2000", large.cpu_seconds, small.cpu_seconds, "s CPU", what)


ON_REQUEST = (scale_2000,)
