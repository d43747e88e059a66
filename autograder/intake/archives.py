"""What is inside a zip or a folder, without trusting a word of it.

Nothing is ever extracted to a path that an archive names: a member is a name to show and bytes to read. Sizes are
counted while reading, since headers lie; links, absolute paths and `..` are left out; everything has a limit.
"""

import os
import stat
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from autograder.intake.names import is_clutter, shown

MOST_MEMBERS = 2_000
"""Entries in one archive or one handed-in folder."""
MOST_BULK_MEMBERS = 20_000
"""Entries in an archive of many hand-ins, as a learning platform makes it."""
DEEPEST = 12
"""Folders inside folders."""
LARGEST_MEMBER = 256 * 2**20
"""Bytes of one file, uncompressed: the weights of a small speech recogniser are a tenth of it."""
LARGEST_TOTAL = 512 * 2**20
"""Bytes read from one hand-in, uncompressed."""
LARGEST_ARCHIVE = 512 * 2**20
"""Bytes of a hand-in as it came."""
LARGEST_BULK = 8 * 2**30
"""Bytes of an archive of many hand-ins."""
_LARGEST_DIRECTORY = 8 * 2**20
_CHUNK = 2**18

_ENCRYPTED = 0x1
_UTF8 = 0x800


class Damaged(Exception):
    """A file that cannot be read. `str()` of it is one sentence."""


class Budget:
    """Bytes that may still be read from one hand-in."""

    def __init__(self, total: int = LARGEST_TOTAL):
        self.left = total

    def take(self, count: int) -> None:
        """Count bytes that were read. Raises `Damaged` when there were too many."""
        self.left -= count
        if self.left < 0:
            raise Damaged(f"The hand-in holds more than {LARGEST_TOTAL // 2**20} MB uncompressed.")


class Source:
    """Something with bytes: a file on the disk, or one inside an archive."""

    name: str
    modified: datetime | None
    """UTC, as the file system or the archive says it."""

    def chunks(self, limit: int = LARGEST_MEMBER) -> Iterator[bytes]:
        """The bytes in pieces. Raises `Damaged` if there are more than `limit` or if they cannot be read."""
        raise NotImplementedError

    def read(self, limit: int = LARGEST_MEMBER) -> bytes:
        """All bytes. Raises `Damaged` like `chunks`."""
        return b"".join(self.chunks(limit))

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """A seekable file for `zipfile`."""
        yield BytesIO(self.read())


@dataclass(frozen=True)
class DiskFile(Source):
    """A regular file on the disk. Links are not followed, and a pipe is not waited for."""

    path: Path
    limit: int = LARGEST_BULK

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def modified(self) -> datetime | None:
        """When it was last written."""
        try:
            return datetime.fromtimestamp(self.path.stat(follow_symlinks=False).st_mtime, UTC)
        except (OSError, OverflowError, ValueError):
            return None

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """The open file."""
        try:
            flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
            flags |= getattr(os, "O_BINARY", 0)
            descriptor = os.open(self.path, flags)
        except OSError as error:
            raise Damaged(f"The file cannot be opened ({error.strerror}).") from None
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise Damaged("It is not a regular file.")
            if status.st_size > self.limit:
                raise Damaged(f"The file is larger than {self.limit // 2**20} MB.")
            yield file

    def chunks(self, limit: int = LARGEST_MEMBER) -> Iterator[bytes]:
        """See `Source`."""
        with self.opened() as file:
            try:
                yield from _counted(file, limit)
            except OSError as error:
                raise Damaged(f"The file cannot be read ({error.strerror}).") from None


@dataclass(frozen=True)
class InMemory(Source):
    """A file whose bytes have been read already."""

    name: str
    data: bytes
    modified: datetime | None = None

    def chunks(self, limit: int = LARGEST_MEMBER) -> Iterator[bytes]:
        """See `Source`."""
        yield from _counted(BytesIO(self.data), limit)


@dataclass(frozen=True)
class Member(Source):
    """One file in an archive or a folder."""

    parts: tuple[str, ...]
    """Its path, to show and to sort by; never to write to."""
    modified: datetime | None
    inside: "Archive | None" = None
    info: zipfile.ZipInfo | None = None
    file: Source | None = None

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.parts[-1]

    @property
    def path(self) -> str:
        """The path, to show."""
        return shown("/".join(self.parts))

    def chunks(self, limit: int = LARGEST_MEMBER) -> Iterator[bytes]:
        """See `Source`."""
        if self.file:
            yield from self.file.chunks(limit)
        else:
            with reading(self.path), self.inside.zip.open(self.info) as stream:
                yield from _counted(stream, limit)


@dataclass
class Archive:
    """An open zip, or a folder: its usable members, and a sentence for each that was left out."""

    members: list[Member]
    left_out: list[str] = field(default_factory=list)
    zip: zipfile.ZipFile | None = None


def _counted(stream: BinaryIO, limit: int) -> Iterator[bytes]:
    total = 0
    while chunk := stream.read(_CHUNK):
        total += len(chunk)
        if total > limit:
            raise Damaged(f"The file is larger than {limit // 2**20} MB.")
        yield chunk


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn every way in which `zipfile` fails on a damaged archive into one sentence."""
    try:
        yield
    except zipfile.BadZipFile as error:
        if "CRC" in str(error):
            raise Damaged(f"{what} is damaged: its checksum is wrong.") from None
        raise Damaged(f"{what} is damaged: it was cut off or is not a zip.") from None
    except (EOFError, zlib.error):
        raise Damaged(f"{what} is damaged: its data is cut off or garbled.") from None
    except MemoryError:
        raise Damaged(f"{what} needs too much memory to be read.") from None
    except Damaged:
        raise
    except Exception as error:
        # zipfile reports a nonsensical header by whatever happens to fail first: struct.error, NotImplementedError ...
        raise Damaged(f"{what} is damaged ({type(error).__name__}).") from None


class _Careful:
    """A file for `zipfile` that refuses to read a huge table of contents at once, whatever the header claims."""

    def __init__(self, file: BinaryIO):
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def seekable(self) -> bool:
        return True

    def read(self, count: int = -1) -> bytes:
        if count > _LARGEST_DIRECTORY:
            raise Damaged("The zip has far too many entries.")
        return self._file.read(_LARGEST_DIRECTORY if count < 0 else count)

    def close(self) -> None:
        pass  # the opener closes it


@contextmanager
def open_zip(source: Source, *, bulk: bool = False) -> Iterator[Archive]:
    """Look into a zip. Raises `Damaged` if it is none, is protected, or is beyond the limits."""
    with source.opened() as file:
        start = file.read(8)
        if not start:
            raise Damaged("The zip is empty (0 bytes).")
        if start[:2] != b"PK":
            raise Damaged(f"The file is not a zip, although its name says so{_what_is(start)}.")
        file.seek(0)
        with reading("The zip"):
            archive = zipfile.ZipFile(_Careful(file))
        with archive:
            yield _listed(archive, MOST_BULK_MEMBERS if bulk else MOST_MEMBERS)


def _what_is(start: bytes) -> str:
    for magic, kind in ((b"Rar!", "RAR"), (b"7z\xbc\xaf", "7-Zip"), (b"\x1f\x8b", "gzip")):
        if start.startswith(magic):
            return f" (it is a {kind} archive)"
    return " (it is a web page)" if start.lstrip().startswith(b"<") else ""


def _listed(archive: zipfile.ZipFile, most: int) -> Archive:
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > most:
        raise Damaged(f"The zip has {len(infos)} entries; at most {most} are accepted.")
    result = Archive([], zip=archive)
    for info in infos:
        name = _real_name(info)
        parts = tuple(part for part in name.split("/") if part not in ("", "."))
        if not parts or any(is_clutter(part) for part in parts if part != ".."):
            continue
        unsafe = name.startswith("/") or ".." in parts or ":" in parts[0]
        if info.flag_bits & _ENCRYPTED:
            raise Damaged("The zip is protected by a password: send it without one.")
        if unsafe:
            result.left_out.append(f"{shown(name)} was left out: its path leads out of the archive.")
        elif stat.S_ISLNK(info.external_attr >> 16):
            result.left_out.append(f"{shown(name)} was left out: it is a link.")
        elif len(parts) > DEEPEST:
            result.left_out.append(f"{shown(parts[-1])} was left out: it lies in more than {DEEPEST} folders.")
        elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            # Other methods are rare, and LZMA reserves as much memory as the archive asks for.
            result.left_out.append(f"{shown(name)} was left out: make an ordinary zip (method {info.compress_type}).")
        else:
            result.members.append(Member(parts, _zip_time(info), inside=result, info=info))
    return result


def _real_name(info: zipfile.ZipInfo) -> str:
    """The name as the student wrote it: archivers store UTF-8 and forget to say so, and Windows turns slashes round."""
    name = info.filename
    if not info.flag_bits & _UTF8:
        with suppress(UnicodeError):  # else it really is cp437, or something that cannot be told from it
            name = name.encode("cp437").decode("utf-8")
    return unicodedata.normalize("NFC", name.replace("\\", "/"))


def _zip_time(info: zipfile.ZipInfo) -> datetime | None:
    """When the member was last written. A zip holds local time without a zone; Info-ZIP and macOS add the UTC."""
    moment = None
    extra = info.extra
    while len(extra) >= 4:
        kind, length = int.from_bytes(extra[:2], "little"), int.from_bytes(extra[2:4], "little")
        if kind == 0x5455 and length >= 5 and len(extra) >= 9 and extra[4] & 1:
            moment = datetime.fromtimestamp(int.from_bytes(extra[5:9], "little", signed=True), UTC)
            break
        extra = extra[4 + length :]
    if moment is None:
        try:
            # Read as local time of this machine: a class and its instructor mostly share a zone.
            moment = datetime(*info.date_time).astimezone(UTC)
        except (ValueError, OverflowError, OSError):
            return None
    # 1980 is what archivers write when they do not say; the future is a wrong clock.
    return moment if moment.year > 1980 and moment < datetime.now(UTC) + timedelta(days=1) else None


@dataclass(frozen=True)
class PackedFolder(Source):
    """A folder that was handed in, as a zip: the same files always give the same bytes."""

    name: str
    members: tuple[Member, ...]
    modified: datetime | None = None

    def chunks(self, limit: int = LARGEST_MEMBER) -> Iterator[bytes]:
        """See `Source`. `limit` holds for the whole folder."""
        with tempfile.SpooledTemporaryFile(max_size=2**24) as file:
            budget = Budget(limit)
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
                for member in self.members:
                    moment = max(member.modified or datetime(1980, 1, 1, tzinfo=UTC), datetime(1980, 1, 1, tzinfo=UTC))
                    name = "/".join(member.parts).encode("utf-8", "replace").decode()
                    with packed.open(zipfile.ZipInfo(name, moment.timetuple()[:6]), "w") as stream:
                        for chunk in member.chunks(limit):
                            budget.take(len(chunk))
                            stream.write(chunk)
            file.seek(0)
            while chunk := file.read(_CHUNK):
                yield chunk


def list_folder(folder: Path) -> Archive:
    """Look into a folder. Links and special files are left out. Raises `Damaged` if there is too much in it."""
    result = Archive([])
    waiting = [(folder, ())]
    while waiting:
        place, parts = waiting.pop()
        try:
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError as error:
            result.left_out.append(f"{shown('/'.join(parts) or place.name)} cannot be opened ({error.strerror}).")
            continue
        for entry in entries:
            inner = (*parts, entry.name)
            if is_clutter(entry.name):
                continue
            if entry.is_symlink():
                result.left_out.append(f"{shown('/'.join(inner))} was left out: it is a link.")
            elif entry.is_dir(follow_symlinks=False):
                if len(inner) >= DEEPEST:
                    result.left_out.append(f"{shown(entry.name)} was left out: it lies in more than {DEEPEST} folders.")
                else:
                    waiting.append((Path(entry.path), inner))
            elif entry.is_file(follow_symlinks=False):
                file = DiskFile(Path(entry.path))
                result.members.append(Member(inner, file.modified, file=file))
                if len(result.members) > MOST_BULK_MEMBERS:
                    raise Damaged(f"The folder holds more than {MOST_BULK_MEMBERS} files.")
            else:
                result.left_out.append(f"{shown('/'.join(inner))} was left out: it is not a regular file.")
    result.members.sort(key=lambda member: member.parts)
    return result
