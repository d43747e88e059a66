"""The wall between student code and everything else. The grader talks to this interface only.

Three levels stand behind it (levels.py, SECURITY.md). Whichever is reached, a worker process that never runs student
code forks one child a job, and when `run` returns, everything that the job started is dead.
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

from ..files import remove
from . import room, staging
from .errors import SandboxBroken, WorkerLost
from .inside.confine import Limits
from .inside.job import OUT_OF_MEMORY_CODE
from .inside.settling import WORKER_UID
from .levels import LEVELS, Policy, Rung, choose

__all__ = ["LEVELS", "Limits", "Outcome", "Policy", "Sandbox", "SandboxBroken", "WorkerLost", "choose"]

Ending = Literal["finished", "timeout", "out of memory", "crashed"]
START_SECONDS = 120
STOP_SECONDS = 10


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

    def __init__(
        self,
        within: Path | None = None,
        policy: Policy | None = None,
        rung: Rung | None = None,
        module: str = "autograder.sandbox.inside.asking",
    ):
        """UserError where this machine does not reach the policy's least level.

        `within`: where to keep files. `rung` forces a rung of the ladder, `module` another program than the one
        that asks: both for tests and probes.
        """
        self._policy = policy or Policy()
        self._rung = rung or choose(self._policy)
        self._module = module
        self._root = Path(tempfile.mkdtemp(prefix="rnnt-grading-", dir=within))
        self._jobs = self._root / "jobs"
        self._jobs.mkdir()
        self._jobs.chmod(0o711)
        self._worker: _Worker | None = None
        self._stopped = False
        self._withheld: tuple[str, ...] = ()

    @property
    def level(self) -> str:
        """The rung reached on the ladder of isolation; printed in every report."""
        return self._rung.level

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *error) -> None:
        self.close()

    @contextlib.contextmanager
    def job(self) -> Iterator[Path]:
        """A fresh folder for one job, with `home/` to run in and `answers/` to fill. Gone afterwards."""
        folder = Path(tempfile.mkdtemp(prefix="job-", dir=self._jobs))
        (folder / "home").mkdir()
        (folder / "answers").mkdir()
        try:
            yield folder
        finally:
            remove(folder)

    def run(self, folder: Path, limits: Limits, withheld: tuple[str, ...] = ()) -> Outcome:
        """Run the job in `folder` to its end, whatever that is. When this returns, all its processes are dead.

        `withheld` names files of helpers, and installed packages, that this job's code must not find; packages are
        hidden in bubblewrap's room only.
        """
        if self._stopped:
            raise SandboxBroken("The sandbox was stopped.")
        if self._worker is not None and withheld != self._withheld:
            self._stop()
        self._withheld = withheld
        if self._worker is None:
            self._worker = _Worker(self._root, self._rung, self._module, withheld)
            if self._stopped:
                self._stop()
                raise SandboxBroken("The sandbox was stopped.")
        self._hand_over(folder)
        try:
            ended = self._worker.run({"folder": str(folder), "limits": asdict(limits)}, limits.wall_seconds)
        except WorkerLost:
            self._worker = None
            raise
        if not self._policy.warm:
            self._stop()
        if ended["broken"]:
            raise SandboxBroken(f"A wall of the sandbox could not be put up: {ended['broken']}.")
        return _outcome(ended, limits)

    def stop(self) -> None:
        """Abandon the job that another thread runs here, and any later one: `run` raises `SandboxBroken`."""
        self._stopped = True
        if worker := self._worker:
            worker.kill()

    def close(self) -> None:
        """End the worker and remove its files."""
        self._stop()
        remove(self._root)

    def _stop(self) -> None:
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    def _hand_over(self, folder: Path) -> None:
        # Root's worker is an ordinary user, who must be able to read the job and to leave answers.
        if self._rung.walls.room and os.getuid() == 0:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, WORKER_UID, WORKER_UID, follow_symlinks=False)


class _Worker:
    """The process at the other end of the socket."""

    def __init__(self, root: Path, rung: Rung, module: str, withheld: tuple[str, ...]):
        self._log = root / "worker.log"
        # Without namespaces it has to end its jobs' processes by itself.
        self._dies_alone = not rung.walls.namespaces
        # Anew for every worker: on the lowest level student code can write into the tree that it was imported from.
        code = Path(tempfile.mkdtemp(prefix="code-", dir=root))
        staging.stage(code, withheld)
        in_room = rung.walls.room
        ours, theirs = socket.socketpair()
        told, tell = os.pipe()
        walls = json.dumps(asdict(rung.walls))
        command = staging.command(room.CODE if in_room else code, module, str(theirs.fileno()), walls, in_room=in_room)
        if in_room:
            command = room.command(code, root / "jobs", tell, withheld) + command
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                pass_fds=[theirs.fileno(), *([tell] if in_room else [])],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                cwd=root,
                env=_environment(root, in_room),
            )
        theirs.close()
        os.close(tell)
        self._socket, self._buffer, self._first = ours, b"", None
        with open(told, "rb") as file:
            if in_room:
                self._first = _pidfd(file.read())
        try:
            self._receive(START_SECONDS)
        except WorkerLost as error:
            raise SandboxBroken(str(error)) from error

    def run(self, request: dict, seconds: float) -> dict:
        """One job. The worker keeps the time; only if it does not, it is lost."""
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
        except OSError as error:
            raise self._lost("stopped listening") from error
        return self._receive(seconds + START_SECONDS)

    def kill(self) -> None:
        """End it, without waiting; `run` in another thread raises."""
        if self._dies_alone:
            self._process.terminate()
        else:
            self._process.kill()

    def stop(self) -> None:
        """End it and all that it started."""
        # Between jobs it ends by itself now, and whatever time it used is told to the system.
        self._socket.close()
        for end in (lambda: None, self.kill, self._process.kill):
            end()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
                break
        if self._first is not None:
            # bubblewrap's first process: when it is gone, so is everything in the room.
            select.select([self._first], [], [], START_SECONDS)
            os.close(self._first)
            self._first = None

    def _receive(self, seconds: float) -> dict:
        deadline = time.monotonic() + seconds
        while b"\n" not in self._buffer:
            ready, _, _ = select.select([self._socket], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise self._lost(f"said nothing for {seconds} s")
            received = self._socket.recv(4096)
            if not received:
                raise self._lost("ended")
            self._buffer += received
        line, _, self._buffer = self._buffer.partition(b"\n")
        return json.loads(line)

    def _lost(self, what: str) -> WorkerLost:
        self.kill()
        self.stop()
        log = self._log.read_text("utf-8", errors="replace").strip().splitlines()
        return WorkerLost(f"The sandbox's worker {what}. {log[-1] if log else ''}".strip())


def _environment(root: Path, in_room: bool) -> dict[str, str]:
    # One thread each: the processes of a class share the cores, and a threaded parent must not fork.
    own = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
    if in_room:
        return own | {"HOME": "/tmp", "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "IPYTHONDIR": "/tmp"}
    names = ("PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT")
    return {name: os.environ[name] for name in names if name in os.environ} | own | {"IPYTHONDIR": str(root)}


def _pidfd(told: bytes) -> int | None:
    try:
        return os.pidfd_open(json.loads(told)["child-pid"])
    except (ValueError, KeyError, OSError):
        return None  # it ended at once; the log says why


def _outcome(ended: dict, limits: Limits) -> Outcome:
    used = {"cpu_seconds": ended["cpu_seconds"], "wall_seconds": ended["wall_seconds"]}
    computing = f"It was stopped after {limits.cpu_seconds} s of computing."
    stopped: dict[str, tuple[Ending, str]] = {
        "wall": ("timeout", f"It was stopped after {limits.wall_seconds:g} s."),
        "cpu": ("timeout", computing),
        "memory": ("out of memory", f"Its processes together needed more than {limits.memory_mb} MB."),
        "processes": ("crashed", f"It was stopped at more than {limits.processes} processes."),
        "crashed": ("crashed", "It was ended from outside."),
    }
    if ended["status"] is None:
        ending, detail = stopped[ended["stopped"]]
        return Outcome(ending, detail=detail, **used)
    status = ended["status"]
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number in (signal.SIGXCPU, signal.SIGKILL) and ended["cpu_seconds"] >= limits.cpu_seconds - 1:
            return Outcome("timeout", detail=computing, **used)
        name = signal.Signals(number).name if number in set(signal.Signals) else str(number)
        return Outcome("crashed", detail=f"It was ended by the signal {name}.", **used)
    code = os.WEXITSTATUS(status)
    if code == OUT_OF_MEMORY_CODE:
        return Outcome("out of memory", detail=f"It needed more than {limits.memory_mb} MB.", **used)
    if code:
        return Outcome("crashed", detail=f"It ended with exit code {code}.", **used)
    return Outcome("finished", **used)
