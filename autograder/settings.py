"""What a course decides for itself, in `course.toml`: read, checked, and said in words.

A new section is one frozen dataclass of `setting`s and one line in `Settings`; reading, errors, `python -m autograder
settings` and its `--example` follow from the fields. Only what is declared here can be set.
"""

import difflib
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date, datetime, time, timedelta

from helpers.checks.rubric import Exercise, with_points, with_thresholds

from .course import ASSIGNMENTS, MOST_UTTERANCES, Assignment, Course
from .errors import UserError
from .sandbox import LEVELS

FILE = "course.toml"


class _Refused(Exception):
    """What is allowed instead, as the end of a sentence."""


Reader = Callable[[object], object]


def setting(default: object, about: str, read: Reader, example: str):
    """A field with a value of its own. `read` checks and converts; `example` is how TOML would write a value."""
    return field(default=default, metadata={"about": about, "read": read, "example": example})


def section(kind: type, about: str):
    """A field that is a section, `[name]`, of settings that `kind` declares."""
    return field(default_factory=kind, metadata={"about": about, "section": kind})


def table(about: str, values: Reader | Mapping[str, Reader], example: Mapping[str, str]):
    """A field that is a section whose keys are names: those of `values`, or any where it is one reader for all."""
    return field(default_factory=dict, metadata={"about": about, "values": values, "example": example})


# --- kinds of values ------------------------------------------------------------------------------------------------


def number(least: float, most: float, what: str = "a number") -> Reader:
    """A number within bounds, as a float."""

    def read(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise _Refused(f"{what} from {least:g} to {most:g}")
        return float(value)

    return read


def whole(least: int, most: int) -> Reader:
    """A whole number within bounds."""

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise _Refused(f"a whole number from {least} to {most}")
        return value

    return read


def one_of(*names: str) -> Reader:
    """One of some names."""

    def read(value: object) -> str:
        if value not in names:
            raise _Refused(" or ".join(f'"{name}"' for name in names))
        return str(value)

    return read


def text_like(pattern: str, what: str) -> Reader:
    """A text of a form, or an empty one, which is as good as none."""

    def read(value: object) -> str:
        if not isinstance(value, str) or (value and not re.fullmatch(pattern, value)):
            raise _Refused(what)
        return value

    return read


def moment(value: object) -> datetime:
    """A date with a time; without a zone it is this machine's, without a time the end of that day."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time(23, 59, 59))
    if not isinstance(value, datetime):
        raise _Refused("a date without quotes, such as 2026-12-01T23:59:00+01:00")
    return value.astimezone()


def hours(value: object) -> timedelta | dict[str, timedelta]:
    """Hours for every assignment, or a table of hours by assignment."""
    if not isinstance(value, dict):
        return timedelta(hours=number(0, 24 * 366, "a number of hours")(value))
    if unknown := sorted(value.keys() - ASSIGNMENTS.keys()):
        raise _Refused(f"hours by assignment ({' or '.join(ASSIGNMENTS)}), not for {unknown[0]!r}")
    return {name: hours(given) for name, given in value.items()}


def points_of(exercise: Exercise) -> Reader:
    """Points of an exercise, spread over its items as they were, or a table with the points of each item."""

    def read(value: object) -> dict[str, float]:
        if isinstance(value, dict):
            keys = [item.key for item in exercise.items]
            if set(value) != set(keys):
                raise _Refused(f"a number, or one for each of {', '.join(keys)}")
            return {key: number(0, 1000)(value[key]) for key in keys}
        total = number(0, 1000)(value)
        return {item.key: item.points * total / exercise.points for item in exercise.items}

    return read


def _points(assignment: Assignment) -> Reader:
    readers = {exercise.key: points_of(exercise) for exercise in assignment.exercises}

    def read(value: object) -> dict[str, dict[str, float]]:
        if not isinstance(value, dict):
            raise _Refused(f"points by exercise ({', '.join(readers)})")
        for key in value:
            if key not in readers:
                raise _Refused(f"points by exercise ({', '.join(readers)}), not for {key!r}")
        found = {}
        for key, given in value.items():
            try:
                found[key] = readers[key](given)
            except _Refused as refused:
                raise _Refused(f"for {key} {refused}") from None
        return found

    return read


# --- the sections ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Late:
    """What coming late costs."""

    per_day: float = setting(
        0.0, "Share of the points reached that each day begun after the deadline costs.", number(0, 1), "0.1"
    )
    grace_minutes: float = setting(
        0.0, "Who is later than the deadline by no more than this is on time.", number(0, 7 * 24 * 60), "15"
    )
    at_most: float = setting(1.0, "No more than this share is ever taken.", number(0, 1), "0.5")


@dataclass(frozen=True)
class Homework3:
    """How trained models are measured."""

    cer: float = setting(0.15, "The most that the character error rate may be.", number(0, 2), "0.15")
    wer: float = setting(0.30, "The most that the word error rate may be.", number(0, 2), "0.30")
    utterances: int = setting(
        60, "Held-out utterances that each hand-in is measured on; each costs grading time.", whole(10, 200), "60"
    )
    corpus: str = setting(
        "mini",
        "What the released notebook trains on unless a student chooses otherwise.",
        one_of("mini", "digits", "librispeech"),
        '"mini"',
    )


@dataclass(frozen=True)
class Feedback:
    """What a student's page shows."""

    utterances: int = setting(
        3,
        "Held-out utterances that a page plays, with their transcripts, the worst first; 0 for none.",
        whole(0, MOST_UTTERANCES),
        "3",
    )


@dataclass(frozen=True)
class Bundle:
    """Where the students' zips lie."""

    url: str = setting(
        "",
        "Address of the folder that seminar4.zip and homework3.zip lie in, or of one zip with {assignment} in it. The "
        "notebooks fetch them from there on Colab; without it they ask for the file.",
        text_like(r"https?://[^\s\"'\\]+", "an address that begins with https:// and holds no blank or quote"),
        '"https://course.example/files/"',
    )


@dataclass(frozen=True)
class Hints:
    """What help costs."""

    cost: float = setting(
        0.0, "Points for each hint that a student revealed, as the student's machine reports it.", number(0, 100), "0.5"
    )


@dataclass(frozen=True)
class Links:
    """A public repository with the students' folders, for links that open a notebook on Colab and on Binder."""

    repository: str = setting(
        "",
        "The repository on GitHub; what lies in course/handout belongs there.",
        text_like(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+", "written owner/name"),
        '"owner/name"',
    )
    branch: str = setting("main", "Its branch.", text_like(r"[A-Za-z0-9._/-]+", "the name of a branch"), '"main"')
    path: str = setting(
        "",
        "The folder in it that holds the folders of the assignments; Binder wants none, but the top.",
        text_like(r"[^\s\"'\\?#]*", "a path without blanks"),
        '"students"',
    )


@dataclass(frozen=True)
class Settings:
    """Everything that a `course.toml` can say."""

    min_isolation: str = setting(
        LEVELS[0], "The least level of isolation to run student code at; see SECURITY.md.", one_of(*LEVELS), '"full"'
    )
    deadlines: Mapping[str, datetime] = table(
        "Until when an assignment is to be handed in. Without a zone it is this machine's time.",
        dict.fromkeys(ASSIGNMENTS, moment),
        {"seminar4": "2026-12-01T23:59:00+01:00"},
    )
    late: Late = section(Late, "What coming late costs.")
    extensions: Mapping[str, timedelta | dict[str, timedelta]] = table(
        "Hours that a student has longer, by the name of the student's folder: for all assignments, or for each.",
        hours,
        {"lovelace_ada": "48", "hopper_grace": "{ homework3 = 24 }"},
    )
    homework3: Homework3 = section(Homework3, "How trained models are measured.")
    feedback: Feedback = section(Feedback, "What a student's page shows.")
    hints: Hints = section(Hints, "What help costs.")
    points: Mapping[str, dict[str, dict[str, float]]] = table(
        "Points by assignment and exercise: a number, spread over the items as they were, or one for each item.",
        {name: _points(assignment) for name, assignment in ASSIGNMENTS.items()},
        {
            "seminar4": "{ forward = 10, backward = 10 }",
            "homework3": "{ encoder = { shapes = 1, values = 3, lengths = 4 } }",
        },
    )
    bundle: Bundle = section(Bundle, "Where the students' zips lie.")
    links: Links = section(Links, "A public repository, for links that open a notebook on Colab and on Binder.")
    canvas: Mapping[str, int] = table(
        "Canvas's number of an assignment, the last one in its address; without it Canvas makes a new column.",
        dict.fromkeys(ASSIGNMENTS, whole(1, 2**53)),
        {"seminar4": "4711"},
    )

    def extension(self, student: str, assignment: str) -> timedelta:
        """How much longer a student has."""
        given = self.extensions.get(student, timedelta())
        return given.get(assignment, timedelta()) if isinstance(given, dict) else given

    def of_course(self, assignment: Assignment) -> Assignment:
        """The assignment with this course's points and thresholds."""
        exercises = with_points(assignment.exercises, self.points.get(assignment.name, {}))
        if assignment.name == "homework3":
            chosen = self.homework3
            exercises = with_thresholds(exercises, {"cer": chosen.cer, "wer": chosen.wer})
            assignment = replace(assignment, utterances=chosen.utterances, corpus=chosen.corpus)
        return replace(assignment, exercises=exercises)


# --- reading --------------------------------------------------------------------------------------------------------


def settings(course: Course) -> Settings:
    """Read `course.toml`; without one, the defaults. UserError, one sentence, where it says what nobody understands."""
    path = course.root / FILE
    try:
        given = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise UserError(f"{path} cannot be read: {str(error).rstrip('.')}.") from None
    return read(given, str(path))


def read(given: Mapping[str, object], where: str = FILE) -> Settings:
    """Check what a TOML file holds. `where` names the file in errors."""
    return _read(Settings, given, where, "")


def _read(kind: type, given: Mapping[str, object], where: str, prefix: str):
    declared = {one.name: one for one in fields(kind)}
    found = {}
    for key, value in given.items():
        name = f"{prefix}{key}"
        if key not in declared:
            raise UserError(f"{where} sets {name}, which is no setting{_nearest(key, declared, prefix)}.")
        about = declared[key].metadata
        if "read" in about:
            found[key] = _value(about["read"], value, where, name)
            continue
        if not isinstance(value, dict):
            raise UserError(f"{where}: {name} is a section: write [{name}] and its settings under it.")
        if "section" in about:
            found[key] = _read(about["section"], value, where, f"{name}.")
        else:
            found[key] = _table(about, value, where, name)
    return kind(**found)


def _table(about: Mapping, given: Mapping[str, object], where: str, name: str) -> dict:
    found = {}
    for key, value in given.items():
        reader = about["values"]
        if not callable(reader):
            if key not in reader:
                close = _nearest(key, reader, f"{name}.")
                raise UserError(f"{where} sets {name}.{key}, which is no setting{close}.")
            reader = reader[key]
        found[key] = _value(reader, value, where, f"{name}.{key}")
    return found


def _value(reader: Reader, value: object, where: str, name: str) -> object:
    try:
        return reader(value)
    except _Refused as refused:
        raise UserError(f"{where}: {name} is {_shown(value)}; allowed is {refused}.") from None


def _nearest(key: str, known, prefix: str) -> str:
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    if close:
        return f"; did you mean {prefix}{close[0]}"
    return f"; there is {', '.join(f'{prefix}{name}' for name in known)}"


def _shown(value: object) -> str:
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


# --- telling --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class InForce:
    """One setting as it stands."""

    name: str
    value: object
    about: str
    chosen: bool
    """It differs from what is so without a `course.toml`."""


def in_force(chosen: Settings) -> Iterator[InForce]:
    """All settings, section by section; of tables the entries there are."""
    yield from _in_force(chosen, Settings(), "")


def _in_force(chosen: object, usual: object, prefix: str) -> Iterator[InForce]:
    for one in fields(chosen):
        value, without, name = getattr(chosen, one.name), getattr(usual, one.name), f"{prefix}{one.name}"
        if is_dataclass(value):
            yield from _in_force(value, without, f"{name}.")
        elif isinstance(value, dict) and value:
            yield from (InForce(key, entry, one.metadata["about"], True) for key, entry in _entries_of(name, value))
        else:
            yield InForce(name, _plain(value), one.metadata["about"], value != without)


def _entries_of(name: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from _entries_of(f"{name}.{key}", entry)
    else:
        yield name, _plain(value)


def _plain(value: object) -> object:
    """A value for people and for JSON."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes")
    return f"{value / timedelta(hours=1):g} hours" if isinstance(value, timedelta) else value


def example() -> str:
    """A `course.toml` with every setting, explained and commented out."""
    lines = [f"# {FILE}: what this course decides. Every line may be left out; take away the # to set one."]
    for name, about in _sections(Settings):
        lines += ["", *([f"# {about}", f"# [{name}]"] if name else [])]
        for key, value, what in _entries(name):
            lines += [*([f"# {what}"] if what else []), f"# {key} = {value}"]
    return "\n".join(lines) + "\n"


def _sections(kind: type) -> Iterator[tuple[str, str]]:
    yield "", ""
    for one in fields(kind):
        if "read" not in one.metadata:
            yield one.name, one.metadata["about"]


def _entries(name: str) -> Iterator[tuple[str, str, str]]:
    """Key, value and meaning of what stands in a section; "" is what stands before all sections."""
    if not name:
        kinds = fields(Settings)
    else:
        about = next(one.metadata for one in fields(Settings) if one.name == name)
        if "section" not in about:
            yield from ((key, value, "") for key, value in about["example"].items())
            return
        kinds = fields(about["section"])
    yield from ((one.name, one.metadata["example"], one.metadata["about"]) for one in kinds if "read" in one.metadata)
