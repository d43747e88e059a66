"""The checks are checked, in a form that is short enough for every run: `make checkmate` does it in full."""

import json
import re
from functools import cache

import numpy as np
import pytest

from autograder import grading
from autograder.course import ASSIGNMENTS
from autograder.heldout import nothing
from autograder.sandbox import Limits
from benchmarks import checkmate, checks_page
from benchmarks.mutating import sites
from helpers.checks.misconceptions import in_words

STORED = json.loads(checkmate.RESULTS.read_text("utf-8"))
KEY = b"a key for tests"


# --- the mutator -----------------------------------------------------------------------------------------------------

SMALL = """
def helper(a, b):
    return a - b

def unused(a):
    return a + 1

def forward(x, n):
    total = 0
    for t in reversed(range(n)):
        if t > 0:
            total = helper(total, x[t, n])
    return -total
"""


def test_a_mutant_is_right_code_with_one_change_and_no_two_are_the_same():
    made = [site.made() for site in sites("small", SMALL, "forward", "forward")]
    changes = [mutant.change for mutant in made]
    for expected in (
        "line 3: a - b: Sub to Add",
        "line 9: 0 to 1",
        "line 10: reversed(range(n)): not reversed",
        "line 11: t > 0: Gt to GtE",
        "line 11: condition `t > 0` negated",
        "line 12: x[t, n]: index 0 plus 1",
        "line 12: x[t, n]: first two indices swapped",
        "line 12: helper(total, x[t, n]): first two arguments swapped",
        "line 12: `total = helper(total, x[t, n])` dropped",
        "line 13: -total: without its sign",
    ):
        assert expected in changes
    assert len({mutant.source for mutant in made}) > 0.9 * len(made)
    assert not any("line 6" in change for change in changes), "what the answer does not use is left alone"
    for mutant in made:
        compile(mutant.source, mutant.name, "exec")


def test_the_sample_is_the_same_every_time_and_covers_all_exercises():
    once, again = checkmate.sample(140), checkmate.sample(140)
    assert [mutant.name for mutant in once] == [mutant.name for mutant in again]
    assert {mutant.exercise for mutant in once} == set(checkmate.EXERCISES)


# --- what is stored --------------------------------------------------------------------------------------------------


def test_the_stored_promises_are_kept_and_every_survivor_has_a_reason():
    summary = STORED["summary"]
    assert checkmate.kept(summary)
    assert summary["mutants"] >= 1000
    assert not [name for name, reason in STORED["survivors"].items() if not reason]
    assert not STORED["lost"]


def test_the_page_is_the_stored_table(tmp_path):
    checks_page.write(STORED, tmp_path / "checks.md")
    page = (checkmate.ROOT / "docs" / "checks.md").read_text("utf-8")
    assert page == (tmp_path / "checks.md").read_text("utf-8")
    assert str(STORED["summary"]["mutants_killed"]) in page


def test_the_alternatives_and_mistakes_that_are_stored_are_those_that_exist():
    assert [one["name"] for one in STORED["alternatives"]] == [one.name for one in checkmate.alternatives()]
    counted = sum(1 for _ in checkmate.known_mistakes()) + len(checkmate.training_zoo.ZOO)
    assert STORED["summary"]["zoo"] == counted


# --- in small ------------------------------------------------------------------------------------------------------


def test_there_are_right_solutions_of_every_exercise_in_many_styles():
    count = {key: sum(key in one.exercises for one in checkmate.alternatives()) for key in checkmate.EXERCISES}
    assert min(count.values()) >= 4
    assert len(checkmate.alternatives()) >= 30
    assert all(one.source.startswith("# ") and one.exercises for one in checkmate.alternatives())


@pytest.mark.slow
@pytest.mark.parametrize("one", checkmate.alternatives(), ids=lambda one: one.name)
def test_right_code_in_any_style_keeps_all_points(one):
    assert checkmate.judge_alternative(one) == []


@pytest.mark.slow
def test_random_mutants_lose_points_and_are_not_given_wrong_names():
    outcomes = {}
    for mutant in checkmate.sample(180, seed=7):
        checkmate.try_mutant(mutant, outcomes.setdefault(mutant.exercise, checkmate.Outcome()))
    changed, killed, falsely = (
        sum(getattr(outcome, field) for outcome in outcomes.values()) for field in ("changed", "killed", "falsely")
    )
    assert changed > 120
    assert killed >= 0.93 * changed, [outcome.survivors for outcome in outcomes.values()]
    assert falsely <= 2, [outcome.false_names for outcome in outcomes.values()]


def test_code_that_does_not_end_is_ended():
    source = "def forward(log_probs, targets, blank=-1):\n    while True:\n        pass\n"
    found = checkmate.verdicts("forward", checkmate.defined(source, "forward"))
    assert found.public is None
    assert found.fresh.points == 0.0
    assert found.killed


def test_a_wrong_name_is_noticed():
    right = checkmate.defined(checkmate.alternatives()[0].source, "forward")
    assert right is None or not checkmate.is_that_mistake("forward", right, ["best-path"])
    wrong = {(key, name): made for key, name, made in checkmate.known_mistakes()}
    assert checkmate.is_that_mistake("forward", wrong["forward", "best-path"], ["logs-added", "best-path"])
    assert not checkmate.is_that_mistake("joiner", wrong["joiner", "tanh"], ["product"])
    assert checkmate.is_that_mistake("joiner", wrong["joiner", "tanh"], ["tanh"])


def test_behaviour_beyond_the_checks_is_seen():
    loops = checkmate.alternatives()
    source = next(one.source for one in loops if one.name == "seminar4/loops")
    assert checkmate.behaves("forward", checkmate.defined(source, "forward"))
    odd = source.replace("    T, U = log_probs.shape[0], len(y)\n    log_alpha", "    T, U = log_probs.shape[0], "
    "len(y)\n"
                         "    if U == 6 and T == 5:\n        return None\n    log_alpha")  # fmt: skip
    assert odd != source
    assert not checkmate.behaves("forward", checkmate.defined(odd.replace("U == 6 and T == 5", "U == 3"), "forward"))


# --- the grader proper gives the same ---------------------------------------------------------------------------------


def bundled(assignment, source):
    steps = [{"run": "import torch\nimport torch.nn.functional as F\nfrom torch import nn", "name": "cell 1"}]
    steps += [{"run": source, "name": "cell 2"}]
    steps += [{"ask": exercise.key} for exercise in ASSIGNMENTS[assignment].exercises if exercise.key != "training"]
    return grading.Bundle(
        "alice",
        assignment,
        tuple(steps),
        frozenset(),
        "",
        (),
        heldout=nothing("none here"),
        limits=Limits(cpu_seconds=120),
    )


@cache
def sampled():
    """Four right solutions and eight mutants that stand alone."""
    rng = np.random.default_rng(5)
    right = [one for one in checkmate.alternatives() if "Given" not in one.source]
    chosen = [(one.name, one.source, one.exercises) for one in right[:: max(1, len(right) // 4)]][:4]
    pool = [one for one in checkmate.sample(140) if "Given" not in one.source]
    return chosen + [(pool[at].name, pool[at].source, (pool[at].exercise,)) for at in rng.permutation(len(pool))[:8]]


@pytest.mark.slow
@pytest.mark.parametrize("place", range(12))
def test_the_sandbox_gives_the_same_points_and_names(place):
    name, source, keys = sampled()[place]
    assignment = checkmate.EXERCISES[keys[0]][0]
    bundle = bundled(assignment, source)
    grade = grading.grade_submission(bundle, KEY)
    for key in keys:
        seed = grading.seed(KEY, bundle.hand_in(KEY), key)
        written = checkmate.defined(source, checkmate.EXERCISES[key][1].name)
        graded = next(exercise for exercise in grade.exercises if exercise.key == key)
        if written is None:
            assert graded.points == 0
            continue
        result = checkmate.graded(key, written, seed)
        assert graded.points == result.points, (name, key, grade.sentence)
        assert graded.misconception == in_words(key, list(result.misconceptions))


def test_make_knows_the_command():
    assert re.search(
        r"^checkmate: .*\n\t.*benchmarks\.checkmate$", (checkmate.ROOT / "Makefile").read_text("utf-8"), re.M
    )
