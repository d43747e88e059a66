"""From the source notebook to what students get: addresses written in, nbgrader strips the solutions, we pack it up."""

import os
import secrets
import sys
from pathlib import Path

from .bundle import hand_out
from .course import REPOSITORY, Assignment, Course
from .errors import UserError
from .files import write_whole
from .rewriting import for_course
from .settings import settings
from .stamping import badges, stamped

STUB = 'raise NotImplementedError("Not written yet: replace this line with your solution.")'

CONFIG = f"""# Read by nbgrader's own commands and formgrader in this folder. Written by `python -m autograder release`.
c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "rnnt"
c.ClearSolutions.code_stub = {{"python": {STUB!r}}}
"""

LATE = """
# Late submissions cost what course.toml says.
c.AssignLatePenalties.plugin_class = "autograder.late.LatePenalty"
c.LatePenalty.course_folder = __import__("os").path.dirname(__import__("os").path.abspath(__file__))
"""


def release(assignment: Assignment, course: Course) -> Path:
    """Make the student version; return the folder to hand out, which lies beside a zip of it. Safe to repeat.

    UserError where the course's settings cannot be used, or where nbgrader refuses, for example because the notebook's
    cells changed after submissions came in.
    """
    source = REPOSITORY / "notebooks" / assignment.name / assignment.notebook
    if not source.exists():
        raise UserError(f"There is no notebook {source.relative_to(REPOSITORY)} to release.")
    chosen = settings(course)
    text = stamped(for_course(source.read_text("utf-8"), assignment), assignment, chosen.bundle, chosen.links)
    write_whole(course.source(assignment), text)
    _configure(course.root / "nbgrader_config.py")
    course_key(course)
    _generate(assignment, course)
    folder, _ = hand_out(assignment, course, badges(chosen.links, assignment), chosen.hints.cost)
    return folder


def _configure(path: Path) -> None:
    """Write nbgrader's settings; what somebody has changed in them stays."""
    known = path.read_text("utf-8") if path.exists() else CONFIG
    if "AssignLatePenalties" not in known:
        known += LATE
    if not path.exists() or path.read_text("utf-8") != known:
        write_whole(path, known)


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
