"""What programs read: one JSON document on stdout, all else on stderr, and no colours where nobody sees them."""

import json
import os
import subprocess
import sys

import pytest


def run(*arguments, **environment) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "autograder", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={name: value for name, value in os.environ.items() if name != "FORCE_COLOR"} | environment,
    )


def test_collecting_gives_a_document_and_shows_its_progress_elsewhere(course, tmp_path):
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "notes.txt").write_text("nothing to collect")
    done = run("collect", str(tmp_path / "inbox"), "--course", str(course.root), "--json")
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)["collected"]
    assert (row["file"], row["status"]) == ("notes.txt", "refused")
    assert "Collecting" in done.stderr


@pytest.mark.slow
def test_the_whole_road_for_programs(course):
    """Graded for real, twice: the second time nothing differs, for the questions are the same."""
    where = ("--course", str(course.root), "--json", "--student", "larsson_elsa", "--workers", "1")
    done = run("grade", "seminar4", *where)
    assert done.returncode == 0, done.stderr
    (graded,) = json.loads(done.stdout)["grades"]
    assert (graded["student"], graded["outcome"], graded["verdict"]) == ("larsson_elsa", "graded", "graded")
    assert "Grading" in done.stderr
    done = run("regrade", "seminar4", *where, "--dry-run")
    (again,) = json.loads(done.stdout)["students"]
    assert (again["change"], again["inputs"], again["after"]) == ("same", "same", graded["points"])
    (told,) = json.loads(run("report", "seminar4", *where[:3]).stdout)["students"]
    assert told["points"] == graded["points"]
    assert [one["given"] for one in json.loads(run("runs", *where[:3]).stdout)["runs"]] == [1]


def test_an_error_is_a_sentence_on_stderr_and_nothing_else(tmp_path):
    done = run("report", "seminar4", "--course", str(tmp_path), "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("autograder: There are no grades in ")


@pytest.mark.parametrize("environment", [{"TERM": "xterm-256color", "COLORTERM": "truecolor"}])
def test_there_are_no_colours_without_a_terminal(course, tmp_path, environment):
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "notes.txt").write_text("nothing to collect")
    done = run("collect", str(tmp_path / "inbox"), "--course", str(course.root), **environment)
    assert "refused" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    assert "\x1b" not in run("settings", "--course", str(tmp_path), **environment).stdout
