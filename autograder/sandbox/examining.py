"""What this machine offers to isolate student code with, what is missing, and how to get it."""

import os
import platform
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from . import room
from .inside import landlock, seccomp
from .inside.system import LINUX
from .levels import best, obstacle, rungs

_INSTALL = {
    "debian": "apt-get install bubblewrap",
    "ubuntu": "apt-get install bubblewrap",
    "fedora": "dnf install bubblewrap",
    "rhel": "dnf install bubblewrap",
    "arch": "pacman -S bubblewrap",
    "suse": "zypper install bubblewrap",
    "alpine": "apk add bubblewrap",
}
_SWITCHES = {
    "user/max_user_namespaces": ("0", "sysctl -w user.max_user_namespaces=15000"),
    "kernel/unprivileged_userns_clone": ("0", "sysctl -w kernel.unprivileged_userns_clone=1"),
    "kernel/apparmor_restrict_unprivileged_userns": (
        "1",
        "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    ),
}
"""Files in /proc/sys, the value with which ordinary users make no user namespaces, and how to change it."""


@dataclass(frozen=True)
class Finding:
    """One rung of the ladder."""

    level: str
    title: str
    holds: bool
    obstacle: str


@dataclass(frozen=True)
class Examination:
    """All that was found."""

    level: str
    """The one that grading will run at."""
    rungs: list[Finding]
    facts: dict[str, str]
    advice: list[str]
    """What to do to reach a higher level; empty on the highest."""

    def to_json(self) -> dict:
        """A form for programs."""
        return asdict(self)


def examine() -> Examination:
    """Try every rung; takes a second or two."""
    found = [Finding(rung.level, rung.title, not obstacle(rung), obstacle(rung)) for rung in rungs()]
    level = best().level
    return Examination(level, found, facts(), [] if level == "full" else advice())


def facts() -> dict[str, str]:
    """What can be read off the machine without trying."""
    told = {
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "user": "root" if LINUX and os.getuid() == 0 else "an ordinary user",
        "bubblewrap": _version(),
        "Landlock": f"version {landlock.abi()}" if landlock.abi() else "no",
        "system call filter": "yes" if seccomp.supported() else "no",
    }
    if LINUX:
        closed = [how for _, how in _closed()]
        told["user namespaces"] = "switched off for ordinary users" if closed else "not switched off"
        told["container"] = "yes" if _in_container() else "no sign of one"
    return told


def advice() -> list[str]:
    """How to get further up. In the order in which to try it."""
    if not LINUX:
        return ["Grade on Linux: a virtual machine, WSL 2 or a server. No other system can reach more than 'limits'."]
    steps = []
    if room.bubblewrap() is None:
        install = next((_INSTALL[name] for name in _distribution() if name in _INSTALL), "")
        steps.append(f"Install bubblewrap{f', as root: {install}' if install else ' from your distribution'}.")
    steps += [f"Let ordinary users make user namespaces, as root: {how}" for _, how in _closed()]
    if _in_container():
        steps.append(
            "This looks like a container, which forbids namespaces. Start it so that they are allowed (docker run "
            "--security-opt seccomp=unconfined --security-opt systempaths=unconfined --cap-add SYS_ADMIN), or grade "
            "on its host."
        )
    if not landlock.abi():
        steps.append("For level 'kernel': a kernel from 5.13 on with landlock in its boot parameter lsm=.")
    return steps or ["Nothing here is known to help; the reasons above say what the kernel refused."]


def _version() -> str:
    program = room.bubblewrap()
    if program is None:
        return "not installed"
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return done.stdout.strip().removeprefix("bubblewrap ") or "does not start"


def _closed() -> list[tuple[str, str]]:
    return [(name, how) for name, (value, how) in _SWITCHES.items() if _setting(name) == value]


def _setting(name: str) -> str | None:
    try:
        return Path("/proc/sys", name).read_text().strip()
    except OSError:
        return None


def _distribution() -> list[str]:
    """Its name, then the names of those that it is like."""
    try:
        told = platform.freedesktop_os_release()
    except OSError:
        return []
    return [told.get("ID", ""), *told.get("ID_LIKE", "").split()]


def _in_container() -> bool:
    return any(Path(name).exists() for name in ("/.dockerenv", "/run/.containerenv")) or "container" in os.environ
