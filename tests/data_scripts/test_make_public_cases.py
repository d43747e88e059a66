import ast
import json
from pathlib import Path

import numpy as np
import pytest

from autograder.judging import zoo
from data_scripts import make_public_cases
from helpers.checks import cases
from helpers.checks.calling import Answer
from helpers.checks.comparing import same_answer

REPOSITORY = Path(__file__).resolve().parents[2]
STORED = json.loads(make_public_cases.OUTPUT.read_text("utf-8"))


def run(monkeypatch, *arguments):
    monkeypatch.setattr("sys.argv", ["make_public_cases", *arguments])
    return make_public_cases.main()


def test_the_stored_file_is_current(monkeypatch, capsys):
    assert run(monkeypatch, "--check") == 0, capsys.readouterr().out


def test_a_changed_or_absent_file_is_told_and_writing_it_makes_it_current(monkeypatch, tmp_path, capsys):
    copy = tmp_path / "assets" / "cases.json"
    monkeypatch.setattr(make_public_cases, "OUTPUT", copy)
    assert run(monkeypatch, "--check") == 1
    assert run(monkeypatch) == 0
    assert run(monkeypatch, "--check") == 0
    copy.write_text(copy.read_text("utf-8").replace("7", "8", 1), "utf-8")
    assert run(monkeypatch, "--check") == 1
    assert "python -m data_scripts.make_public_cases" in capsys.readouterr().out


def leaves(value, path=()):
    """Every number, string and null of the file with the keys that lead to it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, path)
    else:
        yield path, value


def test_the_file_holds_numbers_and_titles_and_no_code():
    words = {path[-1] for path, value in leaves(STORED) if isinstance(value, str)}
    assert words <= {"made_by", "key", "item", "title", "source", "misconception", "cost"}
    for path, value in leaves(STORED):
        if isinstance(value, str) and path[-1] == "cost":
            assert value in {"inf", "-inf", "nan"}
        elif isinstance(value, str):
            assert len(value) < 60
            assert not any(mark in value for mark in ("def ", "lambda", "log_probs", "logaddexp", "return "))


def test_nothing_that_students_get_imports_the_grader():
    for path in (REPOSITORY / "helpers").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.startswith(("autograder", "data_scripts")) for name in names), path


@pytest.mark.parametrize("exercise", ["forward", "backward"])
def test_every_known_mistake_has_a_fingerprint_that_differs_from_the_truth(exercise):
    known = cases.fingerprints(exercise)
    assert [one.misconception for one in known] == list(zoo.ZOO[exercise])
    for one in known:
        differs = [
            key
            for key, numbers in one.answers.items()
            if not same_answer(Answer("ok", cells=numbers.cells, cost=numbers.cost), cases.case(key).truth(exercise))
        ]
        assert differs, one.misconception


@pytest.mark.parametrize("exercise", ["forward", "backward"])
def test_no_two_fingerprints_are_the_same_everywhere(exercise):
    known = cases.fingerprints(exercise)
    for number, one in enumerate(known):
        for other in known[:number]:
            same = one.answers.keys() == other.answers.keys() and all(
                same_answer(Answer("ok", cells=one.answers[key].cells, cost=one.answers[key].cost), other.answers[key])
                for key in one.answers
            )
            assert not same, (one.misconception, other.misconception)


def test_the_stored_form_keeps_impossible_scores_and_inputs():
    impossible = cases.case("impossible")
    assert np.isneginf(impossible.log_probs).sum() == 4
    assert np.isneginf(impossible.log_alpha).any()
    assert np.isfinite(impossible.cost)
    for case in cases.public_cases():
        assert case.log_probs.dtype == np.float32
        assert case.targets.dtype == np.int64
        assert case.log_alpha.shape == case.log_beta.shape == case.shape == case.log_probs.shape[:2]
        assert case.log_probs.shape[1] == len(case.targets) + 1
        assert case.blank % case.log_probs.shape[2] not in case.targets


def test_a_student_who_ignores_the_blank_loses_one_item_only():
    for case in cases.public_cases():
        if case.item not in {"", "blank"}:
            assert case.blank % case.log_probs.shape[2] == case.log_probs.shape[2] - 1, case.key
