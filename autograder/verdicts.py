"""What grading one submission ends in. Every submission gets exactly one verdict from this closed list."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from helpers.checks.scoring import ExerciseResult


class Verdict(StrEnum):
    """How it ended. The value is what tables and files say."""

    GRADED = "graded"
    NOTHING_WRITTEN = "nothing written"
    MISSING_ANSWER = "missing answer"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out of memory"
    CRASHED = "crashed"
    UNREADABLE_ANSWERS = "unreadable answers"
    UNREADABLE = "unreadable"
    GRADER_ERROR = "grader error"


SENTENCES = {
    Verdict.GRADED: "All questions were put to the submitted code.",
    Verdict.NOTHING_WRITTEN: "No exercise has been started: every function still raises NotImplementedError.",
    Verdict.MISSING_ANSWER: "A function that is asked for is not defined when the notebook is run from the top.",
    Verdict.TIMEOUT: "The notebook took too long and was stopped; what it had answered by then counts.",
    Verdict.OUT_OF_MEMORY: "The notebook needed more memory than allowed; what it had answered by then counts.",
    Verdict.CRASHED: "The Python process ended before the notebook did; what it had answered by then counts.",
    Verdict.UNREADABLE_ANSWERS: "The notebook left answers that are too large or damaged; the readable ones count.",
    Verdict.UNREADABLE: "There is no notebook in the hand-in that could be opened.",
    Verdict.GRADER_ERROR: "The grader failed, not the submission: no points were decided. Please grade it again.",
}


@dataclass(frozen=True)
class ItemGrade:
    """One rubric line as it is stored and shown."""

    key: str
    title: str
    points: float
    max_points: float
    findings: list[dict] = field(default_factory=list)
    """Each {"inputs", "sentences"}. Of hidden inputs only the kind is told."""


@dataclass(frozen=True)
class ExerciseGrade:
    """One exercise as it is stored and shown."""

    key: str
    title: str
    status: str
    """"answered", "timeout", "not implemented", "missing", "not reached", "nothing to ask" (judged by files alone), or
    the verdict where the notebook was not run."""
    misconception: str
    """One sentence, empty where none was recognised."""
    items: list[ItemGrade]
    picture: dict | None = None
    """What the picture needs: {"cells", "wrong"}, the student's array for the worked example, where it is wrong."""
    mistakes: list[str] = field(default_factory=list)
    """Names of the known mistakes that give exactly these answers; several where they cannot be told apart."""
    transcripts: list[dict] = field(default_factory=list)
    """What was written where something else was said, the worst first: see `judging.evidence.transcript`."""
    hints_cost: float = 0.0
    """Points taken for revealed hints, where a course does that."""

    @property
    def points(self) -> float:
        """The sum over the items, less what hints cost."""
        return sum(item.points for item in self.items) - self.hints_cost

    @property
    def max_points(self) -> float:
        """The most that the exercise can give."""
        return sum(item.max_points for item in self.items)


@dataclass(frozen=True)
class Grade:
    """The whole outcome for one submission."""

    student: str
    assignment: str
    verdict: Verdict
    detail: str
    exercises: list[ExerciseGrade]
    notes: list[str]
    """What was repaired in the hand-in."""
    errors: list[str]
    """Cells that stopped with an exception, a sentence each."""
    isolation: str
    cpu_seconds: float
    fingerprint: str
    """Of everything that the grade depends on: the same fingerprint need not be graded again."""
    hand_in: str = ""
    """Of what the student wrote and sent along; fresh inputs come from it."""
    received: str = ""
    """SHA-256 of the file that came in."""
    inputs: str = ""
    """Of the questions that were asked: the same ones have the same."""
    run: str = ""
    """The run of the grader that gave it. Empty in files from before runs were recorded."""
    graded_again: float | None = None
    """Where a published grade stays because it is higher: the points that grading it again gave."""
    help: dict = field(default_factory=dict)
    """What the hand-in says of the help that was used, as `help_used.help_used` gives it; {} where it says nothing."""

    @property
    def points(self) -> float:
        """The sum over the exercises."""
        return sum(exercise.points for exercise in self.exercises)

    @property
    def max_points(self) -> float:
        """The most that the assignment can give."""
        return sum(exercise.max_points for exercise in self.exercises)

    @property
    def decided(self) -> bool:
        """Whether the points mean anything: a grader's failure is never a zero."""
        return self.verdict is not Verdict.GRADER_ERROR

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        return " ".join(part for part in (SENTENCES[self.verdict], self.detail) if part)

    @property
    def digest(self) -> str:
        """Changes with anything that the grade says; not with when it was given, nor with the help that was used."""
        text = json.dumps(self.to_json() | {"run": "", "help": {}}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def says_the_same(self, other: "Grade") -> bool:
        """Whether a student or an instructor would see no difference."""
        aside = dict.fromkeys(("run", "fingerprint", "hand_in", "received", "inputs", "cpu_seconds", "isolation"))
        return self.to_json() | aside == other.to_json() | aside

    def to_json(self) -> dict:
        """A form for files."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict) -> "Grade":
        """Undo `to_json`."""
        exercises = [
            ExerciseGrade(**{**exercise, "items": [ItemGrade(**item) for item in exercise["items"]]})
            for exercise in data["exercises"]
        ]
        return cls(**{**data, "verdict": Verdict(data["verdict"]), "exercises": exercises})


def exercise_grade(
    result: ExerciseResult,
    status: str,
    misconception: str = "",
    picture: dict | None = None,
    transcripts: Sequence[dict] = (),
) -> ExerciseGrade:
    """Turn a judged exercise into its stored form, without the numbers of hidden inputs."""
    from helpers.checks.report import sentences

    items = [
        ItemGrade(
            item.item.key,
            item.item.title,
            item.points,
            item.item.points,
            [
                {"inputs": title, "sentences": sentences(finding.without_numbers())}
                for title, finding in item.wrong
                if status in {"answered", "nothing to ask", "timeout"}
            ],
        )
        for item in result.items
    ]
    return ExerciseGrade(
        result.exercise.key, result.exercise.title, status, misconception, items, picture,
        list(result.misconceptions), list(transcripts),
    )  # fmt: skip
