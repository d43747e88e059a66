"""What lies beside a hand-in and describes it: the files with their digests, and how the preflight went.

It comes back in a hand-in, so it is read as what it is: a file that anybody may have written. It gives no points; it
tells whether the files are still those of the preflight, and its digest is the receipt.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

NAME = "manifest.json"
FORMAT = "rnnt-preflight-1"
MOST_BYTES = 64 * 1024
MOST_FILES, MOST_TEXT = 20, 300
_DIGEST = re.compile(r"[0-9a-f]{64}")
_CODE = re.compile(r"[A-Z2-7]{8}")


@dataclass(frozen=True)
class Entry:
    """One file of the hand-in."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class Manifest:
    """What preflight found and packed."""

    assignment: str
    student: str
    """`last_first`, as `collect` files it."""
    last: str
    first: str
    """As they were given."""
    created: str
    """ISO 8601, UTC."""
    files: Mapping[str, Entry]
    """By path in the hand-in's folder."""
    exercises: Mapping[str, str] = field(default_factory=dict)
    """How each went: `answered 14 of 14`, `not implemented` ..."""
    versions: Mapping[str, str] = field(default_factory=dict)
    platform: str = ""
    seconds: float = 0.0
    """That the clean run took."""

    def to_bytes(self) -> bytes:
        """The file."""
        return (json.dumps({"format": FORMAT, **asdict(self)}, indent=1, ensure_ascii=False) + "\n").encode()


def parse(data: bytes) -> Manifest | None:
    """What a file says; None where it is no manifest of ours. Nothing raises, and every text in it is short."""
    if len(data) > MOST_BYTES:
        return None
    try:
        content = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        return None
    texts = [content.get(name) for name in ("assignment", "student", "last", "first", "created", "platform")]
    files = content.get("files")
    if not all(map(_short, texts)) or not isinstance(files, dict) or not 0 < len(files) <= MOST_FILES:
        return None
    entries = {name: _entry(entry) for name, entry in files.items() if _short(name)}
    if len(entries) < len(files) or None in entries.values():
        return None
    assignment, student, last, first, created, platform = texts
    seconds = content.get("seconds")
    known = isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 <= seconds < 10**6
    told = {name: _texts(content.get(name)) for name in ("exercises", "versions")}
    return Manifest(
        assignment, student, last, first, created, entries, **told, platform=platform,
        seconds=float(seconds) if known else 0.0,
    )  # fmt: skip


def receipt(data: bytes, ending: str) -> str:
    """A short name for the bytes of a manifest, `sem4-7K3M-Q2XD`: 40 bits of their SHA-256."""
    code = base64.b32encode(hashlib.sha256(data).digest())[:8].decode()
    return f"{ending}-{code[:4]}-{code[4:]}"


def code_of(text: str) -> str | None:
    """The eight letters of a receipt, however it was typed; None where it is none."""
    letters = re.sub(r"[^A-Z0-9]", "", text.upper())[-8:]
    return letters if _CODE.fullmatch(letters) else None


def _entry(entry: object) -> Entry | None:
    if not isinstance(entry, dict):
        return None
    digest, size = entry.get("sha256"), entry.get("bytes")
    fits = isinstance(digest, str) and _DIGEST.fullmatch(digest) and isinstance(size, int) and 0 <= size < 2**40
    return Entry(digest, size) if fits and not isinstance(size, bool) else None


def _texts(found: object) -> dict[str, str]:
    pairs = list(found.items())[:MOST_FILES] if isinstance(found, dict) else []
    return {name: text for name, text in pairs if _short(name) and _short(text)}


def _short(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MOST_TEXT
