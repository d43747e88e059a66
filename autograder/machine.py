"""What this machine has to give: cores and memory, of a container where it is one."""

import os
from pathlib import Path

from .errors import UserError

MEGABYTE = 2**20
WORKER_MB = 500
"""What a sandbox's worker holds while nothing runs in it."""
CGROUP = Path("/sys/fs/cgroup")


def cores() -> int:
    """Cores that this process may use."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _numbers("cpu.max") or _numbers("cpu/cpu.cfs_quota_us") + _numbers("cpu/cpu.cfs_period_us")
    return max(1, min(usable, quota[0] // quota[1])) if len(quota) == 2 and quota[0] > 0 else usable


def free_memory_mb() -> int:
    """Memory that can be used without swapping."""
    import psutil

    free = psutil.virtual_memory().available
    for most, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        limit = _numbers(most) + _numbers(used)
        if len(limit) == 2:
            free = min(free, limit[0] - limit[1])
    return max(0, free) // MEGABYTE


def workers(submission_mb: int, wanted: int | None = None, budget_gb: float | None = None) -> tuple[int, str]:
    """How many submissions to grade at a time, and a sentence where memory decides it.

    Each may use `submission_mb` at the same time. Without `budget_gb` it is the free memory, and does not bind a
    number that was asked for. UserError where the budget is too small for one.
    """
    need = submission_mb + WORKER_MB
    number = wanted or cores()
    if budget_gb is None and wanted:
        return number, ""
    budget = free_memory_mb() if budget_gb is None else round(budget_gb * 1024)
    room = budget // need
    if room < 1 and budget_gb is not None:
        raise UserError(f"--memory {budget_gb:g} is too little: one submission may use {need / 1024:.1f} GB.")
    if room >= number:
        return number, ""
    number = max(1, room)
    return number, (
        f"{number} at a time: each may use {need / 1024:.1f} GB and there are {budget / 1024:.1f} GB. "
        "--memory or --workers says otherwise."
    )


def _numbers(name: str) -> list[int]:
    """The numbers in a file of the kernel's control groups; none where there is no such file or no limit."""
    try:
        return [int(word) for word in (CGROUP / name).read_text("ascii").split()]
    except (OSError, ValueError):
        return []
