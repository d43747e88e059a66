"""Run inside a sandbox, never imported outside: looks for ways out."""

import contextlib
import os
import socket
from pathlib import Path


def look(job: dict) -> list[str]:
    """Try what student code must not be able to do; the names of what worked."""
    found = []

    def attempt(name: str, action) -> None:
        with contextlib.suppress(OSError):
            action()
            found.append(name)

    def signal() -> None:
        # In a namespace of its own the first process is the parent, and numbers from outside mean nothing.
        if os.getppid() == 1:
            raise ProcessLookupError
        os.kill(job["pid"], 0)

    attempt("file", lambda: Path(job["secret"]).read_bytes())
    attempt("network", lambda: socket.create_connection(("127.0.0.1", job["port"]), 2))
    attempt("socket", lambda: socket.socket(socket.AF_UNIX).connect(f"\0{job['socket']}"))
    attempt("process", signal)
    attempt("write", lambda: Path(__file__).with_name("trial.txt").write_text("x"))
    try:
        # What honest code needs: its own files and home, and modules that are imported late.
        Path(__file__).read_bytes()
        Path("x").write_text("x")
        import decimal  # noqa: F401
    except (OSError, ImportError):
        found.append("blind")
    if int(Path("/proc/self/status").read_text().partition("CapEff:")[2].split()[0], 16):
        found.append("rights")
    return found
