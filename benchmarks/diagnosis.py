"""What it costs the grader to find out which known mistake a wrong answer is."""

import contextlib
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from autograder.course import ASSIGNMENTS, Assignment, Course
from autograder.demo.hand_ins import build, samples
from autograder.grading import grade_submission
from autograder.intake import collect
from autograder.judging import homework3, homework3_zoo, oracle, seminar4, zoo
from autograder.judging.homework3_reference import REFERENCE
from autograder.marking import Submissions
from autograder.release import release

from . import checkmate
from .measuring import Result, result
from .sandbox import Counting

KEY = b"a key for benchmarks"
JUDGES = {"seminar4": (seminar4, zoo.ZOO), "homework3": (homework3, homework3_zoo.ZOO)}
RIGHT = "abebe_selam"


@contextlib.contextmanager
def _watched(module) -> Iterator[list[float]]:
    """CPU seconds of each search for a known mistake that a judge makes."""
    search, seconds = module._misconceptions, []

    def timed(*arguments):
        before = time.process_time()
        try:
            return search(*arguments)
        finally:
            seconds.append(time.process_time() - before)

    module._misconceptions = timed
    try:
        yield seconds
    finally:
        module._misconceptions = search


def _right_submission(assignment: Assignment) -> float:
    """CPU seconds of grading a hand-in in which all is right, by a warm worker: sandbox, cells, questions, judging."""
    with TemporaryDirectory() as folder:
        course = Course(Path(folder) / "course")
        release(assignment, course)
        build(course.release(assignment), Path(folder) / "inbox")
        for sample in samples(assignment.name):
            if sample.key != RIGHT:
                (Path(folder) / "inbox" / sample.zip_name).unlink()
        collect(Path(folder) / "inbox", course)
        (bundle,) = (one.bundle for one in Submissions(assignment, course))
        with Counting() as sandbox:
            grade_submission(bundle, KEY, sandbox)
            tries = []
            for _ in range(3):
                before, own = sandbox.used, time.process_time()
                grade_submission(bundle, KEY, sandbox)
                tries.append(sandbox.used - before + time.process_time() - own)
    return min(tries)


def right_answer(key: str) -> object:
    """Right code for an exercise, by the oracle or the reference."""
    if key in REFERENCE:
        return REFERENCE[key]
    solve = getattr(oracle, key)
    return lambda log_probs, targets, blank=-1: solve(log_probs.numpy(), targets.numpy(), blank)


def _one_mistake(key: str, written: object, watched: list[float]) -> tuple[float, float]:
    """CPU seconds: of asking and judging one exercise, and of the search in it. The best of two."""
    tries = []
    for number in range(2):
        watched.clear()
        before = time.process_time()
        # Another seed each time, so that nothing is known from before.
        checkmate.graded(key, written, b"diagnosis, %d" % number)
        tries.append((time.process_time() - before, sum(watched)))
    return min(tries)


def _cost(name: str) -> Result:
    judge, mistakes = JUDGES[name]
    whole = _right_submission(ASSIGNMENTS[name])
    with _watched(judge) as watched:
        right = {key: _one_mistake(key, right_answer(key), watched)[0] for key in mistakes}
        shares, with_search = {}, []
        for key, mistake, written in checkmate.known_mistakes():
            if key in mistakes and mistake in mistakes[key]:
                seconds, search = _one_mistake(key, written, watched)
                without = whole - right[key] + seconds - search
                shares[f"{key}, {mistake}"] = search / without
                with_search.append((without + search, without))
    slowest = max(shares, key=shares.get)
    ours, baseline = (statistics.mean(column) for column in zip(*with_search, strict=True))
    what = (
        f"a {name} submission with one known mistake, mean of {len(shares)}; the same without looking for it. It adds "
        f"{statistics.mean(shares.values()):.0%} in the mean, {shares[slowest]:.0%} at most ({slowest})"
    )
    return result(f"diagnosis_{name}", ours, baseline, "s CPU", what)


def diagnosis_seminar4() -> Result:
    """Naming mistakes in the seminar."""
    return _cost("seminar4")


def diagnosis_homework3() -> Result:
    """Naming mistakes in the homework."""
    return _cost("homework3")


BENCHMARKS = (diagnosis_seminar4, diagnosis_homework3)
