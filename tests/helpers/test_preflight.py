"""Preflight: the clean run, what it says, the zip, and what stands in its way."""

import copy
import json
import os
import sys
import zipfile
from dataclasses import replace
from hashlib import sha256
from types import ModuleType, SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from autograder.course import ASSIGNMENTS
from autograder.intake.names import read_label
from helpers import checks
from helpers.preflight import flight, manifest, packing, running
from helpers.preflight.finding import Trouble, find, unsaved
from helpers.preflight.manifest import Entry, Manifest
from helpers.preflight.names import filled_in, student_of
from helpers.preflight.report import Notice, Packed
from notebooks import HOMEWORK3, SEMINAR4, cell, emptied, executed, read

KEPT = {"setup", "cat", "forward", "check-forward", "backward", "check-backward", "preflight"}
DIGEST = sha256(b"").hexdigest()
GIVEN_UP = "Nothing was written"


@pytest.fixture(scope="module")
def solution():
    """The seminar with its solutions, without what is only looked at."""
    notebook = read(SEMINAR4)
    notebook.cells = [one for one in notebook.cells if one.cell_type == "code" and one.id in KEPT]
    return notebook


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder to work in, on no known host."""
    for name in ("JPY_SESSION_NAME", "NBGRADER_EXECUTION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def instant(monkeypatch):
    """A clean run that costs nothing."""

    def run(found, files, tell):
        tell("running the cells")
        return running.Run("finished", tuple(map(running.Flown, found.assignment.exercises, ["answered"] * 9)), (), 0.1)

    monkeypatch.setattr(flight, "run", run)


def save(notebook, path):
    nbformat.write(notebook, path)
    return path


def changed(notebook, **sources):
    notebook = copy.deepcopy(notebook)
    for name, source in sources.items():
        cell(notebook, name).source = source
    return notebook


def flown(notebook, folder, name="seminar4.ipynb"):
    save(notebook, folder / name)
    result = checks.preflight("Lovelace", "Ada", notebook=folder / name)
    assert isinstance(result, Packed), result.text()
    return result


def exercise(result, key):
    return next(one for one in result.run.exercises if one.exercise.key == key)


def contents(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {info.filename: archive.read(info) for info in archive.infolist()}


# Names


@pytest.mark.parametrize(
    ("last", "first", "student"),
    [
        ("Lovelace", "Ada", "lovelace_ada"),
        ("Van der Berg", "Ann-Sophie", "van-der-berg_ann-sophie"),
        ("O'Brien", "Seán", "obrien_seán"),
        ("Müller_Strauß", " J. P. ", "müller-strauss_j-p"),
        ("Иванова", "Дарья", "иванова_дарья"),
        ("王", "小明", "王_小明"),
        ("Last", "Ada", "last_ada"),
        ("Zoe\u0308", "A\u030a", "zoë_å"),
    ],
)
@pytest.mark.parametrize("assignment", ASSIGNMENTS.values(), ids=lambda one: one.name)
def test_collect_reads_the_student_off_the_name_that_preflight_writes(last, first, student, assignment):
    assert filled_in(last, first)
    assert student_of(last, first) == student
    label = read_label(f"{student}_{assignment.suffixes[0]}.zip", ASSIGNMENTS.values())
    assert (label.student, label.assignment, label.certain) == (student, assignment, True)


@pytest.mark.parametrize(("last", "first"), [("", ""), ("Lovelace", " "), ("last", "first"), (None, "Ada"), ("_", "A")])
def test_names_that_are_not_filled_in_end_in_one_friendly_sentence(here, last, first):
    result = checks.preflight(last, first)
    assert isinstance(result, Notice)
    assert "put your names into this cell" in result.text()
    assert not list(here.iterdir())


@pytest.mark.parametrize(("last", "first"), [("1815", "Ada"), ("Group", "Seven"), ("x" * 60, "y" * 60)])
def test_names_that_no_one_could_file_are_told(here, last, first):
    result = checks.preflight(last, first)
    assert isinstance(result, Notice)
    assert "no file name can be made" in result.text()


# The manifest


def described(**changes):
    given = {
        "assignment": "seminar4", "student": "lovelace_ada", "last": "Lovelace", "first": "Ada",
        "created": "2026-11-22T22:00:00+00:00", "files": {"seminar4.ipynb": Entry(DIGEST, 0)},
        "exercises": {"forward": "answered 14 of 14"}, "versions": {"python": "3.11"}, "platform": "x", "seconds": 1.5,
    }  # fmt: skip
    return Manifest(**given | changes)


def test_a_manifest_is_read_as_it_was_written():
    assert manifest.parse(described().to_bytes()) == described()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda told: b"",
        lambda told: b"[]",
        lambda told: b"\xff\xfe",
        lambda told: b"[" * 50_000,
        lambda told: b'{"name": "my web app", "version": 3}',
        lambda told: json.dumps(told).encode() + b" " * manifest.MOST_BYTES,
        lambda told: json.dumps(told | {"files": {}}).encode(),
        lambda told: json.dumps(told | {"files": {"a": {"sha256": "0", "bytes": 1}}}).encode(),
        lambda told: json.dumps(told | {"files": {"a": {"sha256": DIGEST, "bytes": True}}}).encode(),
        lambda told: json.dumps(told | {"files": {"a": {"sha256": DIGEST, "bytes": -1}}}).encode(),
        lambda told: json.dumps(told | {"files": {str(i): {"sha256": DIGEST, "bytes": 1} for i in range(21)}}).encode(),
        lambda told: json.dumps(told | {"student": "x" * 301}).encode(),
        lambda told: json.dumps(told | {"created": 2026}).encode(),
        lambda told: json.dumps(told | {"last": None}).encode(),
    ],
)
def test_what_is_no_manifest_is_none(spoil):
    assert manifest.parse(spoil(json.loads(described().to_bytes()))) is None


def test_odd_details_of_a_manifest_are_left_out():
    told = json.loads(described().to_bytes()) | {"seconds": float("nan"), "exercises": {"a": 3, "b": "fine"}}
    read_back = manifest.parse(json.dumps(told | {"versions": "no"}).encode())
    assert (read_back.seconds, read_back.exercises, read_back.versions) == (0.0, {"b": "fine"}, {})


def test_a_receipt_is_short_is_typed_anyhow_and_changes_with_every_byte():
    data = described().to_bytes()
    receipt = manifest.receipt(data, "sem4")
    assert len(receipt) == len("sem4-7K3M-Q2XD")
    typed = [receipt, receipt.lower(), receipt.removeprefix("sem4-"), f"  {receipt.replace('-', ' ')}\n"]
    assert len({manifest.code_of(text) for text in typed}) == 1
    assert manifest.receipt(data + b" ", "sem4") != receipt
    assert [manifest.code_of(text) for text in ("", "sem4", "sem4-0000-1111")] == [None] * 3


# Finding the notebook


def test_the_only_notebook_of_the_course_in_the_folder_is_found(here, solution):
    save(solution, here / "anything.ipynb")
    (here / "other.ipynb").write_text('{"cells": [], "nbformat": 4}', "utf-8")
    (here / "broken.ipynb").write_text("<<<<<<<", "utf-8")
    found = find(None, None)
    assert (found.assignment.name, found.folder) == ("seminar4", here)
    assert found.data == (here / "anything.ipynb").read_bytes()


def test_where_there_are_several_or_none_it_asks_which(here, solution):
    with pytest.raises(Trouble, match="not in"):
        find(None, None)
    save(solution, here / "a.ipynb")
    save(solution, here / "b.ipynb")
    with pytest.raises(Trouble, match=r'2 notebooks of this course.*notebook="seminar4\.ipynb"'):
        find(None, None)


def test_jupyter_and_vs_code_say_which_file_it_is(here, solution, monkeypatch):
    for name in ("a", "b"):
        save(changed(solution, setup=f"name = {name!r}"), here / f"{name}.ipynb")
    monkeypatch.setenv("JPY_SESSION_NAME", "/nowhere/on/the/server/b.ipynb")
    assert "name = 'b'" in find(None, None).cells[0]["source"]
    shell = SimpleNamespace(user_ns={"__vsc_ipynb_file__": str(here / "a.ipynb")})
    assert "name = 'a'" in find(None, shell).cells[0]["source"]


def test_colab_hands_the_open_notebook_over_and_is_offered_the_zip(here, solution, monkeypatch, instant):
    downloads, opened = [], {"ipynb": json.loads(json.dumps(solution))}
    google, colab = ModuleType("google"), ModuleType("google.colab")
    colab._message = SimpleNamespace(blocking_request=lambda what, timeout_sec: opened)
    colab.files = SimpleNamespace(download=downloads.append)
    google.colab = colab
    monkeypatch.setitem(sys.modules, "google", google)
    monkeypatch.setitem(sys.modules, "google.colab", colab)
    result = checks.preflight("Lovelace", "Ada")
    assert isinstance(result, Packed), result.text()
    assert downloads == [str(here / "lovelace_ada_sem4.zip")]
    assert "asked to save" in result.text()
    assert json.loads(contents(result.path)["lovelace_ada_sem4/seminar4.ipynb"]) == opened["ipynb"]


UNREADABLE = ["", "{}", '{"cells": [3]}', '{"cells": [{"cell_type": "code", "source": [1]}]}', "[" * 9999]


@pytest.mark.parametrize("text", UNREADABLE)
def test_a_notebook_that_cannot_be_read_is_told(here, text):
    (here / "seminar4.ipynb").write_text(text, "utf-8")
    result = checks.preflight("Lovelace", "Ada", notebook="seminar4.ipynb")
    assert isinstance(result, Notice)
    assert "cannot be read" in result.text()


def test_a_missing_or_foreign_file_is_told(here):
    assert "There is no file" in checks.preflight("Lovelace", "Ada", notebook="gone.ipynb").text()
    (here / "mine.ipynb").write_text('{"cells": []}', "utf-8")
    assert "none of the cells of Seminar 4" in checks.preflight("Lovelace", "Ada", notebook="mine.ipynb").text()


# Is it saved


def session(*sources):
    return SimpleNamespace(user_ns={}, history_manager=SimpleNamespace(input_hist_raw=["", *sources]))


def test_what_is_on_the_screen_and_not_in_the_file_is_noticed(here, solution):
    save(solution, here / "seminar4.ipynb")
    found = find(None, None)
    forward, call = cell(solution, "forward").source, cell(solution, "preflight").source
    assert not unsaved(found, None)
    assert not unsaved(found, session(forward, call + "  \n"))
    # Earlier attempts are no matter, and neither is a cell that was deleted.
    assert not unsaved(found, session("def forward(): pass", "def gone(): pass", "%time 1", forward, call))
    assert unsaved(found, session(forward, "def forward(): better", call))
    assert unsaved(found, session(forward, 'checks.preflight(last="Lovelace", first="Ada")'))


# The clean run


def test_a_solution_is_ready_and_its_zip_holds_what_the_manifest_says(here, solution):
    (here / "help.json").write_text("{}", "utf-8")
    result = flown(solution, here)
    assert result.complete, result.text()
    assert [one.in_words() for one in result.run.exercises] == ["answered 14 of 14"] * 2
    assert [one.public for one in result.run.exercises] == [5.0, 5.0]
    assert result.run.cpu_seconds < ASSIGNMENTS["seminar4"].cpu_seconds
    inside = contents(here / "lovelace_ada_sem4.zip")
    told = inside.pop("lovelace_ada_sem4/manifest.json")
    assert result.receipt == manifest.receipt(told, "sem4")
    read_back = manifest.parse(told)
    assert (read_back.student, read_back.last, read_back.first) == ("lovelace_ada", "Lovelace", "Ada")
    assert read_back.versions.keys() == {"python", "torch", "numpy"}
    assert read_back.files == {name.partition("/")[2]: packing.entry(data) for name, data in inside.items()}
    assert inside["lovelace_ada_sem4/seminar4.ipynb"] == (here / "seminar4.ipynb").read_bytes()
    assert inside["lovelace_ada_sem4/help.json"] == b"{}"
    for item in ASSIGNMENTS["seminar4"].exercises[0].items:
        assert item.title in result.text()
    assert "the blank is a negative index" in result.text()
    assert 'href="lovelace_ada_sem4.zip"' in result._repr_html_()


WRONG = """
def forward(log_probs, targets, blank=-1):
    if len(targets) == 0:
        return gone, 0.0
    return log_probs[..., 0], 0.0
"""
OWN_CELLS = {
    "import os\nprint(deleted + 1)": "NameError",
    "import mine": "ModuleNotFoundError",
    "from helpers.loss import rnnt_loss": "ModuleNotFoundError",  # withheld from this assignment
    "from torchaudio.functional import rnnt_loss": "ModuleNotFoundError",
    "bytearray(3 * 2**30)": "MemoryError",
    'assert "rests" in checks.preflight("Lovelace", "Ada").text()': None,
}


def test_it_says_what_is_missing_what_stops_and_what_leaned_on_a_variable_that_is_gone(here, solution):
    broken = changed(solution, forward=WRONG, backward="x = 1")
    broken.cells[1:1] = [new_code_cell(source) for source in OWN_CELLS]
    (here / "mine.py").write_text("", "utf-8")  # a file beside the notebook is not there in grading either
    result = flown(broken, here)
    assert not result.complete
    assert [error.kind for error in result.run.errors if not error.given] == [
        kind for kind in OWN_CELLS.values() if kind
    ]
    text = result.text()
    for sentence in (
        "answered 12 of 14",
        "one frame and no label",
        "NameError: name 'gone' is not defined",
        "there is no backward after a clean run",
        "Cell 2, line 2 stops in a clean run with NameError",
        "a variable of a deleted or changed cell is still around",
    ):
        assert sentence in text
    assert "&#x27;gone&#x27;" in result._repr_html_()


def test_what_is_slow_is_stopped_as_the_grader_would_and_a_stub_is_called_a_stub(here, solution, monkeypatch):
    monkeypatch.setattr(running, "CALL_SECONDS", 0.2)
    slow = "def forward(log_probs, targets, blank=-1):\n    while True: pass"
    result = flown(changed(solution, forward=slow, backward=cell(emptied(solution), "backward").source), here)
    assert [one.status for one in result.run.exercises] == ["timeout", "not implemented"]
    assert "Forward (5 points): too slow: answered 0 of 14" in result.text()
    assert "Backward (5 points): still the stub" in result.text()
    assert result.path.exists()


@pytest.mark.skipif(os.name != "posix", reason="no such limits there")
@pytest.mark.parametrize(
    ("source", "limits", "ending", "told"),
    [
        ("import time\ntime.sleep(60)", {"wall_seconds": 1}, "timeout", "was stopped after 1 s"),
        ("while True: pass", {"cpu_seconds": 1}, "cpu", "computed for more than 1 s"),
        ("import os\nos._exit(3)", {}, "crashed", "ended before the last cell"),
    ],
)
def test_the_limits_are_the_graders(here, solution, source, limits, ending, told):
    broken = copy.deepcopy(solution)
    broken.cells.insert(1, new_code_cell(source))
    save(broken, here / "seminar4.ipynb")
    found = find(None, None)
    found = replace(found, assignment=replace(found.assignment, **limits))
    run = running.run(found, {}, lambda sentence: None)
    assert run.ending == ending
    assert told in Packed(found.assignment, run, here / "x.zip", {}, "").text()


def test_an_interrupt_ends_the_run_and_leaves_nothing_behind(here, solution, monkeypatch):
    broken = copy.deepcopy(solution)
    broken.cells.insert(1, new_code_cell("import time\ntime.sleep(60)"))
    save(broken, here / "seminar4.ipynb")
    started = []
    real = running.subprocess.Popen
    monkeypatch.setattr(running.subprocess, "Popen", lambda *a, **k: started.append(real(*a, **k)) or started[-1])

    def interrupted(sentence):
        if "running" in sentence:
            raise KeyboardInterrupt

    monkeypatch.setattr(flight, "_in_terminal", lambda: interrupted)
    result = checks.preflight("Lovelace", "Ada")
    assert GIVEN_UP in result.text()
    assert [process.poll() is not None for process in started] == [True]
    assert [path.name for path in here.iterdir()] == ["seminar4.ipynb"]


def test_nothing_happens_while_nbgrader_grades(here, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert "rests" in checks.preflight("Lovelace", "Ada").text()


# The zip


def test_it_writes_over_its_own_zip_and_over_no_other(here, solution, instant):
    first = flown(solution, here).receipt
    assert flown(changed(solution, setup=cell(solution, "setup").source + "\n"), here).receipt != first
    zip_ = here / "lovelace_ada_sem4.zip"
    zip_.write_bytes(b"precious")
    result = checks.preflight("Lovelace", "Ada", notebook="seminar4.ipynb")
    assert "was not written by preflight" in result.text()
    assert zip_.read_bytes() == b"precious"


def test_a_zip_that_cannot_be_written_leaves_the_old_one(here, monkeypatch):
    target = here / "lovelace_ada_sem4.zip"
    packing.pack(target, {"a.txt": b"1"}, described().to_bytes())
    before = target.read_bytes()

    def full(*arguments, **more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    with pytest.raises(Trouble, match="No space left"):
        packing.pack(target, {"a.txt": b"2"}, described().to_bytes())
    assert target.read_bytes() == before
    assert list(here.iterdir()) == [target]


# The homework


@pytest.mark.slow
def test_the_homework_takes_its_run_along_and_says_where_it_is_another_run(here, monkeypatch, tiny_mini):
    trained = SEMINAR4.parents[2] / "autograder" / "demo" / "trained_run"
    monkeypatch.setenv("RNNT_DATA", str(here / "no corpora"))
    (here / "run").mkdir()
    for name in ("weights.safetensors", "log.jsonl"):
        (here / "run" / name).write_bytes((trained / name).read_bytes())
    result = flown(read(HOMEWORK3), here, "homework3.ipynb")
    assert result.complete, result.text()
    assert {"run/weights.safetensors", "run/log.jsonl"} < result.sizes.keys()
    assert "lovelace_ada_hw3/run/log.jsonl" in contents(here / "lovelace_ada_hw3.zip")
    assert exercise(result, "training").in_words() == "answered 1 of 1"
    (here / "run" / "log.jsonl").unlink()
    (here / "run" / "weights.safetensors").write_bytes(b"garbage")
    result = flown(read(HOMEWORK3), here, "homework3.ipynb")
    assert "There is no log.jsonl in the folder run" in result.text()
    assert "weights.safetensors cannot be read" in result.text()


# In a kernel


@pytest.mark.slow
def test_in_a_kernel_the_saved_notebook_is_packed_and_an_unsaved_one_is_not(solution, tmp_path):
    call = 'checks.preflight(last="Lovelace", first="Ada")'
    notebook = changed(solution, preflight=call)
    save(notebook, tmp_path / "seminar4.ipynb")
    outputs = cell(executed(notebook, tmp_path), "preflight").outputs
    assert outputs[-1].output_type == "execute_result"
    assert "Ready to hand in" in outputs[-1].data["text/html"]
    assert (tmp_path / "lovelace_ada_sem4.zip").exists()
    newer = changed(notebook, forward=cell(notebook, "forward").source + "\n# better")
    (tmp_path / "lovelace_ada_sem4.zip").unlink()
    outputs = cell(executed(newer, tmp_path), "preflight").outputs
    assert "save first" in outputs[-1].data["text/plain"]
    assert not (tmp_path / "lovelace_ada_sem4.zip").exists()
