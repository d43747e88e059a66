"""Grading against plain `nbgrader autograde` of the same notebooks, as whole commands."""

import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path

from autograder.course import ASSIGNMENTS, Course
from autograder.demo.hand_ins import build, samples
from autograder.intake import collect
from autograder.release import release

from .measuring import Result, cpu_of_command, result

CLASS = ("abebe_selam", "costa_beatriz", "eriksen_liv", "garcia_nuria", "kim_jisoo", "nakamura_yuki")


def _course(folder: Path, students: tuple[str, ...]) -> Course:
    course = Course(folder / "course")
    release(ASSIGNMENTS["seminar4"], course)
    build(course.release(ASSIGNMENTS["seminar4"]), folder / "all")
    (folder / "inbox").mkdir()
    for sample in samples("seminar4"):
        if sample.key in students:
            shutil.copy(folder / "all" / sample.zip_name, folder / "inbox")
    collect(folder / "inbox", course)
    return course


@cache
def _seconds(students: tuple[str, ...], rounds: int) -> tuple[float, float]:
    """CPU seconds of one command for these students: ours, nbgrader's. Run in turns; the best of each."""
    nbgrader = [str(Path(sys.executable).with_name("nbgrader")), "autograde", "seminar4", "--force"]
    path = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        course = _course(Path(folder), students)
        grade = [sys.executable, "-m", "autograder", "grade", "seminar4", "--again", "--course", str(course.root)]
        for _ in range(rounds):
            theirs.append(cpu_of_command(nbgrader, course.root, path))
            ours.append(cpu_of_command(grade, Path(folder)))
    return min(ours), min(theirs)


def grade_seminar_cpu() -> Result:
    """Grading, per submission of a class of six."""
    ours, theirs = (seconds / len(CLASS) for seconds in _seconds(CLASS, 2))
    what = f"a seminar submission in a class of {len(CLASS)}, whole command, gradebook written; nbgrader autograde"
    return result("grade_seminar_cpu", ours, theirs, "s CPU", what)


def grade_seminar_cpu_alone() -> Result:
    """Grading, a class of one."""
    ours, theirs = _seconds(CLASS[:1], 2)
    what = "the same for a class of one, where starting up is most of the work"
    return result("grade_seminar_cpu_alone", ours, theirs, "s CPU", what)


BENCHMARKS = (grade_seminar_cpu, grade_seminar_cpu_alone)
