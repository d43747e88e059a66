"""`python -m benchmarks.checkmate`: check the checks. Wrong code must lose points, right code must keep all of them.

    python -m benchmarks.checkmate              # all known mistakes, all alternatives, a sample of random mutants
    python -m benchmarks.checkmate --mutants 0  # the same without the mutants

Writes benchmarks/checks.json and docs/checks.md. Every piece of code is checked twice: by the students' check on the
public inputs, and by the grader's own asking, judging and scoring on fresh ones, in this process. (That the sandbox
gives the same is tested on a sample.) A mutant counts as wrong code if it loses points, or if on far more inputs than
any check asks it does not do what right code does. A name is wrong if on other fresh inputs the code does not behave as
the mistake that it was called.
"""

import argparse
import json
import logging
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from rich.progress import track

from autograder.judging import homework3, homework3_reference, homework3_zoo, oracle, seminar4, training_zoo, zoo
from helpers import checks
from helpers.asking.notebook import TimeLimit
from helpers.asking.worker import QUESTIONS, Answers
from helpers.checks import probing
from helpers.checks.calling import call, quiet
from helpers.checks.cases import Inputs, Truth
from helpers.checks.comparing import same_answer
from helpers.checks.parts import PROBES
from helpers.checks.probing import PAIR
from helpers.checks.rubric import HOMEWORK3, SEMINAR4, Exercise
from helpers.checks.runs import final_evaluation, recognise
from helpers.checks.scoring import ExerciseResult

from . import checks_page
from .far import FAR
from .mutating import Mutant, Site, sites

ROOT = Path(__file__).resolve().parent.parent
ALTERNATIVES = ROOT / "tests" / "alternatives"
RESULTS = Path(__file__).with_name("checks.json")
REASONS = Path(__file__).with_name("survivors.json")
"""Why a mutant that survives may live, by its name."""

SEED = b"checkmate, fresh"
OTHER_SEEDS = (b"checkmate, other", b"checkmate, third", b"checkmate, forth")
CPU_SECONDS, MORE = 3.0, 1.0
"""For one check of one piece of code, and after that for each further question. The slowest right code takes 0.5 s. CPU
time, so that a busy machine makes nothing wrong."""
MUTANTS = 1300
SLOW, SLOW_SHARE = "greedy", 0.1
"""Checking a decoder takes ten times as long as anything else, so it gets fewer of the mutants."""

EXERCISES: dict[str, tuple[str, Exercise]] = {
    exercise.key: (assignment, exercise)
    for assignment, exercises in (("seminar4", SEMINAR4), ("homework3", HOMEWORK3))
    for exercise in exercises
    if exercise.key != "training"
}
GIVEN = {
    exercise.name: homework3_reference.REFERENCE[exercise.key] for exercise in HOMEWORK3 if exercise.key != "training"
}
"""The right classes, for alternatives that only write one part."""


@dataclass(frozen=True)
class Verdicts:
    """What both checks say of one piece of code."""

    public: ExerciseResult | None
    """None where the code never ended."""
    fresh: ExerciseResult

    @property
    def full(self) -> bool:
        """Whether neither takes a point."""
        return self.public is not None and all(
            result.points == result.exercise.points for result in (self.public, self.fresh)
        )

    @property
    def killed(self) -> bool:
        """Whether both take points."""
        return all(result is None or result.points < result.exercise.points for result in (self.public, self.fresh))

    @property
    def names(self) -> dict[str, tuple[str, ...]]:
        """The mistakes named, by the check that names them."""
        both = {"public": self.public, "fresh": self.fresh}
        return {where: result.misconceptions for where, result in both.items() if result and result.misconceptions}


@contextmanager
def patience() -> Iterator[None]:
    """TimeLimit after CPU_SECONDS of this process, and again after MORE of them for as long as it lasts."""

    def end(number: int, frame: object) -> None:
        raise TimeLimit

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, CPU_SECONDS, MORE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


class _Written:
    """What stands in for a notebook: one name."""

    def __init__(self, name: str, value: object):
        self._name, self._value = name, value

    def get(self, name: str) -> object | None:
        return self._value if name == self._name else None

    def set(self, name: str, value: object) -> None:
        self._name, self._value = name, value


def verdicts(key: str, written: object) -> Verdicts:
    """Ask both checks about a function or class."""
    try:
        with patience():
            public = getattr(checks, key)(written).result
    except TimeLimit:
        public = None
    return Verdicts(public, graded(key, written, SEED))


def graded(key: str, written: object, seed: bytes) -> ExerciseResult:
    """What the grader says: its asking, its files, its judging."""
    assignment, exercise = EXERCISES[key]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        answers = Answers(folder, {key: exercise.name}, 3600)
        questions = QUESTIONS[assignment](key, seed, folder)
        try:
            with patience():
                answers.ask(key, _Written(exercise.name, written), questions)
        except TimeLimit:
            pass  # between two questions: what was answered by then counts
        judge = {"seminar4": seminar4.judge, "homework3": homework3.judge}[assignment]
        return judge(exercise, seed, folder, None)[0]


def defined(source: str, name: str) -> object | None:
    """What a source defines under that name; None where it defines nothing or cannot be run."""
    space: dict[str, object] = {"Given": GIVEN}
    try:
        with patience(), quiet():
            exec(compile(source, "<student>", "exec"), space)
    except (Exception, TimeLimit):
        return None
    return space.get(name)


# --- alternatives ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Alternative:
    """A right solution."""

    name: str
    about: str
    source: str
    exercises: tuple[str, ...]


@cache
def alternatives() -> tuple[Alternative, ...]:
    """All of them, from tests/alternatives."""
    found = []
    for path in sorted(ALTERNATIVES.glob("*/*.py")):
        source = path.read_text("utf-8")
        keys = tuple(
            key
            for key, (assignment, exercise) in EXERCISES.items()
            if assignment == path.parent.name
            and (f"def {exercise.name}(" in source or f"class {exercise.name}(" in source)
        )
        about = source.splitlines()[0].removeprefix("# ")
        found.append(Alternative(f"{path.parent.name}/{path.stem}", about, source, keys))
    return tuple(found)


def judge_alternative(one: Alternative) -> list[str]:
    """The exercises in which a right solution loses a point, with what is said about it."""
    lost = []
    for key in one.exercises:
        written = defined(one.source, EXERCISES[key][1].name)
        found = verdicts(key, written)
        more = [graded(key, written, seed) for seed in OTHER_SEEDS]
        if not found.full or any(result.points < result.exercise.points for result in more):
            said = "" if found.public is None else checks_page.first_sentence(found.public)
            lost.append(f"{one.name} {key}: {said or 'on fresh inputs'}")
    return lost


# --- known mistakes -------------------------------------------------------------------------------------------------


def known_mistakes() -> Iterator[tuple[str, str, object]]:
    """Exercise, name, and what makes the mistake: single ones and pairs."""
    for key in zoo.ZOO:
        for name in zoo.everything(key):
            yield key, name, _mistaken(key, name)
    for key in homework3_zoo.ZOO:
        for name in homework3_zoo.everything(key):
            yield key, name, homework3_zoo.wrong(key, name)


def _mistaken(key: str, name: str) -> Callable:
    def student(log_probs, targets, blank=-1):
        answer = zoo.answers(key, name, Inputs(log_probs.numpy(), targets.numpy(), blank))
        if answer is None:
            raise IndexError("index out of range")
        return answer.cells, answer.cost

    return student


# --- what code does beyond what a check asks ------------------------------------------------------------------------


@cache
def far_inputs() -> tuple[tuple[Inputs, ...], dict[str, tuple[Truth, ...]]]:
    """Lattices of all small shapes, blanks, scales; some impossible scores, a long one, a steep one. And the truth."""
    rng = np.random.default_rng(2024)
    found = []
    for number in range(60):
        T, U, V = int(rng.integers(1, 8)), int(rng.integers(0, 7)), int(rng.integers(2, 9))
        blank = int(rng.integers(-V, V))
        scale = (0.3, 1.5, 20.0)[number % 3]
        found.append(_inputs(rng, T, U, V, blank, scale, impossible=number % 4 == 3))
    found += [_inputs(rng, 70, 14, 12, 5, 1.0), _inputs(rng, 25, 8, 6, -1, 130.0), _inputs(rng, 2, 30, 4, 0, 1.0)]
    truths = {
        key: tuple(Truth(*getattr(oracle, key)(one.log_probs, one.targets, one.blank)) for one in found)
        for key in ("forward", "backward")
    }
    return tuple(found), truths


def _inputs(
    rng: np.random.Generator, T: int, U: int, V: int, blank: int, scale: float, impossible: bool = False
) -> Inputs:
    from helpers.checks.cases import log_softmax

    logits = scale * rng.standard_normal((T, U + 1, V))
    targets = rng.choice(np.delete(np.arange(V), blank), size=U).astype(np.int64)
    if impossible:
        holes = rng.random(logits.shape) < 0.2
        holes[..., rng.integers(V)] = False
        logits[holes] = -np.inf
    return Inputs(log_softmax(logits), targets, blank)


def behaves(key: str, written: object) -> bool:
    """Whether code does what right code does, on far more inputs than any check asks."""
    if key in zoo.ZOO:
        return all(
            _called(key, written, inputs) is not None and same_answer(_called(key, written, inputs), truth)
            for inputs, truth in zip(far_inputs()[0], far_inputs()[1][key], strict=True)
        )
    return all(
        reply.status == "ok" and probing.same(reply.arrays, truth.arrays)
        for seed in OTHER_SEEDS
        for probe in (FAR[key], *PROBES[key])
        for reply, truth in [(_asked(key, written, probe, seed), _right(key, probe.key, seed))]
    )


@cache
def _right(key: str, probe_key: str, seed: bytes) -> probing.Reply:
    """What right code answers."""
    probe = next(probe for probe in (FAR[key], *PROBES[key]) if probe.key == probe_key)
    return probing.ask(key, homework3_reference.REFERENCE[key], probe, seed)


def _called(key: str, written: object, inputs: Inputs):
    try:
        with patience():
            return call(key, written, inputs)
    except TimeLimit:
        return None


def _asked(key: str, written: object, probe, seed: bytes):
    try:
        with patience():
            return probing.ask(key, written, probe, seed)
    except TimeLimit:
        return probing.Reply("timeout")


def is_that_mistake(key: str, written: object, names: Iterable[str]) -> bool:
    """Whether on other fresh inputs code behaves as one of these mistakes."""
    return any(_is(key, written, name) for name in names)


def _is(key: str, written: object, name: str) -> bool:
    if key in zoo.ZOO:
        fresh = [question.inputs for seed in OTHER_SEEDS for question in QUESTIONS["seminar4"](key, seed, Path())]
        for inputs in (*far_inputs()[0][:40], *fresh):
            if np.prod(inputs.shape) > seminar4.LARGEST_TO_RECOGNISE:
                continue
            known = zoo.answers(key, name, inputs)
            if known is None or np.isnan(known.cells).any():
                continue
            answer = _called(key, written, inputs)
            if answer is None or not same_answer(answer, known):
                return False
        return True
    for seed in OTHER_SEEDS:
        for probe in PROBES[key]:
            reply, known = _asked(key, written, probe, seed), homework3.outline(key, name, probe.key, seed)
            if reply.status != known["status"]:
                return False
            if "sketch" in known and not probing.same_sketch(probing.sketch(reply.arrays), known["sketch"]):
                return False
    return True


# --- mutants --------------------------------------------------------------------------------------------------------


@cache
def all_sites() -> tuple[Site, ...]:
    """In the oracle, in the homework's reference and in all alternatives."""
    sources = [(one.name, one.source, one.exercises) for one in alternatives()]
    for name, keys in (("oracle", ("forward", "backward")), ("homework3_reference", tuple(homework3_zoo.ZOO))):
        path = ROOT / "autograder" / "judging" / f"{name}.py"
        sources.append((name, path.read_text("utf-8"), keys))
    return tuple(
        site
        for name, source, keys in sources
        for key in keys
        for site in sites(name, source, key, EXERCISES[key][1].name)
    )


def sample(most: int, seed: int = 0) -> list[Mutant]:
    """So many mutants, evenly over the exercises but the slow one, drawn by chance; the same for the same code."""
    rng = np.random.default_rng(seed)
    by_exercise: dict[str, list[Site]] = {}
    for site in all_sites():
        by_exercise.setdefault(site.exercise, []).append(site)
    left, chosen = most, []
    for number, key in enumerate(sorted(by_exercise, key=lambda key: (key != SLOW, len(by_exercise[key])))):
        pool = by_exercise[key]
        share = min(len(pool), left // (len(by_exercise) - number))
        if key == SLOW:
            share = min(share, int(SLOW_SHARE * most))
        made = {mutant.source: mutant for at in rng.permutation(len(pool))[:share] if (mutant := pool[at].made())}
        chosen += made.values()
        left -= share
    return chosen


@dataclass
class Outcome:
    """What became of the mutants of one exercise."""

    made: int = 0
    same: int = 0
    """That do what right code does."""
    changed: int = 0
    killed_public: int = 0
    killed_fresh: int = 0
    killed: int = 0
    """By both."""
    named: int = 0
    falsely: int = 0
    survivors: list[str] = field(default_factory=list)
    false_names: list[str] = field(default_factory=list)


def try_mutant(mutant: Mutant, outcome: Outcome) -> None:
    """Put one mutant to both checks and count."""
    outcome.made += 1
    written = defined(mutant.source, EXERCISES[mutant.exercise][1].name)
    if written is None:
        # It cannot even be defined: a notebook stops there, no check is needed to see it.
        outcome.changed += 1
        outcome.killed_public += 1
        outcome.killed_fresh += 1
        outcome.killed += 1
        return
    found = verdicts(mutant.exercise, written)
    if found.full and behaves(mutant.exercise, written):
        outcome.same += 1
        return
    outcome.changed += 1
    outcome.killed_public += found.public is None or found.public.points < found.public.exercise.points
    outcome.killed_fresh += found.fresh.points < found.fresh.exercise.points
    outcome.killed += found.killed
    if not found.killed:
        outcome.survivors.append(mutant.name)
    if found.names:
        outcome.named += 1
        wrongly = [
            where for where, names in found.names.items() if not is_that_mistake(mutant.exercise, written, names)
        ]
        if wrongly:
            outcome.falsely += 1
            outcome.false_names.append(f"{mutant.name}: {found.names}")


# --- the whole --------------------------------------------------------------------------------------------------------


def check_zoo(along: Callable = lambda items, what: items) -> dict[str, dict[str, object]]:
    """By exercise: how many mistakes and pairs there are, lose points, and are named alone, by both checks."""
    table: dict[str, dict[str, object]] = {}
    for key, name, written in along(list(known_mistakes()), "known mistakes"):
        row = table.setdefault(key, {"mistakes": 0, "pairs": 0, "killed": 0, "named_alone": 0, "told_together": []})
        row["pairs" if PAIR in name else "mistakes"] += 1
        found = verdicts(key, written)
        row["killed"] += found.killed
        alone = list(found.names.values()) == [(name,), (name,)]
        row["named_alone"] += alone
        if not alone:
            row["told_together"].append(f"{name}: {found.names}")
    row = table.setdefault("training", {"mistakes": 0, "pairs": 0, "killed": 0, "named_alone": 0, "told_together": []})
    for name, made in training_zoo.ZOO.items():
        run = made(np.random.default_rng(1))
        row["mistakes"] += 1
        row["killed"] += _run_loses(run)
        row["named_alone"] += recognise(run.rows, run.measured) == [name]
    return table


def _run_loses(run: training_zoo.Run) -> bool:
    """By the student's check, which has the log only, or by the grader, which has measured."""
    from helpers.checks.runs import decide_run

    exercise = next(exercise for exercise in HOMEWORK3 if exercise.key == "training")
    results = [
        decide_run(exercise, run.rows, "", measured, "") for measured in (final_evaluation(run.rows), run.measured)
    ]
    return results[1].points < exercise.points


def measure(most_mutants: int, show: bool = True) -> dict:
    """Everything, as it is stored."""
    started = time.process_time()

    def along(items, what: str):
        return track(items, what, disable=not show)

    table = check_zoo(along)
    lost = [said for one in along(alternatives(), "alternatives") for said in judge_alternative(one)]
    outcomes: dict[str, Outcome] = {}
    for mutant in along(sample(most_mutants), "mutants"):
        try_mutant(mutant, outcomes.setdefault(mutant.exercise, Outcome()))
    reasons = json.loads(REASONS.read_text("utf-8")) if REASONS.exists() else {}
    total = Counter()
    for outcome in outcomes.values():
        total.update({name: value for name, value in asdict(outcome).items() if isinstance(value, int)})
        outcome.survivors.sort()  # their order is chance's
    failing = {said.split(":")[0].rsplit(" ", 1)[0] for said in lost}
    return {
        "summary": {
            "zoo": sum(row["mistakes"] + row["pairs"] for row in table.values()),
            "zoo_killed": sum(row["killed"] for row in table.values()),
            "mutants": total["changed"],
            "mutants_killed": total["killed"],
            "alternatives": len(alternatives()),
            "alternatives_passed": len(alternatives()) - len(failing),
            "false_naming": round(total["falsely"] / total["changed"], 5) if total["changed"] else 0.0,
        },
        "zoo": table,
        "alternatives": [
            {"name": one.name, "about": one.about, "exercises": one.exercises, "full": one.name not in failing}
            for one in alternatives()
        ],
        "lost": lost,
        "mutants": {key: asdict(outcome) for key, outcome in outcomes.items()},
        "survivors": {name: reasons.get(name, "") for outcome in outcomes.values() for name in outcome.survivors},
        "cpu_seconds": round(time.process_time() - started),
        "made_by": f"python -m benchmarks.checkmate --mutants {most_mutants}",
    }


def main() -> int:
    """Measure, write, print the summary. 1 where a promise is broken."""
    import torch

    parser = argparse.ArgumentParser(prog="python -m benchmarks.checkmate", description=__doc__.split("\n\n")[0])
    parser.add_argument("--mutants", type=int, default=MUTANTS, help=f"how many of all mutants to try ({MUTANTS})")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    content = measure(options.mutants)
    RESULTS.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
    checks_page.write(content, ROOT / "docs" / "checks.md")
    print(json.dumps(content["summary"], indent=1))
    return 0 if kept(content["summary"]) else 1


def kept(summary: dict) -> bool:
    """Whether the promises hold: all known mistakes and 95% of the mutants lose points, right code loses none."""
    return (
        summary["zoo_killed"] == summary["zoo"] >= 60
        and summary["mutants_killed"] >= 0.95 * summary["mutants"]
        and summary["alternatives_passed"] == summary["alternatives"] >= 30
        and summary["false_naming"] <= 0.01
    )


if __name__ == "__main__":
    sys.exit(main())
