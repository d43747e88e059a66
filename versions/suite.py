"""Running the tests of this project in another environment."""

import os
import re
import subprocess
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

from .environments import PLACE, ROOT, Environment, Report, clean

QUICK = ("-m", "not slow")
"""The quick round of CONTRIBUTING.md."""
NOTEBOOKS = ("tests/test_seminar4_notebook.py", "tests/test_homework3_notebook.py")
"""Both notebooks, as students get them and with solutions, executed in kernels of that environment."""
CORE = (
    *("tests/helpers/test_loss.py", "tests/helpers/test_lattice.py", "tests/helpers/test_features.py"),
    *("tests/helpers/test_checks.py", "tests/autograder/test_oracle.py", "tests/autograder/test_gradebook.py"),
    *("tests/test_project.py", "tests/test_notebooks.py", NOTEBOOKS[0]),
)
"""A few minutes' worth for CI, a test file for each thing that depends on a Python or a library."""


@dataclass(frozen=True)
class Outcome:
    """How a run of the tests ended."""

    passed: int
    failed: dict[str, str] = field(default_factory=dict)
    """First lines of what went wrong, by test id."""
    skipped: int = 0
    seconds: float = 0.0
    broken: str = ""
    """Why there is no result at all; empty if there is."""

    @property
    def good(self) -> bool:
        """Whether all that ran passed, and something did."""
        return not self.failed and not self.broken and self.passed > 0

    @property
    def words(self) -> str:
        """The same in a few words."""
        if self.broken:
            return self.broken
        parts = [f"{self.passed} passed", f"{len(self.failed)} failed", f"{self.skipped} skipped"]
        return ", ".join(part for part in parts if not part.startswith("0 "))

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(
            self.passed + other.passed,
            self.failed | other.failed,
            self.skipped + other.skipped,
            self.seconds + other.seconds,
            " ".join(filter(None, (self.broken, other.broken))),
        )


def run(environment: Environment, *arguments: str, report: Report = lambda words: None) -> Outcome:
    """Run pytest there on this project's files; the log is `build/versions/NAME.log`.

    arguments: what to run, as pytest takes it.
    """
    found, log = PLACE / f"{environment.name}.xml", PLACE / f"{environment.name}.log"
    found.unlink(missing_ok=True)
    bin_folder = environment.python.parent
    variables = clean(os.environ) | {"PYTHONPATH": str(ROOT), "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}"}
    command = [environment.python, "-m", "pytest", "-n", "2", "--dist", "loadfile", "-p", "no:cacheprovider"]
    command += ["-o", "junit_family=xunit1", f"--junit-xml={found}", *arguments]
    start = time.monotonic()
    with log.open("a", encoding="utf-8") as file, _started(command, variables) as process:
        for line in process.stdout:
            file.write(line)
            if share := re.search(r"\[ *(\d+%)\]", line):
                report(f"{environment.name}: tests, {share[1]}")
    seconds = time.monotonic() - start
    if found.exists():
        return read(found, seconds)
    return Outcome(0, seconds=seconds, broken=f"pytest ended with {process.returncode}, its words are in {log}")


def _started(command: list, variables: dict[str, str]) -> subprocess.Popen:
    return subprocess.Popen(
        list(map(str, command)),
        cwd=ROOT,
        env=variables,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def read(path: Path, seconds: float) -> Outcome:
    """An outcome from pytest's XML, where tests are named by file as pytest takes them again."""
    passed, skipped, failed = 0, 0, {}
    for case in ET.parse(path).getroot().iter("testcase"):
        wrong = next((case.find(kind) for kind in ("failure", "error") if case.find(kind) is not None), None)
        if wrong is not None:
            failed[_id(case)] = _said(wrong)
        elif case.find("skipped") is not None:
            skipped += 1
        else:
            passed += 1
    return Outcome(passed, failed, skipped, seconds)


def _id(case: ET.Element) -> str:
    """The name that pytest takes on its command line. A file that could not be imported has no tests, only itself."""
    file, where = case.get("file"), case.get("classname")
    if not where:
        return file
    inside = where.removeprefix(file.removesuffix(".py").replace("/", ".")).strip(".")
    return "::".join(filter(None, (file, inside.replace(".", "::"), case.get("name"))))


def _said(wrong: ET.Element) -> str:
    """The first line that pytest marks as the error's own."""
    marked = [line[1:].strip() for line in (wrong.text or "").splitlines() if line.startswith("E  ")]
    return (marked or [wrong.get("message") or ""])[0].split("\n")[0][:200]
