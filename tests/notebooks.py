"""Reading, emptying and running notebooks: what the tests of every notebook need."""

import copy
import os
import re
import tempfile
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions
from traitlets.config import Config

from autograder.release import STUB

REPOSITORY = Path(__file__).resolve().parent.parent
SEMINAR4 = REPOSITORY / "notebooks" / "seminar4" / "seminar4.ipynb"
HOMEWORK3 = REPOSITORY / "notebooks" / "homework3" / "homework3.ipynb"
SEED = REPOSITORY.parent / "shared" / "seed.txt"
FRIENDLY = "Not written yet: replace this line with your solution."


def read(path):
    return nbformat.read(path, as_version=4)


def emptied(source):
    """A copy without solutions and hidden tests, as it is released."""
    config = Config()
    config.ClearSolutions.code_stub = {"python": STUB}
    notebook, resources = copy.deepcopy(source), {}
    for preprocessor in (ClearSolutions(config=config), ClearHiddenTests(config=config)):
        notebook, resources = preprocessor.preprocess(notebook, resources)
    return notebook


WARNINGS_ARE_ERRORS = """
import warnings

def from_now_on(info):
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", module="ipykernel")

get_ipython().events.register("pre_run_cell", from_now_on)
"""
"""From the first cell on: students see no warning of ours, nor one that we make a library utter. What the kernel does
for itself, starting and shutting down, it may do with warnings."""


def executed(notebook, folder, *, timeout=120, **environment):
    """A copy that ran to its last cell in `folder`, whatever its cells raised, as nbgrader runs it."""
    notebook = copy.deepcopy(notebook)
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as ipython:
        startup = Path(ipython) / "profile_default" / "startup"
        startup.mkdir(parents=True)
        (startup / "warnings_are_errors.py").write_text(WARNINGS_ARE_ERRORS, "utf-8")
        usual = {"PYTHONPATH": REPOSITORY, "OMP_NUM_THREADS": 1, "IPYTHONDIR": ipython}
        for name, value in {**usual, **environment}.items():
            patch.setenv(name, str(value))
        where = {"metadata": {"path": str(folder)}}
        client = NotebookClient(notebook, timeout=timeout, allow_errors=True, resources=where)
        client.execute(env=os.environ.copy())
    notebook.metadata["ran_in"] = str(folder)
    return notebook


def cells(notebook, kind):
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def cell(notebook, grade_id):
    return next(cell for cell in notebook.cells if cell.id == grade_id)


def outputs(notebook, kind):
    return [(cell.id, out) for cell in cells(notebook, "code") for out in cell.outputs if out.output_type == kind]


def printed(notebook, grade_id):
    return "".join(out.text for out in cell(notebook, grade_id).outputs if out.output_type == "stream")


def defined(notebook, names, *grade_ids):
    """`names` and what the given cells add to them, run without a kernel."""
    for grade_id in grade_ids:
        exec(cell(notebook, grade_id).source, names)
    return names


def shingles(text):
    """Runs of eight words. Formulas are left out: the definition of a sum over alignments is nobody's sentence."""
    words = re.findall(r"\w+", re.sub(r"\$\$.*?\$\$|\$[^$\n]*\$", " ", text.lower(), flags=re.DOTALL))
    return {tuple(words[start : start + 8]) for start in range(len(words) - 7)}
