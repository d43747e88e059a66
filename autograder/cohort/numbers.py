"""What a class's grades say together. Counts and correlations only: how it looks is decided elsewhere."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from autograder.course import Assignment
from autograder.verdicts import ExerciseGrade, Grade, ItemGrade, Verdict

NOT_TRIED = {Verdict.UNREADABLE, Verdict.NOTHING_WRITTEN}
"""Hand-ins that say nothing about how hard a check is."""

FEWEST_TO_CORRELATE = 3

MOST_MINUTES = 7 * 24 * 60
MOST_HINTS = 1000
"""Beyond these a hand-in's own account of help is no account. A hand-in can claim what it likes."""


@dataclass(frozen=True)
class Check:
    """One line of the rubric over the class."""

    exercise: str
    key: str
    title: str
    points: float
    asked: int
    passed: int
    discrimination: float | None
    """Corrected item-total correlation: of passing it with the points for everything else. None where undefined."""
    undefined: str
    """Why it is."""

    @property
    def share(self) -> float | None:
        """Of those asked, who passed: the difficulty of classical item analysis."""
        return self.passed / self.asked if self.asked else None


@dataclass(frozen=True)
class Mistake:
    """One known mistake over the class."""

    exercise: str
    key: str
    says: str
    sure: int
    """Students whose answers are exactly those of this mistake, or of a pair of which it is one."""
    one_of: int
    """Students whose answers several mistakes give, this one among them."""


@dataclass(frozen=True)
class Inputs:
    """One kind of hidden inputs over the class."""

    exercise: str
    kind: str
    missed: int
    answered: int
    """Students whose code for the exercise was there to be asked."""


@dataclass(frozen=True)
class HintUse:
    """Hints opened for one exercise."""

    exercise: str
    students: int
    hints: int


class Cohort:
    """The numbers of one class."""

    def __init__(self, assignment: Assignment, grades: Sequence[Grade], scores: dict[str, float]):
        """`scores` are nbgrader's, with points given by hand."""
        self.assignment, self.grades, self._scores = assignment, list(grades), scores
        self.decided = [grade for grade in self.grades if grade.decided]
        self.tried = [grade for grade in self.decided if grade.verdict not in NOT_TRIED]

    def points_of(self, grade: Grade) -> float | None:
        """What counts for the student, points given by hand included; None where nothing is decided."""
        return self._scores.get(grade.student, grade.points) if grade.decided else None

    @cached_property
    def points(self) -> list[float]:
        """Of everyone whose grade is decided, in rising order."""
        return sorted(self.points_of(grade) for grade in self.decided)

    @cached_property
    def checks(self) -> list[Check]:
        """In the order of the rubric."""
        return [
            self._check(exercise.key, exercise.title, item)
            for exercise in self.assignment.exercises
            for item in exercise.items
        ]

    def _check(self, exercise: str, title: str, item) -> Check:
        answers = [(grade, found) for grade in self.tried if (found := _item(grade, exercise, item.key))]
        passed = [float(not found.findings and found.points >= found.max_points) for _, found in answers]
        rest = [_reached(grade) - found.points for grade, found in answers]
        value, why = correlation(passed, rest)
        return Check(
            title, f"{exercise}.{item.key}", item.title, item.points, len(passed), int(sum(passed)), value, why
        )

    @cached_property
    def mistakes(self) -> list[Mistake]:
        """The commonest first."""
        from helpers.checks.probing import PAIR

        sure, one_of = Counter(), Counter()
        for _, exercise in self._exercises(self.decided):
            counted = sure if len(exercise.mistakes) == 1 else one_of
            counted.update({(exercise.key, part) for name in exercise.mistakes for part in name.split(PAIR)})
        found = [
            Mistake(
                self._title(exercise),
                f"{exercise}.{name}",
                _says(exercise, name),
                sure[exercise, name],
                one_of[exercise, name],
            )
            for exercise, name in sure.keys() | one_of.keys()
        ]
        return sorted(found, key=lambda one: (-one.sure, -one.one_of, one.key))

    @cached_property
    def unexplained(self) -> int:
        """Exercises that were answered wrongly in a way that nobody knew."""
        return sum(
            exercise.status == "answered" and exercise.points < exercise.max_points and not exercise.mistakes
            for _, exercise in self._exercises(self.tried)
        )

    @cached_property
    def hidden(self) -> list[Inputs]:
        """Kinds of hidden inputs that somebody missed, the most missed first."""
        missed, answered = Counter(), Counter()
        for _, exercise in self._exercises(self.tried):
            # Training is judged by one run; there is no kind of input to tell.
            if exercise.key == "training" or exercise.status not in {"answered", "timeout"}:
                continue
            answered[exercise.key] += 1
            kinds = {finding["inputs"] for item in exercise.items for finding in item.findings}
            missed.update((exercise.key, kind) for kind in kinds)
        found = [
            Inputs(self._title(exercise), kind, count, answered[exercise]) for (exercise, kind), count in missed.items()
        ]
        return sorted(found, key=lambda one: (-one.missed / one.answered, one.exercise, one.kind))

    @cached_property
    def verdicts(self) -> dict[str, int]:
        """How many of each, the commonest first."""
        return dict(Counter(grade.verdict.value for grade in self.grades).most_common())

    @cached_property
    def isolation(self) -> dict[str, int]:
        """Levels of isolation that notebooks were run at."""
        return dict(Counter(grade.isolation for grade in self.grades if grade.isolation).most_common())

    @cached_property
    def cpu_seconds(self) -> list[float]:
        """Of the notebooks that were run."""
        return sorted(grade.cpu_seconds for grade in self.grades if grade.cpu_seconds > 0)

    @cached_property
    def minutes(self) -> list[float]:
        """From the first check to the last, of those whose notebook says so."""
        return sorted(found for grade in self.grades if (found := minutes(grade)) is not None)

    @cached_property
    def hints(self) -> list[HintUse]:
        """By exercise, those for which anybody opened one."""
        users, opened = Counter(), Counter()
        for grade in self.grades:
            for exercise, count in hints(grade).items():
                users[exercise] += 1
                opened[exercise] += count
        return [
            HintUse(exercise.title, users[exercise.key], opened[exercise.key])
            for exercise in self.assignment.exercises
            if users[exercise.key]
        ]

    @cached_property
    def tells_of_help(self) -> int:
        """Hand-ins with an account of the help that was used."""
        return sum(bool(grade.help) for grade in self.grades)

    @cached_property
    def predictions(self) -> tuple[int, int]:
        """Prediction questions answered rightly at once, and asked, over the class."""
        told = [_predictions(grade) for grade in self.grades]
        return sum(right for right, _ in told), sum(asked for _, asked in told)

    def _title(self, exercise: str) -> str:
        return next((one.title for one in self.assignment.exercises if one.key == exercise), exercise)

    @staticmethod
    def _exercises(grades: Sequence[Grade]) -> list[tuple[Grade, ExerciseGrade]]:
        return [(grade, exercise) for grade in grades for exercise in grade.exercises]


def correlation(one: Sequence[float], other: Sequence[float]) -> tuple[float | None, str]:
    """Pearson's r, or None and why there is none."""
    if len(one) < FEWEST_TO_CORRELATE:
        return None, f"fewer than {FEWEST_TO_CORRELATE} students"
    if min(one) == max(one):
        return None, "everybody passed" if one[0] else "nobody passed"
    if min(other) == max(other):
        return None, "all have the same points otherwise"
    a, b = ([value - math.fsum(values) / len(values) for value in values] for values in (one, other))
    product = math.fsum(x * y for x, y in zip(a, b, strict=True))
    return product / math.sqrt(math.fsum(x * x for x in a) * math.fsum(y * y for y in b)), ""


def quantile(values: Sequence[float], share: float) -> float:
    """Of values in rising order, interpolated between neighbours. ValueError where there are none."""
    if not values:
        raise ValueError("There is no quantile of no values.")
    place = share * (len(values) - 1)
    below = math.floor(place)
    above = min(below + 1, len(values) - 1)
    return values[below] + (place - below) * (values[above] - values[below])


def minutes(grade: Grade) -> float | None:
    """The time that the hand-in says it took; None where it says nothing that could be true."""
    return _between(grade.help.get("minutes"), MOST_MINUTES)


def hints(grade: Grade) -> dict[str, int]:
    """Hints opened, by exercise, as the hand-in says."""
    told = grade.help.get("hints")
    found = {name: _between(count, MOST_HINTS) for name, count in told.items()} if isinstance(told, dict) else {}
    return {name: int(count) for name, count in found.items() if count}


def _predictions(grade: Grade) -> tuple[int, int]:
    told = grade.help.get("predictions")
    right, asked = (
        _between(told.get(name), MOST_HINTS) if isinstance(told, dict) else None for name in ("right", "asked")
    )
    return (int(right), int(asked)) if right is not None and asked is not None and right <= asked else (0, 0)


def _between(value: object, most: float) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return value if known and 0 <= value <= most else None


def _item(grade: Grade, exercise: str, item: str) -> ItemGrade | None:
    return next(
        (one for found in grade.exercises if found.key == exercise for one in found.items if one.key == item), None
    )


def _reached(grade: Grade) -> float:
    """Points for all checks, before anything is taken for hints."""
    return sum(item.points for exercise in grade.exercises for item in exercise.items)


def _says(exercise: str, name: str) -> str:
    from helpers.checks.misconceptions import MISCONCEPTIONS

    words = MISCONCEPTIONS.get(exercise, {}).get(name)
    return words.says if words else f"{name} (no longer told apart)"
