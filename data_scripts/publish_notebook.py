"""Make a copy of a notebook for places that run no scripts, such as GitHub: pictures, each with a text.

python -m data_scripts.publish_notebook IN.ipynb OUT.ipynb

A drawing keeps its PNG alone: GitHub would print its script as text. Widgets go, with their state, because nothing can
show them there. Everything else stays, unless it holds a script.
"""

import argparse
import re
import sys
from pathlib import Path

from .command import one_sentence

_SCRIPT = re.compile(r"<\s*script|\bon\w+\s*=\s*[\"']|javascript:", re.IGNORECASE)
_WIDGET = "application/vnd.jupyter.widget-view+json"


def published(notebook):
    """A copy of a notebook (nbformat 4) without scripts, widgets and their state, and what was done, as counts."""
    from copy import deepcopy

    copy = deepcopy(notebook)
    counts = {"pictures": 0, "widgets": 0}
    copy.metadata.pop("widgets", None)
    for cell in copy.cells:
        if cell.cell_type == "code":
            cell.outputs = [kept for output in cell.outputs if (kept := _kept(output, counts)) is not None]
    return copy, counts


def _kept(output, counts: dict[str, int]):
    data = output.get("data")
    if data is None:  # a stream or an error
        return output
    if _WIDGET in data:
        counts["widgets"] += 1
        if "image/png" not in data:
            return None
    if "image/png" in data:
        counts["pictures"] += 1
        keep = {"image/png"}
    else:
        keep = {kind for kind, value in data.items() if _harmless(kind, value)}
    for kind in set(data) - keep:
        del data[kind]
    for kind in set(output.metadata) - keep:
        del output.metadata[kind]
    return output if data else None


def _harmless(kind: str, value) -> bool:
    if kind in (_WIDGET, "application/javascript"):
        return False
    return not (kind in ("text/html", "image/svg+xml") and _SCRIPT.search("".join(value)))


def main(arguments: list[str] | None = None) -> int:
    """Read, write, and say what was kept."""
    parser = argparse.ArgumentParser(
        prog="python -m data_scripts.publish_notebook", description=__doc__.splitlines()[0].split(":")[0] + "."
    )
    parser.add_argument("source", type=Path, help="a notebook that has been run")
    parser.add_argument("target", type=Path, help="where the copy goes")
    names = parser.parse_args(arguments)
    with one_sentence() as outcome:
        import nbformat

        if names.source.resolve() == names.target.resolve():
            raise ValueError(f"{names.target} is the notebook itself: give the copy another name.")
        try:
            notebook = nbformat.read(names.source, as_version=4)
        except OSError as problem:
            raise ValueError(f"{names.source} cannot be read: {problem.strerror}.") from None
        except Exception:  # nbformat has many ways to say it
            raise ValueError(f"{names.source} is not a notebook.") from None
        copy, counts = published(notebook)
        nbformat.write(copy, names.target)
        print(f"{names.target}: {counts['pictures']} pictures, {counts['widgets']} widgets left out.")
    return outcome.code


if __name__ == "__main__":
    sys.exit(main())
