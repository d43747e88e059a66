"""The first act in bubblewrap's room when the grader is root: become an ordinary user."""

import os

from . import namespaces

WORKER_UID = 60600
"""Belongs to nobody: no distribution and no tool that makes users takes numbers from 60578 to 60705."""


def settle() -> None:
    """Mount /proc and give up root for good. As another user nothing is left to do.

    bubblewrap's own /proc, made by root, has parts covered, and the kernel then lets no job mount one of its own.
    """
    if os.getuid() == 0:
        namespaces.own_proc()
        os.setgroups([])
        os.setresgid(WORKER_UID, WORKER_UID, WORKER_UID)
        os.setresuid(WORKER_UID, WORKER_UID, WORKER_UID)
