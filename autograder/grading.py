"""Ask, die, judge: from a collected submission to a grade.

`grade_submission` is a pure function of a bundle, the course key and the code of the grader, so it can run on any
`concurrent.futures.Executor`, here or on other machines. One writer, elsewhere, owns results and gradebook.
"""

import atexit
import contextlib
import hashlib
import hmac
import json
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue
from typing import Protocol

from helpers.asking.assignments import CALL_SECONDS, CELL_SECONDS
from helpers.asking.steps import for_the_eyes
from helpers.asking.steps import steps as lay_out
from helpers.checks.rubric import Exercise

from .course import ASSIGNMENTS, REPOSITORY, Assignment
from .errors import UserError
from .heldout import Heldout
from .help_used import charged
from .sandbox import Limits, Outcome, Policy, Sandbox, WorkerLost
from .verdicts import ExerciseGrade, Grade, Verdict, exercise_grade

WORTH_A_WORKER = 8
"""Submissions. Starting a sandbox costs as much computing as grading about that many."""

MOST_ERRORS = 50
"""Cells that stopped, told on a feedback page."""

GRADER_CODE = (
    "autograder/judging",
    "autograder/sandbox",
    "autograder/grading.py",
    "helpers",
)

INPUT_CODE = (
    "autograder/heldout.py",
    "helpers/asking",
    "helpers/checks/cases.py",
    "helpers/checks/filling.py",
    "helpers/checks/parts.py",
    "helpers/checks/probing.py",
    "helpers/checks/smallest.py",
    "helpers/checks/stand_ins.py",
    "helpers/making",
)
"""What fresh inputs are made by: as long as it stays, a hand-in is asked the same questions."""


@dataclass(frozen=True)
class Bundle:
    """One submission with all that its grade depends on. Small and picklable."""

    student: str
    assignment: str
    steps: tuple[dict, ...]
    """{"run": source, "name": title} or {"ask": exercise}, in the order of the notebook."""
    given: frozenset[str]
    """Names of the steps whose source is ours: an exception there is a consequence, not news."""
    problem: str
    """Why there is no notebook; empty where there is one."""
    notes: tuple[str, ...]
    files: tuple[tuple[str, bytes], ...] = ()
    """Name and content of what was handed in beside the notebook."""
    heldout: Heldout | None = None
    """What a trained model is measured on."""
    limits: Limits = field(default_factory=Limits)
    fault: str = ""
    """Why the grader could not even open the hand-in; empty where it could."""
    rubric: tuple[Exercise, ...] = ()
    """The exercises with the course's points and thresholds; empty for the usual ones."""
    utterances: int = 0
    """Held-out ones that the course wants; what `heldout` was drawn with."""
    help: dict = field(default_factory=dict)
    """What the hand-in says of the help that was used: `help_used.help_used`."""
    hint_cost: float = 0.0
    """Points for each hint."""

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        """What is graded."""
        return self.rubric or ASSIGNMENTS[self.assignment].exercises

    def fingerprint(self, key: bytes) -> str:
        """Changes with anything that could change the grade."""
        # What was repaired is part of what the student is told, so it counts too.
        content = [self.student, self.assignment, self.steps, sorted(self.given), self.problem, self.notes, self.fault]
        worth = [
            (exercise.key, [(item.key, item.points, item.at_most) for item in exercise.items])
            for exercise in self.exercises
        ]
        # The held-out set is not in it: course key, log, number of utterances and the hand-in decide it.
        rules = [worth, self.utterances, asdict(self.limits), grader_version()]
        if self.hint_cost:  # else help is only shown
            rules.append([self.hint_cost, sorted(self.help.get("hints", {}).items())])
        return _keyed(key, [*content, self._files, *rules])

    def hand_in(self, key: bytes) -> str:
        """Changes with anything that the student wrote or sent along, and with no other code than that.

        Fresh inputs come from it. So a resubmission gets other inputs than the attempt before, whose inputs it may have
        learned; and a grader that has changed asks the same hand-in the same questions again, so that what a regrade
        takes or gives is the new check's doing and not chance's.

        Of cells that are ours only the place and the name count, for the released text always takes theirs. But those
        do: where a student's cells stand among them, and the numbers in their names, could else carry what was learned.
        """
        written = [{**step, "run": ""} if step.get("name") in self.given else step for step in self.steps]
        return _keyed(key, [self.student, self.assignment, written, self._files, self.problem])

    def inputs(self, key: bytes) -> str:
        """Changes with the questions that are asked."""
        return _keyed(key, [self.hand_in(key), self.utterances, _version(INPUT_CODE)])[:16]

    @property
    def _files(self) -> list[tuple[str, str]]:
        return [(name, hashlib.sha256(data).hexdigest()) for name, data in self.files]


def _keyed(key: bytes, content: object) -> str:
    text = json.dumps(content, ensure_ascii=False)
    return hmac.new(key, text.encode("utf-8", "backslashreplace"), hashlib.sha256).hexdigest()


def grader_version() -> str:
    """A hash of the code that asks and judges, and of what it builds on."""
    return _version(GRADER_CODE)


@cache
def _version(names: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for name in names:
        path = REPOSITORY / name
        if not path.exists():
            raise FileNotFoundError(f"{name} is named in grading.py and is not there")
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.suffix in {".py", ".json"}:
                digest.update(str(file.relative_to(REPOSITORY)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def bundle(
    assignment: Assignment,
    student: str,
    notebook,
    template,
    problem: str,
    notes: list[str],
    files: tuple[tuple[str, bytes], ...] = (),
    heldout: Heldout | None = None,
) -> Bundle:
    """Lay out the cells of a repaired notebook as steps. `notebook` is None where there was nothing to open."""
    steps, given = [], set()
    if notebook:
        keys = [exercise.key for exercise in assignment.exercises]
        steps, given = lay_out(notebook.cells, for_the_eyes(template.cells), keys)
    limits = Limits(
        wall_seconds=assignment.wall_seconds, cpu_seconds=assignment.cpu_seconds, memory_mb=assignment.memory_mb
    )
    return Bundle(
        student, assignment.name, tuple(steps), frozenset(given), problem, tuple(notes), files, heldout, limits,
        rubric=assignment.exercises, utterances=assignment.utterances,
    )  # fmt: skip


class Pool(Protocol):
    """Somewhere to grade."""

    @property
    def width(self) -> int:
        """Submissions in work or waiting that keep it busy."""

    def submit(self, bundle: Bundle, key: bytes) -> "Future[Grade]":
        """Start grading one submission. The future raises `UserError` where nothing more can be graded at all."""

    def stop(self) -> None:
        """Give up what is in work, at once."""


class LocalPool:
    """Threads of this process, each with a sandbox of its own, whose processes do the heavy work.

    The judging in between holds Python's lock for about 30 ms of each submission, which is enough for some 15 cores.
    """

    def __init__(self, workers: int = 2, expected: int = 0, folder: Path | None = None, policy: Policy | None = None):
        """At most `workers` threads. `expected`: so many submissions will come, as far as is known.

        `folder`: where the sandboxes keep their files; `policy`: what is asked of them.
        """
        self._most, self._expected, self._folder, self._policy = workers, expected, folder, policy
        self._jobs: SimpleQueue[tuple[Future, Bundle, bytes] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._sandboxes: list[Sandbox] = []
        self._count, self._stopped = 0, False

    def __enter__(self) -> "LocalPool":
        return self

    def __exit__(self, kind, *error) -> None:
        if kind:
            self.stop()
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    @property
    def width(self) -> int:
        """The next ones wait beside those in work, so that no thread does."""
        return 2 * self._most

    def submit(self, bundle: Bundle, key: bytes) -> "Future[Grade]":
        """Hand it to a thread; start another one if there is enough to do for it."""
        self._count += 1
        if len(self._threads) < min(self._most, 1 + max(self._expected, self._count) // WORTH_A_WORKER):
            self._threads.append(threading.Thread(target=self._work, name=f"grading-{len(self._threads)}"))
            self._threads[-1].start()
        future: Future[Grade] = Future()
        self._jobs.put((future, bundle, key))
        return future

    def stop(self) -> None:
        """Kill the jobs in work and drop those that wait."""
        self._stopped = True
        for sandbox in self._sandboxes:
            sandbox.stop()

    def _work(self) -> None:
        # The kernel ends a sandbox with the thread that started it, so each thread keeps its own.
        with contextlib.ExitStack() as stack:
            sandbox = None
            while job := self._jobs.get():
                future, bundle, key = job
                if self._stopped:
                    future.cancel()
                    continue
                try:
                    if sandbox is None:
                        sandbox = stack.enter_context(Sandbox(self._folder, self._policy))
                        self._sandboxes.append(sandbox)
                    future.set_result(grade_submission(bundle, key, sandbox))
                except BaseException as error:
                    future.set_exception(error)


class Sandboxes:
    """A sandbox for each thread of an executor that is not ours; its threads live as long as they like."""

    def __init__(self):
        self._of_thread = threading.local()
        self._all: list[Sandbox] = []

    def mine(self, policy: Policy | None = None) -> Sandbox:
        """The calling thread's, started when it is first needed."""
        own = vars(self._of_thread).setdefault("sandboxes", {})
        if policy not in own:
            own[policy] = Sandbox(policy=policy)
            self._all.append(own[policy])
        return own[policy]

    def close(self) -> None:
        """End them all. Only when no thread grades any more."""
        while self._all:
            self._all.pop().close()


_lasting = Sandboxes()
atexit.register(_lasting.close)


def grade_submission(bundle: Bundle, key: bytes, sandbox: Sandbox | None = None, policy: Policy | None = None) -> Grade:
    """Grade one submission. Never raises for anything that a submission does.

    Without a `sandbox` in a lasting one of this thread, as the `policy` says. `UserError` where this machine cannot
    grade at all, or not as safely as the policy asks.
    """
    sandbox = sandbox or _lasting.mine(policy)
    try:
        return _grade(bundle, key, sandbox)
    except UserError:
        raise
    except Exception as error:
        # The one place that catches all: a fault of ours must neither stop the class nor look like a zero.
        return undecided(bundle, key, Verdict.GRADER_ERROR, f"{type(error).__name__}: {error}", sandbox.level)


def grade_class(
    items: Iterable[Bundle | Grade], key: bytes, workers: int = 2, pool: Pool | None = None
) -> Iterator[Grade]:
    """Grade many submissions, yielding each as it is done. A grade among them passes through.

    Takes no more from `items` than keeps the pool busy, so that a class of any size fits into memory.
    `pool`: where to grade; by default `workers` threads of this process.
    """
    if pool is None:
        with LocalPool(workers) as own:
            yield from grade_class(items, key, pool=own)
        return
    running: dict[Future[Grade], Bundle] = {}
    try:
        for item in items:
            if isinstance(item, Grade):
                yield item
                continue
            running[pool.submit(item, key)] = item
            yield from _finished(running, key, wait_for_one=len(running) >= pool.width)
        while running:
            yield from _finished(running, key, wait_for_one=True)
    except BaseException:
        pool.stop()
        raise


def _finished(running: "dict[Future[Grade], Bundle]", key: bytes, wait_for_one: bool) -> Iterator[Grade]:
    done, _ = wait(running, timeout=None if wait_for_one else 0, return_when=FIRST_COMPLETED)
    for future in done:
        bundle = running.pop(future)
        try:
            grade = future.result()
        except UserError:
            raise
        except CancelledError:
            raise UserError(
                "Whoever was grading has gone away. What is done is kept; the same command goes on from here."
            ) from None
        except Exception as error:
            # Whoever graded it was lost. That says nothing about the submission.
            grade = undecided(bundle, key, Verdict.GRADER_ERROR, f"{type(error).__name__}: {error}", "")
        yield grade


def _grade(bundle: Bundle, key: bytes, sandbox: Sandbox) -> Grade:
    from .judging.reading import NotReadable, read_json, text

    if bundle.fault:
        return undecided(bundle, key, Verdict.GRADER_ERROR, bundle.fault, sandbox.level)
    if bundle.problem:
        return undecided(bundle, key, Verdict.UNREADABLE, bundle.problem, sandbox.level)
    assignment = ASSIGNMENTS[bundle.assignment]
    hand_in = bundle.hand_in(key)
    seeds = {exercise.key: seed(key, hand_in, exercise.key) for exercise in bundle.exercises}
    with sandbox.job() as folder:
        job = {
            "assignment": bundle.assignment,
            "names": {exercise.key: exercise.name for exercise in bundle.exercises},
            "seeds": {name: value.hex() for name, value in seeds.items()},
            "limits": {"cell_seconds": CELL_SECONDS, "call_seconds": CALL_SECONDS},
            "steps": bundle.steps,
        }
        (folder / "job.json").write_text(json.dumps(job), "utf-8")
        (folder / "run").mkdir()
        for name, data in bundle.files:
            (folder / "run" / name).write_bytes(data)
        if bundle.heldout and bundle.heldout.features:
            (folder / "heldout.safetensors").write_bytes(bundle.heldout.features)
        try:
            outcome = sandbox.run(folder, bundle.limits, assignment.withheld)
        except WorkerLost:
            # By accident or by this notebook: a second time, in a fresh worker, tells.
            try:
                outcome = sandbox.run(folder, bundle.limits, assignment.withheld)
            except WorkerLost:
                return undecided(bundle, key, Verdict.CRASHED, "It took the sandbox down, twice.", sandbox.level)
        # From here on no student code runs.
        answers, unreadable = folder / "answers", []

        def read(name: str) -> object | None:
            try:
                return read_json(answers, name)
            except NotReadable as error:
                unreadable.append(str(error))
                return None

        exercises = [
            charged(
                _judge(bundle, exercise, seeds[exercise.key], answers, read(exercise.key)),
                bundle.help,
                bundle.hint_cost,
            )
            for exercise in bundle.exercises
        ]
        reported = read("errors")
        errors = [
            f"{text(error.get('cell'))}: {text(error.get('kind'))}: {text(error.get('message'))}"
            + (f" (line {error['line']})" if isinstance(error.get("line"), int) else "")
            for error in (reported[:MOST_ERRORS] if isinstance(reported, list) else [])
            if isinstance(error, dict) and text(error.get("cell")) not in bundle.given
        ]
        complete = read("finished") is not None
    verdict, detail = _verdict(outcome, exercises, complete, unreadable, errors)
    return Grade(
        bundle.student, bundle.assignment, verdict, detail, exercises, list(bundle.notes), errors,
        sandbox.level, round(outcome.cpu_seconds, 2), bundle.fingerprint(key), help=bundle.help,
    )  # fmt: skip


def seed(key: bytes, hand_in: str, exercise: str) -> bytes:
    """Fresh inputs for one exercise of one submission: nobody without the course key can foresee them.

    `hand_in` is `Bundle.hand_in`: numbers learned from an earlier attempt are useless for the next.
    """
    return hmac.new(key, f"{hand_in}/{exercise}".encode(), hashlib.sha256).digest()[:16]


def _judge(bundle: Bundle, exercise: Exercise, seed: bytes, answers: Path, status: object) -> ExerciseGrade:
    from helpers.checks.misconceptions import in_words

    from .judging.reading import text

    judge = import_module(f".judging.{bundle.assignment}", __package__).judge
    known = {"answered", "missing", "nothing to ask", "not implemented", "timeout"}
    told = text(status.get("status")) if isinstance(status, dict) else ""
    status = told if told in known else "not reached"
    result, shown = judge(exercise, seed, answers, bundle)
    told = in_words(exercise.key, list(result.misconceptions))
    return exercise_grade(result, status, told, shown.picture, shown.transcripts)


def _verdict(
    outcome: Outcome, exercises: list[ExerciseGrade], complete: bool, unreadable: list[str], errors: list[str]
) -> tuple[Verdict, str]:
    ended = {"timeout": Verdict.TIMEOUT, "out of memory": Verdict.OUT_OF_MEMORY, "crashed": Verdict.CRASHED}
    if outcome.ending in ended:
        return ended[outcome.ending], outcome.detail
    if unreadable:
        return Verdict.UNREADABLE_ANSWERS, " ".join(unreadable)
    if not complete:
        return Verdict.CRASHED, "It left the interpreter before the last cell."
    statuses = {exercise.status for exercise in exercises}
    if "timeout" in statuses:
        slow = " and ".join(exercise.key for exercise in exercises if exercise.status == "timeout")
        return Verdict.TIMEOUT, f"Too slow: {slow}, more than {CALL_SECONDS} s for one call."
    if statuses - {"nothing to ask"} == {"not implemented"}:
        return Verdict.NOTHING_WRITTEN, ""
    if "missing" in statuses:
        missing = " and ".join(exercise.key for exercise in exercises if exercise.status == "missing")
        return Verdict.MISSING_ANSWER, f"Not defined: {missing}." + (f" See {errors[0]}" if errors else "")
    return Verdict.GRADED, ""


def undecided(bundle: Bundle, key: bytes, verdict: Verdict, detail: str, level: str) -> Grade:
    """A grade without answers."""
    from helpers.checks.scoring import score

    exercises = [exercise_grade(score(exercise, []), verdict.value) for exercise in bundle.exercises]
    return Grade(
        bundle.student, bundle.assignment, verdict, detail, exercises, list(bundle.notes), [], level, 0.0,
        bundle.fingerprint(key), help=bundle.help,
    )  # fmt: skip
