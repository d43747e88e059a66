"""Read what a dead worker left, trusting nothing: plain files only, capped sizes, JSON and safetensors only."""

import json
import os
import stat
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from helpers.checks.calling import Answer

JSON_BYTES = 64 * 1024
ARRAY_BYTES = 4 * 1024 * 1024
TEXT_LENGTH = 600
STATUSES = {"ok", "not implemented", "raised", "malformed", "timeout"}


class NotReadable(Exception):
    """A file of answers that is too large, not a plain file, or not what it should be. The message says which."""


def read_answer(folder: Path, name: str) -> Answer | None:
    """One answer; None where the worker wrote none."""
    status = read_json(folder, name)
    if status is None:
        return None
    if not isinstance(status, dict) or status.get("status") not in STATUSES:
        raise NotReadable(f"{name}.json holds no status.")
    problem = text(status.get("problem"))
    if status["status"] != "ok":
        return Answer(status["status"], problem)
    data = _read(folder / f"{name}.safetensors", ARRAY_BYTES)
    if data is None:
        raise NotReadable(f"{name}.safetensors is missing.")
    try:
        arrays = load(data)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise NotReadable(f"{name}.safetensors is damaged.") from error
    cells, cost = arrays.get("cells"), arrays.get("cost")
    if cells is None or cost is None or cells.dtype != np.float64 or cost.dtype != np.float64 or cost.shape != (1,):
        raise NotReadable(f"{name}.safetensors does not hold an array and a cost.")
    return Answer("ok", cells=cells, cost=float(cost[0]))


def read_json(folder: Path, name: str) -> object | None:
    """A small JSON file; None where there is none."""
    data = _read(folder / f"{name}.json", JSON_BYTES)
    if data is None:
        return None
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise NotReadable(f"{name}.json is not JSON.") from error


def text(value: object) -> str:
    """A string from the other side, short and without control characters; anything else becomes empty."""
    if not isinstance(value, str):
        return ""
    return "".join(c if c.isprintable() else " " for c in value[:TEXT_LENGTH])


def _read(path: Path, most: int) -> bytes | None:
    try:
        # Neither follow a link nor wait for a pipe.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise NotReadable(f"{path.name} cannot be opened.") from error
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise NotReadable(f"{path.name} is not a plain file.")
        data = file.read(most + 1)
    if len(data) > most:
        raise NotReadable(f"{path.name} is larger than {most // 1024} kB.")
    return data
