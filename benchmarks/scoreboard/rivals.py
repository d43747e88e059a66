"""Plain nbgrader and otter-grader, each in a virtual environment and, while they run, in bubblewrap's container."""

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from . import exercise

INSTALLED = {
    "nbgrader": ("nbgrader==0.9.6", "numpy==2.4.3", "ipykernel==7.4.0"),
    "otter": ("otter-grader==7.0.0", "numpy==2.4.3", "ipykernel==7.4.0"),
}
CELL_SECONDS, RUN_SECONDS = 15, 240
"""Of a cell, set in nbgrader's configuration, and of one run of either grader, after which we stop it."""

MEMORY = 4 * 2**30
"""Bytes of one process. The graders have no limit; the machine that this runs on has."""

PORT = 47631
CONFIG = f"""
c = get_config()
c.CourseDirectory.course_id = "rnnt"
c.ExecutePreprocessor.timeout = {CELL_SECONDS}
c.Execute.timeout = {CELL_SECONDS}
c.Execute.iopub_timeout = 10
"""


@dataclass
class Outcome:
    """What one run of a grader came to."""

    points: float | None
    """None where there is no score at all."""
    classmates: list[float | None]
    """Points of honest students in the same class. None stands for a run that ended before it came to them."""
    leaked: bool = False


@dataclass
class Rival:
    """One other grader, ready to be run."""

    name: str
    root: Path
    """Its virtual environment and what it grades lie here."""
    released: dict = field(default_factory=dict)
    hidden: list[str] = field(default_factory=list)
    """What no student may see: in the source, in the environment, at a classmate's, in the hidden tests."""
    shown_to_all: list[str] = field(default_factory=list)

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.root / self.name / "bin" / "python"

    def prepare(self) -> None:
        """Install it, release the exercise, and see what an honest student gets back."""
        if not self.python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(self.root / self.name)], check=True)
        wanted = self.root / f"{self.name}.installed"
        if not wanted.exists() or wanted.read_text() != "\n".join(INSTALLED[self.name]):
            quiet = ["--disable-pip-version-check", "-q"]
            subprocess.run([str(self.python), "-m", "pip", "install", *quiet, *INSTALLED[self.name]], check=True)
            wanted.write_text("\n".join(INSTALLED[self.name]))
        self.hidden = [f"SECRET-{secrets.token_hex(8)}" for _ in range(4)]
        shutil.rmtree(self._template, ignore_errors=True)
        self._template.mkdir(parents=True)
        if self.name == "nbgrader":
            self._release_for_nbgrader()
        else:
            self._release_for_otter()
        outcome, self.shown_to_all = self._alone({"ps1.ipynb": json.dumps(self.intact()).encode()})
        if {outcome.points, *outcome.classmates} != {10.0}:
            raise RuntimeError(f"{self.name} gives an honest notebook {outcome}")

    @property
    def _template(self) -> Path:
        return self.root / f"{self.name}-course"

    def _release_for_nbgrader(self) -> None:
        (self._template / "nbgrader_config.py").write_text(CONFIG)
        source = self._template / "source" / "ps1"
        source.mkdir(parents=True)
        notebook = exercise.for_nbgrader(self.hidden[3], self.hidden[0])
        (source / "ps1.ipynb").write_text(json.dumps(notebook))
        path = {"PATH": f"{self.python.parent}:{os.environ['PATH']}"}
        subprocess.run(
            ["nbgrader", "generate_assignment", "ps1", "--create"], cwd=self._template, env=os.environ | path,
            check=True, capture_output=True,
        )  # fmt: skip
        self.released = json.loads((self._template / "release" / "ps1" / "ps1.ipynb").read_text())

    def _release_for_otter(self) -> None:
        tests = self._template / "tests"
        tests.mkdir()
        for name, text in exercise.otter_tests(self.hidden[3]).items():
            (tests / name).write_text(text)
        answers = "\n".join(exercise.ANSWERS.values())
        (self._template / "solution.py").write_text(f"import numpy as np\n{answers}\n# {self.hidden[0]}\n")
        generate = ["generate", "-t", "tests", "-o", "autograder.zip", "--no-requirements"]
        subprocess.run(
            [str(self.python.with_name("otter")), *generate],
            cwd=self._template, check=True, capture_output=True,
        )  # fmt: skip
        self.released = exercise.for_otter()

    def intact(self) -> dict:
        """An honest notebook."""
        from tests.untrusted import with_answers

        return with_answers(self.released, exercise.ANSWERS)

    def known(self) -> dict[str, object]:
        """What an attacker knows."""
        return {
            "course": "/class/course", "repository": "/class/course", "port": PORT, "address": "127.0.0.2",
            "socket": "/class/none", "feedback": "", "transcripts": "{}",
        }  # fmt: skip

    def grade(self, files: dict[str, bytes]) -> Outcome:
        """Grade one hand-in among honest classmates: one before it, where there is a class at all, and one after."""
        outcome, _ = self._alone(files)
        return outcome

    def grade_all(self, hand_ins: dict[str, dict[str, bytes]]) -> dict[str, Outcome]:
        """Grade many hand-ins that mean no harm, in one class where there is one. Whoever ends the run is left out."""
        if self.name == "otter":
            return {
                name: Outcome(self._run({"m-student": files})["points"]["m-student"], [])
                for name, files in hand_ins.items()
            }
        found: dict[str, Outcome] = {}
        waiting = {f"s{number:03}": name for number, name in enumerate(hand_ins)}
        while waiting:
            class_ = {student: hand_ins[name] for student, name in waiting.items()}
            points = self._run({**class_, "z-classmate": self._honest()})["points"]
            if points["z-classmate"] is not None:
                return found | {name: Outcome(points[student], []) for student, name in waiting.items()}
            # The run ended at the first of those who have no score and after whom nobody has one.
            students = list(waiting)
            last = max((at for at, student in enumerate(students) if points[student] is not None), default=-1)
            for student in students[: last + 1]:
                found[waiting.pop(student)] = Outcome(points[student], [])
            if waiting:
                found[waiting.pop(students[last + 1])] = Outcome(None, [None])
        return found

    def _honest(self) -> dict[str, bytes]:
        notebook = self.intact()
        notebook["cells"][2]["source"] += f"\n# {self.hidden[2]}\n"
        return {"ps1.ipynb": json.dumps(notebook).encode()}

    def _alone(self, files: dict[str, bytes]) -> tuple[Outcome, list[str]]:
        before = {"a-classmate": self._honest()} if self.name == "nbgrader" else {}
        told = self._run({**before, "m-student": files, "z-classmate": self._honest()})
        points, news = told["points"], [one for one in told["seen"] if one not in self.shown_to_all]
        classmates = [points[student] for student in points if student != "m-student"]
        return Outcome(points["m-student"], classmates, bool(news) or told["visited"]), told["seen"]

    def _run(self, submitted: dict[str, dict[str, bytes]]) -> dict:
        """What one run of the grader over these students' files came to."""
        seconds = RUN_SECONDS + 10 * len(submitted)
        with tempfile.TemporaryDirectory(prefix="class-", dir=self.root, ignore_cleanup_errors=True) as place:
            folder = Path(place)
            course = folder / "course"
            shutil.copytree(self._template, course)
            for student, files in submitted.items():
                theirs = course / "submitted" / student / ("ps1" if self.name == "nbgrader" else "")
                for name, data in files.items():
                    (theirs / name).parent.mkdir(parents=True, exist_ok=True)
                    (theirs / name).write_bytes(data)
            (folder / "home").mkdir()
            shutil.copy(Path(__file__).with_name("inside.py"), folder)
            order = {"grader": self.name, "students": list(submitted), "secrets": self.hidden, "port": PORT}
            (folder / "order.json").write_text(json.dumps(order | {"seconds": seconds}))
            subprocess.run(
                self._contained(folder), stdin=subprocess.DEVNULL, capture_output=True, check=False,
                timeout=len(submitted) * seconds + 120,
            )  # fmt: skip
            try:
                return json.loads((folder / "outcome.json").read_text())
            except (OSError, ValueError):
                return {"points": dict.fromkeys(submitted), "seen": [], "visited": False}

    def _contained(self, folder: Path) -> list[str]:
        """The command: no network, nothing of this machine but Python and this folder, all processes end with it."""
        line = [
            "prlimit",
            f"--data={MEMORY}",
            "bwrap",
            "--unshare-all",
            "--die-with-parent",
            "--new-session",
            "--tmpfs",
            "/tmp",
        ]
        for place in (
            "/usr",
            "/bin",
            "/sbin",
            "/lib",
            "/lib64",
            "/etc/alternatives",
            "/etc/ld.so.cache",
            "/etc/hosts",
            "/etc/passwd",
        ):
            if Path(place).is_symlink():
                line += ["--symlink", os.readlink(place), place]
            elif Path(place).exists():
                line += ["--ro-bind", place, place]
        for place in {sys.base_prefix, str(self.root / self.name)}:
            if not Path(place).is_relative_to("/usr"):
                line += ["--ro-bind", place, place]
        line += ["--proc", "/proc", "--dev", "/dev", "--bind", str(folder), "/class", "--clearenv"]
        settings = {
            "PATH": f"{self.python.parent}:/usr/bin:/bin", "HOME": "/class/home", "LANG": "C.UTF-8",
            "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "TOKEN": self.hidden[1],
        }  # fmt: skip
        for name, value in settings.items():
            line += ["--setenv", name, value]
        return [*line, "--chdir", "/class", str(self.python), "/class/inside.py", "/class"]
