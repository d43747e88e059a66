"""What students get: a folder and a zip of one assignment, and helpers as a wheel. Nothing of the staff's."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

from helpers.checks.hinting import COST
from helpers.fitting import this_release

from .course import REPOSITORY, Assignment, Course
from .errors import UserError

STAFF_ONLY = ("nbgrader", "nbformat", "jinja2", "rich", "psutil")
"""Packages of the project that only the grader uses."""
WHEEL = "rnnt-helpers"
OLDEST_TORCH = "2.6"
"""What the wheel asks for at least: it installs beside whatever torch a machine has."""
CLUTTER = ("__pycache__", ".ipynb_checkpoints", "*.pyc", ".DS_Store")
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""A zip's earliest date: with it and a fixed order, the same content gives the same bytes."""


def pins(assignment: Assignment) -> list[str]:
    """What a student installs for an assignment, as pyproject.toml pins it."""
    listed = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    left_out = {*STAFF_ONLY, *assignment.withheld}
    return [pin for pin in listed if pin.partition("==")[0] not in left_out]


def handout(assignment: Assignment, course: Course) -> Path:
    """The folder that students get."""
    return course.root / "handout" / assignment.name


def hand_out(assignment: Assignment, course: Course, badges: str, hint_cost: float) -> tuple[Path, Path]:
    """Make the folder and the zip of a released assignment anew; return both.

    They hold the notebook, the helpers without what would give this assignment's answers away, a README and the list
    of packages. The zip's bytes depend on the content only. Beside them lies an environment.yml for Binder.
    """
    folder = handout(assignment, course)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(course.release(assignment), folder)
    copy_helpers(folder / "helpers", assignment, hint_cost)
    (folder / "requirements.txt").write_text("".join(f"{pin}\n" for pin in pins(assignment)), "utf-8")
    (folder / "README.md").write_text(_readme(assignment, badges), "utf-8")
    write_zip(folder, archive := folder.with_suffix(".zip"), last=assignment.notebook)
    _write_environment(course)
    return folder, archive


def copy_helpers(target: Path, assignment: Assignment, hint_cost: float) -> None:
    """Copy the helpers that students of an assignment may have, marked with its name.

    With the points that a hint costs in this course, so that students are told before they ask for one.
    """
    shutil.copytree(REPOSITORY / "helpers", target, ignore=shutil.ignore_patterns(*CLUTTER, *assignment.withheld))
    (target / COST).write_text(json.dumps({"cost": hint_cost}) + "\n", "utf-8")
    (target / "released.json").write_text(json.dumps({"assignment": assignment.name}) + "\n", "utf-8")


def write_zip(folder: Path, archive: Path, last: str) -> None:
    """Pack a folder under its own name. The file `last` comes last: where it is unpacked, everything is."""
    files = sorted((path for path in folder.rglob("*") if path.is_file()), key=lambda path: (path.name == last, path))
    unfinished = archive.with_suffix(".zip.new")
    with zipfile.ZipFile(unfinished, "w") as packed:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(folder.parent).as_posix(), _EPOCH)
            entry.external_attr = 0o100644 << 16
            entry.create_system = 3
            packed.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, 9)
    unfinished.replace(archive)


def wheel(assignment: Assignment, target: Path, hint_cost: float) -> Path:
    """Build a wheel of the helpers that students of an assignment may have; return its path. UserError if pip cannot.

    It needs the package registry: pip fetches setuptools to build with.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy_helpers(Path(folder) / "helpers", assignment, hint_cost)
        (Path(folder) / "helpers" / "released.json").unlink()  # installed, it lies beside no notebook
        (Path(folder) / "pyproject.toml").write_text(_wheel_project(assignment), "utf-8")
        target.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(target), folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip() or "it gave no reason").splitlines()[-1]
        raise UserError(f"pip could not build the wheel: {reason}")
    return target / f"{WHEEL.replace('-', '_')}-{this_release().version}-py3-none-any.whl"


def _wheel_project(assignment: Assignment) -> str:
    names = [pin.partition("==")[0] for pin in pins(assignment)]
    wanted = [f"torch>={OLDEST_TORCH}" if name == "torch" else name for name in names if name != "jupyterlab"]
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    about = {
        "name": WHEEL,
        "version": this_release().version,
        "description": "What the RNN-T notebooks import: pictures, checks, corpora and training.",
        "requires-python": project["project"]["requires-python"],
        "dependencies": wanted,
    }
    requires = json.dumps(project["build-system"]["requires"])
    lines = [f"[build-system]\nrequires = {requires}", 'build-backend = "setuptools.build_meta"', "[project]"]
    lines += [f"{key} = {json.dumps(value)}" for key, value in about.items()]
    lines += ["[tool.setuptools.packages.find]", 'include = ["helpers*"]', "[tool.setuptools.package-data]"]
    data = project["tool"]["setuptools"]["package-data"]["helpers"]
    return "\n".join([*lines, f"helpers = {json.dumps(data)}", ""])


def _write_environment(course: Course) -> None:
    """One environment for all that is handed out: Binder looks for it at the top of a repository."""
    from .course import ASSIGNMENTS

    there = [one for one in ASSIGNMENTS.values() if handout(one, course).exists()]
    wanted = dict.fromkeys(pin for one in there for pin in pins(one))
    text = (REPOSITORY / "environment.yml").read_text("utf-8")
    python = re.search(r"python=[0-9.]+", text)[0]
    lines = ["name: rnnt-notebooks", "channels:", "  - conda-forge", "dependencies:", f"  - {python}", "  - pip"]
    lines += ["  - pip:", *(f"      - {pin}" for pin in wanted)]
    (course.root / "handout" / "environment.yml").write_text("\n".join([*lines, ""]), "utf-8")


def _readme(assignment: Assignment, badges: str) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("autograder"), undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )
    return environment.get_template("student_readme.md.j2").render(
        assignment=assignment, release=this_release(), badges=badges
    )
