"""The wall between student code and everything else. The grader talks to this interface only.

Today one level stands behind it, "limits": own process, session and home, limits on time, memory, files and
processes, and an import path without answers. It does not hide the file system or the network.
"""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from . import staging
from .confine import Limits

__all__ = ["Limits", "Outcome", "Sandbox", "SandboxBroken", "WorkerLost"]

Ending = Literal["finished", "timeout", "out of memory", "crashed"]
OUT_OF_MEMORY_CODE = 77
START_SECONDS = 120


class SandboxBroken(Exception):
    """The sandbox itself failed; the submission is not to blame."""


class WorkerLost(SandboxBroken):
    """The worker ended or fell silent during a job; the submission may be to blame."""


@dataclass(frozen=True)
class Outcome:
    """How a job ended and what it used."""

    ending: Ending
    cpu_seconds: float
    wall_seconds: float
    detail: str = ""
    """A sentence, where it did not just finish."""


class Sandbox:
    """A worker process that forks one child a job. One job at a time; one sandbox a thread."""

    level = "limits"
    """The rung reached on the ladder of isolation; printed in every report."""

    def __init__(self, within: Path | None = None):
        self._root = Path(tempfile.mkdtemp(prefix="rnnt-grading-", dir=within))
        self._process: subprocess.Popen | None = None
        self._stopped = False
        self._withheld: tuple[str, ...] = ()

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *error) -> None:
        self.close()

    @contextlib.contextmanager
    def job(self) -> Iterator[Path]:
        """A fresh folder for one job, with `home/` to run in and `answers/` to fill. Gone afterwards."""
        folder = Path(tempfile.mkdtemp(prefix="job-", dir=self._root))
        (folder / "home").mkdir()
        (folder / "answers").mkdir()
        try:
            yield folder
        finally:
            _remove(folder)

    def run(self, folder: Path, limits: Limits, withheld: tuple[str, ...] = ()) -> Outcome:
        """Run the job in `folder` to its end, whatever that is. When this returns, all its processes are dead.

        `withheld` names files of helpers that this job's code must not find.
        """
        if self._stopped:
            raise SandboxBroken("The sandbox was stopped.")
        if self._process is not None and withheld != self._withheld:
            self._stop()
        self._withheld = withheld
        if self._process is None:
            self._start()
        self._send({"folder": str(folder), "limits": asdict(limits)})
        child = self._receive(START_SECONDS)["pid"]
        deadline = time.monotonic() + limits.wall_seconds
        late = not self._readable(deadline - time.monotonic())
        if late:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)
        ended = self._receive(START_SECONDS)
        return _outcome(ended, late, limits)

    def stop(self) -> None:
        """Abandon the job that another thread runs here, and any later one: `run` raises `SandboxBroken`."""
        self._stopped = True
        if process := self._process:
            process.kill()

    def close(self) -> None:
        """End the worker and remove its files."""
        if self._process is not None:
            self._stop()
        _remove(self._root)

    def _start(self) -> None:
        # Anew for every worker: student code can write into the tree that it was imported from.
        code = Path(tempfile.mkdtemp(prefix="code-", dir=self._root))
        staging.stage(code, self._withheld)
        ours, theirs = socket.socketpair()
        # One thread each: the processes of a class share the cores, and a threaded parent must not fork.
        environment = {
            name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT") if name in os.environ
        } | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "Agg", "IPYTHONDIR": str(self._root)}
        with (self._root / "worker.log").open("ab") as log:
            self._process = subprocess.Popen(
                staging.command(code, theirs.fileno()),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                cwd=self._root,
                env=environment,
            )
        theirs.close()
        self._socket, self._buffer = ours, b""
        try:
            self._receive(START_SECONDS)
        except WorkerLost as error:
            raise SandboxBroken(str(error)) from error
        if self._stopped:
            self._stop()
            raise SandboxBroken("The sandbox was stopped.")

    def _stop(self) -> None:
        self._socket.close()
        self._process.kill()
        self._process.wait()
        self._process = None

    def _send(self, message: dict) -> None:
        try:
            self._socket.sendall(json.dumps(message).encode() + b"\n")
        except OSError as error:
            raise self._broken("stopped listening") from error

    def _receive(self, seconds: float) -> dict:
        if not self._readable(seconds):
            raise self._broken(f"said nothing for {seconds} s")
        line, _, self._buffer = self._buffer.partition(b"\n")
        return json.loads(line)

    def _readable(self, seconds: float) -> bool:
        """Wait until a whole line is there."""
        deadline = time.monotonic() + seconds
        while b"\n" not in self._buffer:
            ready, _, _ = select.select([self._socket], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                return False
            received = self._socket.recv(4096)
            if not received:
                raise self._broken("ended")
            self._buffer += received
        return True

    def _broken(self, what: str) -> WorkerLost:
        self._stop()
        log = (self._root / "worker.log").read_text("utf-8", errors="replace").strip().splitlines()
        return WorkerLost(f"The sandbox's worker {what}. {log[-1] if log else ''}".strip())


def _remove(folder: Path) -> None:
    # Not shutil.rmtree: it recurses, and student code can nest folders deeper than Python's stack.
    subprocess.run(["rm", "-rf", "--", str(folder)], stderr=subprocess.DEVNULL, check=False)


def _outcome(ended: dict, late: bool, limits: Limits) -> Outcome:
    used = {"cpu_seconds": ended["cpu_seconds"], "wall_seconds": ended["wall_seconds"]}
    status = ended["status"]
    if late:
        return Outcome("timeout", detail=f"It was stopped after {limits.wall_seconds:g} s.", **used)
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number in (signal.SIGXCPU, signal.SIGKILL) and ended["cpu_seconds"] >= limits.cpu_seconds - 1:
            return Outcome("timeout", detail=f"It was stopped after {limits.cpu_seconds} s of computing.", **used)
        return Outcome("crashed", detail=f"It was ended by the signal {signal.Signals(number).name}.", **used)
    code = os.WEXITSTATUS(status)
    if code == OUT_OF_MEMORY_CODE:
        return Outcome("out of memory", detail=f"It needed more than {limits.memory_mb} MB.", **used)
    if code:
        return Outcome("crashed", detail=f"It ended with exit code {code}.", **used)
    return Outcome("finished", **used)
