"""Downloads that continue where they broke off, are compared with a checksum, and are unpacked whole or not at all."""

import errno
import hashlib
import tarfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path, PurePosixPath

from ..units import size
from .errors import DownloadError
from .layout import HOW_TO_MOVE

_PIECE = 1 << 20
_PATIENCE = 60  # seconds without a byte


@dataclass(frozen=True)
class Archive:
    """A file on the net, and how to know it."""

    url: str
    size: int
    """Bytes."""
    sha256: str
    """Hexadecimal."""

    @property
    def name(self) -> str:
        """Last part of the address."""
        return self.url.rsplit("/", 1)[-1]

    def at(self, mirror: str | None) -> str:
        """The address on a mirror, which is the address of a folder; without one, the official address."""
        return self.url if not mirror else f"{mirror.rstrip('/')}/{self.name}"


def download(
    archive: Archive, folder: Path, *, mirror: str | None = None, progress: bool = True, attempts: int = 5,
    pause: float = 2.0,
) -> Path:  # fmt: skip
    """The archive as a checked file in `folder`.

    What has arrived stays in a file "<name>.part" until all of it is there, so that the next call continues. A file
    with a wrong checksum is removed.

    Args:
        archive: what to get.
        folder: made if it does not exist.
        mirror: address of a folder that holds a file of the same name.
        progress: show a bar.
        attempts: how often to try in a row without a single new byte.
        pause: seconds before the second attempt; doubles each time.

    Raises DownloadError: no connection, wrong checksum, full disk.
    """
    folder.mkdir(parents=True, exist_ok=True)
    whole, part = folder / archive.name, folder / f"{archive.name}.part"
    address = archive.at(mirror)
    if whole.exists():
        if whole.stat().st_size == archive.size and _sha256(whole, progress) == archive.sha256:
            return whole
        whole.unlink()
    failures = 0
    while (arrived := _size(part)) < archive.size:
        try:
            _continue(address, part, archive, progress)
        except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as problem:
            if isinstance(problem, urllib.error.HTTPError) and problem.code in (401, 403, 404, 410):
                raise DownloadError(
                    f"{address} is not there ({problem.code} {problem.reason}): try --mirror."
                ) from None
            reason = getattr(problem, "reason", None) or problem
            failures = 1 if _size(part) > arrived else failures + 1
            if failures >= attempts:
                raise DownloadError(
                    f"{address} broke off at {size(_size(part))} of {size(archive.size)} ({reason}): run "
                    "the same command again, it continues there."
                ) from None
            time.sleep(pause * 2 ** (failures - 1))
        except OSError as problem:
            if problem.errno != errno.ENOSPC:
                raise
            raise DownloadError(
                f"The disk is full; what has arrived is in {part}, and the same command continues it. {HOW_TO_MOVE}"
            ) from None
    if _size(part) != archive.size or _sha256(part, progress) != archive.sha256:
        part.unlink()
        raise DownloadError(
            f"{address} is not the file it should be (its checksum is wrong); it was removed. Try again, or another "
            "--mirror."
        )
    part.rename(whole)
    return whole


def _continue(address: str, part: Path, archive: Archive, progress: bool) -> None:
    """Gets the rest of a file, or as much of it as comes."""
    from tqdm.auto import tqdm

    arrived = _size(part)
    request = urllib.request.Request(address, headers={"User-Agent": "rnnt-notebooks"})
    if arrived:
        request.add_header("Range", f"bytes={arrived}-")
    with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:
        continues = answer.status == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {arrived}-")
        if not continues:
            arrived = 0  # a server that does not know ranges sends everything
        with (
            part.open("ab" if continues else "wb") as file,
            tqdm(
                total=archive.size, initial=arrived, desc=archive.name, unit="B", unit_scale=True, disable=not progress
            ) as bar,
        ):
            # One byte more than expected is enough to know that this is another file.
            while arrived <= archive.size and (piece := answer.read(min(_PIECE, archive.size + 1 - arrived))):
                file.write(piece)
                arrived += len(piece)
                bar.update(len(piece))
    if arrived < archive.size:
        raise ConnectionError("the connection was closed early")


def unpack(archive: Path, work: Path, *, progress: bool = True) -> None:
    """Unpacks a .tar.gz into `work`: folders and plain files, only below `work`.

    The caller gives a folder that vanishes when this raises (`complete_or_absent`). Raises DownloadError for a damaged
    archive or a member that points elsewhere.
    """
    from tqdm.auto import tqdm

    try:
        with (
            tarfile.open(archive, "r:gz") as tar,
            tqdm(desc=f"unpacking {archive.name}", unit="file", disable=not progress) as bar,
        ):
            for member in tar:
                path = PurePosixPath(member.name)
                if path.is_absolute() or ".." in path.parts or "\\" in member.name:
                    raise DownloadError(f"{archive.name} wants to write outside its folder ({member.name}): refused.")
                if not (member.isfile() or member.isdir()):
                    raise DownloadError(f"{archive.name} holds {member.name}, neither file nor folder: refused.")
                tar.extract(member, work, filter="data")
                bar.update()
    except (tarfile.TarError, EOFError, OSError) as problem:
        if isinstance(problem, OSError) and problem.errno is not None:
            raise
        raise DownloadError(
            f"{archive.name} is damaged ({problem}): delete {archive} and run the command again."
        ) from None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _sha256(path: Path, progress: bool) -> str:
    from tqdm.auto import tqdm

    digest = hashlib.sha256()
    with (
        path.open("rb") as file,
        tqdm(total=_size(path), desc=f"checking {path.name}", unit="B", unit_scale=True, disable=not progress) as bar,
    ):
        while piece := file.read(_PIECE):
            digest.update(piece)
            bar.update(len(piece))
    return digest.hexdigest()
