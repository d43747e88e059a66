"""`python -m autograder.asking FD`: wait for jobs on a socket and fork one confined child for each.

Everything slow to import is imported once, here; the fork is ready in milliseconds. No thread may run before the
fork: a child of a multi-threaded torch hangs (measured), so torch gets one thread and computes nothing here.
"""

import json
import os
import resource
import signal
import socket
import sys
import time
from pathlib import Path

import matplotlib.pyplot  # noqa: F401  (preloaded for the children, as are the next two)
import torch

import helpers.checks.report
import helpers.lattice  # noqa: F401
from autograder.asking.worker import work
from autograder.sandbox.confine import Limits, become_reaper, confine, die_with_parent, end_descendants


def main() -> None:
    """Serve until the other end of the socket closes."""
    torch.set_num_threads(1)
    channel = socket.socket(fileno=int(sys.argv[1]))
    die_with_parent()
    become_reaper()
    with channel.makefile("rw", encoding="utf-8") as stream:
        _say(stream, {"ready": True})
        for line in stream:
            request = json.loads(line)
            started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
            pid = os.fork()
            if pid == 0:
                _child(channel, Path(request["folder"]), Limits(**request["limits"]))
            _say(stream, {"pid": pid})
            _, status = os.waitpid(pid, 0)
            end_descendants()
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            _say(stream, {"status": status, "cpu_seconds": used, "wall_seconds": time.monotonic() - started})


def _say(stream, message: dict) -> None:
    stream.write(json.dumps(message) + "\n")
    stream.flush()


def _child(channel: socket.socket, folder: Path, limits: Limits) -> None:
    code = 1
    try:
        channel.close()
        confine(folder, limits)
        work(folder)
        code = 0
    except MemoryError:
        code = 77
    finally:
        # Interpreter shutdown with torch costs a second and has nothing left to do.
        signal.setitimer(signal.ITIMER_REAL, 0)
        os._exit(code)


if __name__ == "__main__":
    main()
