"""One job: fork, lock in, run, watch, end all of it, report.

Without namespaces the child is the job. With them the child is the first process of the job's own process namespace,
with whom everything in it dies, and the job is its child. The parent, which is in neither, watches and copies answers.
"""

import contextlib
import json
import os
import resource
import select
import signal
import socket
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

LOOK_SECONDS = 0.1
MOST_ANSWERS = 2000
MOST_ANSWER_BYTES = 8 * 1024 * 1024
"""Of one file: more than any reader takes, so that a larger one is still told apart."""
MOST_BYTES = 128 * 1024 * 1024

JOBS, PLACE = Path("/jobs"), Path("/job")
"""In bubblewrap's room: where the folders of jobs appear, and where a job finds its own."""


CODE = Path(__file__).resolve().parents[3]
"""The tree that all code of the worker comes from."""


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
        become_reaper()
        if walls.namespaces:
            die_with_parent()
        else:
            # Nothing dies with this process but its own children; so it ends the others first.
            signal.signal(signal.SIGTERM, self._end_all)
            die_with_parent(signal.SIGTERM)
        if LINUX:
            prctl(PR_SET_DUMPABLE, 0)

    def run(self, folder: Path, limits: Limits) -> dict:
        """How it ended: `status` as wait() gives it, None where it was stopped; `stopped`, why; `broken`, of ours."""
        started, before, own = time.monotonic(), _used(), time.process_time()
        end = self._enclosed(folder, limits) if self._walls.namespaces else self._plain(folder, limits)
        end_descendants()
        # Processes that die with their namespace are waited for by nobody; what was seen of them counts.
        used = max(_used() - before, end.pop("seen")) + time.process_time() - own
        return {**end, "cpu_seconds": used, "wall_seconds": time.monotonic() - started}

    def _end_all(self, number, frame) -> None:
        end_descendants()
        os._exit(0)

    def _plain(self, folder: Path, limits: Limits) -> dict:
        job = _fork(lambda: self._job(folder, limits))
        late = not _ends_within(job, limits.wall_seconds)
        if late:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(job, signal.SIGKILL)
            os.kill(job, signal.SIGKILL)
        _, status = os.waitpid(job, 0)
        return _end(stopped="wall") if late else _end(status)

    def _enclosed(self, folder: Path, limits: Limits) -> dict:
        in_room = self._walls.room
        room = Room(
            JOBS / folder.name if in_room else folder,
            PLACE if in_room else folder,
            JOBS if in_room else None,
            Path("/tmp") if in_room else folder / "home",
        )
        ours, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        user = os.getuid(), os.getgid()
        with contextlib.ExitStack() as opened:
            opened.callback(ours.close)
            try:
                target = _open_folder(room.folder / "answers")
                opened.callback(os.close, target)
                first = namespaces.fork()
                if first == 0:
                    os.close(target)
                    ours.close()
                    self._first(room, limits, theirs, user)
                theirs.close()
                first = os.pidfd_open(first)
                opened.callback(os.close, first)
                opened.callback(_end_namespace, first)
                told, descriptors, _, _ = socket.recv_fds(ours, 1000, 2)
                for descriptor in descriptors:
                    opened.callback(os.close, descriptor)
                if len(descriptors) != 2:
                    return json.loads(told) if told else _end(broken="its first process was killed")
                processes, answers = descriptors
                stopped, seen = _watched(ours, processes, limits)
                _end_namespace(first)
                _copy(answers, target)
                if stopped:
                    return _end(stopped=stopped, seen=seen)
                # Nothing there: the kernel has ended the first process, out of memory.
                told = ours.recv(1000)
                return {**json.loads(told), "seen": seen} if told else _end(stopped="crashed", seen=seen)
            except OSError as error:
                return _end(broken=str(error))

    def _first(self, room: Room, limits: Limits, theirs: socket.socket, user: tuple[int, int]) -> None:
        """The first process of the namespaces: puts up the walls, starts the job, and ends all when that has ended."""
        try:
            self._forget()
            namespaces.enter(*user)
            die_with_parent()
            if not self._walls.room:
                namespaces.read_only()
            namespaces.furnish(room, limits.disk_mb)
            namespaces.own_processes()
            namespaces.drop_capabilities()
            prctl(PR_SET_NO_NEW_PRIVS, 1)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
                signal.signal(number, signal.SIG_DFL)  # which the first process does not hear from inside
            socket.send_fds(theirs, [b"ready"], [_open_folder(Path("/proc")), _open_folder(room.place / "answers")])
            job = _fork(lambda: self._job(room.place, limits))
            while True:
                pid, status = os.waitpid(-1, 0)
                if pid == job:
                    theirs.send(json.dumps(_end(status)).encode())
                    break
        except OSError as error:
            theirs.send(json.dumps(_end(broken=str(error)[:500])).encode())
        finally:
            os._exit(0)

    def _job(self, place: Path, limits: Limits) -> None:
        walls, code = self._walls, NOT_LOCKED_CODE
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            die_with_parent()
            confine(place, limits)
            if walls.landlock or walls.seccomp:
                prctl(PR_SET_NO_NEW_PRIVS, 1)
            if walls.landlock:
                self._hide_files(place)
            if walls.seccomp:
                # Unix sockets only where none of the machine's can be seen: no other wall stops connecting to them.
                seccomp.restrict(sockets=walls.room, metadata=walls.namespaces)
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
            (place, CODE, *self._walls.readable, *readable), (place / "home", place / "answers", *devices, *writable)
        )


def _fork(run: Callable[[], None]) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            run()
        finally:
            os._exit(1)
    return pid


def _end(status: int | None = None, stopped: str = "", broken: str = "", seen: float = 0.0) -> dict:
    if status is not None and os.WIFEXITED(status) and os.WEXITSTATUS(status) == NOT_LOCKED_CODE:
        broken = "the job could not be locked in"
    return {"status": status, "stopped": stopped, "broken": broken, "seen": seen}


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


def _open_folder(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)


def _end_namespace(first: int) -> None:
    """Kill the first process, given as a pidfd; returns when every process of its namespace is dead."""
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        signal.pidfd_send_signal(first, signal.SIGKILL)
        os.waitid(os.P_PIDFD, first, os.WEXITED)


def _watched(ours: socket.socket, processes: int, limits: Limits) -> tuple[str, float]:
    """Wait until the job has ended or all its processes together use too much.

    What it was too much of, and the seconds computed that were seen. `processes`: the job's /proc.
    """
    deadline, stopped, seen = time.monotonic() + limits.wall_seconds, "", 0.0
    while not stopped:
        rest = deadline - time.monotonic()
        if select.select([ours], [], [], max(0.0, min(rest, LOOK_SECONDS)))[0]:
            break
        seen, much = _look(processes, limits)
        stopped = "wall" if rest <= 0 else much
    return stopped, seen


def _look(processes: int, limits: Limits) -> tuple[float, str]:
    """Seconds computed by the job as a whole, and what it uses too much of.

    Limits of the kernel hold for single processes only.
    """
    ticks = memory = count = 0
    pids = [name for name in os.listdir(processes) if name.isdigit()]
    for pid in pids:
        with contextlib.suppress(OSError, ValueError, IndexError):
            ticks += sum(map(int, _read(processes, f"{pid}/stat").rpartition(")")[2].split()[11:15]))
            memory += _memory(processes, pid)
            count += 1
    seconds = ticks / os.sysconf("SC_CLK_TCK")
    if seconds > limits.cpu_seconds + 1:
        return seconds, "cpu"
    most = limits.memory_mb * 1024
    if memory > most and sum(_exact_memory(processes, pid) for pid in pids) > most:
        return seconds, "memory"
    return seconds, "processes" if count > limits.processes + 2 else ""


def _read(folder: int, name: str) -> str:
    with open(os.open(name, os.O_RDONLY, dir_fd=folder), encoding="utf-8", errors="replace") as file:
        return file.read()


def _memory(processes: int, pid: str) -> int:
    """kB that are no file's. Pages shared since a fork count for everybody."""
    lines = _read(processes, f"{pid}/status").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(("RssAnon:", "RssShmem:")))


def _exact_memory(processes: int, pid: str) -> int:
    """The same with shared pages counted once, as far as the process lets it be known. Slow."""
    with contextlib.suppress(OSError, ValueError):
        try:
            lines = _read(processes, f"{pid}/smaps_rollup").splitlines()
            return sum(int(line.split()[1]) for line in lines if line.startswith(("Pss_Anon:", "Pss_Shmem:")))
        except PermissionError:
            return _memory(processes, pid)
    return 0


def _copy(answers: int, target: int) -> None:
    """Take out what a dead job left: plain files, so many and so large at most. No name leads anywhere else."""
    rest = MOST_BYTES
    os.fchmod(answers, 0o700)  # whatever the job made of it
    with os.scandir(answers) as entries:
        names = [entry.name for _, entry in zip(range(MOST_ANSWERS), entries, strict=False)]
    for name in names:
        try:
            answer = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=answers)
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
