"""Uploads come from /laptop, downloads go to /downloads."""

import shutil
from pathlib import Path


def upload():
    """As Colab's own: saves every chosen file under a free name, and returns {name: content}. {} if cancelled."""
    chosen = {path.name: path.read_bytes() for path in sorted(Path("/laptop").iterdir())}
    for name, content in chosen.items():
        place, number = Path(name), 0
        while place.exists():
            number += 1
            place = Path(f"{Path(name).stem} ({number}){Path(name).suffix}")
        place.write_bytes(content)
        print(f"Saving {name} to {place}")
    return chosen


def download(filename):
    """Into the browser's folder of downloads."""
    shutil.copy(filename, "/downloads")
