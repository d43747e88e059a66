"""One clean run: the notebook in a process of its own, asked by the grader's code, within the grader's limits."""

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from helpers.asking.assignments import CALL_SECONDS, CELL_SECONDS, Assignment
from helpers.asking.steps import for_the_eyes, steps
from helpers.checks.rubric import Exercise

from .finding import CELL, Found

START_SECONDS = 180
"""Until Python and torch are there: it counts for nothing."""
CHECK_SECONDS = 90
"""For the public checks afterwards, which are not part of grading."""
_ROOT = Path(__file__).resolve().parent.parent.parent

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Flown:
    """How one exercise went."""

    exercise: Exercise
    status: str
    """answered, not implemented, missing, timeout, nothing to ask, or not reached."""
    answered: int = 0
    asked: int = 0
    problem: str = ""
    """The first question without an answer, in a sentence."""
    kinds: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Of each group of inputs: its name, and what its questions are about."""
    public: float | None = None
    """Points of the public check; None where it was not run."""
    public_failed: tuple[str, ...] = ()
    """Keys of the items that the public check does not give."""
    note: str = ""
    """What the public check says besides."""

    @property
    def whole(self) -> bool:
        """All questions have an answer; whether it is right is another matter."""
        return self.status == "answered" and self.answered == self.asked

    def in_words(self) -> str:
        """For a table and for the manifest."""
        if self.status == "answered":
            return f"answered {self.answered} of {self.asked}"
        return self.status


@dataclass(frozen=True)
class CellError:
    """A cell that stopped."""

    cell: str
    kind: str
    message: str
    line: int | None
    given: bool
    """The cell is the course's, so that it stopped as a consequence of something else."""


@dataclass(frozen=True)
class Run:
    """All that came of it."""

    ending: str
    """finished, timeout, cpu, or crashed."""
    exercises: tuple[Flown, ...]
    errors: tuple[CellError, ...]
    wall_seconds: float
    cpu_seconds: float | None = None
    memory_mb: float | None = None
    """What it used, where this system tells."""
    detail: str = ""
    """Of a crash: the last line that Python wrote."""


def public_seed(exercise: str) -> bytes:
    """Everybody's seed; those of grading are secret and of each hand-in its own."""
    return hashlib.sha256(f"preflight/{exercise}".encode()).digest()[:16]


def run(found: Found, files: dict[str, Path], tell: Tell) -> Run:
    """Run the notebook and ask all its exercises. An interrupt ends the run with all its processes, and passes on."""
    with tempfile.TemporaryDirectory(prefix="preflight-", ignore_cleanup_errors=True) as place:
        folder = Path(place).resolve()
        job, given = _job(found)
        for name in ("home", "answers", "run"):
            (folder / name).mkdir()
        for path in files.values():
            shutil.copyfile(path, folder / "run" / path.name)
        (folder / "job.json").write_text(json.dumps(job), "utf-8")
        tell("Starting a fresh Python ...")
        with _process(folder) as process:
            ending, seconds = _watch(process, folder, found.assignment, tell)
        return _outcome(folder, found.assignment, given, ending, seconds)


def _job(found: Found) -> tuple[dict, set[str]]:
    assignment = found.assignment
    keys = [exercise.key for exercise in assignment.exercises]
    laid_out, given = steps(found.cells, for_the_eyes(found.cells) | {CELL}, keys)
    # A copied check cell asks no second time, and one of another notebook asks nothing.
    asked, once = set(), []
    for step in laid_out:
        if "ask" not in step or (step["ask"] in keys and step["ask"] not in asked):
            once.append(step)
            asked.add(step.get("ask"))
    job = {
        "assignment": assignment.name,
        "names": {exercise.key: exercise.name for exercise in assignment.exercises},
        "seeds": {key: public_seed(key).hex() for key in keys},
        "limits": {"cell_seconds": CELL_SECONDS, "call_seconds": CALL_SECONDS},
        "steps": once,
        "cpu_seconds": assignment.cpu_seconds,
        "memory_mb": assignment.memory_mb,
        "withheld": assignment.withheld,
    }
    return job, given


@contextlib.contextmanager
def _process(folder: Path):
    """The process, which is dead afterwards, with all that it started where the system has groups of processes."""
    environment = {
        **os.environ, "MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": str(_ROOT),
    }  # fmt: skip
    environment.pop("PYTHONSTARTUP", None)
    with (folder / "told.txt").open("wb") as told:
        process = subprocess.Popen(
            [sys.executable, "-m", "helpers.preflight", str(folder)],
            cwd=folder / "home", env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=told,
            # An interrupt of the notebook reaches this process alone, which then ends the other.
            start_new_session=os.name == "posix",
        )  # fmt: skip
        try:
            yield process
        finally:
            if os.name == "posix":
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            process.wait()


def _watch(process: subprocess.Popen, folder: Path, assignment: Assignment, tell: Tell) -> tuple[str, float]:
    """How it ended, and after how many seconds of wall time."""
    begun, said = time.monotonic(), ""
    started = finished = None
    while process.poll() is None:
        now = time.monotonic()
        if started is None and (folder / "started.json").exists():
            started = now
        if finished is None and (folder / "used.json").exists():
            finished = now
        if started is None and now > begun + START_SECONDS:
            return "crashed", 0.0
        if started and not finished and now > started + assignment.wall_seconds:
            return "timeout", now - started
        if finished and now > finished + CHECK_SECONDS:
            break
        if (sentence := _progress(folder, assignment, started, finished, now)) != said:
            tell(said := sentence)
        time.sleep(0.1)
    seconds = (finished or time.monotonic()) - (started or begun)
    if _json(folder / "used.json"):
        return "finished", seconds
    over = os.name == "posix" and process.returncode == -signal.SIGXCPU
    return ("cpu" if over else "crashed"), seconds


def _progress(folder: Path, assignment: Assignment, started: float | None, finished: float | None, now: float) -> str:
    if started is None:
        return "Starting a fresh Python ..."
    if finished:
        return "Running the public checks as well ..."
    names = [path.name for path in (folder / "answers").glob("*-*.json")]
    counts = [
        f"{exercise.key} {count}"
        for exercise in assignment.exercises
        if (count := sum(name.startswith(f"{exercise.key}-") for name in names))
    ]
    doing = "questions answered: " + ", ".join(counts) if counts else "running the cells"
    return f"{doing} ({now - started:.0f} of at most {assignment.wall_seconds:.0f} s)"


def _outcome(folder: Path, assignment: Assignment, given: set[str], ending: str, seconds: float) -> Run:
    asked, public = _json(folder / "asked.json") or {}, _json(folder / "public.json") or {}
    used, answers = _json(folder / "used.json") or {}, folder / "answers"
    exercises = tuple(
        _flown(answers, exercise, asked.get(exercise.key, []), public.get(exercise.key, {}))
        for exercise in assignment.exercises
    )
    errors = tuple(
        CellError(error["cell"], error["kind"], error["message"], error["line"], error["cell"] in given)
        for error in _json(answers / "errors.json") or []
    )
    detail = ""
    if ending == "crashed":
        lines = (folder / "told.txt").read_bytes()[-2000:].decode("utf-8", "replace").split("\n")
        detail = next((line.strip() for line in reversed(lines) if line.strip()), "")[:300]
    return Run(ending, exercises, errors, round(seconds, 1), used.get("cpu"), used.get("memory_mb"), detail)


def _flown(answers: Path, exercise: Exercise, asked: list, public: dict) -> Flown:
    status = (_json(answers / f"{exercise.key}.json") or {}).get("status", "not reached")
    replies = [_json(answers / f"{exercise.key}-{key}.json") or {} for key, _, _ in asked]
    titles = [title for _, _, title in asked]
    silent = [(title, reply) for title, reply in zip(titles, replies, strict=True) if reply.get("status") != "ok"]
    groups = {group: [title for _, other, title in asked if other == group] for _, group, _ in asked if group}
    problem = ""
    if status in ("answered", "timeout") and silent:
        title, reply = silent[0]
        problem = f"The first without an answer: {title}. {reply.get('problem', '')}"
    return Flown(
        exercise, status, len(asked) - len(silent), len(asked), problem,
        tuple((group, tuple(titles)) for group, titles in groups.items()),
        public.get("points"), tuple(public.get("failed", ())), public.get("note", ""),
    )  # fmt: skip


def _json(path: Path):
    """What a file says; None where it is not there, or not whole yet."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
