"""Make the sample class's zips from `sample_class/ASSIGNMENT/*.py` and the released notebook.

Each file there is one student: `# zip:` and `# quirks:` lines, then cells after `# %% NAME`. A cell named like an
exercise replaces that exercise's answer; a cell named `extra` is added before the next one. `# help: NAME 2 7` makes
a help.json that says: of the exercise NAME two hints were revealed, and its check ran seven times. With `# base: OTHER`
the cells are those of another student but for the ones given here and the one named in `# without:`.
"""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from helpers.checks import help_file
from helpers.checks.help_file import Help
from helpers.checks.runs import WEIGHTS

SAMPLES = Path(__file__).parent / "sample_class"
TRAINED_RUN = Path(__file__).parent / "trained_run"
"""What the homework's notebook left after training on `mini`; the weights rounded to half precision."""
SAVED_AT = (2026, 3, 2, 18, 30, 0)


@dataclass(frozen=True)
class Sample:
    """One student's work as written down in `sample_class`."""

    key: str
    zip_name: str
    quirks: tuple[str, ...]
    cells: tuple[tuple[str, str], ...]
    """(name, source), in order."""
    help: Help = field(default_factory=Help)


def samples(assignment: str) -> list[Sample]:
    """The class, by file name."""
    return [_read(path) for path in sorted((SAMPLES / assignment).glob("*.py"))]


def build(template: Path, inbox: Path) -> list[Path]:
    """Write all hand-ins for the released notebook into `inbox`."""
    inbox.mkdir(parents=True, exist_ok=True)
    released = json.loads(template.read_text("utf-8"))
    made = []
    for sample in samples(template.stem):
        path = inbox / sample.zip_name
        path.write_bytes(_zip(sample, template.name, fill_in(released, sample)))
        made.append(path)
    return made


def add_strays(inbox: Path) -> None:
    """Two files as they lie in every download folder: one that is no hand-in, one that broke off."""
    (inbox / "grades.xlsx").write_bytes(b"not a hand-in")
    (inbox / "Thomas_sem3.zip").write_bytes(b"PK\x03\x04 and then the connection broke")


def fill_in(released: dict, sample: Sample) -> dict:
    """The released notebook with the student's cells in it."""
    notebook = json.loads(json.dumps(released))
    cells, added = [], []
    answers = dict(cell for cell in sample.cells if cell[0] != "extra")
    before: dict[str, list[str]] = {}
    for name, source in sample.cells:
        if name == "extra":
            added.append(source)
        else:
            before[name], added = added, []
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        for source in before.get(name, []):
            cells.append(_cell(source, len(cells)))
        if name in answers:
            cell["source"] = answers[name]
        cells.append(cell)
    notebook["cells"] = cells
    for quirk in sample.quirks:
        if quirk in NOTEBOOK_QUIRKS:
            NOTEBOOK_QUIRKS[quirk](notebook)
    return notebook


def _read(path: Path) -> Sample:
    head, *parts = path.read_text("utf-8").split("\n# %% ")
    about = dict(line[2:].split(": ", 1) for line in head.splitlines() if line.startswith("# ") and ": " in line)
    cells = [(name.strip(), source.strip("\n")) for name, _, source in (part.partition("\n") for part in parts)]
    if "base" in about:
        own = dict(cells)
        inherited = _read(path.with_stem(about["base"])).cells
        cells = [(name, own.get(name, source)) for name, source in inherited if name != about.get("without")]
    quirks = tuple(about.get("quirks", "").replace(",", " ").split())
    return Sample(path.stem, about["zip"], quirks, tuple(cells), _help(about.get("help", "")))


def _help(text: str) -> Help:
    """What help.json says; a run of a check every six minutes."""
    used, now = Help(), datetime(*SAVED_AT, tzinfo=UTC)
    for entry in filter(None, text.split(",")):
        exercise, hints, runs = entry.split()
        for _ in range(int(runs)):
            used, now = used.with_run(exercise, 0.0, now), now + timedelta(minutes=6)
        for level in range(1, int(hints) + 1):
            used = used.with_hint(exercise, level, "", now)
    return used


def _cell(source: str, number: int) -> dict:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": f"scratch-{number}",
        "metadata": {},
        "outputs": [],
        "source": source,
    }


def _saved_by_colab(notebook: dict) -> None:
    """Colab saves nbformat 4.0 without cell ids, adds its own metadata and keeps nbgrader's."""
    notebook["nbformat_minor"] = 0
    notebook["metadata"] = {
        "colab": {"name": "Copy of seminar4.ipynb", "provenance": [], "toc_visible": True},
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
        "accelerator": "GPU",
    }
    for number, cell in enumerate(notebook["cells"]):
        cell.pop("id", None)
        cell["metadata"] = {**cell["metadata"], "id": f"colab{number:06d}"}
        if cell["cell_type"] == "code":
            cell["metadata"]["colab"] = {"base_uri": "https://localhost:8080/"}


def _without_checks(notebook: dict) -> None:
    notebook["cells"] = [cell for cell in notebook["cells"] if not cell["metadata"].get("nbgrader", {}).get("grade")]


NOTEBOOK_QUIRKS: dict[str, Callable[[dict], None]] = {"colab": _saved_by_colab, "no-checks": _without_checks}


def _zip(sample: Sample, name: str, notebook: dict) -> bytes:
    data = json.dumps(notebook, ensure_ascii=False, indent=1).encode()
    if "truncated" in sample.quirks:
        data = data[: len(data) // 2]
    name = f"Copy of {name}" if "colab" in sample.quirks else name
    folder = Path(sample.zip_name).stem
    members = {f"{folder}/inner/{name}" if "nested" in sample.quirks else f"{folder}/{name}": data}
    if "macos" in sample.quirks:
        members |= {f"__MACOSX/{folder}/._{name}": b"\x00\x05\x16\x07", f"{folder}/.DS_Store": b"\x00\x00\x00\x01Bud1"}
    if sample.help != Help():
        members[f"{folder}/{help_file.NAME}"] = sample.help.to_bytes()
    if "run" in sample.quirks:
        members |= {f"{folder}/run/{path.name}": path.read_bytes() for path in sorted(TRAINED_RUN.iterdir())}
    if "wrong-weights" in sample.quirks:
        members[f"{folder}/run/{WEIGHTS}"] = _other_weights()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(zipfile.ZipInfo(member, SAVED_AT), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _other_weights() -> bytes:
    """Weights of a network that is no transducer."""
    import numpy as np
    from safetensors.numpy import save

    return save({"layer.weight": np.zeros((3, 4), dtype=np.float32)})
