"""How things are measured."""

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.sandbox.inside.confine import become_reaper


@dataclass(frozen=True)
class Result:
    """One row of the table. Without a baseline there is no ratio."""

    name: str
    ours: float
    baseline: float | None
    unit: str
    ratio: float | None
    what: str


class Skipped(Exception):
    """This machine has not what the benchmark needs; the message is a sentence."""


def result(name: str, ours: float, baseline: float | None, unit: str, what: str) -> Result:
    """A row, with its ratio."""
    return Result(name, ours, baseline, unit, None if baseline is None else baseline / ours, what)


def cpu_of_call(function: Callable[[], object], repeats: int) -> float:
    """Seconds of CPU of this process for one call: the best of several."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return min(times)


def cpu_of_command(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> float:
    """Seconds of CPU of a command and of everything that it started. RuntimeError if it fails."""
    before = children_cpu()
    with adopting_orphans():
        done = subprocess.run(
            command, cwd=folder, env={**os.environ, **(environment or {})}, capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise RuntimeError(f"{command} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return children_cpu() - before


def children_cpu() -> float:
    """Seconds of CPU of all processes that this one waited for."""
    times = os.times()
    return times.children_user + times.children_system


@contextlib.contextmanager
def adopting_orphans() -> Iterator[None]:
    """Wait at the end for processes that lost their parent, a killed sandbox's say: only so is their CPU counted.

    Linux; elsewhere they are not counted. Nothing else may start or wait for a child meanwhile.
    """
    import psutil

    become_reaper()
    # Whoever was there before, a worker that is kept for the next submission say, goes on.
    before = set(psutil.Process().children())
    yield
    while adopted := set(psutil.Process().children()) - before:
        for process in adopted:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(process.pid, 0)
