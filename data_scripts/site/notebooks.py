"""A notebook as students get it, run, as a page: no solution is in it, so none can be published."""

import html
import os
import re
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("seminar4", "homework3")
CUT = " The corpus was cut to a few sentences for this page."
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def write(name: str, folder: Path) -> None:
    """Run a notebook and write the page NAME.md into `folder`, its outputs under parts/."""
    notebook, blocks = run(name), []
    (folder / "parts").mkdir(exist_ok=True)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            blocks.append(cell.source)
        elif cell.cell_type == "code":
            blocks.append(f"````python\n{cell.source}\n````")
            if shown := "".join(map(_output, cell.outputs)):
                part = folder / "parts" / f"{name}-{len(blocks)}.html"
                part.write_text(f'<div class="output">{shown}</div>', "utf-8")
                blocks.append(f"````{{raw}} html\n:file: parts/{part.name}\n````")
    blocks.insert(1, _note(name))
    (folder / f"{name}.md").write_text("\n\n".join(blocks) + "\n", "utf-8")


def run(name: str):
    """The released form, executed in an empty folder; a cell that needs an answer ends in its own friendly error."""
    from nbclient import NotebookClient

    notebook = released(name)
    with tempfile.TemporaryDirectory() as folder:
        place = {"metadata": {"path": folder}}
        NotebookClient(notebook, timeout=300, allow_errors=True, resources=place).execute(env=_environment(folder))
    return notebook


def released(name: str):
    """The notebook without solutions and hidden tests, by the same means as `python -m autograder release`."""
    import nbformat
    from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions
    from traitlets.config import Config

    from autograder.release import STUB

    config = Config()
    config.ClearSolutions.code_stub = {"python": STUB}
    notebook, resources = nbformat.read(ROOT / "notebooks" / name / f"{name}.ipynb", as_version=4), {}
    for preprocessor in (ClearSolutions(config=config), ClearHiddenTests(config=config)):
        notebook, resources = preprocessor.preprocess(notebook, resources)
    return notebook


def _environment(folder: str) -> dict[str, str]:
    """Of the kernel: our helpers, and a corpus of a few sentences where the whole would take minutes."""
    from helpers.making import mini

    data = Path(folder) / "data"
    few = mini.Recipe(train=24, dev=6, test=6, train_voices=3, dev_voices=1, test_voices=2)
    mini.make(data / mini.folder_name(), few, progress=False)
    return {**os.environ, "PYTHONPATH": str(ROOT), "RNNT_DATA": str(data), "OMP_NUM_THREADS": "1"}


def _note(name: str) -> str:
    return (
        ":::{note}\nThis is the notebook as a student gets it, run from top to bottom with nothing filled in. The "
        "drawings answer to mouse, touch and keys, here as there; a cell that needs your answer says so."
        f"{CUT if name == 'homework3' else ''}\n:::"
    )


def _output(output) -> str:
    """HTML of one output: a drawing or table as it is, a picture, or text."""
    if output.output_type == "stream":
        return "" if output.name == "stderr" else _pre(output.text)
    if output.output_type == "error":
        return _pre(f"{output.ename}: {output.evalue}", "not-yet")
    data = output.data
    if "text/html" in data:
        return data["text/html"]
    if "image/png" in data:
        alt = html.escape(output.metadata.get("image/png", {}).get("alt", "A plot"), quote=True)
        return f'<img alt="{alt}" src="data:image/png;base64,{data["image/png"].strip()}">'
    return _pre(data.get("text/plain", ""))


def _pre(text: str, kind: str = "printed") -> str:
    return f'<pre class="{kind}">{html.escape(_ANSI.sub("", text))}</pre>' if text.strip() else ""
