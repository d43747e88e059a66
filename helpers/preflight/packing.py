"""The zip: a folder `{last}_{first}_{ending}` with the notebook, what belongs to it, and the manifest."""

import contextlib
import hashlib
import os
import struct
import tempfile
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from .finding import Trouble
from .manifest import MOST_BYTES, NAME, Entry, parse

Contents = Mapping[str, bytes]
"""By path in the hand-in's folder."""


def entry(data: bytes) -> Entry:
    """A file as the manifest names it."""
    return Entry(hashlib.sha256(data).hexdigest(), len(data))


def pack(path: Path, contents: Contents, manifest: bytes) -> None:
    """Write the zip in one step, over an earlier one of ours. Raises Trouble where another file has its name."""
    if path.exists() and not _ours(path):
        raise Trouble(f"{path.name} is there already and was not written by preflight: move it away or rename it.")
    try:
        descriptor, draft = tempfile.mkstemp(prefix=".preflight-", dir=path.parent)
    except OSError as error:
        raise Trouble(f"No file can be written in {path.parent} ({error.strerror}).") from None
    try:
        with os.fdopen(descriptor, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, data in {**contents, NAME: manifest}.items():
                packed.writestr(_info(f"{path.stem}/{name}"), data)
        os.chmod(draft, 0o644)  # mkstemp's 0600 would keep a classroom's server from collecting it
        os.replace(draft, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(draft)
        if isinstance(error, OSError):
            raise Trouble(f"{path.name} could not be written ({error.strerror}).") from None
        raise


def _info(name: str) -> zipfile.ZipInfo:
    """With the moment in UTC too: a zip's own clock has no zone."""
    now = datetime.now(UTC)
    info = zipfile.ZipInfo(name, now.astimezone().timetuple()[:6])
    info.extra = struct.pack("<HHBi", 0x5455, 5, 1, int(now.timestamp()) & 0x7FFFFFFF)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    return info


def _ours(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as packed, packed.open(f"{path.stem}/{NAME}") as file:
            return parse(file.read(MOST_BYTES + 1)) is not None
    except (OSError, KeyError, zipfile.BadZipFile, RuntimeError, NotImplementedError):
        return False
