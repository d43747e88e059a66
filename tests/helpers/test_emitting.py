"""At which frame each label is emitted: overheard, and only told where it is certain."""

import pytest
import torch

from autograder.judging.homework3_reference import greedy_decode
from helpers.checks.stand_ins import Watched, reference_recordings
from helpers.decoding import watch
from helpers.emitting import Overheard
from helpers.text import tokenizer


@pytest.fixture(scope="module")
def recording():
    """The reference recogniser, and the encoder's output for one recording."""
    reference, recordings = reference_recordings()
    return Watched(reference), recordings[0][1]


def test_the_frames_are_those_of_the_walk(recording):
    model, output = recording
    decode = Overheard(greedy_decode)
    labels = decode(model, output)
    walk = watch(greedy_decode, model, output)
    assert [t for _, t in walk.labels] == decode.frames[0]
    assert len(decode.frames[0]) == len(labels) > 20


def test_a_decoder_that_copies_its_frames_is_overheard_too(recording):
    def copying(model, output):
        return greedy_decode(model, torch.stack([frame.clone() for frame in output]))

    plain, copied = Overheard(greedy_decode), Overheard(copying)
    plain(*recording)
    copied(*recording)
    assert plain.frames == copied.frames
    assert plain.frames[0]


@pytest.mark.parametrize(
    "decode",
    [
        lambda model, output: torch.tensor([2, 3]),  # never asks
        lambda model, output: greedy_decode(model, output)[1:],  # returns something else than it found
        lambda model, output: greedy_decode(model, output.flip(0)),  # goes backwards through time
        lambda model, output: torch.tensor([model.joiner(output[None], output[None, :1]).argmax() * 0]),  # all at once
    ],
)
def test_where_it_cannot_be_told_nothing_is_told(recording, decode):
    overheard = Overheard(decode)
    overheard(*recording)
    assert overheard.frames == [None]


def test_an_exception_stays_the_decoders_own_and_leaves_no_hook(recording):
    model, output = recording

    def broken(model, output):
        model.joiner(output[0], output[0])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Overheard(broken)(model, output)
    assert not model.joiner._forward_hooks


def test_nothing_is_changed_by_listening(recording):
    assert torch.equal(Overheard(greedy_decode)(*recording), greedy_decode(*recording))


def test_labels_that_are_cut_short_by_max_steps_keep_their_frames(recording):
    overheard = Overheard(greedy_decode)
    labels = overheard(*recording, max_steps=30)
    assert len(overheard.frames[0]) == len(labels)
    assert tokenizer.blank not in labels.tolist()
