"""The room: bubblewrap around the whole worker, with the code it runs and nothing else of this machine.

https://github.com/containers/bubblewrap. Whatever student code might break inside, it stays in here: there is no
network, no home folder, no course, and nothing of the machine can be written but the folders of this worker's jobs.
"""

import os
import shutil
import sys
from pathlib import Path

from autograder.course import REPOSITORY

from .inside.job import JOBS, PLACE
from .staging import packages, shown_at

CODE = Path("/code")
OURS = ("autograder", "helpers", "data_scripts", "benchmarks", "tests")
"""Packages that an installed copy of this project would put beside the others. They hold answers."""

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64")
_SETTINGS = (
    "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/localtime", "/etc/fonts",
    "/etc/mime.types", "/sys/devices/system/cpu",
)  # fmt: skip


def bubblewrap() -> str | None:
    """Where the program is; None where it is not installed."""
    return shutil.which("bwrap", path=f"{os.environ.get('PATH', '')}:/usr/bin:/usr/local/bin")


def interpreter() -> list[Path]:
    """Folders that Python itself needs."""
    places = {Path(place).resolve() for place in (sys.base_prefix, sys.base_exec_prefix)}
    places.add(Path(sys.executable).resolve().parent)
    return sorted(place for place in places if not place.is_relative_to("/usr"))


def command(code: Path, jobs: Path, info: int, withheld: tuple[str, ...] = ()) -> list[str]:
    """The beginning of a command line. `jobs` is the one folder that can be written; `info`: bwrap's --info-fd.

    `withheld` may name installed packages: they can be imported, and are empty.
    """
    line = [bubblewrap() or "bwrap", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    line += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--hostname", "grading"]
    line += ["--info-fd", str(info)]
    if os.getuid() == 0:
        # As root without a user namespace: bubblewrap may then read an interpreter in a closed home, and settling.py
        # turns into a user that the rest of the machine knows nothing of. In a namespace root would stay root.
        line += ["--cap-drop", "ALL"]
        for capability in ("CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID"):
            line += ["--cap-add", capability]
    else:
        line += ["--unshare-user", "--uid", "1000", "--gid", "1000", "--proc", "/proc"]
    for place in (*_SYSTEM, *_SETTINGS):
        if os.path.islink(place) and place in _SYSTEM:
            line += ["--symlink", os.readlink(place), place]
        elif os.path.exists(place):
            line += _show(place)
    if REPOSITORY.is_relative_to("/usr"):
        line += ["--tmpfs", str(REPOSITORY)]
    for place in map(str, interpreter()):
        line += _show(place)
    for place in packages():
        shown = shown_at(place)
        line += _show(place, shown)
        for name in (*OURS, *withheld):
            if Path(place, name).is_dir():
                line += ["--tmpfs", f"{shown}/{name}", "--remount-ro", f"{shown}/{name}"]
    for name in ("passwd", "group"):
        line += ["--ro-bind", str(code / "etc" / name), f"/etc/{name}"]
    line += ["--dev", "/dev", "--dir", str(PLACE), "--ro-bind", str(code), str(CODE), "--bind", str(jobs), str(JOBS)]
    if os.getuid() == 0:
        line += ["--dir", "/proc"]
    line += ["--perms", "1777", "--size", str(64 * 1024 * 1024), "--tmpfs", "/tmp"]
    return [*line, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp", "--"]


def _show(place: str, shown: str = "") -> list[str]:
    shown = shown or place
    # Folders on the way are made by bubblewrap; as root it would make them for root alone.
    line = [word for folder in list(Path(shown).parents)[-2::-1] for word in ("--perms", "0755", "--dir", str(folder))]
    return [*line, "--ro-bind", place, shown]
