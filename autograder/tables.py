"""CSV files that spreadsheets open as they are meant."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from .files import write_whole


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> Path:
    """Write a CSV file whole; what a row lacks stays empty."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows({name: harmless(value) for name, value in row.items()} for row in rows)
    # With a byte order mark, so that spreadsheets show names as they are written.
    write_whole(path, text.getvalue().encode("utf-8-sig"))
    return path


def harmless(value: object) -> object:
    """A value for a CSV file: spreadsheets take a text that starts like a formula for one."""
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value
