"""From preflight's zip to a grade, and what a manifest is worth on the way."""

import csv
import io
import json
import zipfile

import nbformat
import pytest

from autograder.cli import main
from autograder.course import ASSIGNMENTS
from autograder.intake import collect, received
from autograder.intake.receipts import arrivals
from helpers import checks
from helpers.preflight.manifest import NAME, parse, receipt
from notebooks import SEMINAR4 as NOTEBOOK
from notebooks import cell, read

SEMINAR4 = ASSIGNMENTS["seminar4"]
INSIDE = "lovelace_ada_sem4"


@pytest.fixture(scope="module")
def packed(collected, tmp_path_factory):
    """The preflight of the released notebook with all answers: its receipt, and the zip as a dictionary."""
    folder = tmp_path_factory.mktemp("student")
    notebook, solution = read(collected.release(SEMINAR4)), read(NOTEBOOK)
    for exercise in SEMINAR4.exercises:
        cell(notebook, exercise.key).source = cell(solution, exercise.key).source
    nbformat.write(notebook, folder / "seminar4.ipynb")
    result = checks.preflight("Lovelace", "Ada", notebook=folder / "seminar4.ipynb")
    with zipfile.ZipFile(result.path) as archive:
        return result.receipt, {info.filename: archive.read(info) for info in archive.infolist()}


@pytest.fixture
def inbox(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def put(inbox, files, name=f"{INSIDE}.zip"):
    with zipfile.ZipFile(inbox / name, "w") as archive:
        for inner, data in files.items():
            archive.writestr(inner, data)
    return inbox


def only(inbox, course):
    (row,) = collect(inbox, course)
    return row


def record(course, student="lovelace_ada"):
    return next(one for one in received(course, SEMINAR4) if one.student == student)


@pytest.mark.slow
def test_what_preflight_packs_is_verified_and_gets_all_points(packed, course, inbox, capsys):
    code, files = packed
    row = only(put(inbox, files), course)
    assert (row.student, row.assignment, row.status, row.receipt) == ("lovelace_ada", "seminar4", "taken", code)
    assert row.notes == (f"Receipt {code} verified.",)
    assert record(course).receipt == code
    names = {path.name for path in course.submitted(SEMINAR4, "lovelace_ada").iterdir()}
    assert names == {"seminar4.ipynb", "timestamp.txt"}
    root = ["--course", str(course.root)]
    assert main(["grade", "seminar4", "--student", "lovelace_ada", *root]) == 0
    assert main(["report", "seminar4", *root]) == 0
    rows = csv.DictReader(io.StringIO((course.reports() / "seminar4.csv").read_text("utf-8-sig")))
    told = {row["student"]: (row["verdict"], row["points"], row["receipt"]) for row in rows}
    assert told["lovelace_ada"] == ("graded", "10.0", code)
    assert only(inbox, course).status == "unchanged"


def test_a_hand_in_that_was_changed_is_taken_with_a_note(packed, course, inbox):
    code, files = packed
    notebook = nbformat.reads(files[f"{INSIDE}/seminar4.ipynb"].decode(), as_version=4)
    cell(notebook, "forward").source += "\n# later"
    row = only(put(inbox, files | {f"{INSIDE}/seminar4.ipynb": nbformat.writes(notebook)}), course)
    assert (row.status, row.receipt) == ("taken", code)
    assert row.notes == (f"Changed after preflight (receipt {code}): seminar4.ipynb.",)
    assert record(course).notebook


def test_files_that_came_or_went_after_preflight_are_named(packed, course, inbox):
    _, files = packed
    told = parse(files[f"{INSIDE}/{NAME}"])
    content = json.loads(told.to_bytes())
    content["files"]["help.json"] = {"sha256": "0" * 64, "bytes": 3}
    row = only(put(inbox, files | {f"{INSIDE}/{NAME}": json.dumps(content)}), course)
    assert "Changed after preflight" in row.notes[0]
    assert row.notes[0].endswith("help.json.")


def test_a_zip_under_another_name_says_whose_preflight_it_was(packed, course, inbox):
    code, files = packed
    row = only(put(inbox, files, "byron_george_sem4.zip"), course)
    assert (row.student, row.status) == ("byron_george", "taken")
    assert row.notes == (f"Receipt {code} verified.", "The preflight was that of lovelace_ada.")


@pytest.mark.parametrize("foreign", [b'{"name": "app"}', b"\xff", b"[" * 100_000, b"0" * 200_000])
def test_another_manifest_is_a_file_like_any_other(packed, course, inbox, foreign):
    _, files = packed
    row = only(put(inbox, files | {f"{INSIDE}/{NAME}": foreign}), course)
    assert (row.status, row.receipt, row.notes) == ("taken", "", ())
    assert (course.submitted(SEMINAR4, "lovelace_ada") / NAME).read_bytes() == foreign


def test_a_zip_made_by_hand_has_no_receipt(packed, course, inbox):
    _, files = packed
    row = only(put(inbox, {"seminar4.ipynb": files[f"{INSIDE}/seminar4.ipynb"]}), course)
    assert (row.status, row.receipt, row.notes) == ("taken", "", ())


def test_a_hostile_manifest_stays_text(packed, course, inbox):
    _, files = packed
    content = json.loads(files[f"{INSIDE}/{NAME}"])
    content["student"] = "\x1b[31m=cmd()\n<script>" + "x" * 250
    content["files"] = {"../../\x1b\n" + "y" * 200: {"sha256": "0" * 64, "bytes": 1}}
    content["created"] = "\x1b]0;owned\x07"
    row = only(put(inbox, files | {f"{INSIDE}/{NAME}": json.dumps(content)}), course)
    assert row.status == "taken"
    for note in row.notes:
        assert note.isprintable()
        assert len(note) < 300
    (arrival,) = arrivals(course, row.receipt)
    assert arrival.packed.isprintable()


def test_a_receipt_finds_its_hand_in_and_tells_an_earlier_one_from_the_one_that_counts(packed, course, inbox, capsys):
    code, files = packed
    root = ["--course", str(course.root)]
    assert main(["receipt", code, *root]) == 1
    assert "has been collected" in capsys.readouterr().out
    collect(put(inbox, files), course)
    assert main(["receipt", code.lower().replace("-", " "), *root]) == 0
    told = capsys.readouterr().out
    assert f"{code} arrived: Seminar 4 of lovelace_ada, the one that counts" in told
    assert f"{INSIDE}.zip" in told
    assert main(["receipt", code, "--json", *root]) == 0
    (arrived,) = json.loads(capsys.readouterr().out)["arrived"]
    assert (arrived["student"], arrived["newest"]) == ("lovelace_ada", True)
    again = files | {f"{INSIDE}/{NAME}": files[f"{INSIDE}/{NAME}"] + b"\n"}
    later = receipt(again[f"{INSIDE}/{NAME}"], "sem4")
    collect(put(inbox, again), course)
    assert [(one.receipt, one.newest) for one in arrivals(course, code)] == [(code, False)]
    assert [(one.receipt, one.newest) for one in arrivals(course, later)] == [(later, True)]
    assert main(["receipt", "what?", *root]) == 2
