"""The first line of a notebook: what runs where, whether the parts fit, and on Colab what is still missing.

Imports nothing but the standard library at first, because on a new machine nothing else is sure to be there.
"""

import json
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .fitting import Release, mismatch, this_release

MARK = Path(__file__).parent / "released.json"
"""In a student's copy: which assignment these helpers were released for."""
REQUIREMENTS = Path(__file__).parent.parent / "requirements.txt"
"""Beside a student's copy: what the assignment needs, as pins."""
EDITOR = "jupyterlab"
"""Listed there for those who want it; VS Code and Colab are editors too."""


def start(assignment: str, keep: str = "", *, released: tuple[str, int] | None = None) -> None:
    """Get this machine ready for a notebook and say what runs where. Safe to run again.

    assignment: the notebook's own.
    keep: a folder that should outlive a Colab machine, such as "run"; there it is kept in Google Drive, if allowed.
    released: version and format that the notebook was released with; None for the source notebook.

    Raises RuntimeError where helpers were released for another assignment, or nothing can run here.
    """
    _same_assignment(assignment)
    if released and (sentence := mismatch(Release(*released), this_release())):
        print(sentence)
    if on_colab():
        from . import colab

        colab.install(lacking())
        if keep:
            print(colab.keep_in_drive(keep, assignment))
    _say_what_is_missing([pin.partition("==")[0] for pin in lacking()])
    print(summary())


def lacking() -> list[str]:
    """The pins of packages that the assignment needs and that are not installed, in any version."""
    return [pin for pin in _pins() if installed(pin.partition("==")[0]) is None]


def installed(name: str) -> str | None:
    """The version of an installed package, without importing it."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def needed() -> list[str]:
    """The names of all packages that the assignment needs."""
    return [pin.partition("==")[0] for pin in _pins()]


def _pins() -> list[str]:
    lines = REQUIREMENTS.read_text("utf-8").splitlines() if REQUIREMENTS.exists() else []
    pins = [line.partition("#")[0].strip() for line in lines]
    return [pin for pin in pins if pin and not pin.startswith(EDITOR)]


def _say_what_is_missing(names: list[str]) -> None:
    if not names:
        return
    them = "them" if len(names) > 1 else "it"
    sentence = (
        f"Not installed in this Python ({sys.executable}): {', '.join(names)}. Install {them} with "
        f"`pip install {' '.join(names)}`, or choose the kernel that has {them}."
    )
    if {"numpy", "torch"} & set(names):
        raise RuntimeError(sentence)
    print(f"{sentence} Until then some cells will not run.")


def on_colab() -> bool:
    """Whether this is a Colab machine: its kernel brings its own package along before the first cell runs."""
    return "google.colab" in sys.modules


def summary() -> str:
    """One line: where this is, and what computes."""
    import torch

    place = "Google Colab" if on_colab() else "Binder" if "BINDER_SERVICE_HOST" in os.environ else "this computer"
    return f"On {place}: Python {platform.python_version()}, torch {torch.__version__}, {_computes(torch)}"


def _computes(torch) -> str:
    if torch.cuda.is_available():
        card = torch.cuda.get_device_properties(0)
        return f"training on the GPU {card.name} ({card.total_memory / 2**30:.0f} GB)"
    cores = os.cpu_count() or 1
    return f"no GPU found, all on the CPU ({cores} core{'s'[: cores != 1]})"


def _same_assignment(assignment: str) -> None:
    try:
        released_for = json.loads(MARK.read_text("utf-8"))["assignment"]
    except FileNotFoundError:
        return  # the project itself, or the installed package: helpers of all assignments
    if released_for != assignment:
        raise RuntimeError(
            f"The folder helpers here came with {released_for}.zip, and this notebook is {assignment}. Unpack "
            f"{assignment}.zip into a folder of its own and open the notebook there."
        )
