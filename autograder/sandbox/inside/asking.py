"""The worker that asks: waits for jobs on a socket and runs `helpers.asking` on each in a forked, locked-in child.

Everything slow to import is imported once, here; the fork is ready in milliseconds. No thread may run before the
fork: a child of a multi-threaded torch hangs (measured), so torch gets one thread and computes nothing here.
"""

import matplotlib.pyplot  # noqa: F401  (preloaded for the children, as are the next two)
import torch

import helpers.checks.report
import helpers.lattice  # noqa: F401
from helpers.asking.worker import work

from .serving import serve

if __name__ == "__main__":
    torch.set_num_threads(1)
    serve(work)
