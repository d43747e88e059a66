"""A real Jupyter server for a test: its own home, a free port, ended with its kernels."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TOKEN = "t"
PLACES = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "HOME", "XDG_CACHE_HOME")


@contextmanager
def jupyter(app: str, folder: Path, home: Path) -> Iterator[str]:
    """The address of `jupyter APP` started in a folder, as a person starts it there.

    home: where its settings, signatures and logs lie, one folder for each of PLACES.
    """
    home.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, **{name: str(home / name) for name in PLACES}}
    environment.pop("PYTHONPATH", None)  # a notebook finds what lies beside it, as everywhere else
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", app, "--no-browser", "--allow-root", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}"]
    with (home / "log").open("w") as log:
        running = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address, running, home / "log")
        yield address
    finally:
        running.terminate()
        try:
            running.wait(60)  # it ends its kernels first
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def _wait(address: str, running: subprocess.Popen, log: Path) -> None:
    for _ in range(480):
        try:
            urllib.request.urlopen(f"{address}/api?token={TOKEN}", timeout=5).close()
            return
        except OSError:
            if running.poll() is not None:
                break
            time.sleep(0.25)
    raise RuntimeError(f"Jupyter did not start: {log.read_text()[-3000:]}")


def setting(home: Path, plugin: str, name: str, text: str) -> None:
    """Writes what a person has set in JupyterLab: the JSON `text` for a plugin's schema `name`."""
    folder = home / "JUPYTER_CONFIG_DIR" / "lab" / "user-settings" / plugin
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.jupyterlab-settings").write_text(text, "utf-8")
