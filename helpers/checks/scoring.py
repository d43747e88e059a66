"""From answers to points. The same code scores public cases in a notebook and fresh inputs in the sealed grader."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from .calling import Answer
from .cases import Inputs, Truth
from .comparing import Finding, compare
from .probing import LADDER, Arrays, Probe, Reply, smallest_difference
from .probing import compare as compare_reply
from .rubric import Exercise, Item


@dataclass(frozen=True)
class Asked:
    """One question with the student's answer and the right one."""

    key: str
    group: str
    title: str
    """What the student is told about the inputs; of hidden ones only their kind."""
    inputs: Inputs
    truth: Truth
    answer: Answer


@dataclass(frozen=True)
class ItemResult:
    """One rubric line, decided."""

    item: Item
    asked: int
    wrong: tuple[tuple[str, Finding], ...]
    """Title of the inputs and what was found, for each answer that is not right."""

    @property
    def passed(self) -> bool:
        """All of its questions were answered rightly, and there was at least one."""
        return self.asked > 0 and not self.wrong

    @property
    def points(self) -> float:
        """All or nothing."""
        return self.item.points if self.passed else 0.0


@dataclass(frozen=True)
class ExerciseResult:
    """One exercise, decided."""

    exercise: Exercise
    items: tuple[ItemResult, ...]
    misconceptions: tuple[str, ...] = ()
    """Names of known mistakes that give exactly these numbers."""
    written: bool = True
    """False where the function still is the stub."""

    @property
    def points(self) -> float:
        """The sum over the items."""
        return sum(item.points for item in self.items)


def score(exercise: Exercise, asked: Sequence[Asked], misconceptions: Sequence[str] = ()) -> ExerciseResult:
    """Decide every item of the exercise from the answers."""
    outcomes = {
        item: [
            (q.title, compare(exercise.key, q.inputs, q.truth, q.answer, look_at=item.looks_at))
            for q in asked
            if q.group == item.inputs
        ]
        for item in exercise.items
    }
    written = any(question.answer.status != "not implemented" for question in asked)
    return decide(exercise, outcomes, misconceptions, written)


def decide_probes(
    exercise: Exercise,
    probes: Sequence[Probe],
    replies: Mapping[str, Reply],
    truth: Mapping[str, Arrays],
    misconceptions: Sequence[str] = (),
) -> ExerciseResult:
    """Decide every item of an exercise that is asked by probes; replies and truth are by probe."""
    outcomes = {
        item: [(p.title, compare_reply(p, replies[p.key], truth[p.key])) for p in probes if p.group == item.inputs]
        for item in exercise.items
    }
    written = any(reply.status != "not implemented" for reply in replies.values())
    for ladder in (probe for probe in probes if probe.key == LADDER):
        _say_the_smallest(outcomes, *smallest_difference(ladder, replies[LADDER], truth[LADDER]))
    return decide(exercise, outcomes, misconceptions, written)


def _say_the_smallest(outcomes: dict[Item, list], where: str, numbers: str) -> None:
    """Put the smallest input that shows a difference beside the first finding."""
    for findings in outcomes.values() if where else ():
        for place, (title, finding) in enumerate(findings):
            if finding:
                both = " ".join(part for part in (finding.where, where) if part)
                more = " ".join(part for part in (finding.numbers, numbers) if part)
                findings[place] = (title, replace(finding, where=both, numbers=more))
                return


def decide(
    exercise: Exercise,
    outcomes: Mapping[Item, Sequence[tuple[str, Finding | None]]],
    misconceptions: Sequence[str] = (),
    written: bool = True,
) -> ExerciseResult:
    """Points from what was found: for each item the title of each question and its finding, None where it is right."""
    items = []
    for item in exercise.items:
        wrong = [(title, finding) for title, finding in outcomes[item] if finding]
        if misconceptions:
            # The cause is known and said once for the whole exercise; a guess beside it would only confuse.
            wrong = [(title, replace(finding, why="", next="")) for title, finding in wrong]
        else:
            # Where the first input leaves open why, one that does not says more.
            wrong.sort(key=lambda pair: not pair[1].why)
        items.append(ItemResult(item, len(outcomes[item]), tuple(wrong)))
    return ExerciseResult(exercise, tuple(items), tuple(misconceptions), written)
