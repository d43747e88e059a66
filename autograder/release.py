"""From the source notebook to what students get: nbgrader strips the solutions, we add the helpers."""

import json
import os
import secrets
import shutil
import sys
from pathlib import Path

from helpers.checks.hinting import COST

from .course import REPOSITORY, Assignment, Course
from .errors import UserError
from .files import write_whole
from .rewriting import for_course
from .settings import settings

STUB = 'raise NotImplementedError("Not written yet: replace this line with your solution.")'

CONFIG = f"""# Read by nbgrader's own commands and formgrader in this folder. Written by `python -m autograder release`.
c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "rnnt"
c.ClearSolutions.code_stub = {{"python": {STUB!r}}}
"""


def release(assignment: Assignment, course: Course) -> Path:
    """Make the student version; return the folder to hand out. Safe to repeat.

    UserError where nbgrader refuses, for example because the notebook's cells changed after submissions came in.
    """
    source = REPOSITORY / "notebooks" / assignment.name / assignment.notebook
    if not source.exists():
        raise UserError(f"There is no notebook {source.relative_to(REPOSITORY)} to release.")
    write_whole(course.source(assignment), for_course(source.read_text("utf-8"), assignment))
    config = course.root / "nbgrader_config.py"
    if not config.exists():
        config.write_text(CONFIG, "utf-8")
    course_key(course)
    _generate(assignment, course)
    return _hand_out(assignment, course)


def course_key(course: Course) -> bytes:
    """The secret behind fresh inputs; made on first use, readable by its owner only."""
    try:
        descriptor = os.open(course.key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
    return course.key.read_text("ascii").strip().encode()


def _generate(assignment: Assignment, course: Course) -> None:
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    # nbgrader runs the command `alembic`, which lies beside this Python and is not always on PATH.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    config = Config()
    config.CourseDirectory.root = str(course.root.resolve())
    config.CourseDirectory.course_id = "rnnt"
    config.ClearSolutions.code_stub = {"python": STUB}
    done = NbGraderAPI(config=config).generate_assignment(assignment.name, force=True, create=True)
    if not done["success"]:
        reasons = [line for line in done.get("log", "").splitlines() if "ERROR" in line]
        raise UserError(
            f"nbgrader could not release {assignment.name}: {reasons[-1] if reasons else done.get('error')}"
        )


def _hand_out(assignment: Assignment, course: Course) -> Path:
    folder = course.root / "handout" / assignment.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(course.release(assignment), folder)
    shutil.copytree(
        REPOSITORY / "helpers",
        folder / "helpers",
        ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", *assignment.withheld),
    )
    # So that students are told what a hint costs before they ask for it.
    (folder / "helpers" / COST).write_text(json.dumps({"cost": settings(course).hints.cost}) + "\n", "utf-8")
    return folder
