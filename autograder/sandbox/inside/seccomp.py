"""A filter of system calls: what no notebook needs, and what the other walls do not stop.

Namespaces do not cover kernel keyrings, vsock sockets to the host of a virtual machine, or memory that belongs to no
process (memfd, System V segments); the rest keeps rarely used, often broken parts of the kernel out of reach.
"""

import ctypes
import errno
import socket
import struct

from .system import LINUX, MACHINE, call

PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
NEW_NAMESPACE = 0x7E020000
"""All CLONE_NEW... flags that clone() knows."""

_LOAD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _JUMP_ANY, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _FAIL = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
X32 = 0x40000000

# From the kernel's tables for x86_64 and aarch64. The same number on both from 424 on.
_DENIED = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "syslog": (103, 116),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
    "lookup_dcookie": (212, 18),
    "vhangup": (153, 58),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "pidfd_getfd": (438, 438),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
}
# Ownership, modes and times of files, which Landlock leaves alone. Where no mount namespace protects them, these calls
# do nothing and say that they did: too many programs set a mode in passing.
_METADATA = {
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
}
_CLONE, _CLONE3, _SOCKET = {"x86_64": 56, "aarch64": 220}, 435, {"x86_64": 41, "aarch64": 198}


def supported() -> bool:
    """Whether the numbers of system calls are known for this machine."""
    return LINUX and MACHINE in ARCHITECTURES


def program(sockets: bool, metadata: bool, machine: str = MACHINE) -> bytes:
    """The filter as the kernel reads it.

    `sockets`: Unix sockets may be made (they lead nowhere where network and files are private); no other kind ever.
    `metadata`: modes, owners and times of files may be changed; otherwise nothing happens when they are.
    """
    column = list(ARCHITECTURES).index(machine)
    denied, ignored = (
        sorted(numbers[column] for numbers in calls.values() if numbers[column] is not None)
        for calls in (_DENIED, {} if metadata else _METADATA)
    )
    lines = [(_LOAD, 0, 0, _ARCHITECTURE), (_JUMP_EQUAL, 1, 0, ARCHITECTURES[machine]), (_RETURN, 0, 0, _KILL)]
    lines += [(_LOAD, 0, 0, _NUMBER)]
    fail = (_RETURN, 0, 0, _FAIL | errno.EPERM)
    if machine == "x86_64":
        lines += [(_JUMP_GREATER_EQUAL, 0, 1, X32), fail]
    for number in denied:
        lines += [(_JUMP_EQUAL, 0, 1, number), fail]
    for number in ignored:
        lines += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _FAIL)]
    # clone3 hides its flags behind a pointer; the C library falls back to clone.
    lines += [(_JUMP_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _FAIL | errno.ENOSYS)]
    lines += [(_JUMP_EQUAL, 0, 3, _CLONE[machine]), (_LOAD, 0, 0, _FIRST_ARGUMENT)]
    lines += [(_JUMP_ANY, 0, 1, NEW_NAMESPACE), fail, (_LOAD, 0, 0, _NUMBER)]
    if sockets:
        lines += [(_JUMP_EQUAL, 0, 3, _SOCKET[machine]), (_LOAD, 0, 0, _FIRST_ARGUMENT)]
        lines += [(_JUMP_EQUAL, 1, 0, socket.AF_UNIX), fail]
    else:
        lines += [(_JUMP_EQUAL, 0, 1, _SOCKET[machine]), fail]
    return b"".join(struct.pack("HBBI", *line) for line in [*lines, (_RETURN, 0, 0, _ALLOW)])


def restrict(sockets: bool, metadata: bool) -> None:
    """Put the filter on this process and all that it starts, for good. OSError where the kernel refuses."""

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    code = program(sockets, metadata)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = Program(len(code) // 8, ctypes.addressof(buffer))
    call("prctl", PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(header), 0, 0)
