"""Checks that a student runs under an exercise. They say what is wrong, where, why (probably) and what to do next."""

from typing import TYPE_CHECKING

from .cases import Case, case

if TYPE_CHECKING:
    from collections.abc import Callable

    from .report import CheckResult

__all__ = ["Case", "backward", "case", "forward"]


def forward(function: "Callable") -> "CheckResult":
    """Check `forward(log_probs, targets, blank=-1) -> (log_alpha, cost)` on the public cases."""
    return _check("forward", function)


def backward(function: "Callable") -> "CheckResult":
    """Check `backward(log_probs, targets, blank=-1) -> (log_beta, cost)` on the public cases."""
    return _check("backward", function)


def _check(key: str, function: "Callable") -> "CheckResult":
    from .calling import call
    from .cases import fingerprints, public_cases
    from .misconceptions import recognise
    from .report import CheckResult
    from .rubric import SEMINAR4
    from .scoring import Asked, score

    exercise = next(exercise for exercise in SEMINAR4 if exercise.key == key)
    asked = [
        Asked(case.key, case.item, case.title, case, case.truth(key), call(key, function, case))
        for case in public_cases()
    ]
    names = recognise(
        {question.key: question.answer for question in asked},
        {question.key: question.truth for question in asked},
        fingerprints(key),
    )
    return CheckResult(score(exercise, asked, names))
