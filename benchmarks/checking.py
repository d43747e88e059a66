"""How long a student waits for a check, wrong or right."""

import time
from collections.abc import Iterator

from autograder.judging import homework3_zoo, zoo
from helpers import checks

from . import checkmate
from .diagnosis import right_answer
from .measuring import Result, result


def _answers(mistakes: dict[str, tuple[str, ...]]) -> Iterator[tuple[str, str, object]]:
    """Exercise, what is wrong, and the code: right code first, then every known mistake."""
    yield from ((key, "right", right_answer(key)) for key in mistakes)
    yield from (one for one in checkmate.known_mistakes() if one[0] in mistakes and one[1] in mistakes[one[0]])


def _slowest(name: str, mistakes: dict[str, tuple[str, ...]], limit: float) -> Result:
    seconds = {}
    for key, mistake, written in _answers(mistakes):
        before = time.process_time()
        getattr(checks, key)(written)._repr_html_()
        seconds[f"{key}, {mistake}"] = time.process_time() - before
    slowest = max(seconds, key=seconds.get)
    mean = sum(seconds.values()) / len(seconds)
    what = f"a student's check, the slowest of {len(seconds)} ({slowest}); {mean:.2f} s in the mean; limit"
    return result(name, seconds[slowest], limit, "s CPU", what)


def check_lattice() -> Result:
    """`checks.forward` and `checks.backward`, on right code and every known mistake."""
    return _slowest("check_lattice", zoo.ZOO, 1.0)


def check_part() -> Result:
    """The checks of the homework's classes and of `greedy_decode`, on right code and every known mistake."""
    return _slowest("check_part", homework3_zoo.ZOO, 5.0)


BENCHMARKS = (check_lattice, check_part)
