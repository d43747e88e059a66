"""What students have been told, and what follows: a published grade is not lowered unless somebody says so.

Published is a grade that a feedback page or an export was written of. As long as the hand-in is the same, another
grader may raise it, never lower it; the higher one stays, and says so. What is the same hand-in: the same file came
in, or the student wrote the same (`Bundle.hand_in`). A resubmission is judged on its own and may score lower.
"""

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace

from .course import Assignment, Course
from .files import write_whole
from .history import read_grade
from .locking import only_writer
from .verdicts import Grade

_NOTHING = 1e-9
"""Points smaller than this are how numbers are rounded."""


@contextlib.contextmanager
def publishing(assignment: Assignment, course: Course) -> Iterator[Callable[[Grade], None]]:
    """The function that it gives notes a grade as published; to be called before anybody can see it.

    No grade changes meanwhile: UserError where another command is writing in the course.
    """

    def note(grade: Grade) -> None:
        known = published(assignment, course, grade.student)
        if grade.decided and not (known and known.digest == grade.digest):
            text = json.dumps(grade.to_json(), ensure_ascii=False, indent=1)
            write_whole(course.published(assignment) / f"{grade.student}.json", text, durable=True)

    with only_writer(course):
        yield note


def published(assignment: Assignment, course: Course, student: str) -> Grade | None:
    """What the student was told last; None where nothing was."""
    return read_grade(course.published(assignment) / f"{student}.json")


def same_hand_in(one: Grade, other: Grade) -> bool:
    """Whether both are of one hand-in."""
    return (
        one.fingerprint == other.fingerprint
        or bool(one.hand_in and one.hand_in == other.hand_in)
        or bool(one.received and one.received == other.received)
    )


def settled(fresh: Grade, before: Grade | None, told: Grade | None, allow_lower: bool = False) -> Grade:
    """The grade that counts from now on.

    fresh: what grading gave just now; before: the grade in force; told: the published one.
    """
    if before and not same_hand_in(before, fresh):
        before = None
    if not fresh.decided:
        # A failure of ours does not take the place of a grade for the same hand-in.
        return before if before and before.decided else fresh
    if allow_lower or told is None or not same_hand_in(told, fresh):
        return fresh
    # Where a lower one was allowed before, that one is the measure.
    earlier = [in_points_of(fresh, grade) for grade in (told, before) if grade and grade.decided]
    least = min(earlier, key=lambda grade: grade.points)
    return fresh if fresh.points >= least.points - _NOTHING else _kept(least, fresh)


def in_points_of(rubric: Grade, grade: Grade) -> Grade:
    """A grade as it would be for the points that another one was given with; where they are the same, as it is.

    An item that is new has what it has in `rubric`: it was not asked for then.
    """
    earlier = {(one.key, item.key): item for one in grade.exercises for item in one.items}
    found = {one.key: one for one in grade.exercises}

    def item_of(exercise: str, item):
        old = earlier.get((exercise, item.key))
        if old is None or not old.max_points:
            return item
        return replace(old, points=old.points / old.max_points * item.max_points, max_points=item.max_points)

    exercises = [
        replace(found.get(one.key, one), items=[item_of(one.key, item) for item in one.items])
        for one in rubric.exercises
    ]
    return replace(grade, exercises=exercises)


def _kept(grade: Grade, fresh: Grade) -> Grade:
    told = (
        f"Graded again, this hand-in would have {fresh.points:g} of {fresh.max_points:g} points; "
        f"the {grade.points:g} that were published stay."
    )
    return replace(
        fresh,
        verdict=grade.verdict,
        detail=grade.detail,
        exercises=grade.exercises,
        errors=grade.errors,
        notes=[*fresh.notes, told],
        graded_again=fresh.points,
    )
