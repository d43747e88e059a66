"""What is told where parts of different releases meet."""

import json
import sys

import pytest

import helpers
from helpers import here
from helpers.fitting import Release, graded_as, mismatch, this_release

OLD, NEW, OTHER = Release("0.1.0", 1), Release("0.3.0", 1), Release("1.0.0", 2)


def test_parts_of_one_release_are_not_worth_a_word():
    assert mismatch(NEW, NEW) == ""
    assert graded_as(NEW, NEW) == ""


def test_an_older_notebook_beside_newer_helpers_and_the_reverse_are_told_apart():
    told = "This notebook was released with helpers 0.1.0, the folder beside it is 0.3.0: "
    assert mismatch(OLD, NEW).startswith(told + "they work together")
    assert "they work together" in mismatch(NEW, OLD)
    assert "the notebook is too old" in mismatch(OLD, OTHER)
    assert "the folder is too old" in mismatch(OTHER, OLD)


def test_a_hand_in_of_another_release_is_said_to_be_older_or_newer():
    assert "an older release than the course's, which has 0.3.0: it is graded as it is" in graded_as(OLD, NEW)
    assert "a newer release" in graded_as(NEW, OLD)
    assert "look at the grade" in graded_as(OLD, OTHER)
    assert "update the grader" in graded_as(OTHER, OLD)


def test_versions_are_ordered_as_numbers():
    assert Release("0.10.0", 1).order > Release("0.9.3", 1).order
    assert Release("0.1.0", 2).order > Release("9.0", 1).order


def test_this_release_is_the_package_version():
    assert this_release() == Release(helpers.__version__, helpers.FORMAT)


@pytest.fixture
def bundle(tmp_path, monkeypatch):
    """helpers as if they lay in a student's folder."""
    monkeypatch.setattr(here, "MARK", tmp_path / "helpers" / "released.json")
    monkeypatch.setattr(here, "REQUIREMENTS", tmp_path / "requirements.txt")
    here.MARK.parent.mkdir()
    here.MARK.write_text(json.dumps({"assignment": "seminar4"}))
    here.REQUIREMENTS.write_text("numpy==2.4.6\njupyterlab==4.6.6\n")
    return tmp_path


def test_the_first_cell_says_what_runs_where_and_no_more(bundle, capsys):
    release = this_release()
    here.start("seminar4", released=(release.version, release.format))
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("On this computer: Python 3.")
    assert "torch" in line


def test_it_says_when_the_notebook_is_of_another_release(bundle, capsys):
    here.start("seminar4", released=("0.0.1", this_release().format))
    assert "This notebook was released with helpers 0.0.1, the folder beside it is" in capsys.readouterr().out


def test_helpers_of_the_other_assignment_are_refused_in_one_sentence(bundle):
    with pytest.raises(RuntimeError, match=r"came with seminar4\.zip, and this notebook is homework3"):
        here.start("homework3")


def test_missing_packages_are_named_and_only_torch_and_numpy_stop(bundle, capsys):
    here.REQUIREMENTS.write_text("numpy==2.4.6\nno-such-package==1.0\nneither-this==2.0  # why\n")
    here.start("seminar4")
    told = capsys.readouterr().out
    assert f"({sys.executable}): no-such-package, neither-this. Install them with `pip install" in told
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(here, "installed", lambda name: None)
        with pytest.raises(RuntimeError, match="numpy"):
            here.start("seminar4")
