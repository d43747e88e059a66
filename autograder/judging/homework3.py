"""Judge Homework 3: the truth for every probe, misconceptions, points."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np

from helpers.checks import probing, published
from helpers.checks.parts import PROBES
from helpers.checks.probing import LADDER, Arrays, Probe, Reply
from helpers.checks.rubric import Exercise
from helpers.checks.runs import LOG
from helpers.checks.scoring import ExerciseResult, decide_probes

from . import homework3_zoo as zoo
from . import training
from .evidence import REFERENCE_CORPUS, Evidence, transcript, worst
from .homework3_reference import REFERENCE
from .reading import NotReadable, read_reply

RECORDINGS = "reference"
"""Key of the probe that decodes the bundled recordings."""


class HandIn(Protocol):
    """What the judge has to know of a submission beside its answers."""

    files: tuple[tuple[str, bytes], ...]
    heldout: "Said | None"


class Said(Protocol):
    """What is said in the utterances that the model decoded."""

    texts: tuple[str, ...]
    about: str
    corpus: str
    keys: tuple[str, ...]


def judge(exercise: Exercise, seed: bytes, folder: Path, hand_in: HandIn) -> tuple[ExerciseResult, Evidence]:
    """Points and findings for one exercise, and the worst transcripts of what may be shown."""
    if exercise.key == "training":
        said = hand_in.heldout
        result = training.judge(exercise, folder, dict(hand_in.files).get(LOG), said.texts, said.about)
        return result, Evidence(transcripts=training.worst_utterances(folder, said.corpus, said.keys, said.texts))
    probes = PROBES[exercise.key]
    replies = {probe.key: _reply(folder, exercise, probe.key) for probe in probes}
    right = truths(exercise.key, seed)
    result = decide_probes(exercise, probes, replies, right, _misconceptions(exercise.key, seed, replies, right))
    return result, Evidence(transcripts=_of_recordings(replies, right))


def _of_recordings(replies: dict[str, Reply], right: dict[str, Arrays]) -> tuple[dict, ...]:
    """The worst transcript of the bundled recordings, which everybody has: what is right there is no secret."""
    reply = replies.get(RECORDINGS)
    if reply is None or reply.status != "ok":
        return ()
    found = []
    for number, (name, truth) in enumerate(right[RECORDINGS].items(), start=1):
        labels = reply.arrays.get(name, np.zeros(0))
        said, written = (training.text_of(one) for one in (truth, labels))
        found.append(transcript(REFERENCE_CORPUS, str(number), said, written))
    return worst(found, 1)


def truths(exercise: str, seed: bytes) -> dict[str, Arrays]:
    """The right arrays of every probe of an exercise: computed, or stored where they are the same for everybody."""
    stored = published.truths(exercise)
    return {
        probe.key: truth(exercise, probe.key, seed) if probe.drawn else stored[probe.key] for probe in PROBES[exercise]
    }


@lru_cache(maxsize=512)
def truth(exercise: str, key: str, seed: bytes) -> Arrays:
    """The right arrays of the probe of that key, computed."""
    return probing.ask(exercise, REFERENCE[exercise], _probe(exercise, key), seed).arrays


def _probe(exercise: str, key: str) -> Probe:
    return next(probe for probe in PROBES[exercise] if probe.key == key)


def _reply(folder: Path, exercise: Exercise, key: str) -> Reply:
    try:
        return read_reply(folder, f"{exercise.key}-{key}") or Reply("not implemented", "There is no answer to this.")
    except NotReadable as error:
        return Reply("malformed", f"The answer could not be read: {error}")


def _misconceptions(exercise: str, seed: bytes, replies: dict[str, Reply], right: dict[str, Arrays]) -> list[str]:
    probes = {probe.key: probe for probe in PROBES[exercise]}
    stored = published.sketches(exercise)

    def ends(name: str, key: str) -> Mapping[str, object] | None:
        if not probes[key].drawn:
            return stored[name].get(key)
        reply = replies[key]
        quick = key == LADDER and reply.status == "ok"
        if quick and not probing.climbs_alike(probes[key], zoo.wrong(exercise, name), seed, reply):
            return {"status": "another"}
        return outline(exercise, name, key, seed)

    return probing.recognise(replies, right, zoo.everything(exercise), ends)


@lru_cache(maxsize=8192)
def outline(exercise: str, name: str, key: str, seed: bytes) -> dict[str, object]:
    """How a known mistake answers the probe of that key: its status and, where there are arrays, their sketch."""
    reply = probing.ask(exercise, zoo.wrong(exercise, name), _probe(exercise, key), seed)
    if reply.arrays is None:
        return {"status": reply.status}
    return {"status": reply.status, "sketch": probing.sketch(reply.arrays)}
