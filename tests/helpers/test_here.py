"""The first line of a notebook, on a laptop and, with a stub, on Colab."""

import json
import sys
from types import ModuleType, SimpleNamespace

import pytest
import torch

from helpers import colab, here
from helpers.fitting import this_release


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


def test_a_gpu_is_named_with_its_memory(monkeypatch):
    card = SimpleNamespace(name="Tesla T4", total_memory=15 * 2**30)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: card)
    assert here.summary().endswith("training on the GPU Tesla T4 (15 GB)")


@pytest.fixture
def drive(tmp_path, monkeypatch):
    """A Colab whose Drive is a folder, in an empty working folder."""
    module = ModuleType("google.colab")
    module.drive = SimpleNamespace(
        mount=lambda place: (tmp_path / "drive" / "MyDrive").mkdir(parents=True, exist_ok=True)
    )
    monkeypatch.setitem(sys.modules, "google", ModuleType("google"))
    monkeypatch.setitem(sys.modules, "google.colab", module)
    monkeypatch.setattr(colab, "DRIVE", tmp_path / "drive")
    (tmp_path / "content").mkdir()
    monkeypatch.chdir(tmp_path / "content")
    return tmp_path / "drive" / "MyDrive" / "rnnt" / "homework3" / "run"


def test_a_folder_trained_before_drive_was_allowed_moves_there(drive, tmp_path):
    run = tmp_path / "content" / "run"
    run.mkdir()
    (run / "checkpoint.pt").write_bytes(b"half way")
    assert "Found your training" in colab.keep_in_drive("run", "homework3")
    assert (drive / "checkpoint.pt").read_bytes() == b"half way"
    assert run.is_symlink()
    (run / "log.jsonl").write_text("{}")
    assert (drive / "log.jsonl").exists()


def test_two_different_runs_are_left_alone_and_told(drive, tmp_path):
    for folder, content in ((drive, b"there"), (tmp_path / "content" / "run", b"here")):
        folder.mkdir(parents=True)
        (folder / "checkpoint.pt").write_bytes(content)
    assert "two runs" in colab.keep_in_drive("run", "homework3")
    assert (drive / "checkpoint.pt").read_bytes() == b"there"
    assert (tmp_path / "content" / "run" / "checkpoint.pt").read_bytes() == b"here"


def test_asking_again_changes_nothing(drive):
    first = colab.keep_in_drive("run", "homework3")
    assert first.startswith("Training is kept in Google Drive")
    assert colab.keep_in_drive("run", "homework3") == first


def test_packages_that_only_the_machine_can_bring_are_never_installed(monkeypatch):
    monkeypatch.setattr(colab.subprocess, "run", lambda *_, **__: pytest.fail("pip was called"))
    assert colab.install(["torch==2.11.0", "torchaudio==2.11.0"]) == []


def test_a_pip_that_fails_is_one_sentence(monkeypatch):
    failed = SimpleNamespace(
        returncode=1, stderr="WARNING: x\nERROR: No matching distribution found for jiwer==4.0.0\n"
    )
    monkeypatch.setattr(colab.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(RuntimeError, match=r"jiwer==4\.0\.0 \(ERROR: No matching distribution"):
        colab.install(["jiwer==4.0.0"])
