"""The synthetic corpus: what is in it, that it repeats, and that it is there completely or not at all."""

import hashlib
import json
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from string import ascii_lowercase

import numpy as np
import pytest
import soundfile
from tiny import TINY

from helpers.corpora import CorpusError, corpus
from helpers.making import layout, mini, sentences, sound
from helpers.text import tokenizer


def digests(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.suffix in (".txt", ".TXT", ".json")
    } | {
        str(path.relative_to(folder)): hashlib.sha256(soundfile.read(path, dtype="int16")[0].tobytes()).hexdigest()
        for path in folder.rglob("*.flac")
    }


def test_the_words_are_many_and_use_every_letter():
    words = sentences.vocabulary()
    assert len(words) >= 150
    assert set("".join(words)) == {*ascii_lowercase, "'"}


def test_every_word_occurs_often_enough_to_be_learned():
    texts = [text for speaker in mini.plan() for split, text in speaker.lines if split == "train"]
    said = [word for text in texts for word in text.split()]
    rarest = min(sentences.vocabulary(), key=said.count)
    assert said.count(rarest) >= 10, rarest


def test_sentences_are_distinct_and_can_be_spelled():
    drawn = sentences.draw(0, 3000)
    assert len(set(drawn)) == 3000
    for text in drawn:
        assert tokenizer.indices_to_text(tokenizer.text_to_indices(text)) == text
        assert text == " ".join(text.split())


def test_sentences_repeat_with_the_seed():
    assert sentences.draw(5, 20) == sentences.draw(5, 40)[:20]
    assert sentences.draw(5, 20) != sentences.draw(6, 20)


def by_split(speakers):
    texts, voices = {}, {}
    for speaker in speakers:
        for split, text in speaker.lines:
            texts.setdefault(split, []).append(text)
            voices.setdefault(split, set()).add(speaker.voice.split("+")[1])
    return texts, voices


def test_no_held_out_sentence_is_heard_in_training():
    texts, _ = by_split(mini.plan())
    assert {split: len(found) for split, found in texts.items()} == {
        "train": 2400, "dev": 160, "test-sentences": 200, "test-voices": 200,
    }  # fmt: skip
    assert sorted(texts["test-sentences"]) == sorted(texts["test-voices"])
    for one, other in (("train", "dev"), ("train", "test-sentences"), ("dev", "test-sentences")):
        assert not set(texts[one]) & set(texts[other])


def test_no_held_out_voice_is_heard_in_training():
    _, voices = by_split(mini.plan())
    assert not voices["test-voices"] & (voices["train"] | voices["dev"])
    assert voices["test-sentences"] <= voices["train"]
    assert voices["dev"] - voices["train"] == set(mini.DEV_VOICES)
    assert len(voices["test-voices"]) == 8


def test_speed_and_pitch_are_spread_over_the_voices():
    speakers = mini.plan()
    assert len({speaker.speed for speaker in speakers}) > 25
    assert len({speaker.pitch for speaker in speakers}) > 20
    assert len({speaker.number for speaker in speakers}) == len(speakers)


def test_another_recipe_has_another_folder(monkeypatch):
    name = mini.folder_name()
    assert name == mini.folder_name(mini.Recipe())
    assert mini.folder_name(replace(mini.RECIPE, seed=1)) != name
    monkeypatch.setitem(sentences.LISTS, "animal", ["cat"])
    assert mini.folder_name() != name


@pytest.mark.parametrize("wrong", [{"train": 0}, {"dev_voices": 5}, {"test_voices": 0}])
def test_a_recipe_that_cannot_be_made_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        replace(mini.RECIPE, **wrong)


def test_the_corpus_holds_what_was_planned(tiny_mini):
    for split, count in (("train", 12), ("dev", 4), ("test-sentences", 4), ("test-voices", 4)):
        found = corpus("mini", split, root=tiny_mini)
        assert len(found) == count
        planned = [text for speaker in mini.plan(TINY) for where, text in speaker.lines if where == split]
        assert [utterance.text for utterance in found] == planned


def test_the_sound_is_speech_of_sensible_length_without_clipping(tiny_mini):
    for split in mini.CHAPTERS:
        for utterance in corpus("mini", split, root=tiny_mini):
            assert soundfile.info(utterance.path).samplerate == 16000
            waveform = utterance.waveform().numpy()
            rate = len(utterance.text) / (len(waveform) / 16000)
            assert 8 < rate < 26, utterance  # characters per second
            assert np.abs(waveform).max() <= 0.96
            assert -31 < 20 * np.log10(np.sqrt(np.mean(waveform**2))) < -21.5
            # Speech comes and goes: frames of 25 ms differ far more in level than noise does.
            frames = waveform[: len(waveform) // 400 * 400].reshape(-1, 400)
            assert np.std(10 * np.log10(np.mean(frames**2, axis=1) + 1e-9)) > 4


@pytest.mark.slow
def test_the_same_recipe_gives_the_same_samples_however_many_workers(tiny_mini, tmp_path):
    again = mini.make(tmp_path / "again", TINY, workers=4, progress=False)
    assert digests(again) == digests(tiny_mini)
    other = mini.make(tmp_path / "other", replace(TINY, seed=1), workers=1, progress=False)
    assert digests(other) != digests(tiny_mini)


def test_what_is_there_is_not_made_again(tiny_mini, monkeypatch):
    monkeypatch.setattr(mini, "_run", lambda *_: pytest.fail("it synthesised again"))
    assert mini.make(tiny_mini, TINY) == tiny_mini


def test_a_voice_that_espeak_does_not_have_is_one_sentence_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(mini, "TRAIN_VOICES", ("m1", "nobody"))
    with pytest.raises(CorpusError, match=r"no voice '.*nobody'") as caught:
        mini.make(tmp_path / "mini", TINY, progress=False)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_noticed_before_anything_is_written(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(layout.shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(CorpusError, match=r"needs 1\.4 MB and 1 kB are free"):
        mini.make(tmp_path / "mini", TINY, progress=False)
    assert not list(tmp_path.iterdir())


def test_a_disk_that_fills_up_meanwhile_leaves_nothing(tmp_path, monkeypatch):
    def fill(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(mini, "_describe", fill)
    monkeypatch.setattr(mini, "_run", lambda *_: None)
    with pytest.raises(CorpusError, match="disk is full"):
        mini.make(tmp_path / "mini", TINY, progress=False)
    assert not list(tmp_path.iterdir())


INTERRUPTED = """
import signal, sys
from pathlib import Path
from helpers.making import mini
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's job in the background would ignore it
mini.make(Path(sys.argv[1]) / "mini", mini.RECIPE, workers=1)
"""


@pytest.mark.slow
def test_an_interrupted_synthesis_leaves_nothing(tmp_path):
    making = subprocess.Popen([sys.executable, "-c", INTERRUPTED, tmp_path], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 300
    while not list(tmp_path.rglob("*.flac")) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list(tmp_path.rglob("*.flac"))
    making.send_signal(signal.SIGINT)
    assert making.wait(300) != 0
    assert not list(tmp_path.iterdir())


def test_someone_elses_finished_folder_stays(tmp_path):
    target = tmp_path / "corpus"
    with layout.complete_or_absent(target) as work:
        (work / "mine").touch()
        target.mkdir()
        (target / "theirs").touch()
    assert [path.name for path in target.iterdir()] == ["theirs"]
    assert [path.name for path in tmp_path.iterdir()] == ["corpus"]


def test_what_a_killed_process_left_is_swept_away_after_hours(tmp_path):
    import os

    old, young = tmp_path / ".unfinished-a-1", tmp_path / ".unfinished-a-2"
    old.mkdir()
    young.mkdir()
    os.utime(old, (time.time() - 7 * 3600,) * 2)
    with layout.complete_or_absent(tmp_path / "corpus"):
        pass
    assert not old.exists()
    assert young.exists()


def test_nothing_imports_espeak_before_it_is_needed():
    code = "import sys, helpers.corpora, helpers.making.mini as m; m.plan(); print('espeakng_loader' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_folder_says_how_it_was_made(tiny_mini):
    recipe = json.loads((tiny_mini / "recipe.json").read_text("utf-8"))
    assert (recipe["train"], recipe["seed"], recipe["version"]) == (12, 0, mini.VERSION)
    assert "en-us+m1" in (tiny_mini / "SPEAKERS.TXT").read_text("utf-8")


# --- samples


@pytest.mark.parametrize(("rate", "wanted"), [(22050, 16000), (8000, 16000), (16000, 16000)])
def test_resampling_keeps_a_tone(rate, wanted):
    def burst(at):  # fades in and out: the ends are silent
        t = np.arange(at) / at
        return np.sin(2 * np.pi * 440 * t) * np.hanning(at)

    resampled = sound.resample(burst(rate), rate, wanted)
    assert len(resampled) == wanted
    assert np.abs(resampled - burst(wanted)).max() < 2e-3


def test_resampling_removes_what_the_lower_rate_cannot_hold():
    t = np.arange(22050) / 22050
    assert np.abs(sound.resample(np.sin(2 * np.pi * 9000 * t) * np.hanning(22050), 22050)).max() < 0.01


def test_noise_has_the_power_and_the_colour_that_were_asked_for():
    white, pink = (sound.coloured_noise(np.random.RandomState(0), 16000, tilt) for tilt in (0.0, 1.0))
    for noise in (white, pink):
        assert np.sqrt(np.mean(noise**2)) == pytest.approx(1.0)

    def low_share(noise):
        power = np.abs(np.fft.rfft(noise)) ** 2
        return power[: len(power) // 8].sum() / power.sum()

    assert low_share(white) == pytest.approx(1 / 8, abs=0.02)
    assert low_share(pink) > 0.6


def test_a_recording_has_the_level_and_does_not_clip():
    speech = np.random.RandomState(1).standard_normal(8000)
    samples = sound.recorded(speech, np.random.RandomState(0), level=-26, snr=30, tilt=0)
    assert samples.dtype == np.int16
    assert 20 * np.log10(np.sqrt(np.mean((samples / 32767.0) ** 2))) == pytest.approx(-26, abs=0.1)
    assert 8000 + 2 * 800 <= len(samples) <= 8000 + 2 * 1600
    spiky = np.zeros(8000)
    spiky[4000] = 1.0
    loud = sound.recorded(spiky, np.random.RandomState(0), level=-10, snr=30, tilt=0)
    assert np.abs(loud.astype(int)).max() <= 0.951 * 32767


def test_silence_at_the_ends_is_trimmed():
    samples = np.concatenate([np.zeros(50), np.ones(10), np.zeros(30)])
    assert len(sound.trimmed(samples)) == 10
    assert len(sound.trimmed(np.zeros(5))) == 5
