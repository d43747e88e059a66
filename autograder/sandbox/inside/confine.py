"""Inside the child, before student code: limits of the kernel that every ordinary process can set for itself."""

import os
import resource
import signal
from dataclasses import dataclass
from pathlib import Path

from .system import LINUX, PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG, prctl


@dataclass(frozen=True)
class Limits:
    """What one submission may use."""

    wall_seconds: float = 120
    cpu_seconds: int = 60
    memory_mb: int = 4096
    file_mb: int = 64
    disk_mb: int = 512
    """All files together. Held where the job has mounts of its own."""
    processes: int = 256
    open_files: int = 256


def confine(folder: Path, limits: Limits) -> None:
    """Own session, own home and working directory, no terminal, no inherited secrets, limits that cannot be raised."""
    os.setsid()
    home = folder / "home"
    os.chdir(home)
    os.environ.clear()
    os.environ.update(
        HOME=str(home), TMPDIR=str(home), PATH="/usr/bin:/bin", LANG="C.UTF-8", MPLBACKEND="Agg", USER="student",
        OMP_NUM_THREADS="1", MPLCONFIGDIR=str(home), IPYTHONDIR=str(home),
    )  # fmt: skip
    # What is printed is dropped: it costs nobody a point and cannot fill a disk.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.closerange(3, resource.getrlimit(resource.RLIMIT_NOFILE)[0] if LINUX else 256)
    megabyte = 1024 * 1024
    _limit(resource.RLIMIT_CPU, limits.cpu_seconds)
    _limit(resource.RLIMIT_FSIZE, limits.file_mb * megabyte)
    _limit(resource.RLIMIT_NOFILE, limits.open_files)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NPROC, limits.processes)
    # Not RLIMIT_AS: torch maps many gigabytes that it never touches.
    _limit(resource.RLIMIT_DATA, limits.memory_mb * megabyte)


def _limit(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (value, value))


def die_with_parent(by: int = signal.SIGKILL) -> None:
    """Ask the kernel to kill this process when the one that made it ends. Linux only; elsewhere nothing happens."""
    if LINUX:
        prctl(PR_SET_PDEATHSIG, by)


def become_reaper() -> None:
    """Let orphaned descendants, daemons included, become children of this process. Linux only."""
    if LINUX:
        prctl(PR_SET_CHILD_SUBREAPER, 1)


def end_descendants() -> None:
    """Kill and collect whatever a job left behind, whichever session it moved to."""
    while True:
        for pid in _children():
            os.kill(pid, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _children() -> list[int]:
    try:
        return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    except OSError:
        return []
