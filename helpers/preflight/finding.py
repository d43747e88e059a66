"""Which file is this notebook, what is in it, and is it saved."""

import ast
import json
import os
import sys
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.asking.assignments import ASSIGNMENTS, Assignment

MOST_BYTES = 256 * 2**20
CELL = "preflight"
"""Grade id of the cell that calls preflight."""


class Trouble(Exception):
    """Why there is nothing to run; the message is what the student reads."""


@dataclass(frozen=True)
class Found:
    """The notebook."""

    folder: Path
    """Where it lies, and where the zip goes."""
    data: bytes
    """The file as it is."""
    cells: tuple[dict, ...]
    """Every one with "cell_type", "id", "metadata" and "source", a string."""
    assignment: Assignment
    live: bool = False
    """It comes from the open page, not from the disk, so that it cannot be unsaved."""


def find(notebook: str | os.PathLike | None, shell) -> Found:
    """The notebook that is running, or the one that was named. Raises Trouble.

    shell: IPython's; None outside of it.
    """
    if notebook is None and "google.colab" in sys.modules:
        return _on_colab()
    path = Path(notebook) if notebook is not None else _running(shell)
    if path is None:
        return _only_one(Path.cwd())
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Trouble(f"{path.name} is larger than {MOST_BYTES // 2**20} MB: clear its outputs and save it.")
        return _read(path.parent.resolve(), path.read_bytes(), path.name)
    except OSError:
        raise Trouble(f'There is no file {path}: give the path of this notebook, notebook="...".') from None


def _running(shell) -> Path | None:
    """As VS Code and Jupyter tell it."""
    told = [shell.user_ns.get("__vsc_ipynb_file__")] if shell else []
    told.append(os.environ.get("JPY_SESSION_NAME"))
    for text in told:
        # Jupyter gives a path from where it was started, which is seldom where the kernel runs.
        for path in (Path(text), Path.cwd() / Path(text).name) if isinstance(text, str) and text else ():
            if path.suffix == ".ipynb" and path.is_file():
                return path
    return None


def _on_colab() -> Found:
    from google.colab import _message

    told = _message.blocking_request("get_ipynb", timeout_sec=60)
    if not isinstance(told, dict) or not isinstance(told.get("ipynb"), dict):
        raise Trouble("Colab did not hand over the notebook: run this cell once more.")
    data = json.dumps(told["ipynb"], ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass")
    return _read(Path.cwd(), data, "this notebook", live=True)


def _only_one(folder: Path) -> Found:
    found, names = [], sorted(folder.glob("*.ipynb"))
    for path in names[:50]:
        try:
            found.append(_read(folder, path.read_bytes(), path.name))
        except (OSError, Trouble):
            continue
    if len(found) == 1:
        return found[0]
    several = f"{folder} holds {len(found)} notebooks of this course" if found else f"It is not in {folder}"
    raise Trouble(
        f'Which file is this notebook? {several}: say it, for example checks.preflight(..., notebook="seminar4.ipynb").'
    )


def _read(folder: Path, data: bytes, name: str, live: bool = False) -> Found:
    try:
        content = json.loads(data.decode("utf-8-sig"))
        cells = tuple(_cell(cell) for cell in content["cells"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Trouble(f"{name} cannot be read as a notebook: open it, save it, and try again.") from None
    return Found(folder, data, cells, _assignment(cells, name), live)


def _cell(cell: dict) -> dict:
    source, metadata = cell.get("source", ""), cell.get("metadata")
    metadata = dict(metadata) if isinstance(metadata, dict) else {}
    for key in ("nbgrader", "rnnt"):
        if key in metadata and not isinstance(metadata[key], dict):
            del metadata[key]
    if not isinstance(metadata.get("nbgrader", {}).get("grade_id", ""), str):
        del metadata["nbgrader"]
    if "nbgrader" in metadata and "grade_id" not in metadata["nbgrader"]:
        del metadata["nbgrader"]
    return {
        "cell_type": str(cell["cell_type"]),
        "id": str(cell.get("id", "")),
        "metadata": metadata,
        "source": source if isinstance(source, str) else "".join(source),
    }


def _assignment(cells: Iterable[dict], name: str) -> Assignment:
    there = {cell["metadata"].get("nbgrader", {}).get("grade_id") or cell["id"] for cell in cells}
    known = {
        one.name: sum(f"check-{exercise.key}" in there or exercise.key in there for exercise in one.exercises)
        for one in ASSIGNMENTS.values()
    }
    best = max(known, key=known.get)
    if not known[best]:
        raise Trouble(f"{name} has none of the cells of {' or '.join(one.title for one in ASSIGNMENTS.values())}.")
    return ASSIGNMENTS[best]


# --- is it saved ----------------------------------------------------------------------------------------------------


def unsaved(found: Found, shell) -> bool:
    """Whether the notebook on the screen differs from the file, as far as what was run tells it.

    The cell that is running now must be in the file, and so must the last one that defined a graded name: unless no
    cell of the file defines it any more, since cells may be deleted.
    """
    history = _history(shell)
    if found.live or not history:
        return False
    saved = {_plain(cell["source"]) for cell in found.cells if cell["cell_type"] == "code"}
    if _plain(history[-1]) not in saved:
        return True
    in_file = set().union(*map(_defines, saved))
    for name in {exercise.name for exercise in found.assignment.exercises} & in_file:
        ran = next((source for source in reversed(history) if name in _defines(source)), None)
        if ran is not None and _plain(ran) not in saved:
            return True
    return False


def _history(shell) -> Sequence[str]:
    """What was run in this session, as it was typed."""
    manager = getattr(shell, "history_manager", None)
    return [source for source in getattr(manager, "input_hist_raw", ()) if isinstance(source, str) and source]


def _plain(source: str) -> str:
    return "\n".join(line.rstrip() for line in source.splitlines()).strip()


def _defines(source: str) -> set[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    return {node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
