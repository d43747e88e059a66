"""Judge Homework 3: the truth for every probe, misconceptions, points."""

from pathlib import Path

from helpers.checks import probing
from helpers.checks.parts import PROBES
from helpers.checks.probing import Arrays, Reply
from helpers.checks.rubric import Exercise
from helpers.checks.scoring import ExerciseResult, decide

from .homework3_reference import REFERENCE
from .homework3_zoo import ZOO
from .reading import NotReadable, read_reply


def judge(exercise: Exercise, seed: bytes, folder: Path) -> tuple[ExerciseResult, None]:
    """Points and findings for one exercise. There is no picture to go with them."""
    probes = PROBES[exercise.key]
    replies = {probe.key: _reply(folder, exercise, probe.key) for probe in probes}
    truth = truths(exercise.key, seed)
    outcomes = {
        item: [(p.title, probing.compare(p, replies[p.key], truth[p.key])) for p in probes if p.group == item.inputs]
        for item in exercise.items
    }
    written = any(reply.status != "not implemented" for reply in replies.values())
    return decide(exercise, outcomes, _misconceptions(exercise.key, seed, replies, truth), written), None


def truths(exercise: str, seed: bytes) -> dict[str, Arrays]:
    """The right arrays of every probe of an exercise."""
    return {probe.key: probing.ask(exercise, REFERENCE[exercise], probe, seed).arrays for probe in PROBES[exercise]}


def _reply(folder: Path, exercise: Exercise, key: str) -> Reply:
    try:
        return read_reply(folder, f"{exercise.key}-{key}") or Reply("not implemented", "There is no answer to this.")
    except NotReadable as error:
        return Reply("malformed", f"The answer could not be read: {error}")


def _misconceptions(exercise: str, seed: bytes, replies: dict[str, Reply], truth: dict[str, Arrays]) -> list[str]:
    answered = {key: reply.arrays for key, reply in replies.items() if reply.status == "ok"}
    if all(probing.same(arrays, truth[key]) for key, arrays in answered.items()):
        return []
    names = []
    for name, wrong in ZOO[exercise].items():
        known = {probe.key: probing.ask(exercise, wrong, probe, seed) for probe in PROBES[exercise]}
        if all(_agree(replies[key], reply) for key, reply in known.items()):
            names.append(name)
    return names


def _agree(one: Reply, other: Reply) -> bool:
    """Whether two replies are the same as far as numbers go; the words of an exception do not matter."""
    if one.status != "ok" or other.status != "ok":
        return one.status == other.status
    return one.arrays.keys() == other.arrays.keys() and probing.same(one.arrays, other.arrays)
