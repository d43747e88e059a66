"""Calls of the Linux kernel that Python has no name for. Every failure is an OSError that names the call."""

import ctypes
import os
import platform
import sys

LINUX = sys.platform == "linux"
MACHINE = platform.machine()

_libc = ctypes.CDLL(None, use_errno=True) if LINUX else None

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER = 1, 4, 24, 36
PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 38, 47, 4


def call(name: str, *arguments) -> int:
    """A function of the C library; its result."""
    return _checked(name, getattr(_libc, name)(*map(_argument, arguments)))


def raw(name: str, number: int, *arguments) -> int:
    """A system call by its number, for those that the C library has no function for."""
    return _checked(name, _libc.syscall(ctypes.c_long(number), *map(_argument, arguments)))


def prctl(option: int, value: int = 0) -> None:
    """Set a property of this process."""
    call("prctl", option, value, 0, 0, 0)


def _argument(value):
    if isinstance(value, int):
        return ctypes.c_ulong(value)
    return os.fsencode(value) if isinstance(value, (str, os.PathLike)) else value


def _checked(name: str, result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result
