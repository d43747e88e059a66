"""The worker's side of the socket: `python -m MODULE FD WALLS` takes jobs and says how each ended."""

import gc
import json
import os
import socket
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from .confine import Limits
from .job import Jobs, Walls


def serve(work: Callable[[Path], None]) -> None:
    """Serve until the other end closes. RuntimeError if there is more than one thread: a child of such can hang."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    walls = json.loads(sys.argv[2])
    if (threads := _threads()) != 1:
        raise RuntimeError(f"The worker has {threads} threads; it must have one when it forks.")
    jobs = Jobs(Walls(**{**walls, "readable": tuple(walls["readable"])}), work, partial(os.close, channel.fileno()))
    # What is there now stays for good. Looking through it for garbage would copy it into every child.
    gc.collect()
    gc.freeze()
    with channel.makefile("rw", encoding="utf-8") as stream:
        _say(stream, {"ready": True})
        for line in stream:
            request = json.loads(line)
            _say(stream, jobs.run(Path(request["folder"]), Limits(**request["limits"])))
    # Interpreter shutdown with torch costs a second and has nothing left to do.
    os._exit(0)


def _say(stream, message: dict) -> None:
    stream.write(json.dumps(message) + "\n")
    stream.flush()


def _threads() -> int:
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 1
