"""The ladder of isolation, best first, and which rung this machine carries. Nothing is believed: every rung is tried.

- `full`: bubblewrap's room around the worker, namespaces of its own around every job.
- `kernel`: without bubblewrap. Landlock and a filter of system calls, with namespaces where the kernel gives them.
- `limits`: time, memory, file and process limits only. macOS, Windows Subsystem for Linux 1, Colab.
"""

from dataclasses import dataclass
from functools import cache

from autograder.errors import UserError

from .inside import landlock, seccomp
from .inside.job import Walls
from .inside.system import LINUX

LEVELS = ("limits", "kernel", "full")
"""From the weakest to the strongest."""


@dataclass(frozen=True)
class Policy:
    """What a user asks of the sandbox. Small and picklable."""

    minimum: str = "limits"
    """The least level to run at."""
    warm: bool = True
    """One worker for many submissions. Otherwise a new one, with a new interpreter, for each."""


@dataclass(frozen=True)
class Rung:
    """One way to lock jobs in."""

    level: str
    walls: Walls

    @property
    def title(self) -> str:
        """In words."""
        if self.walls.room:
            return "bubblewrap's room, namespaces for every job"
        if self.walls.landlock:
            return "Landlock and system call filter" + (", namespaces" if self.walls.namespaces else "")
        return "limits on time, memory, files and processes"


def rungs() -> list[Rung]:
    """The whole ladder, best first."""
    from . import room, staging

    system = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime")
    readable = (*system, "/etc/mime.types", "/etc/fonts", *map(str, room.interpreter()), *staging.packages())
    enclosed = Walls(namespaces=True, seccomp=True, landlock=True, readable=readable)
    return [
        Rung("full", Walls(room=True, namespaces=True, seccomp=seccomp.supported())),
        Rung("kernel", enclosed),
        Rung("kernel", Walls(seccomp=True, landlock=True, readable=readable)),
        Rung("limits", Walls()),
    ]


@cache
def obstacle(rung: Rung) -> str:
    """Why this machine does not carry the rung; empty where it does."""
    from . import room
    from .probing import probe

    if rung.level == "limits":
        return ""
    if not LINUX:
        return "only Linux has it"
    if rung.walls.room and room.bubblewrap() is None:
        return "bubblewrap is not installed"
    if rung.level == "kernel":
        if not seccomp.supported():
            return "no table of system calls for this kind of processor"
        needed = 1 if rung.walls.namespaces else landlock.SIGNALS_ABI
        if (version := landlock.abi()) < needed:
            return f"the kernel offers Landlock {version or 'not at all'}, needed is version {needed}"
    return probe(rung)


def best() -> Rung:
    """The highest rung that holds."""
    return next(rung for rung in rungs() if not obstacle(rung))


def choose(policy: Policy) -> Rung:
    """The rung to run on; UserError where it is lower than asked for."""
    rung = best()
    if LEVELS.index(rung.level) < LEVELS.index(policy.minimum):
        raise UserError(
            f"This machine isolates at level '{rung.level}', and '{policy.minimum}' is asked for; "
            "`python -m autograder doctor` says what is missing."
        )
    return rung
