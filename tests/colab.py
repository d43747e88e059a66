"""A machine with Colab's layout: its folders, its packages, its own module, and nothing of this repository.

The kernel runs in a bubblewrap room: `/content` to work in, a Python that it may install into, all else read-only or
absent. nbclient outside plays the browser. Packages are links to those of the environment that runs the tests, or of
the Python named in COLAB_PYTHON (see docs/colab.md), without those that Colab does not have.
"""

import copy
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

PREINSTALLED = (
    *("torch", "torchaudio", "numpy", "matplotlib", "pandas", "ipykernel", "ipywidgets", "ipython", "soundfile"),
    *("safetensors", "tqdm", "jinja2", "rich", "psutil", "pip", "setuptools"),
)
"""What Colab has, of all that the notebooks need. jiwer and espeakng-loader are missing there."""

STUB = Path(__file__).parent / "colab_stub"
LAUNCH = "import google.colab; from ipykernel.kernelapp import launch_new_instance as launch; launch()"
"""As Colab's launcher: its module is loaded before anything of the notebook."""

needs_a_room = pytest.mark.skipif(
    not shutil.which("bwrap") and not os.environ.get("CI"),
    reason="the machine is made with bubblewrap, which is absent",
)

_LINKS = """
import json, re, sys
from importlib.metadata import PackageNotFoundError, distribution
waiting, places = sys.argv[2:], {}
while waiting:
    name = re.split("[^A-Za-z0-9._-]", waiting.pop())[0].lower().replace("_", "-")
    try:
        found = distribution(name)
    except PackageNotFoundError:
        continue
    if name in places:
        continue
    places[name] = sorted({str(found.locate_file(file.parts[0])) for file in found.files if file.parts[0] != ".."})
    waiting += [line for line in found.requires or [] if "extra ==" not in line]
for name in sys.argv[1].split():
    places.pop(name, None)
print(json.dumps({"places": places, "base": sys.base_prefix}))
"""


class Colab:
    """One machine. `drive` outlives it: give the same folder to the next one."""

    def __init__(self, root: Path, *, drive: Path | None = None, python: str = "", without: tuple[str, ...] = ()):
        self.root, self.drive = root, drive
        self.content, self.laptop, self.downloads = root / "content", root / "laptop", root / "downloads"
        for folder in (self.content / "sample_data", self.laptop, self.downloads, root / "runtime"):
            folder.mkdir(parents=True)
        self._python = python or os.environ.get("COLAB_PYTHON") or sys.executable
        command = [self._python, "-c", _LINKS, " ".join(without), *PREINSTALLED]
        found = json.loads(subprocess.check_output(command, text=True))
        self._base, self._sources = found["base"], set()
        self.python = root / "python" / "bin" / "python"
        subprocess.run([self._python, "-m", "venv", "--without-pip", root / "python"], check=True)
        (self.packages,) = (root / "python").glob("lib/python*/site-packages")
        for place in {Path(place) for places in found["places"].values() for place in places}:
            if place.name == "__pycache__" or not place.exists() or (self.packages / place.name).exists():
                continue
            (self.packages / place.name).symlink_to(place)
            self._sources.add(place.parent)
        if not (self.packages / "google").exists():
            shutil.copytree(STUB / "google", self.packages / "google")

    def room(self, *command: str) -> list[str]:
        """A command line that runs `command` on this machine."""
        read = [*("/usr", "/bin", "/lib", "/lib64", "/etc", "/opt"), self._base, *self._sources, self.laptop]
        arguments = ["--die-with-parent", "--unshare-pid", "--proc", "/proc", "--dev", "/dev"]
        arguments += ["--tmpfs", "/tmp", "--tmpfs", "/root"]
        for place in read:
            arguments += ["--ro-bind-try", place, "/laptop" if place == self.laptop else place]
        write = {self.content: "/content", self.root / "python": self.root / "python", self.downloads: "/downloads"}
        write[self.root / "runtime"] = self.root / "runtime"
        if self.drive:
            write[self.drive] = "/google-drive"
        for place, seen_at in write.items():
            arguments += ["--bind", place, seen_at]
        # Its parent is outside: without this the kernel believes that it has been left alone.
        arguments += ["--remount-ro", "/", "--chdir", "/content", "--unsetenv", "JPY_PARENT_PID"]
        return ["bwrap", *map(str, arguments), *command]

    def environment(self, **more: str) -> dict[str, str]:
        """What a process on this machine finds set: nothing that leads to the repository."""
        kept = {name: value for name, value in os.environ.items() if name.startswith("PIP_") or name.endswith("_CERT")}
        kept |= {"PATH": f"{self.python.parent}:/usr/bin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}
        return kept | {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1", "COLAB_RELEASE_TAG": "emulated"} | more

    def run(self, notebook, *, timeout=180, kill_when=None, **environment: str):
        """Execute a copy as the browser would, all cells in their order; return it with its outputs.

        kill_when: a function; the machine is cut off once it returns True, and the cells after stay unexecuted.
        """
        notebook = copy.deepcopy(notebook)
        specs = self.root / "kernels" / "colab"
        specs.mkdir(parents=True, exist_ok=True)
        argv = self.room(str(self.python), "-c", LAUNCH, "-f", "{connection_file}")
        (specs / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "Colab", "language": "python"}))
        finder = KernelSpecManager(kernel_dirs=[str(specs.parent)], ensure_native_kernel=False)
        manager = AsyncKernelManager(kernel_name="colab", kernel_spec_manager=finder)
        manager.connection_file = str(self.root / "runtime" / f"kernel-{time.monotonic_ns()}.json")
        client = NotebookClient(notebook, km=manager, timeout=timeout, allow_errors=True)
        if kill_when:
            threading.Thread(target=_cut_off, args=(manager, kill_when, timeout), daemon=True).start()
            with pytest.raises(Exception, match=r"[Kk]ernel died"):
                client.execute(env=self.environment(**environment))
        else:
            client.execute(env=self.environment(**environment))
        return notebook

    def emptied(self) -> "Colab":
        """The same machine with nothing in its working folder and on the laptop."""
        for folder in (self.content, self.laptop):
            for path in folder.iterdir():
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        return self

    def versions(self) -> dict[str, str]:
        """Of every installed package."""
        code = "import importlib.metadata as m, json; print(json.dumps({d.name: d.version for d in m.distributions()}))"
        done = subprocess.check_output(self.room(str(self.python), "-c", code), env=self.environment(), text=True)
        return json.loads(done)


def _cut_off(manager, when, timeout) -> None:
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if when():
            os.kill(manager.provisioner.process.pid, signal.SIGKILL)
            return
        time.sleep(0.02)
