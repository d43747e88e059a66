"""What a fresh Colab machine still needs: a few packages, and a place for training that outlives it."""

import importlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from .here import installed, needed

DRIVE = Path("/content/drive")
THE_MACHINES = ("torch", "torchaudio")
"""Never installed here: they are built as a pair for this machine's GPU."""


def install(pins: list[str]) -> list[str]:
    """Install missing packages, but for those that only the machine can bring; return what was installed.

    What is there already stays in its version, loaded as it may be: pip is told so, in case a new package asks for
    another one. Raises RuntimeError, in one sentence, where pip fails.
    """
    pins = [pin for pin in pins if pin.partition("==")[0] not in THE_MACHINES]
    if not pins:
        return []
    print(f"Installing what Colab does not have: {', '.join(pins)} ...")
    with tempfile.TemporaryDirectory() as folder:
        held = Path(folder) / "held.txt"
        held.write_text("".join(f"{name}=={found}\n" for name in needed() if (found := installed(name))), "utf-8")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--constraint", held]
        done = subprocess.run([*map(str, pip), *pins], capture_output=True, text=True, check=False)
    if done.returncode:
        reason = next((line for line in done.stderr.splitlines() if line.startswith("ERROR")), "it gave no reason")
        raise RuntimeError(f"pip could not install {', '.join(pins)} ({reason}). Run this cell again in a minute.")
    importlib.invalidate_caches()
    return pins


def keep_in_drive(name: str, assignment: str) -> str:
    """Keep the folder `name` in Google Drive, so that training goes on after a disconnect; return what to tell.

    The browser asks the student for permission. In the working folder `name` becomes a link into Drive. Whoever
    declines trains on this machine only. A folder that is already here moves along, unless Drive has one already.
    """
    folder, there = Path(name), DRIVE / "MyDrive" / "rnnt" / assignment / name
    if folder.is_symlink() and folder.exists():
        return _told(folder, there)
    try:
        from google.colab import drive

        drive.mount(str(DRIVE))
        there.mkdir(parents=True, exist_ok=True)
    except Exception as refusal:  # Colab raises its own kinds, one of them for a declined permission
        return (
            f"Without Google Drive ({type(refusal).__name__}): the folder {name} is lost when Colab disconnects. "
            "Run this cell again to allow it."
        )
    if folder.is_symlink():
        folder.unlink()  # it led to a Drive that was not there
    if folder.exists():
        if any(there.iterdir()):
            return f"The folder {name} here and the one in Drive ({there}) are two runs: delete one, run this again."
        shutil.copytree(folder, there, dirs_exist_ok=True)
        shutil.rmtree(folder)
    folder.symlink_to(there, target_is_directory=True)
    return _told(folder, there)


def _told(folder: Path, there: Path) -> str:
    if (folder / "checkpoint.pt").exists():
        return f"Found your training in Google Drive ({there}): it goes on where it was."
    return f"Training is kept in Google Drive ({there}): after a disconnect, run all cells again and it goes on."
