"""The commands that make and fetch corpora: help at once, one sentence for a mistake."""

import subprocess
import sys
import time

import pytest

from data_scripts import get_digits, get_librispeech, make_mini_corpus
from helpers.corpora import corpus

COMMANDS = {"make_mini_corpus": make_mini_corpus, "get_digits": get_digits, "get_librispeech": get_librispeech}
TINY = ["--train", "4", "--dev", "2", "--test", "2", "--quiet"]


@pytest.mark.parametrize("name", COMMANDS)
def test_help_needs_no_torch_and_comes_at_once(name):
    code = f"""
import sys
from data_scripts import {name} as command
try:
    command.main(["--help"])
except SystemExit as end:
    print("status", end.code, "torch" in sys.modules, "soundfile" in sys.modules)
"""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert time.perf_counter() - start < 5
    assert "usage:" in done.stdout
    assert "status 0 False False" in done.stdout


@pytest.mark.slow
def test_the_mini_command_makes_a_corpus_and_prints_what_is_in_it(tmp_path, capsys):
    assert make_mini_corpus.main(["--output", str(tmp_path / "mini"), *TINY]) == 0
    printed = capsys.readouterr().out
    assert len(corpus("mini", "train", root=tmp_path / "mini")) == 4
    rows = {line.split()[0]: line.split()[1] for line in printed.splitlines()[2:]}
    assert rows == {"train": "4", "dev": "2", "test-sentences": "2", "test-voices": "2"}
    assert make_mini_corpus.main(["--output", str(tmp_path / "mini"), *TINY]) == 0
    assert "was there" in capsys.readouterr().out


def test_a_size_that_makes_no_corpus_is_one_sentence(tmp_path, capsys):
    assert make_mini_corpus.main(["--output", str(tmp_path / "mini"), "--train", "0"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "train must have at least 1" in said


def test_a_folder_without_recordings_is_one_sentence(tmp_path, capsys):
    assert get_digits.main(["--recordings", str(tmp_path), "--output", str(tmp_path / "out"), "--quiet"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "Free Spoken Digit Dataset" in said


def test_a_mirror_that_is_not_there_is_one_sentence(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("helpers.making.fetching.time.sleep", lambda _: None)
    arguments = ["--split", "dev-clean", "--output", str(tmp_path), "--mirror", "http://127.0.0.1:9", "--quiet"]
    assert get_librispeech.main(arguments) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "run the same command again" in said


def test_stopping_a_command_is_one_sentence(monkeypatch, capsys):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("helpers.making.librispeech.get", stop)
    assert get_librispeech.main(["--quiet"]) == 130
    assert "same command again" in capsys.readouterr().err
