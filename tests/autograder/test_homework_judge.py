"""The homework's judge on fresh weights and inputs."""

import pytest

from autograder.judging import homework3, homework3_zoo
from autograder.judging.homework3_reference import REFERENCE
from helpers.checks import probing
from helpers.checks.parts import PROBES

SEED = bytes(range(7, 23))


def replies(exercise, written):
    return {probe.key: probing.ask(exercise, written, probe, SEED) for probe in PROBES[exercise]}


def named(exercise, written):
    return probing.recognise(
        replies(exercise, written),
        homework3.truths(exercise, SEED),
        homework3_zoo.everything(exercise),
        lambda name, key: homework3.outline(exercise, name, key, SEED),
    )


@pytest.mark.parametrize("exercise", homework3_zoo.ZOO)
def test_every_mistake_and_every_pair_is_named_and_no_other(exercise):
    for name in homework3_zoo.everything(exercise):
        assert named(exercise, homework3_zoo.wrong(exercise, name)) == [name]
    assert named(exercise, REFERENCE[exercise]) == []
