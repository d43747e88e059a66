"""A student's feedback page: self-contained HTML in which nothing can run but the scripts of our own drawings."""

from functools import cache
from pathlib import Path

from .course import Assignment, Course
from .files import write_whole
from .gradebook import ByHand
from .help_used import in_words
from .listening import Heard, heard, walk_of
from .pages import policy, templates
from .settings import settings
from .verdicts import ExerciseGrade, Grade

MOST_CANDIDATES = 3
"""Known mistakes that are explained where several give the same numbers."""


def feedback(
    assignment: Assignment, course: Course, grade: Grade, by_hand: ByHand | None = None, late: float = 0.0
) -> Path:
    """Write one student's page. `by_hand`: what a person gave in formgrader; `late`: points that coming late costs."""
    by_hand = by_hand or ByHand()
    path = course.feedback(assignment, grade.student) / f"{assignment.name}.html"
    pictures = {exercise.key: picture for exercise in grade.exercises if (picture := _picture(exercise))}
    utterances = {exercise.key: _utterances(exercise, course) for exercise in grade.exercises}
    shown = [one for found in utterances.values() for one in found]
    page = templates().get_template("feedback.html.j2")
    html = page.render(
        grade=grade,
        by_hand=by_hand,
        points=sum(({exercise.key: exercise.points for exercise in grade.exercises} | by_hand.points).values()),
        late=late,
        assignment=assignment,
        pictures=pictures,
        utterances=utterances,
        help_used=in_words(grade.help),
        helps={exercise.key: explained(exercise) for exercise in grade.exercises},
        policy=policy([*pictures.values(), *(one.drawing for one in shown)], any(one.audio for one in shown)),
    )
    write_whole(path, html)
    return path


def exercise_html(exercise: ExerciseGrade) -> str:
    """One exercise as it stands under its check cell in formgrader."""
    module = templates().get_template("exercise.html.j2").module
    return f"<style>{module.style()}</style>{module.exercise(exercise, _picture(exercise))}"


def explained(exercise: ExerciseGrade) -> list:
    """The known mistakes behind the answers in words, each once."""
    from helpers.checks.misconceptions import known_as

    found = {}
    for name in exercise.mistakes[:MOST_CANDIDATES]:
        try:
            found |= {words.says: words for words in known_as(exercise.key, name)}
        except KeyError:
            continue  # a grade of before may name a mistake that is no longer told apart
    return list(found.values())


def _utterances(exercise: ExerciseGrade, course: Course) -> list[Heard]:
    """The worst transcripts: of held-out speech as many as the course allows, of the bundled recordings all."""
    from .judging.evidence import REFERENCE_CORPUS

    public = [one for one in exercise.transcripts if one["corpus"] == REFERENCE_CORPUS]
    hidden = [one for one in exercise.transcripts if one["corpus"] != REFERENCE_CORPUS]
    if hidden:
        hidden = hidden[: settings(course).feedback.utterances]
    return [*map(_recording, public), *(_of_corpus(one, course) for one in hidden)]


def _of_corpus(transcript: dict, course: Course) -> Heard:
    """A transcript of held-out speech, with the model's own walk over it."""
    sound = _recordings(transcript["corpus"], course).get(transcript["utterance"])
    return heard(transcript, sound, lambda: walk_of(transcript, sound))


def _recording(transcript: dict) -> Heard:
    """A transcript of a bundled recording, with the right walk over it, which everybody has."""
    from helpers.lattice import Walk

    number = transcript["utterance"]
    return heard(transcript, _bundled(number), lambda: Walk.recorded(int(number)))


@cache
def _bundled(number: str):
    import json

    from helpers import model
    from helpers.corpora import Utterance

    one = json.loads(model.REFERENCE_TRANSCRIPTS.read_text("utf-8"))["utterances"][int(number) - 1]
    return Utterance(one["id"], one["speaker"], one["ground_truth"], model.ASSETS / one["audio"])


@cache
def _recordings(corpus: str, course: Course) -> dict:
    """The sound of held-out utterances by key; nothing where the corpus is not on this machine."""
    from helpers.corpora import CorpusError

    from .heldout import recordings
    from .release import course_key

    try:
        return recordings(corpus, course.root / "heldout", course_key(course))
    except (ValueError, CorpusError):
        return {}


def _picture(exercise: ExerciseGrade) -> str | None:
    """The student's array for the worked example beside the right one, as HTML; None where it is right."""
    if exercise.picture is None:
        return None
    import numpy as np

    from helpers import lattice
    from helpers.checks.calling import ARRAY_NAMES
    from helpers.checks.cases import case

    cat = case("cat")
    drawn = lattice.Lattice.from_log_probs(cat.log_probs, cat.targets, cat.blank, symbols=("∅", "C", "A", "T"))
    yours = np.array(exercise.picture["cells"], dtype=np.float64)
    wrong = exercise.picture["wrong"]
    figure = lattice.compare(
        drawn,
        yours,
        cat.truth(exercise.key).cells,
        name=ARRAY_NAMES[exercise.key],
        wrong=tuple(wrong) if wrong else None,
    )
    return figure.html()
