"""Grading on a Dask cluster of this machine's processes: a scheduler and two workers, each a process of its own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import pytest
from student_code import LOOPS, STUB

from autograder import cluster, grading
from autograder.cluster import Cluster, grade_here
from autograder.errors import UserError
from autograder.sandbox import Policy
from autograder.verdicts import Verdict

distributed = pytest.importorskip("distributed")

KEY = b"a key for tests"
ASK = ({"ask": "forward"}, {"ask": "backward"})


def bundle(student: str, *cells: str) -> grading.Bundle:
    steps = tuple({"run": textwrap.dedent(cell), "name": f"cell {n}"} for n, cell in enumerate(cells, start=1))
    return grading.Bundle(student, "seminar4", (*steps, *ASK), frozenset(), "", ())


class Machines:
    """A scheduler and its workers as processes."""

    def __init__(self, folder: Path):
        self._folder, self._contact, self.processes = folder, folder / "scheduler.json", {}

    def start(self) -> None:
        self._start("scheduler", "--port", "0", "--no-dashboard", "--host", "127.0.0.1")
        self._wait(lambda: self._contact.exists() and self._contact.read_text("utf-8").rstrip().endswith("}"))
        self.address = json.loads(self._contact.read_text("utf-8"))["address"]

    def add_worker(self, name: str) -> None:
        # Without Dask's nanny, which would start a killed worker again.
        self._start("worker", "--no-nanny", "--nthreads", "1", "--name", name, "--no-dashboard", name=name)

    def kill(self, name: str) -> None:
        self.processes[name].send_signal(signal.SIGKILL)
        self.processes.pop(name).wait()

    def close(self) -> None:
        for process in reversed(self.processes.values()):
            process.terminate()
        for process in self.processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()

    def _start(self, kind: str, *more: str, name: str = "") -> None:
        command = [sys.executable, "-m", "dask", kind, "--scheduler-file", str(self._contact), *more]
        with (self._folder / f"{name or kind}.log").open("wb") as log:
            self.processes[name or kind] = subprocess.Popen(command, cwd=self._folder, stdout=log, stderr=log)

    def _wait(self, true, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, [path.read_text() for path in self._folder.glob("*.log")]
            time.sleep(0.05)


@pytest.fixture
def machines(tmp_path, monkeypatch):
    repository = Path(grading.__file__).resolve().parent.parent
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(repository), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    started = Machines(tmp_path)
    try:
        started.start()
        yield started
    finally:
        started.close()


def connected(machines, workers: int) -> Cluster:
    with distributed.Client(machines.address, set_as_default=False) as client:
        client.wait_for_workers(workers, timeout=60)
    return Cluster(machines.address)


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_loses_nothing_and_the_grades_are_the_local_ones(machines):
    wrong = LOOPS.replace("return log_alpha, -(", "return log_alpha, (")
    work = [bundle(f"right_{n}", LOOPS) for n in range(4)]
    work += [bundle("stub", STUB), bundle("wrong", wrong), bundle("gone", "import os; os._exit(3)", LOOPS)]
    # These take long enough that the killed worker is busy with one of them.
    work += [bundle(f"slow_{n}", "import time; time.sleep(3)", LOOPS) for n in range(4)]
    work.append(grading.Bundle("unreadable", "seminar4", (), frozenset(), "Nothing in it.", ()))
    for name in ("one", "two"):
        machines.add_worker(name)
    grades = []
    with connected(machines, 2) as place:
        for grade in grading.grade_class(work, KEY, pool=place):
            grades.append(grade)
            if len(grades) == 3:
                machines.kill("one")
    assert sorted(grade.student for grade in grades) == sorted(one.student for one in work), "each exactly once"
    local = {grade.student: grade for grade in grading.grade_class(work, KEY)}

    def told(grade):
        return replace(grade, cpu_seconds=0)

    assert {grade.student: told(grade) for grade in grades} == {name: told(grade) for name, grade in local.items()}
    assert {grade.verdict for grade in grades} >= {Verdict.GRADED, Verdict.CRASHED, Verdict.UNREADABLE}


@pytest.mark.slow
def test_a_lost_scheduler_is_a_sentence(machines, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 3)
    machines.add_worker("one")
    with connected(machines, 1) as place:
        work = [bundle(f"slow_{n}", "import time; time.sleep(2)", LOOPS) for n in range(4)]
        grades = grading.grade_class(work, KEY, pool=place)
        next(grades)
        machines.kill("scheduler")
        with pytest.raises(UserError, match="goes on from here"):
            list(grades)


@pytest.mark.slow
def test_a_scheduler_without_workers_or_with_other_ones_is_a_sentence(machines, monkeypatch):
    with pytest.raises(UserError, match="has no workers: run `dask worker tcp://"):
        Cluster(machines.address)
    monkeypatch.setattr(distributed.Client, "run", lambda client, function: {"tcp://there": "another"})
    with pytest.raises(UserError, match="another version of the grader: install this one there"):
        Cluster(machines.address)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense", "tcp://", "ftp://here"])
def test_no_scheduler_is_a_sentence(address, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    with pytest.raises(UserError, match="There is no Dask scheduler at"):
        Cluster(address)


def test_without_dask_it_is_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UserError, match=r"needs Dask: python -m pip install 'rnnt-notebooks\[cluster\]'"):
        Cluster("tcp://127.0.0.1:8786")


def test_a_worker_that_joined_with_another_version_decides_nothing():
    grade = grade_here(bundle("ada", LOOPS), KEY, "another version", Policy())
    assert grade.verdict is Verdict.GRADER_ERROR
    assert not grade.decided
