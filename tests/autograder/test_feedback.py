"""A student's page: hints that open one by one, transcripts word by word, sound, and nothing that was not asked for."""

import json
import random
import re
from dataclasses import replace

import jiwer
import pytest

from autograder import feedback as pages
from autograder.course import ASSIGNMENTS, MOST_UTTERANCES, Course
from autograder.errors import UserError
from autograder.feedback import feedback
from autograder.judging.evidence import MOST_TRANSCRIPTS, transcript
from autograder.listening import aligned, walk_of
from autograder.settings import settings
from autograder.verdicts import ExerciseGrade, Grade, ItemGrade, Verdict
from helpers.checks.misconceptions import MISCONCEPTIONS, in_words

HOMEWORK = ASSIGNMENTS["homework3"]
SAID = "you'll hind the round jacket across the valley"


def grade_of(*exercises) -> Grade:
    return Grade("anna", "homework3", Verdict.GRADED, "", list(exercises), [], [], "full", 1.0, "")


def wrong(key, *mistakes, transcripts=()) -> ExerciseGrade:
    item = ItemGrade("all", "All of it", 0.0, 4.0, [{"inputs": "hidden ones", "sentences": ["Wrong."]}])
    told = in_words(key, list(mistakes))
    return ExerciseGrade(key, key, "answered", told, [item], mistakes=list(mistakes), transcripts=list(transcripts))


def worst(count=3, **changes):
    return [transcript("mini", str(n), SAID, "you hid the jacket across a valley") | changes for n in range(count)]


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course whose held-out speech is one of the bundled recordings."""
    monkeypatch.setattr(pages, "_recordings", lambda corpus, course: {str(n): pages._bundled("1") for n in range(20)})
    return Course(tmp_path)


def page(course, *exercises) -> str:
    return feedback(HOMEWORK, course, grade_of(*exercises)).read_text("utf-8")


def test_hints_are_folded_into_each_other(course):
    html = page(course, wrong("joiner", "activation-after-linear"))
    words = MISCONCEPTIONS["joiner"]["activation-after-linear"]
    texts = [re.sub(r"&[^;]+;|[^a-z]", "", text.lower()) for text in words.hints]
    bare = re.sub(r"&[^;]+;|[^a-z]", "", re.sub(r"<[^>]*>", "", html).lower())
    assert [text in bare for text in texts] == [True] * 3
    # Each level is inside the one before, so that it can only be opened after it.
    folds = re.findall(r"<details>|</details>", html)
    assert folds == ["<details>"] * 3 + ["</details>"] * 3


def test_both_mistakes_of_a_pair_are_explained_and_names_of_before_left_out(course):
    exercise = wrong("joiner", "activation-after-linear+activation-twice")
    html = page(course, replace(exercise, mistakes=[*exercise.mistakes, "gone-since"]))
    assert html.count("<summary>A question</summary>") == 2


def test_the_number_of_utterances_is_the_courses_choice(course):
    exercise = wrong("training", transcripts=worst(10))
    assert page(course, exercise).count("<audio") == 3
    for number in (0, 5):
        (course.root / "course.toml").write_text(f"[feedback]\nutterances = {number}\n")
        html = page(course, exercise)
        assert html.count("<audio") == number
        assert ("jacket" in html) == (number > 0)
        assert ("media-src" in html) == (number > 0)


def test_no_more_can_be_asked_for_than_a_grade_keeps(course):
    (course.root / "course.toml").write_text(f"[feedback]\nutterances = {MOST_TRANSCRIPTS}\n")
    assert settings(course).feedback.utterances == MOST_TRANSCRIPTS == MOST_UTTERANCES
    (course.root / "course.toml").write_text(f"[feedback]\nutterances = {MOST_TRANSCRIPTS + 1}\n")
    with pytest.raises(UserError, match="whole number from 0 to 10"):
        settings(course)


def test_sound_is_inside_the_page_and_no_script_but_ours_runs(course):
    emitted = worst(1, written="you hid", frames=[2, 2, 5, 6, 9, 9, 12], frame_seconds=0.05)
    html = page(course, wrong("training", transcripts=emitted))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)[1]
    assert "media-src data:" in policy
    assert 'src="data:audio/mpeg;base64,' in html
    assert (
        len(re.findall("<script", html))
        == policy.count("'sha256-")
        == html.count('data-lattice="over_spectrogram"')
        == 1
    )
    assert not re.findall(r'(?:src|href)\s*=\s*"(?!data:|#)', html)


def test_a_walk_that_cannot_be_is_not_drawn():
    told = {"said": "hi", "written": "hi", "frames": [4, 5], "frame_seconds": 0.05}
    assert walk_of(told, pages._bundled("1")).labels == (("h", 4), ("i", 5))
    for changes in ({"frames": [5, 4]}, {"frames": [3, 10**6]}, {"frame_seconds": 0.0}, {"frames": []}):
        assert walk_of(told | changes, pages._bundled("1")) is None


def test_without_the_corpus_there_are_words_and_no_sound(course, monkeypatch):
    monkeypatch.setattr(pages, "_recordings", lambda corpus, course: {})
    html = page(course, wrong("training", transcripts=worst(1)))
    assert "jacket" in html
    assert "<audio" not in html
    assert "media-src" not in html


def test_a_recording_that_everybody_has_is_shown_with_the_right_walk(course):
    html = page(course, wrong("greedy", "label-moves-on", transcripts=[transcript("reference", "1", SAID, "yohind")]))
    assert html.count("<audio") == 1
    assert html.count('data-lattice="over_spectrogram"') == 1


def test_what_a_student_wrote_is_text(course):
    told = "<img src=x onerror=alert(1)> `b`"
    html = page(course, replace(wrong("training", transcripts=worst(1, written=told)), misconception=told))
    assert "<img" not in html
    assert "&lt;img" in html


def test_an_error_is_told_by_a_word_and_not_by_colour_alone(course):
    one = transcript("mini", "1", "red fish in the sea", "red dish the deep sea")
    html = page(course, wrong("training", transcripts=[one]))
    assert [html.count(f"<small>{word}</small>") for word in ("replaced", "left out", "added")] == [1, 1, 1]
    assert "<del>in</del>" in html
    assert "<ins>deep</ins>" in html
    assert "<mark>d</mark>ish" in html


def test_results_from_before_still_load():
    text = json.loads(json.dumps(grade_of(wrong("joiner", "activation-after-linear")).to_json()))
    assert Grade.from_json(text).exercises[0].mistakes == ["activation-after-linear"]
    del text["help"], text["exercises"][0]["mistakes"], text["exercises"][0]["transcripts"]
    old = Grade.from_json(text)
    assert (old.help, old.exercises[0].mistakes, old.exercises[0].transcripts) == ({}, [], [])


# --- word by word ---------------------------------------------------------------------------------------------------


def test_words_stand_beside_those_they_are_most_like():
    pairs = aligned("who watched their empty sandwich", "who watched bov sundwich")
    assert [(pair.kind, pair.said) for pair in pairs[2:]] == [
        ("substitute", "their"),
        ("delete", "empty"),
        ("substitute", "sandwich"),
    ]
    assert [(part.text, part.off) for part in pairs[4].written] == [("s", False), ("u", True), ("ndwich", False)]


def test_there_are_as_many_errors_as_the_wer_counts():
    rng = random.Random(0)
    words = ["a", "bb", "abc", "the", "them", "hello", "there"]
    for _ in range(200):
        said = [rng.choice(words) for _ in range(rng.randint(1, 8))]
        written = [rng.choice(words) for _ in range(rng.randint(0, 8))]
        pairs = aligned(" ".join(said), " ".join(written))
        counted = jiwer.process_words(" ".join(said), " ".join(written))
        errors = counted.substitutions + counted.deletions + counted.insertions
        assert sum(pair.kind != "equal" for pair in pairs) == errors
        assert [pair.said for pair in pairs if pair.said] == said
        assert ["".join(part.text for part in pair.written) for pair in pairs if pair.written] == written


def test_an_empty_side_is_all_left_out_or_all_added():
    assert [pair.kind for pair in aligned("a b", "")] == ["delete"] * 2
    assert [pair.kind for pair in aligned("", "a b")] == ["insert"] * 2
