"""A course that several tests start from."""

import shutil
import tempfile
from pathlib import Path

import pytest

from autograder.course import ASSIGNMENTS, Course
from autograder.demo.hand_ins import build
from autograder.intake import collect
from autograder.release import release

QUICK = ("abebe_selam", "brandt_jonas", "ferrari_luca", "haddad_omar", "larsson_elsa", "mehta_ravi", "sato_ken")
"""Students of the sample class whose grading takes less than a second."""


@pytest.fixture(scope="session")
def collected():
    """A course in which some of the sample class have handed in the seminar and nothing is graded."""
    seminar = ASSIGNMENTS["seminar4"]
    with tempfile.TemporaryDirectory() as folder:
        course = Course(Path(folder) / "course")
        release(seminar, course)
        build(course.release(seminar), Path(folder) / "inbox")
        collect(Path(folder) / "inbox", course)
        for student in course.received(seminar).iterdir():
            if student.name not in QUICK:
                shutil.rmtree(student)
        yield course


@pytest.fixture
def course(collected, tmp_path):
    """A copy of it that a test may change."""
    shutil.copytree(collected.root, tmp_path / "course")
    return Course(tmp_path / "course")
