"""What release writes into a notebook: where its bundle lies, links that open it elsewhere, and its own version."""

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from helpers.fitting import Release, this_release

from .course import Assignment

if TYPE_CHECKING:
    from .settings import Bundle, Links


def bundle_url(bundle: "Bundle", assignment: Assignment) -> str:
    """The address of an assignment's zip; empty if the course gives none."""
    if not bundle.url or "{assignment}" in bundle.url:
        return bundle.url.replace("{assignment}", assignment.name)
    return f"{bundle.url.rstrip('/')}/{assignment.name}.zip"


def badges(links: "Links", assignment: Assignment) -> str:
    """Markdown that opens the notebook on Colab and on Binder; empty if the course names no repository."""
    if not links.repository:
        return ""
    inside = "/".join(part for part in (*links.path.split("/"), assignment.name, assignment.notebook) if part)
    colab = f"github/{links.repository}/blob/{quote(links.branch)}/{quote(inside)}"
    binder = f"gh/{links.repository}/{quote(links.branch, safe='')}?labpath={quote(inside, safe='')}"
    return (
        "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]"
        f"(https://colab.research.google.com/{colab}) "
        f"[![Open on Binder](https://mybinder.org/badge_logo.svg)](https://mybinder.org/v2/{binder})"
    )


def stamped(text: str, assignment: Assignment, bundle: "Bundle", links: "Links") -> str:
    """A source notebook, as JSON text, with the course's addresses and this release written into it."""
    notebook, release = json.loads(text), this_release()
    notebook["metadata"]["rnnt"] = {
        "assignment": assignment.name,
        "released_with": release.version,
        "format": release.format,
    }
    cells = {cell["id"]: cell for cell in notebook["cells"]}
    if row := badges(links, assignment):
        heading, _, rest = "".join(cells["title"]["source"]).partition("\n")
        cells["title"]["source"] = f"{heading}\n\n{row}\n{rest}".splitlines(keepends=True)
    start = "".join(cells["start"]["source"])
    start = _put(start, 'BUNDLE = ""', f'BUNDLE = "{bundle_url(bundle, assignment)}"')
    call = next(line for line in start.splitlines() if line.startswith("here.start("))
    marked = call.removesuffix(")") + f', released=("{release.version}", {release.format}))'
    cells["start"]["source"] = _put(start, call, marked).splitlines(keepends=True)
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def released_with(metadata: object, start: str) -> Release | None:
    """What a handed-in notebook says it was released with, by its metadata or its first cell. None if it does not.

    Both are hostile: anything but a short version and a small number is nothing.
    """
    found = metadata if isinstance(metadata, dict) else {}
    version, number = found.get("released_with"), found.get("format")
    if not isinstance(version, str) or type(number) is not int:
        written = re.search(r'released=\("([0-9.]{1,20})", ([0-9]{1,3})\)', start[:10_000])
        if not written:
            return None
        version, number = written[1], int(written[2])
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,4}){1,3}", version) or not 0 < number < 1000:
        return None
    return Release(version, number)


def _put(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise ValueError(f"{old!r} is in the cell `start` {text.count(old)} times; release needs it once.")
    return text.replace(old, new)
