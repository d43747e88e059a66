"""Calls of the Linux kernel that Python has no name for. Every failure is an OSError that names the call."""

import ctypes
import errno
import os
import platform
import signal
import sys

LINUX = sys.platform == "linux"
MACHINE = platform.machine()

_libc = ctypes.CDLL(None, use_errno=True) if LINUX else None

_CLONE = {"x86_64": 56, "aarch64": 220}

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER = 1, 4, 24, 36
PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 38, 47, 4


def call(name: str, *arguments) -> int:
    """A function of the C library; its result."""
    return _checked(name, getattr(_libc, name)(*map(_argument, arguments)))


def raw(name: str, number: int, *arguments) -> int:
    """A system call by its number, for those that the C library has no function for."""
    return _checked(name, _libc.syscall(ctypes.c_long(number), *map(_argument, arguments)))


def clone(flags: int) -> int:
    """Fork into new namespaces: 0 in the child, its number in the parent. OSError where the kernel refuses.

    unshare() cannot do it without a process in between, and a fork of a process with torch in it costs 15 ms.
    Only for processes with one thread.
    """
    if MACHINE not in _CLONE:
        raise OSError(errno.ENOSYS, f"clone: not known for {MACHINE}")
    python = ctypes.pythonapi
    python.PyOS_BeforeFork()
    # By way of PyDLL, which keeps Python's lock: the child must not wait for it.
    pid = ctypes.PyDLL(None, use_errno=True).syscall(
        ctypes.c_long(_CLONE[MACHINE]), ctypes.c_ulong(flags | signal.SIGCHLD), *[ctypes.c_void_p()] * 4
    )
    number = ctypes.get_errno()
    if pid == 0:
        python.PyOS_AfterFork_Child()
        return 0
    python.PyOS_AfterFork_Parent()
    if pid < 0:
        raise OSError(number, f"clone: {os.strerror(number)}")
    return pid


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
