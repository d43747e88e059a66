"""Try a rung for real: a worker of that rung runs a job that looks for ways out."""

import contextlib
import json
import os
import socket
import tempfile
from pathlib import Path

from .inside.confine import Limits

WORDS = {
    "file": "a file of the grader can be read",
    "network": "a port of this machine can be reached",
    "socket": "an abstract socket of this machine can be reached",
    "process": "a process outside can be signalled",
    "write": "the code it runs can be changed",
    "blind": "honest code cannot work either",
    "rights": "it has rights of root",
}
TRIAL = Path(__file__).with_name("trial.py")
SCRIPT = "autograder.sandbox.inside.script"


def probe(rung) -> str:
    """What is wrong with the rung on this machine, in words; empty where nothing is."""
    from . import Sandbox, SandboxBroken

    with contextlib.ExitStack() as stack:
        secret = stack.enter_context(tempfile.NamedTemporaryFile(prefix="rnnt-probe-"))
        secret.write(b"secret")
        secret.flush()
        os.chmod(secret.name, 0o644)
        port = stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
        name = f"rnnt-probe-{os.getpid()}-{port}"
        stack.enter_context(_abstract(name))
        sandbox = stack.enter_context(Sandbox(rung=rung, module=SCRIPT))
        folder = stack.enter_context(sandbox.job())
        job = {"secret": secret.name, "port": port, "socket": name, "pid": os.getpid(), "source": TRIAL.read_text()}
        (folder / "job.json").write_text(json.dumps(job), "utf-8")
        try:
            outcome = sandbox.run(folder, Limits(wall_seconds=20, cpu_seconds=10))
            if outcome.ending != "finished":
                return f"the trial did not finish: {outcome.ending}. {outcome.detail}"
            found = json.loads((folder / "answers" / "found.json").read_text("utf-8"))
        except (SandboxBroken, OSError, ValueError) as error:
            return f"it cannot be set up: {error}".rstrip(".")
    return "; ".join(WORDS[one] for one in found)


def _abstract(name: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"\0{name}")
    listener.listen()
    return listener
