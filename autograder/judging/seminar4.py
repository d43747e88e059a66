"""Judge Seminar 4: the truth for every question, misconceptions, points."""

from pathlib import Path

import numpy as np

from helpers.asking.seminar4 import Question, questions
from helpers.checks.calling import Answer
from helpers.checks.cases import Inputs, Truth
from helpers.checks.comparing import compare, same_answer
from helpers.checks.misconceptions import recognise
from helpers.checks.rubric import Exercise
from helpers.checks.scoring import Asked, ExerciseResult, score

from . import oracle, zoo
from .evidence import Evidence
from .reading import NotReadable, read_answer

LARGEST_TO_DRAW = 400
"""Cells. A student's array may have any size."""

LARGEST_TO_RECOGNISE = 300
"""Nodes. Mistakes that only show on long lattices are told from there by their first wrong cell."""


def judge(exercise: Exercise, seed: bytes, folder: Path, hand_in: object = None) -> tuple[ExerciseResult, Evidence]:
    """Points and findings for one exercise, and where the public worked example is wrong, what its picture needs."""
    asked = []
    for question in questions(seed):
        answer = _answer(folder, exercise, question)
        truth = Truth(*getattr(oracle, exercise.key)(*_arguments(question.inputs)))
        asked.append(Asked(question.key, question.group, question.title, question.inputs, truth, answer))
    result = score(exercise, asked, _misconceptions(exercise.key, asked))
    example = next(question for question in asked if question.key == "cat")
    return result, Evidence(_picture(exercise.key, example))


def _picture(exercise: str, example: Asked) -> dict | None:
    answer = example.answer
    if answer.status != "ok" or answer.cells.ndim != 2 or not 0 < answer.cells.size <= LARGEST_TO_DRAW:
        return None
    finding = compare(exercise, example.inputs, example.truth, answer, look_at=frozenset({"cells"}))
    return {"cells": answer.cells.tolist(), "wrong": finding.cell} if finding else None


def _answer(folder: Path, exercise: Exercise, question: Question) -> Answer:
    try:
        answer = read_answer(folder, f"{exercise.key}-{question.key}")
    except NotReadable as error:
        return Answer("malformed", f"The answer could not be read: {error}")
    return answer or Answer("not implemented", "There is no answer to this question.")


def _arguments(inputs: Inputs) -> tuple[np.ndarray, np.ndarray, int]:
    return inputs.log_probs, inputs.targets, inputs.blank


def _misconceptions(exercise: str, asked: list[Asked]) -> list[str]:
    if all(question.answer.status != "ok" or same_answer(question.answer, question.truth) for question in asked):
        return []
    small = {question.key: question for question in asked if np.prod(question.inputs.shape) <= LARGEST_TO_RECOGNISE}

    def numbers(name: str, key: str) -> Truth | None:
        given = zoo.answers(exercise, name, small[key].inputs)
        return None if given is None or np.isnan(given.cells).any() else given

    answers = {key: question.answer for key, question in small.items()}
    truths = {key: question.truth for key, question in small.items()}
    return recognise(answers, truths, zoo.everything(exercise), numbers)
