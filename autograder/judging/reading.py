"""Read what a dead worker left, trusting nothing: plain files only, capped sizes, JSON and safetensors only."""

import json
import os
import stat
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from helpers.checks.calling import Answer
from helpers.checks.probing import Reply

JSON_BYTES = 64 * 1024
ARRAY_BYTES = 4 * 1024 * 1024
LONGEST_AXIS = ARRAY_BYTES // 8
"""Entries along one axis. An array without elements fits into any file and may still claim a thousand million rows."""
MOST_AXES = 8
TEXT_LENGTH = 600
STATUSES = {"ok", "not implemented", "raised", "malformed", "timeout"}


class NotReadable(Exception):
    """A file of answers that is too large, not a plain file, or not what it should be. The message says which."""


def read_reply(folder: Path, name: str) -> Reply | None:
    """What the worker wrote about one question; None where it wrote nothing."""
    status = read_json(folder, name)
    if status is None:
        return None
    kind = text(status.get("status")) if isinstance(status, dict) else ""
    if kind not in STATUSES:
        raise NotReadable(f"{name}.json holds no status.")
    if kind != "ok":
        return Reply(kind, text(status.get("problem")))
    data = _read(folder / f"{name}.safetensors", ARRAY_BYTES)
    if data is None:
        raise NotReadable(f"{name}.safetensors is missing.")
    try:
        arrays = load(data)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise NotReadable(f"{name}.safetensors is damaged.") from error
    if any(array.dtype != np.float64 for array in arrays.values()):
        raise NotReadable(f"{name}.safetensors holds something else than float64 arrays.")
    if any(array.ndim > MOST_AXES or max(array.shape, default=0) > LONGEST_AXIS for array in arrays.values()):
        raise NotReadable(f"{name}.safetensors holds an array of an impossible shape.")
    return Reply("ok", arrays=arrays)


def read_answer(folder: Path, name: str) -> Answer | None:
    """The answer to one question about the lattice; None where the worker wrote none."""
    reply = read_reply(folder, name)
    if reply is None or reply.status != "ok":
        return reply and Answer(reply.status, reply.problem)
    cells, cost = reply.arrays.get("cells"), reply.arrays.get("cost")
    if cells is None or cost is None or cost.shape != (1,):
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
        # Neither follow a link, not even one in the place of the whole folder, nor wait for a pipe.
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            descriptor = os.open(path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
        finally:
            os.close(folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise NotReadable(f"{path.name} cannot be opened.") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotReadable(f"{path.name} is not a plain file.")
    with open(descriptor, "rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise NotReadable(f"{path.name} is larger than {most // 1024} kB.")
    return data
