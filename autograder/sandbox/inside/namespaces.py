"""A private view of the machine for one job: own users, mounts, processes, network, ipc and host name.

Works for everybody where the kernel lets ordinary users make user namespaces, and inside bubblewrap's room.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from .system import (
    PR_CAP_AMBIENT,
    PR_CAP_AMBIENT_CLEAR_ALL,
    PR_CAPBSET_DROP,
    PR_SET_DUMPABLE,
    call,
    clone,
    prctl,
    raw,
)

UID = 1000
"""Who student code is, in its own view: nobody special."""

_USER, _MOUNT, _PROCESSES, _NETWORK, _IPC, _HOST_NAME, _CGROUP = (
    0x10000000, 0x00020000, 0x20000000, 0x40000000, 0x08000000, 0x04000000, 0x02000000,
)  # fmt: skip
_READ_ONLY, _NO_SETUID, _NO_DEVICES, _NO_PROGRAMS, _REMOUNT, _BIND, _RECURSIVE, _PRIVATE = (
    1, 2, 4, 8, 0x20, 0x1000, 0x4000, 0x40000,
)  # fmt: skip
_SAFE = _NO_SETUID | _NO_DEVICES
_FILES = 20_000
"""How many files and folders a job may make."""


@dataclass(frozen=True)
class Room:
    """Where things stand, for a job with mounts of its own."""

    folder: Path
    """The job's folder as the worker sees it."""
    place: Path
    """The job's folder as the job itself sees it; may be the same."""
    covered: Path | None
    """A folder that the job must not see into; `folder` lies in it."""
    scratch: Path
    """An existing folder that is covered by the job's own space."""


def fork() -> int:
    """As os.fork, but the child is the first process of new namespaces of every kind, and has all power over them."""
    return clone(_USER | _MOUNT | _PROCESSES | _NETWORK | _IPC | _HOST_NAME | _CGROUP)


def enter(uid: int, gid: int) -> None:
    """In that child: be somebody. `uid` and `gid` are the parent's."""
    # A process whose memory is closed to others does not own its files in /proc. Nobody else is here yet.
    prctl(PR_SET_DUMPABLE, 1)
    # Without groups for good, as the kernel demands of ordinary users. And should memory run out, this dies first.
    lines = {"setgroups": "deny", "uid_map": f"{UID} {uid} 1", "gid_map": f"{UID} {gid} 1", "oom_score_adj": "1000"}
    for name, line in lines.items():
        Path("/proc/self", name).write_text(line)
    prctl(PR_SET_DUMPABLE, 0)
    call("sethostname", b"grading", 7)
    _mount(None, "/", None, _RECURSIVE | _PRIVATE)


def furnish(room: Room, disk_mb: int) -> None:
    """Give the job its folder, read-only, in which `home` and `answers` are its own; and a /tmp and /dev/shm.

    What a job writes lies in memory, has a limit in bytes and in files, and is gone with the job.
    """
    _mount(room.folder, room.place, None, _BIND)
    _mount(None, room.place, None, _REMOUNT | _BIND | _READ_ONLY | _flags(room.place))
    scratch = room.scratch
    _mount("tmpfs", scratch, "tmpfs", _SAFE, f"size={disk_mb}m,nr_inodes={_FILES},mode=755")
    for name in ("answers", "home", "shm", "tmp"):
        (scratch / name).mkdir()
    _mount(scratch / "answers", room.place / "answers", None, _BIND)
    _mount(scratch / "shm", "/dev/shm", None, _BIND)
    if scratch != room.place / "home":
        _mount(scratch / "home", room.place / "home", None, _BIND)
    if room.covered:
        _mount("tmpfs", room.covered, "tmpfs", _SAFE | _READ_ONLY, "size=4k,nr_inodes=2")
    # Last, because it covers the space that it comes from.
    _mount(scratch / ("tmp" if scratch == Path("/tmp") else "home"), scratch, None, _BIND)


def own_processes() -> None:
    """As the first process of the namespace: a /proc with nobody else in it, and no further user namespaces."""
    own_proc()
    Path("/proc/sys/user/max_user_namespaces").write_text("0")
    _mount(None, "/proc", None, _REMOUNT | _BIND | _READ_ONLY | _SAFE | _NO_PROGRAMS)


def own_proc() -> None:
    """Mount a /proc of the own process namespace."""
    _mount("proc", "/proc", "proc", _SAFE | _NO_PROGRAMS)


def read_only(root: str = "/") -> None:
    """Make every mount read-only, whoever owns the files: also their modes and times."""
    attributes = (1).to_bytes(8, "little") + bytes(24)
    raw("mount_setattr", 442, -100, root, 0x8000, attributes, len(attributes))


def drop_capabilities() -> None:
    """Give up the power over one's own namespaces, for good."""
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    for capability in range(int(Path("/proc/sys/kernel/cap_last_cap").read_text()) + 1):
        prctl(PR_CAPBSET_DROP, capability)
    call("capset", bytes.fromhex("22050820") + bytes(4), bytes(24))


def _flags(path: Path) -> int:
    # What the mount has already cannot be taken away, and must be named again.
    return os.statvfs(path).f_flag & (_NO_SETUID | _NO_DEVICES | _NO_PROGRAMS)


def _mount(source, target, kind: str | None, flags: int, data: str | None = None) -> None:
    try:
        call("mount", source, target, kind, flags, data)
    except OSError as error:
        raise OSError(error.errno, f"{error.strerror} ({target})") from error
