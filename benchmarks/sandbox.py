"""What the walls cost: the same submissions at level full and with limits only."""

import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from autograder import grading
from autograder.course import ASSIGNMENTS, Course
from autograder.demo.hand_ins import build
from autograder.intake import collect
from autograder.marking import Submissions
from autograder.release import release
from autograder.sandbox import Limits, Outcome, Sandbox
from autograder.sandbox.levels import Rung, best, obstacle, rungs
from autograder.verdicts import Verdict

from .measuring import Result, result

SEMINAR = ASSIGNMENTS["seminar4"]
ROUNDS = 5
KEY = b"a key for benchmarks"
EMPTY = {"assignment": "seminar4", "names": {}, "seeds": {}, "steps": [], "limits": {"call_seconds": 10}}


class Counting(Sandbox):
    """Adds up what its jobs, and the worker for them, computed."""

    used = 0.0

    def run(self, *arguments) -> Outcome:
        """As ever."""
        outcome = super().run(*arguments)
        self.used += outcome.cpu_seconds
        return outcome


@dataclass(frozen=True)
class Cost:
    """Of one piece of work, in seconds."""

    cpu: float
    """Of grader, worker and job together."""
    wall: float

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.cpu + other.cpu, self.wall + other.wall)


def class_of(folder: Path) -> list[grading.Bundle]:
    """The sample class, but for those who run into a time limit or handed in no notebook."""
    course = Course(folder / "course")
    release(SEMINAR, course)
    build(course.release(SEMINAR), folder / "inbox")
    collect(folder / "inbox", course)
    bundles = [one.bundle for one in Submissions(SEMINAR, course) if one.notebook]
    return [bundle for bundle in bundles if grading.grade_submission(bundle, KEY).verdict is not Verdict.TIMEOUT]


def _cost(sandbox: Counting, work: Callable[[Sandbox], object]) -> Cost:
    before, own, began = sandbox.used, time.process_time(), time.monotonic()
    work(sandbox)
    return Cost(sandbox.used - before + time.process_time() - own, time.monotonic() - began)


def _nothing(sandbox: Sandbox) -> None:
    with sandbox.job() as folder:
        (folder / "job.json").write_text(json.dumps(EMPTY), "utf-8")
        sandbox.run(folder, Limits(), SEMINAR.withheld)


def costs(work: list[Callable[[Sandbox], object]], rungs: list[Rung], rounds: int) -> list[Cost]:
    """The sum over all work on each rung: turn by turn on all of them, of every piece the least of all rounds."""
    with contextlib.ExitStack() as stack:
        sandboxes = [stack.enter_context(Counting(rung=rung)) for rung in rungs]
        for sandbox in sandboxes:
            _nothing(sandbox)
        totals = [Cost(0.0, 0.0) for _ in rungs]
        for one in work:
            tries = [[_cost(sandbox, one) for sandbox in sandboxes] for _ in range(rounds)]
            for place, seen in enumerate(zip(*tries, strict=True)):
                totals[place] += Cost(min(cost.cpu for cost in seen), min(cost.wall for cost in seen))
        return totals


def sandbox_overhead() -> Result:
    """A submission behind all walls, and with limits only."""
    ladder = rungs()
    if reason := obstacle(ladder[0]):
        raise RuntimeError(f"this machine does not reach level full: {reason}")
    with TemporaryDirectory() as folder:
        bundles = class_of(Path(folder))
    work = [partial(grading.grade_submission, bundle, KEY) for bundle in bundles]
    full, limits = costs(work, [ladder[0], ladder[-1]], ROUNDS)
    empty, bare = costs([_nothing], [ladder[0], ladder[-1]], 4 * ROUNDS)
    number = len(bundles)
    cpu, wall = (100 * (ours / theirs - 1) for ours, theirs in ((full.cpu, limits.cpu), (full.wall, limits.wall)))
    what = (
        f"a seminar submission and its judging, warm worker, mean of {number}: {cpu:+.0f} % CPU, {wall:+.0f} % wall "
        f"({full.wall / number:.3f} and {limits.wall / number:.3f} s); of that fork, walls and end "
        f"{1000 * empty.cpu:.0f} and {1000 * bare.cpu:.0f} ms CPU"
    )
    return result("sandbox_overhead", full.cpu / number, limits.cpu / number, "s CPU", what)


def where_the_time_goes(rounds: int = 3) -> str:
    """Of one seminar submission on the best rung, in words."""
    rung = best()
    with TemporaryDirectory() as folder:
        bundles = class_of(Path(folder))
    began = time.monotonic()
    with Counting(rung=rung) as sandbox:
        _nothing(sandbox)
        started = time.monotonic() - began
    work = [partial(grading.grade_submission, bundle, KEY) for bundle in bundles]
    with Counting(rung=rung) as sandbox:
        _nothing(sandbox)
        before, own = sandbox.used, time.process_time()
        for one in work:
            one(sandbox)
        jobs, judging = sandbox.used - before, time.process_time() - own
    (empty,) = costs([_nothing], [rung], 4 * rounds)
    walls, asking, judging = 1000 * empty.cpu, 1000 * jobs / len(work), 1000 * judging / len(work)
    return (
        f"Where it goes: a worker starts in {started:.1f} s wall; then, ms CPU a submission: fork, walls and end "
        f"{walls:.0f}, notebook and questions {asking - walls:.0f}, judging {judging:.0f}; the rest is starting "
        "Python, matching notebooks and the gradebook"
    )


BENCHMARKS = (sandbox_overhead,)
