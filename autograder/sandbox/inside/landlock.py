"""Landlock: the kernel lets a process give up access to files, TCP, and signals and sockets outside itself.

https://docs.kernel.org/userspace-api/landlock.html. It covers opening files, not `stat`, `chmod` or times: those are
left to a read-only mount namespace or to the filter of system calls.
"""

import contextlib
import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path

from .system import LINUX, raw

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ABI_QUESTION, _PATH_BENEATH = 1, 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | (1 << 14) | (1 << 15)
_READING = _EXECUTE | _READ_FILE | _READ_DIR
_BITS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""ABI -> how many rights over files it knows; later ABIs know as many as 5."""

SIGNALS_ABI = 6
"""From here on signals and abstract sockets are held in too."""


def abi() -> int:
    """The version that this kernel offers; 0 where there is none or it is switched off."""
    if not LINUX:
        return 0
    try:
        return raw("landlock_create_ruleset", _CREATE_RULESET, None, 0, _ABI_QUESTION)
    except OSError:
        return 0


def restrict(readable: Iterable[str | Path], writable: Iterable[str | Path]) -> None:
    """From now on only these trees of files, no TCP, and no signals to anybody outside. OSError if the kernel refuses.

    Paths that do not exist are left out. Needs PR_SET_NO_NEW_PRIVS.
    """
    version = abi()
    rights = (1 << _BITS[min(version, 5)]) - 1
    network = 3 if version >= 4 else 0
    scoped = 3 if version >= SIGNALS_ABI else 0
    attributes = struct.pack("QQQ", rights, network, scoped)[: 24 if version >= 6 else 16 if version >= 4 else 8]
    ruleset = raw("landlock_create_ruleset", _CREATE_RULESET, attributes, len(attributes), 0)
    try:
        for path in readable:
            _allow(ruleset, path, _READING & rights)
        for path in writable:
            _allow(ruleset, path, rights)
        raw("landlock_restrict_self", _RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str | Path, rights: int) -> None:
    with contextlib.suppress(FileNotFoundError):
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            if not Path(path).is_dir():
                rights &= _OF_FILES
            rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, place))
            raw("landlock_add_rule", _ADD_RULE, ruleset, _PATH_BENEATH, rule, 0)
        finally:
            os.close(place)
