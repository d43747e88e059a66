"""The scoreboard counts what it says, and its exercise for the other graders can be solved."""

import numpy as np
import pytest
from untrusted import attacks, damages

from benchmarks.scoreboard import exercise
from benchmarks.scoreboard.__main__ import COUNTS, GRADERS, _shown, count
from benchmarks.scoreboard.rivals import Outcome

FOUGHT = [attack for attack in attacks() if attack.worth == 0][:2]
HURT = [
    next(damage for damage in damages() if damage.outcome == "taken"),
    next(damage for damage in damages() if damage.outcome == "refused"),
]


def counted(*outcomes: Outcome) -> dict:
    names = [f"attack {attack.name}" for attack in FOUGHT] + [f"damage {damage.name}" for damage in HURT]
    counts = count(FOUGHT, HURT, dict(zip(names, outcomes, strict=True)))
    assert set(counts) == set(COUNTS)
    return {key: number for key, number in counts.items() if key not in ("attacks", "damaged") and number}


def test_a_grader_that_does_all_well_has_nothing_to_count():
    fine, hurt, cut = Outcome(0.0, [10.0, 10.0]), Outcome(10.0, []), Outcome(0.0, [])
    assert counted(fine, fine, hurt, cut) == {}


def test_everything_that_goes_wrong_is_counted():
    fine, hurt = Outcome(0.0, [10.0]), Outcome(10.0, [])
    assert counted(Outcome(10.0, [10.0]), fine, hurt, fine) == {"points_gained": 1}
    assert counted(Outcome(0.0, [7.0], leaked=True), fine, hurt, fine) == {"leaks": 1, "classmates_changed": 1}
    assert counted(Outcome(None, [10.0, None]), fine, hurt, fine) == {"no_verdict": 1, "class_aborted": 1}
    assert counted(fine, fine, Outcome(5.0, []), fine) == {"points_lost": 1}
    assert counted(fine, fine, Outcome(None, []), fine) == {"points_lost": 1, "no_verdict": 1}


def test_what_went_wrong_is_bold():
    outcome = {"points": 0.0, "classmates": [10.0], "leaked": False}
    assert _shown(None, 0, 0) == "–"
    assert _shown(outcome, 0, 0) == "0"
    assert _shown(outcome, 10, 10) == "**0**"
    assert _shown(outcome | {"points": None, "classmates": [None]}, 0, 0) == "**no score, class aborted**"


@pytest.mark.parametrize("name", exercise.ANSWERS)
def test_the_exercise_accepts_its_solution_and_nothing_less(name):
    wrong = f"def {name}(log_probs, targets, blank=-1):\n    return np.zeros(log_probs.shape[:2]), 0.0"
    for source, passes in ((exercise.ANSWERS[name], True), (wrong, False)):
        for test in exercise.tests(name, "a secret"):
            names: dict = {"np": np}
            exec(source, names)
            if passes:
                exec(test, names)
            else:
                with pytest.raises(AssertionError):
                    exec(test, names)


def test_every_attack_is_for_a_grader_that_exists():
    for attack in attacks():
        assert set(attack.graders) <= set(GRADERS), attack.name
