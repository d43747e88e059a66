"""How long a class takes from start to end: ours on all cores, sandbox on, against plain `nbgrader autograde`.

Wall time of whole commands, so the machine should have nothing else to do.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from autograder.course import ASSIGNMENTS, Assignment, Course

from .measuring import Result, cpu_of_command, result
from .sandbox import where_the_time_goes
from .scale import COPIED, large_class

SEMINAR, HOMEWORK = ASSIGNMENTS["seminar4"], ASSIGNMENTS["homework3"]
PATH = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}


def without_training(course: Course, assignment: Assignment) -> None:
    """Take the cells out of all hand-ins that our grader does not run, so that nbgrader does not train either."""
    for path in course.root.glob(f"submitted/*/{assignment.name}/{assignment.notebook}"):
        notebook = json.loads(path.read_text("utf-8"))
        notebook["cells"] = [
            cell for cell in notebook["cells"] if cell["metadata"].get("rnnt", {}).get("grading") != "skip"
        ]
        path.write_text(json.dumps(notebook), "utf-8")


def _timed(command: list[str], folder: Path) -> tuple[float, float]:
    began = time.monotonic()
    cpu = cpu_of_command(command, folder, PATH)
    return time.monotonic() - began, cpu


def against_nbgrader(assignment: Assignment, students: int, copied: tuple[str, ...]) -> Result:
    """Grade the same class by both, ours before and after nbgrader."""
    with tempfile.TemporaryDirectory() as folder:
        course = large_class(Path(folder), students, assignment, copied)
        without_training(course, assignment)
        grade = [sys.executable, "-m", "autograder", "grade", assignment.name, "--course", str(course.root)]
        first = _timed([*grade, "--strict"] if assignment is HOMEWORK else grade, Path(folder))
        # By force, because ours has graded them already, in the same course.
        nbgrader = [str(Path(sys.executable).with_name("nbgrader")), "autograde", assignment.name, "--force"]
        theirs = _timed(nbgrader, course.root)
        second = _timed([*grade, "--again"], Path(folder))
        levels = {json.loads(path.read_text("utf-8"))["isolation"] for path in course.results(assignment).iterdir()}
    wall, cpu = ((one + other) / 2 for one, other in zip(first, second, strict=True))
    what = (
        f"a submission in a class of {students}, whole command, isolation {'/'.join(levels)}; nbgrader "
        f"autograde, one process. CPU {cpu / students:.2f} and {theirs[1] / students:.2f} s"
    )
    return result(f"throughput_{assignment.name}", wall / students, theirs[0] / students, "s wall", what)


def throughput_seminar() -> Result:
    """Seminar submissions, a class of 24."""
    measured = against_nbgrader(SEMINAR, 24, COPIED)
    return result(
        "throughput_seminar", measured.ours, measured.baseline, "s wall", f"{measured.what}. {where_the_time_goes()}"
    )


def throughput_homework() -> Result:
    """Homework submissions with trained weights, a class of 12."""
    measured = against_nbgrader(HOMEWORK, 12, ("Abebe_Selam",))
    return result("throughput_homework", measured.ours, measured.baseline, "s wall", measured.what)


BENCHMARKS = (throughput_seminar, throughput_homework)
