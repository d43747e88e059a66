"""One job: fork, lock in, run, watch, end all of it, report.

Without namespaces the child is the job. With them there are three: a supervisor, who keeps the job's folder and the
power to kill; the first process of the job's own process namespace, with whom everything in it dies; and the job.
"""

import contextlib
import os
import resource
import select
import signal
import stat
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import landlock, namespaces, seccomp
from .confine import Limits, become_reaper, confine, die_with_parent, end_descendants
from .namespaces import Room
from .system import LINUX, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, prctl

OUT_OF_MEMORY_CODE = 77
NOT_LOCKED_CODE = 78
"""What stands between job and machine could not be put up. No line of student code has run."""

LOOK_SECONDS = 0.25
MOST_ANSWERS = 2000
MOST_ANSWER_BYTES = 8 * 1024 * 1024
"""Of one file: more than any reader takes, so that a larger one is still told apart."""
MOST_BYTES = 128 * 1024 * 1024

JOBS, PLACE = Path("/jobs"), Path("/job")
"""In bubblewrap's room: where the folders of jobs appear, and where a job finds its own."""


@dataclass(frozen=True)
class Walls:
    """What is put up around a job, beside the limits that every level has."""

    room: bool = False
    """The worker itself lives in bubblewrap's room."""
    namespaces: bool = False
    seccomp: bool = False
    landlock: bool = False
    readable: tuple[str, ...] = ()
    """Landlock: what else a job may read."""


class Jobs:
    """Runs jobs one after the other, in a process that never ran student code."""

    def __init__(self, walls: Walls, work: Callable[[Path], None], forget: Callable[[], None]):
        """`forget` closes what only this process may hold."""
        self._walls, self._work, self._forget = walls, work, forget
        die_with_parent()
        become_reaper()
        if LINUX:
            prctl(PR_SET_DUMPABLE, 0)

    def run(self, folder: Path, limits: Limits) -> dict:
        """How it ended: `status` as wait() gives it, None where it was stopped; `stopped`, why; `broken`, of ours."""
        started, before = time.monotonic(), _used()
        end = self._enclosed(folder, limits) if self._walls.namespaces else self._plain(folder, limits)
        end_descendants()
        return {**end, "cpu_seconds": _used() - before, "wall_seconds": time.monotonic() - started}

    def _plain(self, folder: Path, limits: Limits) -> dict:
        job = _fork(lambda: self._job(folder, limits))
        late = not _ends_within(job, limits.wall_seconds)
        if late:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(job, signal.SIGKILL)
            os.kill(job, signal.SIGKILL)
        _, status = os.waitpid(job, 0)
        return {"status": None if late else status, "stopped": "wall" if late else "", "broken": _broken(status)}

    def _enclosed(self, folder: Path, limits: Limits) -> dict:
        end, start = os.pipe()
        supervisor = _fork(lambda: self._supervise(folder, limits, start))
        os.close(start)
        with open(end, "rb") as report:
            told = report.read(1000).decode("utf-8", "replace")
        os.waitpid(supervisor, 0)
        status, _, stopped = told.partition(" ")
        if status == "ended":
            return {"status": int(stopped), "stopped": "", "broken": _broken(int(stopped))}
        if status == "stopped":
            return {"status": None, "stopped": stopped, "broken": ""}
        return {"status": None, "stopped": "", "broken": stopped or "its supervisor was killed"}

    def _supervise(self, folder: Path, limits: Limits, report: int) -> None:
        """Never runs student code, and is not in the namespace of the job's processes: it cannot be reached there."""
        told = "failed without a word"
        try:
            self._forget()
            in_room = self._walls.room
            room = Room(
                JOBS / folder.name if in_room else folder,
                PLACE if in_room else folder,
                JOBS if in_room else None,
                Path("/tmp") if in_room else folder / "home",
            )
            target = os.open(room.folder / "answers", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            namespaces.enter()
            die_with_parent()  # again: new rights have cleared it
            if not in_room:
                namespaces.read_only()
            namespaces.furnish(room, limits.disk_mb)
            end, start = os.pipe()
            first = _fork(lambda: self._first(room.place, limits, start, (end, target, report)))
            os.close(start)
            told = _watched(first, end, limits)
            _copy(room.place / "answers", target)
        except OSError as error:
            told = f"failed {error}"
        except Exception as error:
            told = f"failed {type(error).__name__}: {error}"
        finally:
            os.write(report, told.encode()[:1000])
            os._exit(0)

    def _first(self, place: Path, limits: Limits, start: int, others: tuple[int, ...]) -> None:
        """The first process of the namespace: when it ends, the kernel kills all others."""
        for descriptor in others:
            os.close(descriptor)
        try:
            namespaces.own_processes()
            namespaces.drop_capabilities()
            prctl(PR_SET_NO_NEW_PRIVS, 1)
            die_with_parent()
        except OSError as error:
            os.write(start, f"failed {error}".encode())
            os._exit(0)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
            signal.signal(number, signal.SIG_DFL)  # which the first process of a namespace does not hear from inside
        job = _fork(lambda: self._job(place, limits))
        while True:
            pid, status = os.waitpid(-1, 0)
            if pid == job:
                os.write(start, f"ended {status}".encode())
                os._exit(0)

    def _job(self, place: Path, limits: Limits) -> None:
        walls, code = self._walls, NOT_LOCKED_CODE
        try:
            die_with_parent()
            confine(place, limits)
            if walls.landlock or walls.seccomp:
                prctl(PR_SET_NO_NEW_PRIVS, 1)
            if walls.landlock:
                self._hide_files(place)
            if walls.seccomp:
                seccomp.restrict(sockets=walls.namespaces, metadata=walls.namespaces)
            if LINUX:
                prctl(PR_SET_DUMPABLE, 1)
            code = 1
            self._work(place)
            code = 0
        except MemoryError:
            code = OUT_OF_MEMORY_CODE
        finally:
            # Interpreter shutdown with torch costs a second and has nothing left to do.
            signal.setitimer(signal.ITIMER_REAL, 0)
            os._exit(code)

    def _hide_files(self, place: Path) -> None:
        if self._walls.namespaces:
            readable, writable = ("/proc",), ("/dev/shm",)
        else:
            # There, /proc shows everybody: only one's own part of it.
            readable, writable = (f"/proc/{os.getpid()}", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat"), ()
            if os.getuid() == 0:
                namespaces.drop_capabilities()
        devices = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
        landlock.restrict(
            (place, *self._walls.readable, *readable), (place / "home", place / "answers", *devices, *writable)
        )


def _fork(run: Callable[[], None]) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            run()
        finally:
            os._exit(1)
    return pid


def _broken(status: int) -> str:
    not_locked = os.WIFEXITED(status) and os.WEXITSTATUS(status) == NOT_LOCKED_CODE
    return "the job could not be locked in" if not_locked else ""


def _used() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _ends_within(pid: int, seconds: float) -> bool:
    """Wait for the end of a child, but do not collect it."""
    deadline, ended = time.monotonic() + seconds, None
    if LINUX:
        descriptor = os.pidfd_open(pid)
        ended = select.select([descriptor], [], [], seconds)[0]
        os.close(descriptor)
    while not ended and time.monotonic() < deadline:
        ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        time.sleep(0.01)
    return bool(ended)


def _watched(first: int, end: int, limits: Limits) -> str:
    """Wait for the job, or stop it when all its processes together use too much. What became of it, as a word."""
    deadline, stopped = time.monotonic() + limits.wall_seconds, ""
    while True:
        rest = deadline - time.monotonic()
        if select.select([end], [], [], max(0.0, min(rest, LOOK_SECONDS)))[0]:
            break
        if stopped := "wall" if rest <= 0 else _too_much(limits):
            break
    with contextlib.suppress(ProcessLookupError):
        os.kill(first, signal.SIGKILL)
    # Returns when every process of the namespace is dead.
    os.waitpid(first, 0)
    if stopped:
        return f"stopped {stopped}"
    # Nothing there: the job managed to end the first process, or the kernel did, out of memory.
    return os.read(end, 1000).decode("utf-8", "replace") or "stopped crashed"


def _too_much(limits: Limits) -> str:
    """What the job as a whole uses too much of. Limits of the kernel hold for single processes only."""
    ticks = memory = processes = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                ticks += sum(map(int, Path("/proc", name, "stat").read_text().rpartition(")")[2].split()[11:15]))
                memory += _memory(name)
                processes += 1
    if ticks / os.sysconf("SC_CLK_TCK") > limits.cpu_seconds + 1:
        return "cpu"
    if memory > limits.memory_mb * 1024 and _exact_memory() > limits.memory_mb * 1024:
        return "memory"
    return "processes" if processes > limits.processes + 2 else ""


def _memory(pid: str) -> int:
    """kB that are no file's. Pages shared since a fork count for everybody."""
    lines = Path("/proc", pid, "status").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(("RssAnon:", "RssShmem:")))


def _exact_memory() -> int:
    """The same with shared pages counted once, as far as processes let it be known. Slow."""
    total = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                lines = Path("/proc", name, "smaps_rollup").read_text().splitlines()
                total += sum(int(line.split()[1]) for line in lines if line.startswith(("Pss_Anon:", "Pss_Shmem:")))
            except OSError:
                with contextlib.suppress(OSError, ValueError):
                    total += _memory(name)
    return total


def _copy(source: Path, target: int) -> None:
    """Take out what a dead job left: plain files, so many and so large at most. No name leads anywhere else."""
    rest = MOST_BYTES
    folder = os.open(source, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    with os.scandir(folder) as entries:
        names = [entry.name for _, entry in zip(range(MOST_ANSWERS), entries, strict=False)]
    for name in names:
        try:
            answer = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
        except OSError:
            continue
        if not stat.S_ISREG(os.fstat(answer).st_mode):
            os.close(answer)
            continue
        with open(answer, "rb") as file:
            data = file.read(min(MOST_ANSWER_BYTES, rest))
        rest -= len(data)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        with open(os.open(name, flags, 0o644, dir_fd=target), "wb") as file:
            file.write(data)


if sys.platform == "win32":
    raise ImportError("Grading needs fork, which Windows does not have; use WSL or a Linux machine.")
