"""Other Pythons and other releases: what is found, what is installed where, what a failing test is blamed on."""

import subprocess
import sys
from pathlib import Path

import pytest

from versions import __main__ as command
from versions import environments, future, matrix, suite
from versions.environments import Broken, Environment, interpreter, pins, supported_pythons
from versions.suite import Outcome

HERE = ".".join(map(str, sys.version_info[:2]))


@pytest.fixture
def borrowed(tmp_path, monkeypatch):
    """An environment that is this one, and a project of its own to test."""
    for module in (environments, suite):
        monkeypatch.setattr(module, "PLACE", tmp_path / "place")
    monkeypatch.setattr(suite, "ROOT", tmp_path)
    environment = Environment("borrowed")
    environment.python.parent.mkdir(parents=True)
    environment.python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    environment.python.chmod(0o755)
    return environment


# --- what there is --------------------------------------------------------------------------------------------------


def test_a_python_is_found_by_its_version_and_a_missing_one_is_none():
    found = interpreter(HERE)
    said = subprocess.check_output([found, "-c", "import sys; print(sys.version_info[:2])"], text=True)
    assert said.strip() == str(sys.version_info[:2])
    assert interpreter("3.99") is None


def test_a_python_that_lies_about_its_version_is_not_taken(tmp_path, monkeypatch):
    liar = tmp_path / "python3.99"
    liar.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    liar.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert interpreter("3.99") is None


def test_the_matrix_spans_what_pyproject_and_the_makefile_promise():
    supported = supported_pythons()
    assert [pair.python for pair in matrix.pairs()][:: len(matrix.pairs()) - 1] == [supported[0], supported[-1]]
    assert {pair.python for pair in matrix.pairs()} == set(supported)
    assert (pins()["torch"], pins()["torchaudio"]) in [(pair.torch, pair.torchaudio) for pair in matrix.pairs()]
    low, high = (tuple(map(int, one.split("."))) for one in (supported[0], supported[-1]))
    assert f"{low} <= sys.version_info[:2] <= {high}" in (environments.ROOT / "Makefile").read_text("utf-8")


def test_what_ci_runs_on_another_python_is_there():
    for file in (*suite.CORE, *suite.NOTEBOOKS):
        assert (environments.ROOT / file).is_file(), file


# --- running and reading --------------------------------------------------------------------------------------------

TESTS = """
import pytest

@pytest.mark.parametrize("x", ["a b", "::/[]"])
def test_parameters(x):
    assert x == "a b", "one\\nand two"

class TestGroup:
    def test_inside(self):
        assert 1 == 2

def test_left_out():
    pytest.skip("here")
"""


def test_failures_are_named_so_that_pytest_takes_them_again(borrowed, tmp_path):
    (tmp_path / "test_one.py").write_text(TESTS)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "test_two.py").write_text("import nothing_of_this_name\n")
    said = []
    found = suite.run(borrowed, report=said.append)
    assert (found.passed, found.skipped, found.good) == (1, 1, False)
    assert found.failed == {
        "test_one.py::test_parameters[::/[]]": "AssertionError: one",
        "test_one.py::TestGroup::test_inside": "assert 1 == 2",
        "sub/test_two.py": "ModuleNotFoundError: No module named 'nothing_of_this_name'",
    }
    assert "borrowed: tests, 100%" in said
    again = suite.run(borrowed, *found.failed)
    assert again.passed == 0
    assert set(again.failed) == set(found.failed)


def test_a_run_without_any_result_is_broken_and_says_where_its_words_are(borrowed):
    found = suite.run(borrowed, "--no-such-option")
    assert not found.good
    assert "pytest ended with 4" in found.words
    assert "--no-such-option" in (environments.PLACE / "borrowed.log").read_text()


def test_nothing_of_this_environment_leaks_into_the_other(borrowed, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/somewhere/else")
    monkeypatch.setenv("VIRTUAL_ENV", "/somewhere/else")
    (tmp_path / "test_it.py").write_text(
        "import os, sys\n\ndef test_it():\n    assert '/somewhere/else' not in [*os.environ.values(), *sys.path]\n"
    )
    assert suite.run(borrowed).good


def test_outcomes_add_up():
    both = Outcome(2, {"a": "x"}, 1, 3.0) + Outcome(1, {"b": "y"}, 0, 4.0)
    assert (both.passed, both.failed, both.skipped, both.seconds) == (3, {"a": "x", "b": "y"}, 1, 7.0)
    assert both.words == "3 passed, 2 failed, 1 skipped"
    assert (Outcome(3) + Outcome(0, broken="no")).words == "no"
    assert not Outcome(0).good


# --- matrix ---------------------------------------------------------------------------------------------------------


def test_a_python_that_is_missing_is_said_and_fails_only_if_nothing_could_be_tried(monkeypatch, capsys):
    pairs = [matrix.Pair("3.98", "2.0", "2.0"), matrix.Pair("3.99", "2.0", "2.0")]
    monkeypatch.setattr(matrix, "pairs", lambda: pairs)
    assert command.main(["matrix"]) == 2
    assert "there is no Python 3.98 on this machine" in capsys.readouterr().out
    rows = iter([matrix.Row(pairs[0], None, "missing"), matrix.Row(pairs[1], Outcome(5), "")])
    monkeypatch.setattr(matrix, "try_one", lambda *_: next(rows))
    assert command.main(["matrix"]) == 0


def test_a_pair_that_cannot_be_installed_or_fails_is_an_exit_code(monkeypatch, capsys):
    def refuse(self, *requirements):
        raise Broken("ERROR: No matching distribution found for torch==0.0")

    monkeypatch.setattr(matrix, "pairs", lambda: [matrix.Pair(HERE, "0.0", "0.0")])
    monkeypatch.setattr(Environment, "make", lambda *_: None)
    monkeypatch.setattr(Environment, "install", refuse)
    assert command.main(["matrix"]) == 1
    assert "No matching distribution found for torch==0.0" in capsys.readouterr().out


def test_an_unknown_pair_is_one_sentence(capsys):
    assert command.main(["matrix", "--pair", "nothing"]) == 2
    assert "There is no pair nothing. There are: python3.11" in capsys.readouterr().err


# --- future ---------------------------------------------------------------------------------------------------------


class Shelf:
    """An environment of names and versions; tests fail where a version is too new for them."""

    name, folder = "future", Path("nowhere")

    def __init__(self, newest, breaks):
        self.now, self._newest, self._breaks = dict(newest), newest, breaks

    def make(self, python):
        pass

    def install(self, *requirements):
        for name, _, version in (requirement.partition("==") for requirement in requirements):
            self.now[name.lower()] = version or self._newest[name.lower()]

    def installed(self):
        return dict(self.now)

    def held_back(self):
        return {"numpy": "9.9"}

    def run(self, environment, *arguments, report=None):
        wrong = {test: "E" for test, (name, version) in self._breaks.items() if self.now[name] == version}
        return Outcome(10 - len(wrong), wrong, 0, 1.0)


@pytest.fixture
def shelf(monkeypatch):
    def make(breaks):
        newest = {name.lower(): pin for name, pin in pins().items()} | {"rich": "99.0", "jiwer": "98.0", "numpy": "9.8"}
        made = Shelf(newest, breaks)
        monkeypatch.setattr(future, "Environment", lambda name: made)
        monkeypatch.setattr(future, "interpreter", lambda version: Path("python"))
        monkeypatch.setattr(future.suite, "run", made.run)
        return made

    return make


def test_a_failing_test_is_blamed_on_the_package_whose_pin_mends_it(shelf, capsys):
    made = shelf({"test_a": ("rich", "99.0"), "test_b": ("rich", "99.0"), "test_c": ("jiwer", "98.0")})
    found = future.look(lambda words: None)
    outcomes = {package.name: package.outcome for package in found.packages}
    assert outcomes["rich"] == "breaks 2 tests, such as test_a"
    assert outcomes["jiwer"] == "breaks 1 test, test_c"
    assert outcomes["numpy"] == "9.8 works; others do not go with 9.9"
    assert outcomes["tqdm"] == "the pin is the newest"
    assert found.unexplained == {}
    assert made.now["rich"] == "99.0"  # each package alone went back to its pin
    assert command.main(["future"]) == 1
    assert "breaks 2 tests" in capsys.readouterr().out


def test_a_failure_that_no_package_explains_is_told_as_such(shelf, capsys):
    shelf({"test_a": ("tqdm", pins()["tqdm"])})
    assert command.main(["future"]) == 1
    assert "1 of the failures goes with no single package." in capsys.readouterr().out


def test_a_future_that_works_is_taken_away_and_ends_well(shelf, capsys, tmp_path):
    made = shelf({})
    made.folder = tmp_path / "future"
    made.folder.mkdir()
    assert command.main(["future"]) == 0
    assert not made.folder.exists()
    assert "20 passed" in capsys.readouterr().out
