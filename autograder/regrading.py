"""After a check has changed: who gains, who loses, by which item, and why."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from .course import Assignment, Course
from .publishing import same_hand_in
from .tables import write_table
from .verdicts import ExerciseGrade, Grade, ItemGrade

_NOTHING = 1e-9


@dataclass(frozen=True)
class ItemChange:
    """One rubric line that gives other points than before."""

    exercise: str
    item: str
    before: float | None
    """None where there was no such item."""
    after: float | None
    why_before: str
    """What was found wrong then; empty where nothing was."""
    why_after: str


@dataclass(frozen=True)
class Change:
    """One student, before and after."""

    student: str
    change: str
    """"gains", "loses", "same", "new" (no grade before), "gone" (no hand-in any more), "undecided" (our failure)."""
    before: float | None
    after: float | None
    """What grading again gave."""
    in_force: float | None
    """What counts now."""
    kept: bool
    """The published grade stayed, because it is the higher one."""
    inputs: str
    """"same": the same questions were asked, so that the difference is the grader's doing; "new hand-in"; "new
    questions": what makes the inputs has changed; "not recorded"."""
    verdict_before: str
    verdict_after: str
    items: tuple[ItemChange, ...]


def compare(before: Grade | None, after: Grade | None, in_force: Grade | None) -> Change:
    """One student's grades: `after` is what grading again gave, `in_force` what counts."""
    student = (before or after).student
    known, fresh = (grade if grade and grade.decided else None for grade in (before, after))
    return Change(
        student,
        _change(before, after, known, fresh),
        known and known.points,
        fresh and fresh.points,
        in_force.points if in_force and in_force.decided else None,
        bool(in_force and in_force.graded_again is not None),
        _inputs(before, after),
        before.verdict.value if before else "",
        after.verdict.value if after else "",
        tuple(_items(known, fresh)) if known and fresh else (),
    )


def _change(before: Grade | None, after: Grade | None, known: Grade | None, fresh: Grade | None) -> str:
    if after is None:
        return "gone"
    if fresh is None:
        return "undecided"
    if known is None:
        return "new"
    more = fresh.points - known.points
    return "same" if abs(more) < _NOTHING else "gains" if more > 0 else "loses"


def _inputs(before: Grade | None, after: Grade | None) -> str:
    if not (before and after):
        return ""
    if not (before.inputs and after.inputs):
        return "not recorded"
    if before.inputs == after.inputs:
        return "same"
    return "new questions" if same_hand_in(before, after) else "new hand-in"


def _items(before: Grade, after: Grade) -> Iterator[ItemChange]:
    then = {(one.key, item.key): (one, item) for one in before.exercises for item in one.items}
    now = {(one.key, item.key): (one, item) for one in after.exercises for item in one.items}
    for place in dict.fromkeys((*then, *now)):
        old, new = then.get(place), now.get(place)
        points = [found and found[1].points for found in (old, new)]
        if points[0] is None or points[1] is None or abs(points[0] - points[1]) >= _NOTHING:
            yield ItemChange(*place, *points, why(*old) if old else "", why(*new) if new else "")
    hints = [{one.key: -one.hints_cost for one in grade.exercises} for grade in (before, after)]
    for exercise, cost in hints[1].items():
        if abs(cost - hints[0].get(exercise, 0.0)) >= _NOTHING:
            yield ItemChange(exercise, "hints", hints[0].get(exercise, 0.0), cost, "", "")


def why(exercise: ExerciseGrade, item: ItemGrade) -> str:
    """Why an item did not give all its points; empty where it did."""
    if item.points >= item.max_points:
        return ""
    if item.findings:
        first = item.findings[0]
        return " ".join(part for part in (exercise.misconception, f"{first['inputs']}:", *first["sentences"]) if part)
    return exercise.misconception or (exercise.status if exercise.status != "answered" else "no answer that counts")


def changes(before: dict[str, Grade], after: Iterable[tuple[Grade, Grade]], whole_class: bool) -> list[Change]:
    """All students, who loses first. `after`: what grading again gave, and what counts; `whole_class`: of everybody."""
    found, seen = [], set()
    for fresh, in_force in after:
        seen.add(fresh.student)
        found.append(compare(before.get(fresh.student), fresh, in_force))
    if whole_class:
        found += [compare(grade, None, None) for student, grade in before.items() if student not in seen]
    order = ["loses", "gains", "undecided", "gone", "new", "same"]
    return sorted(found, key=lambda one: (order.index(one.change), one.student))


def summary(found: list[Change]) -> str:
    """All of it in one sentence."""
    counts = Counter(one.change for one in found)
    said = [f"{counts['gains']} gain, {counts['loses']} lose, {counts['same']} as before"]
    said += [f"{counts[name]} {name}" for name in ("new", "gone", "undecided") if counts[name]]
    kept = sum(one.kept for one in found)
    if kept:
        said.append(f"{kept} keep their published grade, which is higher (--allow-lower takes it)")
    return f"{', '.join(said)}."


COLUMNS = (
    "student", "change", "before", "after", "in_force", "kept", "inputs", "verdict_before", "verdict_after",
    "exercise", "item", "item_before", "item_after", "why_before", "why_after",
)  # fmt: skip


def write_csv(assignment: Assignment, course: Course, found: list[Change]) -> Path:
    """One row for each item that changed, and one for each student of whom none did."""
    rows = (_row(one, item) for one in found for item in one.items or (None,))
    return write_table(course.reports() / f"{assignment.name}-regrade.csv", COLUMNS, rows)


def _row(change: Change, item: ItemChange | None) -> dict[str, object]:
    row = {key: value for key, value in asdict(change).items() if key != "items"}
    if item is None:
        return row
    of_item = asdict(item)
    of_item |= {"item_before": of_item.pop("before"), "item_after": of_item.pop("after")}
    return row | of_item
