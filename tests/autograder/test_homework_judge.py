"""The homework's judge on fresh weights and inputs."""

import pytest

from autograder.judging import homework3
from autograder.judging.homework3_reference import REFERENCE
from autograder.judging.homework3_zoo import ZOO
from helpers.checks import probing
from helpers.checks.parts import PROBES

SEED = bytes(range(7, 23))


def replies(exercise, written):
    return {probe.key: probing.ask(exercise, written, probe, SEED) for probe in PROBES[exercise]}


@pytest.mark.parametrize("exercise", ZOO)
def test_every_mistake_is_named_and_no_other(exercise):
    truth = homework3.truths(exercise, SEED)
    known = {name: homework3.outline(exercise, wrong, SEED) for name, wrong in ZOO[exercise].items()}
    for name, wrong in ZOO[exercise].items():
        assert probing.recognise(replies(exercise, wrong), truth, known) == [name]
    assert probing.recognise(replies(exercise, REFERENCE[exercise]), truth, known) == []
