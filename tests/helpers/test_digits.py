"""Digit strings: from made-up recordings that can be recognised by eye, and from the real ones."""

import numpy as np
import pytest
import soundfile
from test_fetching import offer, server, tar  # noqa: F401  (a fixture)

from helpers.corpora import CorpusError, corpus
from helpers.features import LogMel, collate
from helpers.making import digits

SMALL = digits.Recipe(train=12, dev=4, test_seen=4, test_unseen=4)
SPEAKERS = ("ann", "bob", digits.UNSEEN)


def frequency(speaker, digit, take):
    """Each recording has a tone of its own: it can be found again in a string."""
    return 300 + 1000 * SPEAKERS.index(speaker) + 90 * digit + 4 * take


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fsdd")
    t = np.arange(1600) / 8000
    for speaker in SPEAKERS:
        for digit in range(10):
            for take in range(20):
                tone = np.sin(2 * np.pi * frequency(speaker, digit, take) * t) * np.hanning(len(t))
                soundfile.write(folder / f"{digit}_{speaker}_{take}.wav", 0.3 * tone, 8000)
    return folder


@pytest.fixture(scope="module")
def made(recordings, tmp_path_factory):
    return digits.make(recordings, tmp_path_factory.mktemp("made") / "digits", SMALL, progress=False)


def heard(utterance):
    """The tones in an utterance: frequencies in Hz, in order."""
    waveform = utterance.waveform().numpy()
    frames = waveform[: len(waveform) // 160 * 160].reshape(-1, 160)
    loud = np.sqrt(np.mean(frames**2, axis=1)) > 0.3 * np.sqrt(np.mean(frames**2, axis=1)).max()
    edges = np.flatnonzero(np.diff(np.concatenate([[0], loud.astype(int), [0]])))
    found = []
    for start, end in edges.reshape(-1, 2):
        spectrum = np.abs(np.fft.rfft(waveform[start * 160 : end * 160], 1 << 17))
        found.append(spectrum.argmax() * 16000 / (1 << 17))
    return found


def test_what_is_written_is_what_is_heard(made):
    for utterance in corpus("digits", "test", root=made):
        words = utterance.text.split()
        assert 3 <= len(words) <= 7
        tones = heard(utterance)
        assert len(tones) == len(words)
        for word, tone in zip(words, tones, strict=True):
            digit = digits.WORDS.index(word)
            assert min(abs(tone - frequency(s, digit, take)) for s in SPEAKERS for take in range(20)) < 3


def test_no_recording_serves_two_splits(made):
    used = {
        split: {
            round((tone - 300) / 2) for utterance in corpus("digits", split, root=made) for tone in heard(utterance)
        }
        for split in digits.CHAPTERS
    }
    splits = list(used)
    for i, one in enumerate(splits):
        for other in splits[i + 1 :]:
            assert not used[one] & used[other], (one, other)


def test_one_speaker_is_never_heard_in_training(made):
    speakers = {split: set(corpus("digits", split, root=made).speakers) for split in digits.CHAPTERS}
    assert speakers["train"] == speakers["dev"] == speakers["test-seen"] == {"1", "2"}
    assert speakers["test-unseen"] == {"3"}


def test_the_same_recordings_give_the_same_corpus(made, recordings, tmp_path):
    again = digits.make(recordings, tmp_path / "digits", SMALL, progress=False)
    for split in digits.CHAPTERS:
        for one, other in zip(corpus("digits", split, root=made), corpus("digits", split, root=again), strict=True):
            assert (one.id, one.text) == (other.id, other.text)
            assert one.path.read_bytes() == other.path.read_bytes()
    assert digits.folder_name(SMALL) != digits.FOLDER_NAME


def test_sizes_are_those_of_the_recipe(made):
    assert [len(corpus("digits", split, root=made)) for split in digits.CHAPTERS] == [12, 4, 4, 4]


def test_a_folder_without_the_recordings_is_one_sentence_and_leaves_nothing(tmp_path):
    with pytest.raises(CorpusError, match="does not hold the Free Spoken Digit Dataset") as caught:
        digits.make(tmp_path, tmp_path / "out", SMALL, progress=False)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_too_few_recordings_are_one_sentence(tmp_path):
    soundfile.write(tmp_path / "0_ann_0.wav", np.ones(100) / 2, 8000)
    with pytest.raises(CorpusError, match="fewer than 10 recordings of some digit by ann"):
        digits.make(tmp_path, tmp_path / "out", SMALL, progress=False)


def test_a_damaged_recording_is_one_sentence_and_leaves_nothing(recordings, tmp_path):
    for path in recordings.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes()[:20])
    with pytest.raises(CorpusError, match="cannot be read as sound"):
        digits.make(tmp_path, tmp_path / "out", SMALL, progress=False)
    assert not (tmp_path / "out").exists()


def test_the_archive_is_fetched_and_put_away(recordings, server, tmp_path, monkeypatch):  # noqa: F811
    data = tar([(f"fsdd-1.0/recordings/{path.name}", path.read_bytes()) for path in sorted(recordings.iterdir())])
    monkeypatch.setattr(digits, "ARCHIVE", offer(server, "v1.tar.gz", data))
    monkeypatch.setattr(digits.make, "__defaults__", (SMALL,))
    digits.get(tmp_path / "digits", progress=False)
    assert len(corpus("digits", "train", root=tmp_path / "digits")) == 12
    assert sorted(path.name for path in tmp_path.iterdir()) == ["digits", "fsdd"]


def test_real_recordings_become_a_corpus(real_speech, tmp_path):
    made = digits.make(real_speech / "fsdd", tmp_path / "digits", SMALL, progress=False)
    train = corpus("digits", "train", root=made)
    batch = collate(list(train), features=LogMel(), stack=4)
    assert batch.spectrograms.isfinite().all()
    assert len(train.speakers) == 3
    assert all(1.0 < seconds < 9.0 for seconds in train.durations)
