"""The first minutes: importing, `--help`, what students download, and from `git clone` to an open notebook.

"ours" is what was measured, "baseline" what it may be at most; a ratio above 1 keeps the promise.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.course import ASSIGNMENTS, Course
from autograder.release import release

from .explorer import chromium
from .measuring import Result, Skipped, result

ROOT = Path(__file__).resolve().parent.parent
REPEATS = 15
OPENING = 180  # seconds that a server, then a page, may take before they are given up
TOKEN = "benchmark"  # of a server on loopback that lives for a minute


def import_helpers() -> Result:
    """Starting Python and importing helpers."""
    return _command("import_helpers", ["-c", "import helpers"], 0.2)


def autograder_help() -> Result:
    """The command line's help, from the shell."""
    return _command("autograder_help", ["-m", "autograder", "--help"], 0.3)


def _command(name: str, arguments: list[str], limit: float) -> Result:
    wall, cpu = [], []
    for _ in range(REPEATS):
        before, start = os.times(), time.perf_counter()
        subprocess.run([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
        wall.append(time.perf_counter() - start)
        after = os.times()
        cpu.append(after.children_user + after.children_system - before.children_user - before.children_system)
    what = f"`python {' '.join(arguments)}` with Python's own start, the best of {REPEATS}; {min(cpu):.2f} s of it CPU"
    return result(name, min(wall), limit, "s", what)


def bundle_size() -> Result:
    """What a student downloads, packed."""
    sizes = {}
    with tempfile.TemporaryDirectory() as folder:
        for assignment in ASSIGNMENTS.values():
            handed_out = release(assignment, Course(Path(folder) / "course"))
            sizes[assignment.name] = handed_out.with_suffix(".zip").stat().st_size / 1e6
    what = f"the larger of the zips: {', '.join(f'{name} {size:.1f} MB' for name, size in sizes.items())}"
    return result("bundle_size", max(sizes.values()), 15.0, "MB", what)


def first_five_minutes() -> Result:
    """From git clone to the seminar open in JupyterLab.

    Cold: an empty folder, `git clone` of this repository, `make lab` with pip's cache off, until headless Chromium
    shows the notebook's first cell. Warm: `make lab` in the same folder again, to the same cell in a new browser.
    """
    if not (ROOT / ".git").exists():
        raise Skipped("this copy of the project is not a git repository")
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        start = time.perf_counter()
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
        cold = _open_seminar(clone, start, {"PIP_NO_CACHE_DIR": "1"})
        warm = _open_seminar(clone, time.perf_counter(), {})
        size = _gigabytes(clone / ".venv")
    what = (
        f"git clone, `make lab` with pip's cache off, Chromium shows the seminar's first cell; {size:.1f} GB are "
        f"installed on the way. The same again with all installed: {warm:.0f} s"
    )
    return result("first_five_minutes", cold, 300.0, "s", what)


def _open_seminar(clone: Path, start: float, environment: dict[str, str]) -> float:
    """Seconds since `start` when the first cell is on the screen."""
    with _lab(clone, environment) as address, chromium() as browser:
        page = browser.new_page(viewport={"width": 1300, "height": 900})
        page.goto(f"{address}/lab/tree/seminar4/seminar4.ipynb?token={TOKEN}")
        page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=1000 * OPENING)
        return time.perf_counter() - start


@contextmanager
def _lab(clone: Path, environment: dict[str, str]) -> Iterator[str]:
    """The address of the server that `make lab` starts. RuntimeError if it does not."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = f"LAB=--no-browser --port={port} --ServerApp.port_retries=0 --IdentityProvider.token={TOKEN}"
    # Neither this environment nor its settings: a student has neither.
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    with tempfile.TemporaryFile("w+") as log:
        command = ["make", f"PYTHON={sys.base_prefix}/bin/python3", "lab", options]
        server = subprocess.Popen(
            command, cwd=clone, env=kept | environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/api", server, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            # It asks its kernels to end first, and may wait for them for ever.
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _wait_for(address: str, server: subprocess.Popen, log) -> None:
    """Until the server answers, with anything but silence."""
    end = time.monotonic() + 10 * OPENING  # the packages are installed first
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except urllib.error.HTTPError as answer:
            return answer.close()
        except OSError:
            time.sleep(0.1)
        else:
            return None
    log.seek(0)
    raise RuntimeError(f"`make lab` did not come up:\n{log.read()[-3000:]}")


def _gigabytes(folder: Path) -> float:
    seen = {(status.st_dev, status.st_ino): status.st_size for path in folder.rglob("*") if (status := path.lstat())}
    return sum(seen.values()) / 1e9


BENCHMARKS = (import_helpers, autograder_help, bundle_size)
ON_REQUEST = (first_five_minutes,)
