import io
import json
import os
import random
import socket
import stat
import subprocess
import sys
import time
import unicodedata
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pytest
from nbgrader.utils import parse_utc
from released_sample import BACKWARD, FORWARD, cell, solved, template

from autograder.course import ASSIGNMENTS, Course
from autograder.intake import IntakeError, Received, Unreadable, archives, collect, read_notebook, received
from autograder.intake.names import read_label, safe_file_name
from autograder.intake.notebooks import CONFLICT, settled

SEMINAR4 = ASSIGNMENTS["seminar4"]
MAY = datetime(2024, 5, 20, 12, 0, 0, tzinfo=UTC)
DATA = Path(__file__).parent.parent / "damaged"


@pytest.fixture
def course(tmp_path):
    course = Course(tmp_path / "course")
    release = course.release(SEMINAR4)
    release.parent.mkdir(parents=True)
    release.write_text(nbformat.writes(template()), "utf-8")
    return course


@pytest.fixture
def inbox(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def honest(cost="1.5") -> bytes:
    """A solved notebook; another cost makes another notebook."""
    notebook = solved()
    cell(notebook, "forward").source = FORWARD.replace("1.5", cost)
    return nbformat.writes(notebook).encode()


def packed(files: dict[str, bytes], when=MAY) -> bytes:
    """A zip of these members, all written at this time."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, when.astimezone().timetuple()[:6]), data)
    return target.getvalue()


def put(inbox: Path, name: str, data: bytes, when=MAY) -> Path:
    path = inbox / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (when.timestamp(), when.timestamp()))
    return path


def submitted(course, student):
    return course.submitted(SEMINAR4, student) / "seminar4.ipynb"


def answer(course, student):
    return cell(nbformat.read(submitted(course, student), 4), "forward").source


def record(course, student) -> dict:
    return json.loads((course.received(SEMINAR4, student) / "received.json").read_text("utf-8"))


def only(rows):
    assert len(rows) == 1, rows
    return rows[0]


def tree(folder: Path) -> dict:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def check_sentences(rows):
    for row in rows:
        assert row.status in {"taken", "repaired", "refused", "superseded", "unchanged"}
        assert isinstance(row.notes, tuple)
        for note in row.notes:
            assert note.rstrip("…").endswith((".", "...")), note
            assert "\n" not in note
            assert "Traceback" not in note
            assert len(note) < 700
        if row.status == "refused":
            assert row.notes


# --- names ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("ivanov_anna_sem3.zip", "ivanov_anna"),
        ("Ivanov_Anna_SEM4.ZIP", "ivanov_anna"),
        ("ivanov_anna_seminar4.zip", "ivanov_anna"),
        ("ivanov_anna_Seminar_4.zip", "ivanov_anna"),
        ("ivanov_anna_sem-4.zip", "ivanov_anna"),
        ("ivanov_anna_sem3.zip.zip", "ivanov_anna"),
        ("ivanov_anna_sem3.ipynb.txt", "ivanov_anna"),
        ("ivanov_anna_sem3 (1).zip", "ivanov_anna"),
        ("ivanov_anna_sem3(12).zip", "ivanov_anna"),
        ("ivanov_anna_sem3-1.zip", "ivanov_anna"),
        ("ivanov_anna_sem3-Copy1.ipynb", "ivanov_anna"),
        ("ivanov_anna_sem3 - Copy (2).ipynb", "ivanov_anna"),
        ("ivanov_anna_sem3 copy 2.zip", "ivanov_anna"),
        ("Copy of ivanov_anna_sem3.ipynb", "ivanov_anna"),
        ("Copy of Copy of ivanov_anna_sem3.ipynb", "ivanov_anna"),
        ('Копия блокнота "ivanov_anna_sem3.ipynb"', "ivanov_anna"),
        ("Anna Ivanov_1234_assignsubmission_file_ivanov_anna_sem3.zip", "ivanov_anna"),
        ("ivanovanna_LATE_12345_67890_ivanov_anna_sem3-1.zip", "ivanov_anna"),
        ("de la Cruz_María José_sem3.zip", "de-la-cruz_maría-josé"),
        ("Saint-Exupéry_Antoine_sem4.zip", "saint-exupéry_antoine"),
        ("Иванова_Анна_sem3.zip", "иванова_анна"),
        ("王_小明_sem3.zip", "王_小明"),
        ("O'Brien_J. R._sem3.zip", "obrien_j-r"),
        ("Strauß_Ivan_sem3.zip", "strauss_ivan"),
        ("ivanov_anna_maria_sem3.zip", "ivanov_anna_maria"),
        ("Ivanov Anna sem3.zip", "ivanov_anna"),
        ("ivanov-anna-sem3.zip", "ivanov_anna"),
        (" ivanov__anna _sem3.zip", "ivanov_anna"),
        ("con_aux_sem3.zip", "con_aux"),
        ("..ivanov_anna.._sem3.zip", "ivanov_anna"),
        ("ivanov\u202e_an\x07na_sem3.zip", "ivanov_anna"),
        ("ivanov_sem3.zip", None),
        ("sem3.zip", None),
        ("seminar4.ipynb", None),
        ("Copy of seminar4.ipynb", None),
        ("garcia-marquez-gabriel-sem3.zip", None),
        ("__sem3.zip", None),
        ("._.._sem3.zip", None),
        ("a" * 70 + "_" + "b" * 70 + "_sem3.zip", None),
        ("final_solution.zip", None),
    ],
)
def test_the_student_is_read_from_the_name(name, student):
    label = read_label(name, ASSIGNMENTS.values())
    assert label.student == student
    if "sem" in name.casefold():
        assert label.assignment is SEMINAR4


def test_composed_and_decomposed_names_are_the_same_student():
    name = "Müller_Zoë_sem3.zip"
    spelled = {read_label(unicodedata.normalize(form, name), ASSIGNMENTS.values()).student for form in ("NFC", "NFD")}
    assert spelled == {"müller_zoë"}


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("weights.pt", "weights.pt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\x.csv", "x.csv"),
        ("con.pt", "_con.pt"),
        ("a\x00b\n.pt", "a_b_.pt"),
        (".hidden.csv", "hidden.csv"),
        ("..", "fallback"),
        ("x.csv. ", "x.csv"),
        ("a:b*?.csv", "a_b__.csv"),
    ],
)
def test_written_names_are_safe_everywhere(name, safe):
    assert safe_file_name(name, "fallback") == safe


@pytest.mark.parametrize("name", ["x" * 500 + ".safetensors", "я" * 300 + ".pt", "a." + "b" * 400, "🦆" * 90 + ".csv"])
def test_long_names_are_cut_and_keep_their_ending(name):
    safe = safe_file_name(name, "fallback")
    assert len(safe.encode()) <= 200
    if len(name.rsplit(".")[-1]) < 12:
        assert safe.endswith(name[name.rindex(".") :]) or safe == "fallback"


# --- reading a notebook ---------------------------------------------------------------------------------------------


def notebook_json(**changes) -> dict:
    return json.loads(honest()) | changes


def dumped(content) -> bytes:
    return json.dumps(content).encode()


def version_3() -> bytes:
    cells = [{"cell_type": "heading", "level": 2, "source": ["A head"], "metadata": {}}]
    for one in notebook_json()["cells"]:
        if one["cell_type"] == "code":
            one = {"cell_type": "code", "input": one["source"], "language": "python", "outputs": [], "metadata": {}}
        cells.append({key: value for key, value in one.items() if key != "id"})
    return dumped({"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": cells}]})


READABLE = {
    "as_it_is": honest(),
    "bom": b"\xef\xbb\xbf" + honest(),
    "utf16": honest().decode().encode("utf-16"),
    "utf16_without_bom": honest().decode().encode("utf-16-le"),
    "utf32": honest().decode().encode("utf-32"),
    "a_broken_byte_in_a_comment": honest().replace(b"Forward variables", b"Forw\xffrd variables"),
    "version_3": version_3(),
    "version_4_0_without_ids": dumped(
        notebook_json(
            nbformat_minor=0, cells=[{k: v for k, v in c.items() if k != "id"} for c in notebook_json()["cells"]]
        )
    ),
    "without_metadata": dumped({k: v for k, v in notebook_json().items() if k != "metadata"}),
    "metadata_of_a_wrong_type": dumped(notebook_json(metadata=[1])),
    "metadata_against_the_schema": dumped(
        notebook_json(metadata={"kernelspec": {"name": 7}, "title": 3, "authors": 1})
    ),
    "only_cells": dumped({"cells": notebook_json()["cells"]}),
    "version_as_text": dumped(notebook_json(nbformat="four", nbformat_minor=None)),
    "huge_integers": honest().replace(b'"nbformat": 4', b'"nbformat": ' + b"9" * 50_000),
    "nan": honest().replace(b'"execution_count": null', b'"execution_count": NaN'),
    "infinite_points": honest().replace(b'"points": 5', b'"points": Infinity'),
    "source_as_text": dumped(
        notebook_json(cells=[c | {"source": "".join(c["source"])} for c in notebook_json()["cells"]])
    ),
    "crlf": dumped(
        notebook_json(
            cells=[c | {"source": "".join(c["source"]).replace("\n", "\r\n")} for c in notebook_json()["cells"]]
        )
    ),
    "lines_without_ends": dumped(
        notebook_json(cells=[c | {"source": "".join(c["source"]).split("\n")} for c in notebook_json()["cells"]])
    ),
    "cells_that_are_none": dumped(notebook_json(cells=[*notebook_json()["cells"], None, 3, "x", [], {}])),
    "strange_cells": dumped(
        notebook_json(
            cells=[
                *notebook_json()["cells"],
                {"cell_type": 5, "source": {"a": 1}, "metadata": {"nbgrader": {"grade_id": ["x"], "points": {}}}},
                {"cell_type": "code", "source": [1, None, "x"], "id": "with blank", "metadata": None, "outputs": 7},
                {"cell_type": "markdown", "source": "\ud800 half", "id": 5, "attachments": {"a": {}}},
            ]
        )
    ),
    "repeated_ids": dumped(
        notebook_json(cells=notebook_json()["cells"] + [{"cell_type": "raw", "id": "forward", "source": ""}])
    ),
}


@pytest.mark.parametrize("data", READABLE.values(), ids=READABLE)
def test_any_notebook_is_read_as_format_4_5(data):
    notebook = read_notebook(data)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    functions = [one.source for one in notebook.cells if "def forward" in one.source]
    assert [source.replace("�", "a") for source in functions] == [FORWARD]
    assert nbformat.reads(nbformat.writes(notebook).encode().decode(), 4) == notebook
    assert read_notebook(data) == notebook


def test_a_heading_of_format_3_becomes_markdown():
    assert read_notebook(READABLE["version_3"]).cells[0].source == "## A head"


def test_outputs_and_attachments_are_dropped():
    content = notebook_json()
    content["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * 1_000_000}]
    content["cells"][1]["execution_count"] = 7
    content["cells"][0]["attachments"] = {"a.png": {"image/png": "x" * 100_000}}
    notebook = read_notebook(dumped(content))
    assert len(nbformat.writes(notebook)) < 20_000
    assert "attachments" not in notebook.cells[0]


UNREADABLE = {
    "too_much_code": (
        dumped({"cells": [{"cell_type": "code", "source": "x = 1\n" * 400_000}]}),
        "2.4 million characters",
    ),
    "no_bytes": (b"", "empty (0 bytes)"),
    "only_blanks": (b" \n\t ", "empty"),
    "null_bytes": (b"\0" * 4096, "empty"),
    "cut_off": (honest()[:700], "cut off"),
    "cut_in_a_string": (honest()[: honest().index(b"Forward variables")], "cut off"),
    "a_comma_too_much": (honest().replace(b'"nbformat": 4', b',"nbformat": 4'), "not valid JSON"),
    "conflict_marks": (honest().replace(b'"nbformat": 4', b'<<<<<<< HEAD\n"nbformat": 4'), "not valid JSON (line"),
    "html": (b"<!DOCTYPE html>\n<html><body>Sign in</body></html>", "web page"),
    "html_with_blanks": (b"\xef\xbb\xbf\n  <html lang='en'>", "web page"),
    "python": (b"# coding: utf-8\nimport torch\n\ndef forward(x):\n    return x\n", "Python script"),
    "text": (b"I could not do it, sorry", "not contain JSON"),
    "zip": (packed({"a": b"b"}), "zip archive"),
    "png": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not contain JSON"),
    "a_list": (b"[1, 2]", "not a notebook"),
    "a_number": (b"7", "not a notebook"),
    "no_cells": (b'{"a": 1}', "no cells"),
    "cells_of_a_wrong_type": (b'{"cells": {"a": 1}}', "no cells"),
    "nested_lists": (b'{"cells": ' + b"[" * 200_000, "nested"),
    "nested_objects": (b'{"a":' * 200_000, "nested"),
    "git_lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git-lfs"),
    "too_many_cells": (dumped({"cells": [{}] * 3_000}), "3000 cells"),
    "too_large": (b'{"a": "' + b" " * (100 * 2**20) + b'"}', "larger than 100 MB"),
}


@pytest.mark.parametrize(("data", "words"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_notebook_is_refused_in_one_sentence(data, words):
    with pytest.raises(Unreadable) as caught:
        read_notebook(data)
    sentence = str(caught.value)
    assert words in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert len(sentence) < 200


def test_a_notebook_cut_anywhere_is_read_or_refused_in_a_sentence():
    chance = random.Random(1)
    data = honest()
    for _ in range(50):
        cut = chance.randrange(len(data) - 2)
        with pytest.raises(Unreadable):
            read_notebook(data[:cut])


def test_a_notebook_with_any_broken_byte_is_read_or_refused_in_a_sentence():
    chance = random.Random(2)
    for _ in range(100):
        data = bytearray(honest())
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            notebook = read_notebook(bytes(data))
        except Unreadable:
            continue
        nbformat.validate(notebook)


# --- collecting: what is taken --------------------------------------------------------------------------------------


def test_a_zip_becomes_a_submission(course, inbox):
    put(inbox, "Ivanov_Anna_sem3.zip", packed({"seminar4.ipynb": honest()}))
    row = only(collect(inbox, course))
    assert (row.file, row.student, row.assignment) == ("Ivanov_Anna_sem3.zip", "ivanov_anna", "seminar4")
    assert (row.status, row.notes) == ("taken", ())
    assert answer(course, "ivanov_anna") == FORWARD
    assert record(course, "ivanov_anna") == {
        "student": "ivanov_anna",
        "assignment": "seminar4",
        "original": "Ivanov_Anna_sem3.zip",
        "sha256": record(course, "ivanov_anna")["sha256"],
        "modified": "2024-05-20T12:00:00+00:00",
        "notebook": True,
        "problem": None,
        "notes": [],
        "receipt": "",
    }
    kept = course.received(SEMINAR4, "ivanov_anna") / "Ivanov_Anna_sem3.zip"
    assert kept.read_bytes() == (inbox / "Ivanov_Anna_sem3.zip").read_bytes()
    assert received(course, SEMINAR4) == [
        Received("ivanov_anna", "seminar4", kept.name, record(course, "ivanov_anna")["sha256"], MAY, True, None, ())
    ]


def test_the_time_stamp_is_what_nbgrader_reads(course, inbox):
    put(inbox, "ivanov_anna_sem3.ipynb", honest())
    collect(inbox, course)
    text = (course.submitted(SEMINAR4, "ivanov_anna") / "timestamp.txt").read_text()
    assert parse_utc(text.strip()) == MAY.replace(tzinfo=None)


SHAPES = {
    "a_folder_inside": {"ivanov_anna_sem3/seminar4.ipynb": honest()},
    "deep_folders": {"a/b/c/d/seminar4.ipynb": honest()},
    "blanks": {"my folder/Copy of seminar 4 (1).ipynb": honest()},
    "backslashes": {"folder\\seminar4.ipynb": honest()},
    "resource_forks": {
        "seminar4.ipynb": honest(),
        "__MACOSX/._seminar4.ipynb": b"\0\5\x16\7",
        "._seminar4.ipynb": b"\0",
        ".DS_Store": b"\0",
    },
    "checkpoints": {"seminar4.ipynb": honest(), ".ipynb_checkpoints/seminar4-checkpoint.ipynb": honest("9.5")},
    "upper_case": {"SEMINAR4.IPYNB": honest()},
    "renamed_by_a_browser": {"seminar4.ipynb.txt": honest()},
    "a_zip_in_the_zip": {"ivanov_anna_sem3.zip": packed({"x/seminar4.ipynb": honest()})},
    "a_directory_entry": {"x/": b"", "x/seminar4.ipynb": honest()},
    "the_empty_one_beside": {"seminar4.ipynb": nbformat.writes(template()).encode(), "my.ipynb": honest()},
    "another_notebook_beside": {
        "seminar4.ipynb": dumped({"cells": [{"cell_type": "code", "source": "def forward(x): pass"}]}),
        "z/work.ipynb": honest(),
    },
    "a_broken_notebook_beside": {"a.ipynb": b"{", "work.ipynb": honest()},
}


@pytest.mark.parametrize("files", SHAPES.values(), ids=SHAPES)
def test_the_notebook_is_found_wherever_it_lies_in_the_zip(course, inbox, files):
    put(inbox, "ivanov_anna_sem3.zip", packed(files))
    row = only(collect(inbox, course))
    assert row.status == "taken"
    assert answer(course, "ivanov_anna") == FORWARD
    check_sentences([row])
    notebooks = [name for name in files if name.endswith(".ipynb") and "._" not in name and ".ipynb_" not in name]
    if len(notebooks) > 1:
        assert "was taken, not" in " ".join(row.notes)


def test_of_equal_notebooks_the_one_with_the_right_name_is_taken(course, inbox):
    files = {"a.ipynb": honest("2.5"), "seminar4.ipynb": honest(), "z.ipynb": honest("3.5")}
    put(inbox, "ivanov_anna_sem3.zip", packed(files))
    row = only(collect(inbox, course))
    assert answer(course, "ivanov_anna") == FORWARD
    assert row.notes == ("Of 3 notebooks seminar4.ipynb was taken, not a.ipynb, z.ipynb.",)


FOLDERS = {
    "named_like_the_zip": ["ivanov_anna_sem3/seminar4.ipynb"],
    "named_like_the_zip_and_deep": ["ivanov_anna_sem3/x/y/seminar4.ipynb"],
    "named_after_the_student": ["ivanov_anna/seminar4.ipynb"],
    "a_named_notebook_in_it": ["ivanov_anna/ivanov_anna_sem3.ipynb"],
    "a_group": ["group 1/ivanov_anna_sem3.ipynb"],
    "an_assignment_and_a_student": ["Seminar 4/Ivanov_Anna/work.ipynb"],
}


@pytest.mark.parametrize("files", FOLDERS.values(), ids=FOLDERS)
def test_folders_are_taken_like_zips(course, inbox, files):
    for name in files:
        put(inbox, name, honest())
    row = only(collect(inbox, course))
    assert (row.student, row.status) == ("ivanov_anna", "taken")
    assert answer(course, "ivanov_anna") == FORWARD
    (original,) = [path for path in course.received(SEMINAR4, "ivanov_anna").iterdir() if path.suffix != ".json"]
    if original.suffix == ".zip":  # a folder is kept as one file
        with zipfile.ZipFile(original) as archive:
            assert archive.read(archive.namelist()[0]) == honest()
    else:
        assert original.read_bytes() == honest()


def test_a_download_of_all_hand_ins_in_one_zip_is_opened(course, inbox):
    files = {
        "Anna Ivanov_17_assignsubmission_file_/ivanov_anna_sem3.zip": packed({"seminar4.ipynb": honest()}),
        "petrov_pavel_sem3.zip": packed({"p/seminar4.ipynb": honest("2.5")}),
        "sidorov_ivan_sem3.ipynb": honest("3.5"),
        "orlova_olga_sem3/seminar4.ipynb": honest("4.5"),
        "broken_bob_sem3.zip": b"PK\3\4 not at all",
        "readme.txt": b"x",
    }
    put(inbox, "Seminar 4-submissions.zip", packed(files))
    rows = collect(inbox, course)
    check_sentences(rows)
    students = {row.student: row.status for row in rows if row.student}
    assert students == {
        "ivanov_anna": "taken",
        "petrov_pavel": "taken",
        "sidorov_ivan": "taken",
        "orlova_olga": "taken",
        "broken_bob": "refused",
    }
    assert "4.5" in answer(course, "orlova_olga")


def test_zips_are_opened_one_level_only(course, inbox):
    deep = packed({"seminar4.ipynb": honest()})
    for _ in range(3):
        deep = packed({"ivanov_anna_sem3.zip": deep})
    put(inbox, "all.zip", deep)
    row = only(collect(inbox, course))
    assert row.status == "refused"
    assert "zip inside a zip" in row.notes[0]


@pytest.mark.parametrize("utf8_flag", [True, False])
def test_names_in_a_zip_are_read_as_utf_8_even_if_it_does_not_say_so(course, inbox, utf8_flag):
    name = unicodedata.normalize("NFD", "Žáková_Zoë_sem3.ipynb")
    data = packed({name: honest()})
    if not utf8_flag:
        data = bytearray(data)
        for magic, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
            at = data.index(magic) + offset
            data[at : at + 2] = (int.from_bytes(data[at : at + 2], "little") & ~0x800).to_bytes(2, "little")
    put(inbox, "all.zip", bytes(data))
    assert only(collect(inbox, course)).student == "žáková_zoë"


def test_a_name_without_a_suffix_is_assigned_by_its_cells(course, inbox):
    put(inbox, "ivanov_anna.zip", packed({"work.ipynb": honest()}))
    put(inbox, "petrov_pavel.ipynb", dumped({"cells": [{"cell_type": "code", "source": "water = 1"}]}))
    rows = collect(inbox, course)
    assert [(row.student, row.status) for row in rows] == [("ivanov_anna", "taken"), ("petrov_pavel", "refused")]
    assert "last_first_sem4.zip" in rows[0].notes[0]
    assert "last_first_sem4.zip" in rows[1].notes[0]


def test_data_files_come_along_and_modules_do_not(course, inbox):
    files = {
        "seminar4.ipynb": honest(),
        "weights/model.safetensors": b"w" * 1000,
        "model.PT": b"p",
        "a/x.csv": b"1",
        "b/X.csv": b"2",
        "numpy.py": b"evil",
        "torch/__init__.py": b"evil",
        "report.pdf": b"x",
        "../../outside.csv": b"evil",
        "/etc/inside.json": b"evil",
        "C:\\windows\\c.json": b"evil",
    }
    put(inbox, "ivanov_anna_sem3.zip", packed(files))
    row = only(collect(inbox, course))
    folder = course.submitted(SEMINAR4, "ivanov_anna")
    assert {path.name for path in folder.iterdir()} == {
        "seminar4.ipynb",
        "timestamp.txt",
        "model.safetensors",
        "model.PT",
        "x.csv",
    }
    assert (folder / "x.csv").read_bytes() == b"1"
    notes = " ".join(row.notes)
    assert "numpy.py" in notes
    assert "leads out of the archive" in notes
    check_sentences([row])


def test_repairs_are_said_and_recorded(course, inbox):
    notebook = solved()
    notebook.cells.remove(cell(notebook, "check-forward"))
    put(inbox, "ivanov_anna_sem3.ipynb", nbformat.writes(notebook).encode())
    row = only(collect(inbox, course))
    assert row.status == "repaired"
    assert row.notes == ("Cell check-forward had been deleted; it was put back.",)
    assert record(course, "ivanov_anna")["notes"] == list(row.notes)
    cell(nbformat.read(submitted(course, "ivanov_anna"), 4), "check-forward")


# --- collecting: again, and several of one student ------------------------------------------------------------------


def test_collecting_twice_changes_nothing(course, inbox):
    put(inbox, "ivanov_anna_sem3.zip", packed({"seminar4.ipynb": honest(), "w.pt": b"w"}))
    put(inbox, "petrov_pavel_sem3.zip", b"PK\3\4 broken")
    put(inbox, "orlova_olga/seminar4.ipynb", honest())
    put(inbox, "orlova_olga/data.csv", b"1,2")
    put(inbox, "sidorov_ivan_sem3.ipynb", honest(), MAY.replace(day=1))
    put(inbox, "sidorov_ivan_sem3 (1).ipynb", honest("2.5"))
    first = collect(inbox, course)
    before = tree(course.root)
    second = collect(inbox, course)
    assert tree(course.root) == before
    assert [row.status for row in first] == ["taken", "taken", "refused", "taken", "superseded"]
    assert [row.status for row in second] == ["unchanged", "unchanged", "refused", "unchanged", "superseded"]
    assert [row.notes for row in first] == [row.notes for row in second]


def test_the_newest_of_several_is_taken(course, inbox):
    put(inbox, "ivanov_anna_sem3.zip", packed({"seminar4.ipynb": honest("1.5")}, MAY.replace(day=3)))
    put(inbox, "ivanov_anna_sem3 (1).zip", packed({"seminar4.ipynb": honest("2.5")}, MAY.replace(day=5)))
    put(inbox, "late/Ivanov_Anna_seminar4.ipynb", honest("3.5"), MAY.replace(day=4))
    rows = {row.file: row for row in collect(inbox, course)}
    assert "2.5" in answer(course, "ivanov_anna")
    assert {file: row.status for file, row in rows.items()} == {
        "ivanov_anna_sem3.zip": "superseded",
        "ivanov_anna_sem3 (1).zip": "taken",
        "late/Ivanov_Anna_seminar4.ipynb": "superseded",
    }
    assert "ivanov_anna_sem3 (1).zip" in rows["ivanov_anna_sem3.zip"].notes[0]


def test_a_zip_that_was_downloaded_later_is_not_newer_than_its_contents(course, inbox):
    put(inbox, "ivanov_anna_sem3.zip", packed({"s.ipynb": honest("1.5")}, MAY.replace(day=3)), MAY.replace(day=30))
    put(inbox, "ivanov_anna_sem4.zip", packed({"s.ipynb": honest("2.5")}, MAY.replace(day=4)), MAY.replace(day=29))
    collect(inbox, course)
    assert "2.5" in answer(course, "ivanov_anna")


def test_of_equally_old_ones_the_later_download_is_taken(course, inbox):
    for number, name in enumerate(["ivanov_anna_sem3 (2)", "ivanov_anna_sem3", "ivanov_anna_sem3 (1)"]):
        put(inbox, f"{name}.ipynb", honest(f"{number}.25"))
    collect(inbox, course)
    assert "0.25" in answer(course, "ivanov_anna")


def test_a_resubmission_takes_the_place_of_the_former_one_and_loses_nothing(course, inbox):
    old = put(inbox, "ivanov_anna_sem3.zip", packed({"seminar4.ipynb": honest(), "w.pt": b"w"})).read_bytes()
    collect(inbox, course)
    later = MAY.replace(month=6)
    new = put(inbox, "ivanov_anna_sem3.zip", packed({"seminar4.ipynb": honest("2.5")}, later), later).read_bytes()
    assert only(collect(inbox, course)).status == "taken"
    assert "2.5" in answer(course, "ivanov_anna")
    assert not (course.submitted(SEMINAR4, "ivanov_anna") / "w.pt").exists()
    kept = {path.name: path.read_bytes() for path in course.received(SEMINAR4, "ivanov_anna").glob("*.zip")}
    assert kept == {"ivanov_anna_sem3.zip": old, "ivanov_anna_sem3-2.zip": new}
    assert record(course, "ivanov_anna")["original"] == "ivanov_anna_sem3-2.zip"
    assert only(collect(inbox, course)).status == "unchanged"


def test_an_older_file_does_not_take_the_place_of_a_newer_one(course, inbox, tmp_path):
    put(inbox, "ivanov_anna_sem3.ipynb", honest("2.5"), MAY.replace(month=6))
    collect(inbox, course)
    put(tmp_path / "second", "ivanov_anna_sem3.ipynb", honest(), MAY)
    row = only(collect(tmp_path / "second", course))
    assert row.status == "superseded"
    assert "2.5" in answer(course, "ivanov_anna")


def test_the_same_bytes_downloaded_again_are_not_a_later_hand_in(course, inbox):
    put(inbox, "ivanov_anna_sem3.ipynb", honest())
    collect(inbox, course)
    before = tree(course.root)
    put(inbox, "ivanov_anna_sem3.ipynb", honest(), MAY.replace(month=6))
    assert only(collect(inbox, course)).status == "unchanged"
    assert tree(course.root) == before


def test_an_unreadable_resubmission_leaves_nothing_to_grade(course, inbox):
    good = put(inbox, "ivanov_anna_sem3.ipynb", honest()).read_bytes()
    collect(inbox, course)
    put(inbox, "ivanov_anna_sem3.ipynb", b"{ broken", MAY.replace(month=6))
    row = only(collect(inbox, course))
    assert row.status == "refused"
    assert not course.submitted(SEMINAR4, "ivanov_anna").exists()
    found = only(received(course, SEMINAR4))
    assert (found.notebook, found.problem) == (False, row.notes[0])
    assert good in [path.read_bytes() for path in course.received(SEMINAR4, "ivanov_anna").iterdir()]
    put(inbox, "ivanov_anna_sem3.ipynb", honest("3.5"), MAY.replace(month=7))
    assert only(collect(inbox, course)).status == "taken"
    assert only(received(course, SEMINAR4)).problem is None


def test_an_older_readable_one_is_named_when_the_newest_is_broken(course, inbox):
    put(inbox, "ivanov_anna_sem3.ipynb", honest())
    put(inbox, "ivanov_anna_sem3 (1).ipynb", b"", MAY.replace(month=6))
    rows = {row.file: row for row in collect(inbox, course)}
    assert rows["ivanov_anna_sem3.ipynb"].status == "superseded"
    assert "ivanov_anna_sem3.ipynb" in rows["ivanov_anna_sem3 (1).ipynb"].notes[-1]


def test_a_new_release_reaches_submissions_that_were_collected_before(course, inbox):
    put(inbox, "ivanov_anna_sem3.ipynb", honest())
    collect(inbox, course)
    changed = template()
    cell(changed, "check-forward").source = "checks.forward(forward)  # new"
    course.release(SEMINAR4).write_text(nbformat.writes(changed), "utf-8")
    assert only(collect(inbox, course)).status == "repaired"
    assert "# new" in cell(nbformat.read(submitted(course, "ivanov_anna"), 4), "check-forward").source


def test_an_interrupted_collection_is_completed_by_the_next(course, inbox):
    put(inbox, "ivanov_anna_sem3.ipynb", honest())
    collect(inbox, course)
    submitted(course, "ivanov_anna").unlink()
    (course.received(SEMINAR4, "ivanov_anna") / "received.json").write_text("{")
    assert received(course, SEMINAR4)[0].notebook is False
    collect(inbox, course)
    assert answer(course, "ivanov_anna") == FORWARD
    assert received(course, SEMINAR4)[0].notebook is True


# --- collecting: what is refused ------------------------------------------------------------------------------------


def zip_with(change) -> bytes:
    data = bytearray(packed({"seminar4.ipynb": honest()}))
    change(data)
    return bytes(data)


def encrypt(data):
    for magic, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(magic) + offset] |= 1


def spoil_checksum(data):
    data[data.index(b"PK\1\2") + 16] ^= 0xFF
    data[data.index(b"PK\3\4") + 14] ^= 0xFF


def spoil_data(data):
    start = data.index(b"seminar4.ipynb") + 40
    data[start : start + 50] = b"\xff" * 50


def strange_method(data):
    for magic, offset in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        data[data.index(magic) + offset] = 99


def link_in_zip() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        info = zipfile.ZipInfo("seminar4.ipynb")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    return target.getvalue()


def lying_size(data):
    for magic, offset in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        at = data.index(magic) + offset
        data[at : at + 4] = (10).to_bytes(4, "little")


OTHER = dumped({"cells": [{"cell_type": "markdown", "source": "# Cooking"}, {"cell_type": "code", "source": "a = 1"}]})

DAMAGED_ZIPS = {
    "no_bytes": (b"", "empty (0 bytes)"),
    "text": (b"I could not do it", "not a zip"),
    "web_page": (b"<!DOCTYPE html><html>", "web page"),
    "rar": (b"Rar!\x1a\x07\x01\x00" + b"x" * 50, "RAR"),
    "seven_zip": (b"7z\xbc\xaf\x27\x1c" + b"x" * 50, "7-Zip"),
    "only_the_start": (b"PK\3\4", "damaged"),
    "cut_in_half": (packed({"seminar4.ipynb": honest()})[:900], "damaged"),
    "without_its_end": (packed({"seminar4.ipynb": honest()})[:-30], "damaged"),
    "password": (zip_with(encrypt), "password"),
    "checksum": (zip_with(spoil_checksum), "checksum is wrong"),
    "garbled": (zip_with(spoil_data), "damaged"),
    "lying_size": (zip_with(lying_size), "damaged"),
    "method": (zip_with(strange_method), "ordinary zip"),
    "no_entries": (packed({}), "it is empty"),
    "only_folders": (packed({"a/": b"", "a/b/": b""}), "it is empty"),
    "only_clutter": (packed({"__MACOSX/._x.ipynb": b"x", ".DS_Store": b"x"}), "it is empty"),
    "no_notebook": (packed({"main.py": b"x", "report.pdf": b"x"}), "only main.py, report.pdf"),
    "link": (link_in_zip(), "link"),
    "path_outside": (packed({"../seminar4.ipynb": honest()}), "leads out of the archive"),
    "absolute_path": (packed({"/tmp/seminar4.ipynb": honest()}), "leads out of the archive"),
    "drive": (packed({"C:\\seminar4.ipynb": honest()}), "leads out of the archive"),
    "too_deep": (packed({"a/" * 30 + "seminar4.ipynb": honest()}), "folders"),
    "too_many": (packed({f"{number}.txt": b"" for number in range(2_100)}), "2100 entries"),
    "broken_notebook": (packed({"seminar4.ipynb": b"{"}), "cut off"),
    "empty_notebook": (packed({"seminar4.ipynb": b""}), "empty"),
    "another_notebook": (packed({"seminar4.ipynb": OTHER}), "not the notebook of Seminar 4"),
    "bomb": (packed({"seminar4.ipynb": b" " * (110 * 2**20)}), "larger than 100 MB"),
    "zip_in_zip_in_zip": (
        packed({"a.zip": packed({"b.zip": packed({"seminar4.ipynb": honest()})})}),
        "only a.zip/b.zip",
    ),
}


@pytest.mark.parametrize(("data", "words"), DAMAGED_ZIPS.values(), ids=DAMAGED_ZIPS)
def test_a_damaged_zip_is_one_sentence_and_its_neighbours_are_taken(course, inbox, data, words):
    put(inbox, "aaa_first_sem3.ipynb", honest())
    put(inbox, "ivanov_anna_sem3.zip", data)
    put(inbox, "zzz_last_sem3.zip", packed({"seminar4.ipynb": honest()}))
    before, bad, after = collect(inbox, course)
    assert (before.status, bad.status, after.status) == ("taken", "refused", "taken")
    assert words in bad.notes[0], bad.notes
    check_sentences([bad])
    found = {one.student: one for one in received(course, SEMINAR4)}
    assert list(found) == ["aaa_first", "ivanov_anna", "zzz_last"]
    assert (found["ivanov_anna"].notebook, found["ivanov_anna"].problem) == (False, bad.notes[0])
    assert (course.received(SEMINAR4, "ivanov_anna") / "ivanov_anna_sem3.zip").read_bytes() == data
    assert not course.submitted(SEMINAR4, "ivanov_anna").exists()
    assert not (inbox.parent / "seminar4.ipynb").exists()


@pytest.mark.parametrize(("data", "words"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_damaged_notebook_is_one_sentence_and_its_neighbours_are_taken(course, inbox, data, words):
    put(inbox, "aaa_first_sem3.ipynb", honest())
    put(inbox, "ivanov_anna_sem3.ipynb", data)
    before, bad = collect(inbox, course)
    assert (before.status, bad.status) == ("taken", "refused")
    assert words in bad.notes[0]


def test_an_unsettled_merge_is_settled_for_the_side_that_makes_a_notebook():
    text = honest().decode()
    two = lambda first, second: f"<<<<<<< HEAD\n{first}=======\n{second}>>>>>>> theirs\n{text}".encode()  # noqa: E731
    assert settled(two("", "]\n")) == (text.encode(), CONFLICT.format("first"))
    assert settled(two("]\n", "")) == (text.encode(), CONFLICT.format("second"))
    for nothing_to_settle in (text.encode(), b"", b"<<<<<<< HEAD\n", two("]\n", "]\n")):
        assert settled(nothing_to_settle) == (nothing_to_settle, "")


def test_a_file_full_of_merge_marks_is_looked_at_once():
    started = time.monotonic()
    for line in (b"<<<<<<< \n", b"<<<<<<<\n=======\n", b"<<<<<<< a\n|||||||\n"):
        data = line * 300_000
        assert settled(data) == (data, "")
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("path", sorted(DATA.glob("*.ipynb")), ids=lambda path: path.name)
def test_damaged_files_as_they_were_found_are_taken_or_refused_in_a_sentence(course, inbox, path):
    put(inbox, "aaa_first_sem3.ipynb", honest())
    put(inbox, f"ivanov_anna_sem3{path.suffix}", path.read_bytes())
    before, found = collect(inbox, course)
    assert before.status == "taken"
    check_sentences([found])
    expected = path.stem.split("-")[0]
    assert found.status == expected


def test_special_files_are_refused_and_not_waited_for(course, inbox, tmp_path):
    secret = put(tmp_path, "secret.ipynb", honest())
    os.mkfifo(inbox / "a_pipe_sem3.zip")
    (inbox / "b_link_sem3.ipynb").symlink_to(secret)
    (inbox / "c_loop_sem3.zip").symlink_to("c_loop_sem3.zip")
    (inbox / "d_folder_sem3.zip").mkdir()
    (inbox / "e_linked").symlink_to(tmp_path)
    put(inbox, "g_text_sem3.docx", b"x")
    put(inbox, "h_good_sem3.ipynb", honest())
    server = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    try:
        os.chdir(inbox)  # the path of a socket must be short
        server.bind("f_socket_sem3.zip")
    finally:
        os.chdir(here)
    rows = collect(inbox, course)
    server.close()
    check_sentences(rows)
    sentences = {row.file[0]: row.notes[0] for row in rows if row.status == "refused"}
    assert [row.file[0] for row in rows if row.status == "taken"] == ["h"]
    for key, words in zip("abcdefg", ("regular", "link", "link", "folder", "link", "regular", "neither"), strict=True):
        assert words in sentences[key]


def test_links_and_pipes_inside_a_folder_are_left_out(course, inbox, tmp_path):
    secret = put(tmp_path, "secret.csv", b"secret")
    put(inbox, "ivanov_anna_sem3/seminar4.ipynb", honest())
    (inbox / "ivanov_anna_sem3" / "data.csv").symlink_to(secret)
    (inbox / "ivanov_anna_sem3" / "all").symlink_to(tmp_path)
    os.mkfifo(inbox / "ivanov_anna_sem3" / "pipe.csv")
    row = only(collect(inbox, course))
    assert row.status == "taken"
    assert sum("left out" in note for note in row.notes) == 3
    assert not (course.submitted(SEMINAR4, "ivanov_anna") / "data.csv").exists()


def test_an_empty_folder_of_a_student_is_recorded(course, inbox):
    (inbox / "ivanov_anna_sem3").mkdir()
    assert only(collect(inbox, course)).status == "refused"
    assert only(received(course, SEMINAR4)).notebook is False


@pytest.mark.parametrize("name", ["sem3.zip", "seminar4.ipynb", "Copy of seminar4.ipynb", "ivanov_sem3.zip"])
def test_a_hand_in_of_nobody_is_told_the_expected_name(course, inbox, name):
    put(inbox, name, packed({"seminar4.ipynb": honest()}) if name.endswith("zip") else honest())
    row = only(collect(inbox, course))
    assert row.status == "refused"
    assert "last_first_sem4.zip" in row.notes[0]


def test_clutter_is_not_even_mentioned(course, inbox):
    for name in (".DS_Store", "._ivanov_anna_sem3.zip", "Thumbs.db", "__MACOSX/x.zip", ".ipynb_checkpoints/a.ipynb"):
        put(inbox, name, b"x")
    assert collect(inbox, course) == []


def test_sizes_are_counted_and_not_believed(course, inbox, monkeypatch):
    monkeypatch.setattr(archives, "LARGEST_TOTAL", 2**20)
    monkeypatch.setattr(archives.Budget.__init__, "__defaults__", (2**20,))
    files = {"seminar4.ipynb": honest()} | {f"{number}.csv": b"0" * 2**18 for number in range(8)}
    put(inbox, "ivanov_anna_sem3.zip", packed(files))
    row = only(collect(inbox, course))
    assert row.status == "taken"
    assert len(list(course.submitted(SEMINAR4, "ivanov_anna").glob("*.csv"))) == 3
    assert sum("was left out" in note for note in row.notes) == 5


def test_a_surprise_in_one_hand_in_costs_no_other(course, inbox, monkeypatch):
    def explode(template, submission):
        if any("EXPLODE" in one.source for one in submission.cells):
            raise KeyError("nobody thought of this")
        return real(template, submission)

    real = collect.__globals__["repair"]
    monkeypatch.setitem(collect.__globals__, "repair", explode)
    put(inbox, "aaa_first_sem3.ipynb", honest())
    put(inbox, "bbb_second_sem3.ipynb", honest().replace(b"Forward variables", b"EXPLODE"))
    put(inbox, "ccc_third_sem3.ipynb", honest())
    rows = collect(inbox, course)
    assert [row.status for row in rows] == ["taken", "refused", "taken"]
    assert "look at it by hand" in rows[1].notes[0]


def test_a_zip_cut_anywhere_never_stops_the_collection(course, inbox):
    chance = random.Random(3)
    data = packed({"x/seminar4.ipynb": honest(), "w.pt": bytes(range(256)) * 20})
    for number in range(50):
        put(inbox, f"cut_s{number}_sem3.zip", data[: chance.randrange(len(data))])
    put(inbox, "whole_one_sem3.zip", data)
    *cut, whole = collect(inbox, course)
    check_sentences(cut)
    assert {row.status for row in cut} == {"refused"}
    assert whole.status == "taken"
    assert len(received(course, SEMINAR4)) == 51


def test_a_zip_with_broken_bytes_never_stops_the_collection(course, inbox):
    chance = random.Random(5)
    for number in range(60):
        data = bytearray(packed({"x/seminar4.ipynb": honest(), "w.pt": b"w" * 50}))
        for _ in range(chance.randint(1, 6)):
            data[chance.choice([chance.randrange(len(data)), -1 - chance.randrange(200)])] = chance.randrange(256)
        put(inbox, f"broken_s{number}_sem3.zip", bytes(data))
    rows = collect(inbox, course)
    check_sentences(rows)
    assert len(received(course, SEMINAR4)) == 60
    assert list(inbox.parent.rglob(".writing-*")) == []


def test_a_huge_table_of_contents_is_not_read(course, inbox):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for number in range(150):
            info = zipfile.ZipInfo(f"{number}.txt")
            info.comment = b"x" * 60_000
            archive.writestr(info, b"")
    put(inbox, "ivanov_anna_sem3.zip", target.getvalue())
    row = only(collect(inbox, course))
    assert row.notes[0] == "The zip has far too many entries."


def test_a_file_that_becomes_a_link_or_a_pipe_is_not_opened(tmp_path):
    target = put(tmp_path, "secret", b"secret")
    (tmp_path / "link").symlink_to(target)
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe"):
        with pytest.raises(archives.Damaged):
            archives.DiskFile(tmp_path / name).read()


# --- the course -----------------------------------------------------------------------------------------------------


def test_nothing_is_collected_before_the_release(tmp_path, inbox):
    with pytest.raises(IntakeError, match="python -m autograder release seminar4"):
        collect(inbox, Course(tmp_path / "new"))


def test_a_broken_release_is_said(course, inbox):
    course.release(SEMINAR4).write_text("{")
    with pytest.raises(IntakeError, match="python -m autograder release seminar4"):
        collect(inbox, course)


def test_a_missing_inbox_is_said(course, tmp_path):
    with pytest.raises(IntakeError, match="There is no folder"):
        collect(tmp_path / "nowhere", course)


@pytest.mark.parametrize("place", ["", "received", "submitted/x"])
def test_the_course_itself_is_no_inbox(course, place):
    (course.root / place).mkdir(parents=True, exist_ok=True)
    with pytest.raises(IntakeError, match="the course's own folder"):
        collect(course.root / place, course)


def test_a_course_inside_the_inbox_is_not_collected(course, tmp_path):
    put(tmp_path, "ivanov_anna_sem3.ipynb", honest())
    collect(tmp_path, course)
    assert [row.file for row in collect(tmp_path, course)] == ["ivanov_anna_sem3.ipynb"]


def test_one_file_can_be_given_instead_of_a_folder(course, inbox):
    put(inbox, "petrov_pavel_sem3.ipynb", honest())
    path = put(inbox, "ivanov_anna_sem3.ipynb", honest())
    assert only(collect(path, course)).student == "ivanov_anna"


def test_progress_is_told(course, inbox):
    for name in ("a_one", "b_two", "c_three"):
        put(inbox, f"{name}_sem3.ipynb", honest())
    told = []
    collect(inbox, course, progress=lambda *step: told.append(step))
    assert told == [(1, 3, "a_one_sem3.ipynb"), (2, 3, "b_two_sem3.ipynb"), (3, 3, "c_three_sem3.ipynb")]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "7",
        "null",
        '{"student": "x"}',
        '{"original": 1, "sha256": 2, "modified": 3, "notebook": 1, "problem": 5, "notes": 6}',
        '{"original": "a", "sha256": "b", "modified": "yesterday", "notebook": true, "problem": null, "notes": []}',
    ],
)
def test_a_damaged_record_hides_nobody(course, inbox, content):
    put(inbox, "ivanov_anna_sem3.ipynb", honest())
    put(inbox, "petrov_pavel_sem3.ipynb", honest())
    collect(inbox, course)
    (course.received(SEMINAR4, "ivanov_anna") / "received.json").write_text(content)
    first, second = received(course, SEMINAR4)
    assert (first.student, first.notebook) == ("ivanov_anna", False)
    assert "collect it again" in first.problem
    assert second.notebook


def test_nothing_received_is_an_empty_list(course):
    assert received(course, SEMINAR4) == []


def test_a_write_failure_is_ours_and_not_the_students(course, inbox):
    put(inbox, "ivanov_anna_sem3.ipynb", honest())
    (course.root / "received").write_text("a file in the way")
    with pytest.raises(IntakeError, match="cannot be written"):
        collect(inbox, course)


def test_importing_is_cheap():
    code = "import sys, autograder.intake; print({'torch', 'nbformat', 'nbgrader', 'matplotlib'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"


def test_a_class_is_collected_in_seconds(course, inbox):
    for number in range(60):
        put(inbox, f"student_s{number}_sem3.zip", packed({"seminar4.ipynb": honest(f"{number}.5")}))
    start = time.process_time()
    rows = collect(inbox, course)
    assert time.process_time() - start < 6
    assert {row.status for row in rows} == {"taken"}
    assert BACKWARD in [one.source for one in nbformat.read(submitted(course, "student_s7"), 4).cells]
