import ast
import json
import re
from pathlib import Path

import numpy as np
import pytest

from autograder.judging import homework3_zoo, zoo
from data_scripts import make_fingerprints
from helpers.checks import cases, published
from helpers.checks.calling import Answer
from helpers.checks.comparing import same_answer

REPOSITORY = Path(__file__).resolve().parents[2]
HELPERS = REPOSITORY / "helpers"
STORED = json.loads((HELPERS / make_fingerprints.LATTICE).read_text("utf-8"))


def run(monkeypatch, *arguments):
    monkeypatch.setattr("sys.argv", ["make_fingerprints", *arguments])
    return make_fingerprints.main()


@pytest.mark.slow
def test_the_stored_numbers_are_current(monkeypatch, capsys):
    assert run(monkeypatch, "--check") == 0, capsys.readouterr().out


@pytest.mark.slow
def test_absent_and_changed_files_are_told_and_writing_makes_them_current(monkeypatch, tmp_path, capsys):
    made = {name: getattr(make_fingerprints, name)() for name in ("lattice", "truth", "sketches")}
    for name, value in made.items():
        monkeypatch.setattr(make_fingerprints, name, lambda value=value: value)
    monkeypatch.setattr(make_fingerprints, "HELPERS", tmp_path)
    assert run(monkeypatch, "--check") == 1
    assert run(monkeypatch) == 0
    assert run(monkeypatch, "--check") == 0
    lattice = tmp_path / make_fingerprints.LATTICE
    lattice.write_text(lattice.read_text("utf-8").replace("7", "8", 1), "utf-8")
    assert run(monkeypatch, "--check") == 1
    assert run(monkeypatch) == 0
    sketches = tmp_path / published.SKETCHES
    text = sketches.read_text("utf-8")
    sketches.write_text(text.replace('"sketch":{', '"sketch":{"more":[1.0],', 1), "utf-8")
    capsys.readouterr()
    assert run(monkeypatch, "--check") == 1
    told = capsys.readouterr().out
    assert told.startswith(published.SKETCHES)
    assert "python -m data_scripts.make_fingerprints" in told


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


CODE = ("def ", "lambda", "log_probs", "logaddexp", "return ", "import ", "self.", "= ")


def test_the_files_hold_numbers_and_titles_and_no_code():
    words = {path[-1] for path, value in leaves(STORED) if isinstance(value, str)}
    assert words <= {"made_by", "key", "item", "title", "source", "cost"}
    sketches = json.loads((HELPERS / published.SKETCHES).read_text("utf-8"))
    for path, value in [*leaves(STORED), *leaves(sketches)]:
        if isinstance(value, str) and path[-1] == "cost":
            assert value in {"inf", "-inf", "nan"}
        elif isinstance(value, str) and path[-1] == "status":
            assert value in {"ok", "raised", "malformed"}
        elif isinstance(value, str):
            assert len(value) < 60
            assert path[-1] == "title" or not any(mark in value for mark in CODE)


def used(tree):
    """Every name that the code of a file mentions."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | {
        node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)
    }


def defined(tree):
    """Every function and class that a file defines."""
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def test_no_solution_can_be_read_from_what_students_get():
    """The checks know no right and no wrong code: none of what a solution needs, and none of the zoo."""
    needed = {"pack_padded_sequence", "pad_packed_sequence", "accumulate", "logcumsumexp", "relu", "ReLU"}
    solutions = {"EncoderRNNT", "DecoderRNNT", "Joiner", "RNNTransducer", "greedy_decode"}
    wrong = {"_forward", "_backward"}
    for path in (HELPERS / "checks").rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        assert not needed & used(tree), path
        assert not (solutions | wrong) & defined(tree), path


def test_no_loop_of_the_checks_carries_a_value_from_node_to_node():
    """A recursion over the lattice is a loop that fills a table from its own earlier cells."""
    for path in (HELPERS / "checks").rglob("*.py"):
        for loop in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(loop, ast.For | ast.While):
                continue
            tables = {
                target.value.id
                for node in ast.walk(loop)
                if isinstance(node, ast.Assign)
                for target in node.targets
                if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name)
            }
            read = {
                node.value.id
                for node in ast.walk(loop)
                if isinstance(node, ast.Subscript)
                and isinstance(node.ctx, ast.Load)
                and isinstance(node.value, ast.Name)
                and isinstance(node.slice, ast.Tuple)
            }
            assert not tables & read, f"{path.name}: {tables & read}"


def test_the_words_hold_no_line_of_a_solution():
    from autograder.judging import homework3_reference, oracle

    lines = {
        line.strip()
        for module in (oracle, homework3_reference)
        for line in Path(module.__file__).read_text("utf-8").splitlines()
        if len(line.strip()) > 40 and not line.strip().startswith(("#", '"', "import", "from", "class", "def"))
    }
    for path in (HELPERS / "checks").rglob("*.py"):
        text = re.sub(r"\s+", " ", path.read_text("utf-8"))
        assert not [line for line in lines if line in text], path.name


def test_nothing_that_students_get_imports_the_grader():
    for path in (REPOSITORY / "helpers").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.startswith(("autograder", "data_scripts")) for name in names), path


@pytest.mark.parametrize("exercise", ["forward", "backward"])
def test_every_known_mistake_has_a_fingerprint_that_differs_from_the_truth(exercise):
    known = cases.fingerprints(exercise)
    assert list(known) == list(zoo.everything(exercise))
    for name, answers in known.items():
        differs = [
            key
            for key, numbers in answers.items()
            if not same_answer(Answer("ok", cells=numbers.cells, cost=numbers.cost), cases.case(key).truth(exercise))
        ]
        assert differs, name


@pytest.mark.parametrize("exercise", homework3_zoo.ZOO)
def test_every_known_mistake_of_the_homework_has_a_sketch(exercise):
    assert list(published.sketches(exercise)) == list(homework3_zoo.everything(exercise))


@pytest.mark.parametrize("exercise", ["forward", "backward"])
def test_no_two_fingerprints_are_the_same_everywhere(exercise):
    known = list(cases.fingerprints(exercise).items())
    for number, (name, one) in enumerate(known):
        for other_name, other in known[:number]:
            same = all(
                same_answer(Answer("ok", cells=one[key].cells, cost=one[key].cost), other[key])
                for key in one.keys() & other.keys()
            )
            assert not same, (name, other_name)


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
