"""What the walls cost: the same submissions at level full and with limits only."""

import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from autograder import grading
from autograder.course import ASSIGNMENTS, Course
from autograder.demo.hand_ins import build, samples
from autograder.intake import collect
from autograder.marking import Submissions
from autograder.release import release
from autograder.sandbox import Limits, Sandbox
from autograder.sandbox.levels import Rung, rungs

from .measuring import Result, adopting_orphans, children_cpu, result

SEMINAR = ASSIGNMENTS["seminar4"]
ROUNDS = 3
KEY = b"a key for benchmarks"


@dataclass(frozen=True)
class Cost:
    """CPU seconds of all processes, and wall seconds where named so."""

    start: float
    """A worker, with all its imports."""
    empty: float
    """A job without a notebook: fork, walls, end."""
    submission: float
    wall: float
    """Of one submission, one after the other."""


def _bundles(folder: Path) -> list[grading.Bundle]:
    """The sample class, but for those that run into a time limit."""
    course = Course(folder / "course")
    release(SEMINAR, course)
    build(course.release(SEMINAR), folder / "inbox")
    collect(folder / "inbox", course)
    slow = {"ivanova_darya", "petrov_ilya"} & {sample.key for sample in samples("seminar4")}
    return [one.bundle for one in Submissions(SEMINAR, course) if one.bundle.student not in slow and one.notebook]


def _cost(rung: Rung, bundles: list[grading.Bundle], jobs: int, submissions: bool) -> tuple[float, float]:
    """CPU and wall seconds of a sandbox's life with that many jobs in it."""
    before, own, began = children_cpu(), time.process_time(), 0.0
    with adopting_orphans(), Sandbox(rung=rung) as sandbox:
        for number in range(jobs + 1):
            if number == 1:
                began = time.monotonic()
            if submissions:
                grade = grading.grade_submission(bundles[number % len(bundles)], KEY, sandbox)
                if not grade.decided:
                    raise RuntimeError(grade.sentence)
            else:
                with sandbox.job() as folder:
                    (folder / "job.json").write_text(EMPTY, "utf-8")
                    sandbox.run(folder, Limits(), SEMINAR.withheld)
        wall = time.monotonic() - began
    return children_cpu() - before + time.process_time() - own, wall


EMPTY = '{"assignment": "seminar4", "names": {}, "seeds": {}, "steps": [], "limits": {"call_seconds": 10}}'


def costs(rung: Rung, bundles: list[grading.Bundle], jobs: int = 24) -> Cost:
    """What a worker, an empty job and a submission cost on a rung."""
    start, _ = _cost(rung, bundles, 0, False)
    empty, _ = _cost(rung, bundles, jobs, False)
    whole, wall = _cost(rung, bundles, jobs, True)
    return Cost(start, (empty - start) / jobs, (whole - start) / (jobs + 1), wall / jobs)


def _least(measured: list[Cost]) -> Cost:
    return Cost(*(min(values) for values in zip(*(vars(cost).values() for cost in measured), strict=True)))


def sandbox_overhead() -> Result:
    """A submission behind all walls, and with limits only."""
    full, limits = rungs()[0], rungs()[-1]
    with TemporaryDirectory() as folder:
        bundles = _bundles(Path(folder))
        measured = [(costs(full, bundles), costs(limits, bundles)) for _ in range(ROUNDS)]
    ours, baseline = (_least(list(one)) for one in zip(*measured, strict=True))
    what = (
        f"a seminar submission, judged, warm worker: +{100 * (ours.submission / baseline.submission - 1):.0f} % CPU, "
        f"{ours.wall:.2f} and {baseline.wall:.2f} s wall; of that fork and walls {ours.empty:.3f} and "
        f"{baseline.empty:.3f} s CPU; a worker starts in {ours.start:.1f} and {baseline.start:.1f} s CPU"
    )
    return result("sandbox_overhead", ours.submission, baseline.submission, "s CPU", what)


BENCHMARKS = (sandbox_overhead,)
