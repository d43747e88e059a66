"""Interpreters that this machine has, and virtual environments made with them, beside the pinned one."""

import json
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "build" / "versions"
"""Environments and logs. `make clean` takes them away."""


class Broken(Exception):
    """An environment could not be made; the message is a sentence."""


def project() -> dict:
    """The table `project` of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def pins() -> dict[str, str]:
    """Versions of all direct dependencies, the developers' among them."""
    listed = [*project()["dependencies"], *project()["optional-dependencies"]["dev"]]
    return dict(pin.split("==") for pin in listed)


def supported_pythons() -> list[str]:
    """Those that pyproject.toml admits, such as "3.11", oldest first."""
    low, high = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", project()["requires-python"]).groups()
    return [f"3.{minor}" for minor in range(int(low), int(high))]


def interpreter(version: str) -> Path | None:
    """A Python of that version that can make environments, from the command path or from pyenv, or None."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    found = [shutil.which(f"python{version}"), *sorted(pyenv.glob(f"{version}.*/bin/python"), reverse=True)]
    code = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"
    for path in filter(None, found):
        done = subprocess.run([path, "-c", code], capture_output=True, text=True, check=False)
        if done.stdout.strip() == version:
            return Path(path)
    return None


@dataclass(frozen=True)
class Environment:
    """A virtual environment in build/versions. Nothing here writes into the pinned one."""

    name: str

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return PLACE / self.name

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    def make(self, python: Path) -> None:
        """Make it anew, empty."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        self._run([str(python), "-m", "venv", str(self.folder)])

    def install(self, *requirements: str) -> None:
        """Install with pip. Broken with pip's own sentence if it cannot."""
        self._run([str(self.python), "-m", "pip", *_PIP, "install", "--quiet", *requirements])

    def installed(self) -> dict[str, str]:
        """Versions of all packages."""
        return {row["name"].lower(): row["version"] for row in self._list()}

    def held_back(self) -> dict[str, str]:
        """The newest releases of packages of which an older one is installed, because others do not go with it."""
        return {row["name"].lower(): row["latest_version"] for row in self._list("--outdated")}

    def gigabytes(self) -> float:
        """What it takes on the disk."""
        return sum(path.lstat().st_size for path in self.folder.rglob("*")) / 1e9

    def _list(self, *options: str) -> list[dict]:
        return json.loads(self._run([str(self.python), "-m", "pip", *_PIP, "list", "--format=json", *options]))

    def _run(self, command: list[str]) -> str:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=clean(os.environ))
        if done.returncode:
            last = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()
            raise Broken(f"{self.name}: {last[-1] if last else f'{command[0]} ended with {done.returncode}'}")
        return done.stdout


def clean(environment: Iterable[tuple[str, str]] | dict[str, str]) -> dict[str, str]:
    """What a process in another environment finds set: nothing that leads to this one."""
    return {name: value for name, value in dict(environment).items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}


_PIP = ("--disable-pip-version-check", "--no-input")
Report = Callable[[str], None]
"""Takes a few words on what is being done now."""
