"""Reading corpora, and what a damaged file or a missing corpus says."""

import numpy as np
import pytest
import soundfile
import torch

from helpers import corpora
from helpers.corpora import AudioError, Corpus, CorpusError, CorpusMissing, Utterance, corpus
from helpers.features import LogMel, collate
from helpers.making import layout, mini


def sentence(caught):
    """The message, which has to be one sentence on one line."""
    message = str(caught.value)
    assert "\n" not in message
    assert "Traceback" not in message
    return message


@pytest.fixture
def sound(tmp_path):
    """Write samples to a file; returns its utterance."""

    def write(samples, rate=16000, name="1-1-0000.flac", subtype="PCM_16"):
        soundfile.write(tmp_path / name, samples, rate, subtype=subtype)
        return Utterance("1-1-0000", "1", "a cat", tmp_path / name)

    return write


def tone(rate, seconds=0.5, frequency=440.0):
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(int(rate * seconds)) / rate)


def test_a_waveform_is_mono_float_at_16_khz(sound):
    waveform = sound(tone(16000)).waveform()
    assert (waveform.shape, waveform.dtype) == ((8000,), torch.float32)
    assert torch.allclose(waveform, torch.from_numpy(tone(16000)).float(), atol=1e-4)


def test_stereo_is_averaged(sound):
    left = tone(16000)
    waveform = sound(np.stack([left, np.zeros_like(left)], axis=1)).waveform()
    assert torch.allclose(waveform, torch.from_numpy(left / 2).float(), atol=1e-4)


@pytest.mark.parametrize("rate", [8000, 44100])
def test_another_rate_is_resampled(sound, rate):
    waveform = sound(tone(rate), rate).waveform()
    assert len(waveform) == 8000
    middle = slice(1000, 7000)  # the filter needs some samples at the ends
    assert torch.allclose(waveform[middle], torch.from_numpy(tone(16000))[middle].float(), atol=0.01)


def test_stereo_at_44_khz_gives_features(sound):
    utterance = sound(np.stack([tone(44100)] * 2, axis=1), 44100)
    assert LogMel().of(utterance).shape == (41, 80)


def test_a_missing_file_is_one_sentence(tmp_path):
    utterance = Utterance("1-1-0007", "1", "a", tmp_path / "gone.flac")
    with pytest.raises(AudioError, match="utterance 1-1-0007 is missing") as caught:
        utterance.waveform()
    assert "gone.flac" in sentence(caught)


def test_a_file_without_samples_is_one_sentence(sound):
    with pytest.raises(AudioError, match="0 samples") as caught:
        sound(np.zeros(0), name="a.wav").waveform()
    sentence(caught)


def test_a_flac_without_samples_is_one_sentence(sound):
    with pytest.raises(AudioError, match="cannot be read as sound") as caught:
        sound(np.zeros(0)).waveform()
    sentence(caught)


def test_a_file_of_zero_bytes_is_one_sentence(tmp_path):
    (tmp_path / "a.flac").touch()
    with pytest.raises(AudioError, match="damaged or cut off") as caught:
        Utterance("1-1-0000", "1", "a", tmp_path / "a.flac").waveform()
    sentence(caught)


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_a_truncated_file_is_one_sentence(sound, share):
    utterance = sound(np.random.RandomState(0).uniform(-0.5, 0.5, 20000))
    data = utterance.path.read_bytes()
    utterance.path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(AudioError, match="cut off") as caught:
        utterance.waveform()
    sentence(caught)


def test_a_file_with_fewer_samples_than_its_header_promises_is_cut_off_too(sound):
    utterance = sound(tone(16000))
    data = bytearray(utterance.path.read_bytes())
    data[22:26] = (9000).to_bytes(4, "big")  # the number of samples that the header of a FLAC file promises
    utterance.path.write_bytes(data)
    with pytest.raises(AudioError, match="damaged or cut off"):
        utterance.waveform()


def test_samples_that_are_not_numbers_are_one_sentence(sound):
    with pytest.raises(AudioError, match="not numbers") as caught:
        sound(np.array([0.0, np.nan, 0.5], dtype=np.float32), name="a.wav", subtype="FLOAT").waveform()
    sentence(caught)


def test_a_text_file_is_no_sound(tmp_path):
    (tmp_path / "a.flac").write_text("hello")
    utterance = Utterance("1-1-0000", "1", "a", tmp_path / "a.flac")
    with pytest.raises(AudioError, match="cannot be read as sound"):
        utterance.waveform()
    with pytest.raises(AudioError, match="cannot be read as sound"):
        _ = utterance.seconds


def test_a_notebook_shows_the_sentence_and_no_traceback():
    assert CorpusMissing("It is not there.")._render_traceback_() == ["CorpusMissing: It is not there."]


@pytest.mark.parametrize(
    ("name", "split", "words"), [("timit", "train", "no corpus 'timit'"), ("mini", "valid", "no split 'valid'")]
)
def test_a_wrong_name_lists_the_right_ones(name, split, words):
    with pytest.raises(ValueError, match=words) as caught:
        corpus(name, split)
    assert "librispeech" in sentence(caught) or "dev" in sentence(caught)


@pytest.mark.parametrize("name", ["digits", "librispeech"])
def test_a_missing_corpus_says_what_to_run(name, tmp_path, monkeypatch):
    monkeypatch.setenv("RNNT_DATA", str(tmp_path))
    with pytest.raises(CorpusMissing) as caught:
        corpus(name, "dev")
    assert f"corpora.fetch('{name}', 'dev')" in sentence(caught)
    assert not list(tmp_path.iterdir())


def test_a_folder_without_the_split_is_a_missing_corpus(tmp_path):
    with pytest.raises(CorpusMissing, match="root="):
        corpus("mini", "test", root=tmp_path)


def test_a_split_without_files_is_one_sentence(tmp_path):
    (tmp_path / "LibriSpeech" / "dev").mkdir(parents=True)
    with pytest.raises(CorpusError, match="no sound files") as caught:
        corpus("mini", "dev", root=tmp_path)
    sentence(caught)


def test_mini_makes_itself_on_first_use_and_only_then(tmp_path, monkeypatch):
    recipe = mini.Recipe(train=2, dev=1, test=1, train_voices=1, dev_voices=1, test_voices=1)
    monkeypatch.setenv("RNNT_DATA", str(tmp_path))
    monkeypatch.setattr(mini, "RECIPE", recipe)
    real_make = mini.make
    monkeypatch.setattr(mini, "folder_name", lambda: "mini-test")
    monkeypatch.setattr(mini, "make", lambda target: real_make(target, recipe, progress=False))
    assert len(corpus("mini", "train")) == 2
    made = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.flac")}
    assert len(corpus("mini", "test")) == 2
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.flac")} == made


def test_both_tests_together_are_the_test(tiny_mini):
    together = corpus("mini", "test", root=tiny_mini)
    parts = [corpus("mini", split, root=tiny_mini) for split in ("test-sentences", "test-voices")]
    assert together.utterances == parts[0].utterances + parts[1].utterances


def test_a_corpus_is_a_list_of_utterances(tiny_mini):
    train = corpus("mini", "train", root=tiny_mini)
    assert (train.name, train.split, len(train)) == ("mini", "train", 12)
    assert list(train)[3] == train[3]
    assert train[-1] == train[11]
    with pytest.raises(IndexError):
        train[12]
    assert train.seconds == pytest.approx(sum(len(utterance.waveform()) for utterance in train) / 16000)
    assert train[0].text == train[0].text.lower()
    assert train[0].speaker == train[0].id.split("-")[0]
    assert len(train.speakers) == 2


def test_a_subset_is_spread_over_the_speakers(tiny_mini):
    train = corpus("mini", "train", root=tiny_mini)
    assert len(train.subset(4)) == 4
    assert train.subset(4).speakers == train.speakers
    assert train.subset(99).utterances == train.utterances
    assert len(train.subset(0)) == 0
    first = train.speakers[0]
    assert {utterance.speaker for utterance in train.subset(lambda utterance: utterance.speaker == first)} == {first}
    with pytest.raises(ValueError, match="-1"):
        train.subset(-1)


def chapter(root, split, lines, sounds):
    folder = layout.chapter_folder(root, split, 1, 2)
    folder.mkdir(parents=True)
    (folder / "1-2.trans.txt").write_text("".join(f"{line}\n" for line in lines))
    for name in sounds:
        soundfile.write(folder / f"{name}.flac", tone(16000, 0.1), 16000)


@pytest.mark.parametrize(("name", "split", "folder"), [("mini", "dev", "dev"), ("librispeech", "dev", "dev-clean")])
@pytest.mark.parametrize("lines", [["1-2-0000 HELLO"], ["1-2-0000 HELLO", "1-2-0001 "], ["1-2-0000 HELLO", "1-2-0001"]])
def test_a_sound_without_transcript_is_one_sentence(tmp_path, name, split, folder, lines):
    chapter(tmp_path, folder, lines, ["1-2-0000", "1-2-0001"])
    with pytest.raises(CorpusError, match="no transcript") as caught:
        corpus(name, split, root=tmp_path)
    sentence(caught)


def test_librispeech_and_our_reader_see_the_same(tmp_path):
    lines = ["1-2-0000 HELLO THERE", "1-2-0001 IT'S ME"]
    for split in ("dev-clean", "dev"):
        chapter(tmp_path, split, lines, ["1-2-0000", "1-2-0001"])
    official, ours = corpus("librispeech", "dev", root=tmp_path), corpus("mini", "dev", root=tmp_path)
    assert [(u.id, u.speaker, u.text) for u in official] == [(u.id, u.speaker, u.text) for u in ours]
    assert [u.text for u in ours] == ["hello there", "it's me"]


def test_the_first_two_of_test_clean_have_the_shapes_of_the_course(real_speech):
    test = corpus("librispeech", "test", root=real_speech)
    batch = collate([test[0], test[1]], features=LogMel())
    assert batch.spectrograms.shape == (2, 835, 80)
    assert batch.labels.shape == (2, 158)
    assert batch.input_lengths.tolist() == [835, 263]
    assert batch.label_lengths.tolist() == [158, 42]
    assert test[1].text == "stuff it into you his belly counselled him"


def test_every_real_utterance_can_be_read_and_spelled(real_speech):
    for split in ("train", "dev", "test"):
        for utterance in corpus("librispeech", split, root=real_speech).subset(20):
            batch = collate([utterance], features=LogMel(), stack=4)
            assert torch.isfinite(batch.spectrograms).all()


def test_the_cache_folder_is_the_named_one_or_the_users(monkeypatch, tmp_path):
    monkeypatch.setenv("RNNT_DATA", str(tmp_path / "here"))
    assert corpora.data_home() == tmp_path / "here"
    monkeypatch.delenv("RNNT_DATA")
    assert corpora.data_home().name == "rnnt-notebooks"


def test_an_empty_corpus_is_no_error():
    assert Corpus("mini", "dev", []).seconds == 0
