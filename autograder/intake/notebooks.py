"""Bytes -> a notebook of format 4.5, whatever wrote them, or one sentence that says why not."""

import hashlib
import json
import math
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from autograder.stamping import released_with

if TYPE_CHECKING:
    from nbformat import NotebookNode

LARGEST = 100 * 2**20
"""Bytes. A notebook with hours of figures and sound in its outputs stays below."""
MOST_CELLS = 2_000
MOST_CODE = 2_000_000
"""Characters in all code cells together, a hundred times what a long course notebook holds. Parsing and comparing
40 MB of code took the grader two minutes."""

_CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Unreadable(Exception):
    """A file that is no notebook. `str()` of it is one sentence for the student."""


def read_notebook(data: bytes) -> "NotebookNode":
    """Make a valid notebook of format 4.5 of any notebook file.

    Accepts format 3 and 4, any Unicode encoding, and missing, repeated or ill-typed fields. Of each cell the type, the
    id, the source and nbgrader's metadata are kept; outputs and attachments are dropped, since they are untrusted, can
    be huge, and are made anew by grading. Cells without a usable id get one that depends on the content only.

    Raises:
        Unreadable: the bytes are not a notebook.
    """
    content = _content(data)
    sheets = content.get("worksheets")  # format 3
    if "cells" not in content and isinstance(sheets, list):
        cells = [cell for sheet in sheets if isinstance(sheet, dict) for cell in _list(sheet.get("cells"))]
    elif isinstance(content.get("cells"), list):
        cells = content["cells"]
    else:
        raise Unreadable("The file is JSON, but it is not a notebook: it has no cells.")
    cells = [cell for cell in cells if isinstance(cell, dict)]
    if len(cells) > MOST_CELLS:
        raise Unreadable(f"The notebook has {len(cells)} cells; at most {MOST_CELLS} are accepted.")

    from nbformat import from_dict  # importing nbformat takes a second: only those who read notebooks pay for it

    used = {cell["id"] for cell in cells if _is_id(cell.get("id"))}
    seen: set[str] = set()
    clean = []
    for cell in cells:
        cell = _clean_cell(cell)
        if not _is_id(cell["id"]) or cell["id"] in seen:
            cell["id"] = _new_id(cell["source"], used | seen)
        seen.add(cell["id"])
        clean.append(cell)
    code = sum(len(cell["source"]) for cell in clean if cell["cell_type"] == "code")
    if code > MOST_CODE:
        raise Unreadable(f"The notebook holds {code / 1e6:.1f} million characters of code; data belongs in files.")
    metadata = _clean_metadata(content.get("metadata"))
    return from_dict({"cells": clean, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


CONFLICT = "The notebook held marks of a merge that nobody had settled (<<<<<<<); of two versions the {} was taken."


def settled(data: bytes) -> tuple[bytes, str]:
    """Take one side wherever git left two versions of some lines, if that makes a notebook.

    Returns the bytes and a sentence for the student; the same bytes and no sentence where nothing was to settle.
    """
    if len(data) <= LARGEST and re.search(rb"^<{7}[ \r\n]", data, re.MULTILINE):
        for side in ("first", "second"):
            chosen = _one_side(data, side)
            with suppress(ValueError, RecursionError):
                json.loads(chosen)
                return chosen, CONFLICT.format(side)
    return data, ""


def _one_side(data: bytes, side: str) -> bytes:
    kept, reading = [], "both"
    for line in data.splitlines(keepends=True):
        mark = line[:7] if line[7:8] in (b"", b" ", b"\r", b"\n") else b""
        if mark == b"<<<<<<<" and reading == "both":
            reading = "first"
        elif mark == b"|||||||" and reading == "first":
            reading = "what both came from"
        elif mark == b"=======" and reading in ("first", "what both came from"):
            reading = "second"
        elif mark == b">>>>>>>" and reading == "second":
            reading = "both"
        elif reading in ("both", side):
            kept.append(line)
    return b"".join(kept)


def write_notebook(notebook: "NotebookNode") -> bytes:
    """The file of a notebook, as Jupyter lays it out. The same notebook always gives the same bytes."""
    cells = [{**cell, "source": cell["source"].splitlines(keepends=True)} for cell in notebook["cells"]]
    text = json.dumps({**notebook, "cells": cells}, indent=1, sort_keys=True, ensure_ascii=False)
    return (text + "\n").encode("utf-8", "replace")


def _content(data: bytes) -> dict:
    if not data.strip(b"\0 \t\r\n"):
        raise Unreadable("The notebook is empty (0 bytes)." if not data else "The notebook is empty.")
    if len(data) > LARGEST:
        raise Unreadable(f"The notebook is larger than {LARGEST // 2**20} MB: clear its outputs and send it again.")
    if data.startswith(b"PK\x03\x04"):
        raise Unreadable("The file is a zip archive with a notebook's name.")
    try:
        text = data.decode(json.detect_encoding(data), "replace").removeprefix("\ufeff").rstrip("\0 \t\r\n")
        content = json.loads(text, parse_constant=lambda name: None, parse_int=_integer)
    except RecursionError:
        raise Unreadable("The notebook is not valid: its data is nested too deeply.") from None
    except MemoryError:
        raise Unreadable("The notebook needs too much memory to be read.") from None
    except ValueError as error:
        raise Unreadable(_what_else(text, error)) from None
    if not isinstance(content, dict):
        raise Unreadable("The file is JSON, but it is not a notebook.")
    return content


def _integer(digits: str) -> int:
    # Python refuses, or takes long over, integers of thousands of digits; no field of a notebook needs them.
    return int(digits) if len(digits) <= 18 else 0


def _what_else(text: str, error: ValueError) -> str:
    """Why the text is not JSON, in words that tell the student what to do."""
    start = text[:2_000].lstrip()
    if re.match(r"<(!doctype|html|\?xml|head|body|!--)", start, re.IGNORECASE):
        return "The file is a web page (HTML), not a notebook: download the notebook itself as .ipynb."
    if start.startswith("version https://git-lfs"):
        return "The file is a git-lfs pointer, not the notebook itself."
    if not start.startswith(("{", "[")):
        if re.search(r"^(from \w[\w.]* import |import \w|def \w+\(|class \w+|#!|# ?%%|# coding)", start, re.MULTILINE):
            return "The file is a Python script, not a notebook: send the notebook itself (.ipynb)."
        return "The file is not a notebook: it does not contain JSON."
    line = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
    cut = isinstance(error, json.JSONDecodeError) and (
        error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
    )
    if cut:
        return f"The notebook is cut off{line}: download it and send it again."
    return f"The notebook is not valid JSON{line}: it was damaged or edited by hand; download it and send it again."


def _list(value: Any) -> list:
    return value if isinstance(value, list) else []


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and _CELL_ID.fullmatch(value) is not None


def _new_id(source: str, used: set[str]) -> str:
    stem = "cell-" + hashlib.sha256(source.encode("utf-8", "replace")).hexdigest()[:8]
    number, identity = 1, stem
    while identity in used:
        number += 1
        identity = f"{stem}-{number}"
    return identity


def _clean_cell(cell: dict) -> dict:
    kind = cell.get("cell_type")
    source = _clean_source(cell["source"] if "source" in cell else cell.get("input"))
    if kind == "heading":  # format 3
        level = cell.get("level")
        level = level if isinstance(level, int) and 1 <= level <= 6 else 1
        kind, source = "markdown", f"{'#' * level} {source}"
    elif kind not in ("code", "markdown", "raw"):
        kind = "code" if {"outputs", "execution_count", "input"} & cell.keys() else "raw"
    metadata = cell.get("metadata")
    settings = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    kept = {"nbgrader": _scalars(settings)} if isinstance(settings, dict) else {}
    clean = {"cell_type": kind, "id": cell.get("id"), "metadata": kept, "source": source}
    if kind == "code":
        clean |= {"execution_count": None, "outputs": []}
    return clean


def _clean_source(source: Any) -> str:
    if isinstance(source, list):
        lines = [line for line in source if isinstance(line, str)]
        # Lines normally bring their ends along; some tools write them without.
        bare = len(lines) > 1 and not any(line.endswith(("\n", "\r")) for line in lines[:-1])
        source = ("\n" if bare else "").join(lines)
    elif not isinstance(source, str):
        source = ""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    # JSON can spell half of a surrogate pair, which no file can hold.
    return source.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _scalars(settings: dict) -> dict:
    """nbgrader's settings without anything that they never hold."""
    return {
        _clean_source(key): _clean_source(value) if isinstance(value, str) else value
        for key, value in settings.items()
        if isinstance(value, str | bool | int) or (isinstance(value, float) and math.isfinite(value))
    }


def _clean_metadata(metadata: Any) -> dict:
    """The two entries that tools rely on, if they have the shape that the format's schema asks for, and our own."""
    clean = {}
    if isinstance(metadata, dict):
        for key, wanted in (("kernelspec", ("name", "display_name")), ("language_info", ("name",))):
            entry = metadata.get(key)
            if isinstance(entry, dict) and all(isinstance(entry.get(name), str) for name in wanted):
                clean[key] = {name: _clean_source(entry[name]) for name in wanted}
        if release := released_with(metadata.get("rnnt"), ""):
            clean["rnnt"] = {"released_with": release.version, "format": release.format}
    return clean
