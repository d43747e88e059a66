"""The alignment with its sound, the node microscope, and three topologies: data and drawing, without a browser."""

import base64
import io
import json
import re
from itertools import pairwise
from math import comb
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile
from test_watching import without_pictures

from helpers import lattice
from helpers import model as models
from helpers.corpora import Utterance
from helpers.features import LogMel
from helpers.lattice.listening import MOST_FLAC, words
from helpers.lattice.scene import Image
from helpers.lattice.topologies import FRAMES, WORDS, align, scores


class Sound:
    """Something to hear, made of numbers."""

    sample_rate = 16000

    def __init__(self, seconds, noise=0.1):
        t = np.arange(int(seconds * self.sample_rate)) / self.sample_rate
        hiss = noise * np.random.default_rng(0).standard_normal(len(t))
        self.samples = (0.3 * np.sin(2 * np.pi * 440 * t) + hiss).astype(np.float32).clip(-1, 1)

    def waveform(self):
        import torch

        return torch.from_numpy(self.samples)


def well_formed(figure):
    """XML, with unique ids, that fetches nothing, in a page of at most 150 KB without PNG, with an answer."""
    tree = ElementTree.fromstring(figure.svg())
    ids = [element.get("data-id") for element in tree.iter() if element.get("data-id")]
    assert len(ids) == len(set(ids))
    html = without_pictures(figure.html())
    assert len(html.encode()) <= 150_000
    assert set(re.findall(r"https?://[^\"' )]+", html)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r'\sid="', html)
    assert figure.png()[:4] == b"\x89PNG"
    assert figure.question is not None
    return ids


def played(figure):
    """The sound in the page: samples, rate, kind."""
    data = base64.b64decode(figure.spec["audio"])
    samples, rate = soundfile.read(io.BytesIO(data))
    return samples, rate, figure.spec["mime"]


# Over the spectrogram


@pytest.mark.parametrize("number", range(1, 7))
def test_a_recording_can_be_seen_and_heard_in_one_page(number):
    spoken, walk = models.reference_utterance(number), lattice.Walk.recorded(number)
    figure = lattice.over_spectrogram(walk, spoken)
    ids = well_formed(figure)
    samples, rate, mime = played(figure)
    original = spoken.waveform().numpy()
    assert abs(len(samples) / rate - len(original) / 16000) < 0.01
    if mime == "audio/flac":
        np.testing.assert_allclose(samples, original, atol=2**-14)
    else:
        assert np.corrcoef(samples[: len(original)], original[: len(samples)])[0, 1] > 0.98
    assert figure.spec["labels"] == [list(pair) for pair in walk.labels]
    assert {f"emit-{t}" for _, t in walk.labels} <= set(ids)
    assert {"playhead", "spectrogram", "walked", "word-0"} <= set(ids)


def test_spectrogram_and_lattice_share_one_time_axis():
    spoken, walk = models.reference_utterance(3), lattice.Walk.recorded(3)
    figure = lattice.over_spectrogram(walk, spoken)
    image, grid = figure.scene.find("spectrogram"), figure.scene.grids[""]
    assert isinstance(image, Image)
    left, per_second = grid.x(0) - grid.rx, grid.dx / walk.seconds_per_frame
    assert image.x == left
    frames = len(LogMel().of(spoken))
    assert image.levels.shape == (80, frames)
    assert image.width == pytest.approx(frames * 0.0125 * per_second)
    for symbol, t in walk.labels:
        item = figure.scene.find(f"emit-{t}")
        assert item.x == pytest.approx(left + t * walk.seconds_per_frame * per_second)
        assert lattice.lattice.visible(symbol) in item.text


def test_the_first_wrong_letter_is_marked():
    walk = lattice.Walk.recorded(1)
    figure = lattice.over_spectrogram(walk, models.reference_utterance(1))
    wrong = figure.spec["wrong"]
    assert figure.spec["labels"][wrong][0] == "h"
    assert figure.spec["truth"][wrong] == "f"
    flawless = lattice.over_spectrogram(lattice.Walk.recorded(6), models.reference_utterance(6))
    assert flawless.spec["wrong"] == -1


def test_a_sentence_in_one_frame_is_cut_short_above_the_spectrogram():
    walk = lattice.Walk.along("b" * 9 + "l" * 20 + "b", "a" * 20, seconds_per_frame=0.05)
    figure = lattice.over_spectrogram(walk, Sound(0.5))
    item = figure.scene.find("emit-9")
    assert item.text == "aaaaaaa…"
    assert item.x < figure.scene.width


def test_words_last_until_the_next_space():
    walk = lattice.Walk.along("bllbbllblbb", "ab cd", seconds_per_frame=0.05)
    assert walk.labels == (("a", 1), ("b", 1), (" ", 3), ("c", 3), ("d", 4))
    assert words(walk) == [("ab", 1, 3), ("cd", 3, 6)]


def test_a_given_alignment_is_drawn_as_it_is():
    walk = lattice.Walk.along("lbblb", "hi", seconds_per_frame=0.2)
    assert walk.labels == (("h", 0), ("i", 2))
    assert walk.first_error is None
    well_formed(lattice.over_spectrogram(walk, Sound(0.6)))
    with pytest.raises(ValueError, match="must be"):
        lattice.Walk.along("lbblbl", "hi?")


def test_long_sounds_are_packed_smaller_and_keep_their_time():
    walk = lattice.Walk.along("b" * 99 + "l" + "b", "a", seconds_per_frame=0.08)
    figure = lattice.over_spectrogram(walk, Sound(8.0))
    samples, rate, mime = played(figure)
    assert mime == "audio/ogg"
    assert len(samples) / rate == pytest.approx(8.0, abs=0.01)
    assert len(figure.spec["audio"]) < 2 * MOST_FLAC


def test_what_has_no_time_or_no_end_is_one_sentence():
    with pytest.raises(ValueError, match="seconds_per_frame"):
        lattice.over_spectrogram(lattice.Walk.along("lb", "a"), Sound(0.2))
    with pytest.raises(ValueError, match="too many for one picture"):
        lattice.over_spectrogram(lattice.Walk.along("b" * 500, "", seconds_per_frame=0.01), Sound(0.2))
    walk = lattice.Walk.along("lb", "a", seconds_per_frame=0.1)
    with pytest.raises(ValueError, match="log_mel must be finite"):
        lattice.over_spectrogram(walk, Sound(0.2), log_mel=np.full((8, 80), np.nan))


def test_real_speech_fits_too(real_speech):
    import torch

    from autograder.judging.homework3_reference import greedy_decode
    from helpers.decoding import watch
    from helpers.features import collate

    path = min(real_speech.glob("LibriSpeech/**/*.flac"), key=lambda one: abs(soundfile.info(one).duration - 4))
    spoken, reference = Utterance(path.stem, "?", "what was said", path), models.load_reference()
    batch = collate([spoken], features=LogMel(), stack=4)
    with torch.no_grad():
        frames, _ = reference.encoder(batch.spectrograms, batch.input_lengths)
    walk = watch(greedy_decode, reference, frames[0], seconds_per_frame=0.05)
    figure = lattice.over_spectrogram(walk, spoken)
    samples, rate, _ = played(figure)
    assert len(samples) / rate == pytest.approx(spoken.seconds, abs=0.02)
    assert len(without_pictures(figure.html()).encode()) <= 150_000
    lattice.greedy_walk(walk)


# The microscope


@pytest.fixture(scope="module")
def node():
    rng = np.random.default_rng(4)
    f, g, weights = rng.normal(size=(5, 12)), rng.normal(size=(3, 12)), rng.normal(size=(12, 6))
    logits = np.maximum(f[:, None] + g[None], 0) @ weights
    return f, g, logits


def test_the_microscope_shows_the_joiners_numbers_at_every_node(node):
    f, g, logits = node
    figure = lattice.node_microscope(f, g, logits, symbols="abcde_", labels="ab", blank=5)
    well_formed(figure)
    shares = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    for t in range(5):
        for u in range(3):
            top = figure.spec["top"][t][u]
            assert [p for _, p in top] == pytest.approx(sorted(shares[t, u], reverse=True), abs=1e-4)
            assert top[0][0] == "abcde∅"[shares[t, u].argmax()]
            np.testing.assert_allclose(figure.spec["sum"][3 * t + u], f[t] + g[u], atol=0.006)
    t, u = figure.spec["node"]
    entropy = -(shares * np.log(shares)).sum(axis=2)
    assert entropy[t, u] == entropy.max()


def test_of_long_vectors_the_telling_numbers_are_shown(node):
    _, _, logits = node
    rng = np.random.default_rng(0)
    f, g = 0.01 * rng.normal(size=(5, 512)), 0.01 * rng.normal(size=(3, 512))
    f[:, 77] = [9, -9, 9, -9, 9]
    figure = lattice.node_microscope(f, g, logits, symbols="abcde_", labels="ab")
    assert np.shape(figure.spec["f"]) == (5, 128)
    assert np.abs(figure.spec["f"]).max() == pytest.approx(9)
    assert "The 128 of 512 numbers" in " ".join(i.text for i in figure.scene.items if i.id.startswith("caption"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"g": np.zeros((3, 11))}, "with one J"),
        ({"logits": np.zeros((5, 3, 7))}, "logits must have shape"),
        ({"labels": "a"}, "labels must name the U = 2 rows"),
        ({"node": (5, 0)}, "not a node"),
        ({"f": np.zeros((30, 12)), "logits": np.zeros((30, 3, 6))}, "at most 16 frames"),
    ],
)
def test_what_does_not_fit_under_the_microscope_is_one_sentence(node, change, words):
    f, g, logits = node
    given = {"f": f, "g": g, "logits": logits, "symbols": "abcde_", "labels": "ab", **change}
    with pytest.raises(ValueError, match=words):
        lattice.node_microscope(given.pop("f"), given.pop("g"), given.pop("logits"), **given)


# Three topologies


@pytest.mark.parametrize("T", FRAMES)
@pytest.mark.parametrize("word", WORDS)
def test_there_are_as_many_alignments_as_the_formulas_say(word, T):
    U, doubles = len(word), sum(a == b for a, b in pairwise(word))
    assert len(align("rnnt", word, T).spelled) == comb(T + U - 1, U)
    assert len(align("mono", word, T).spelled) == comb(T, U)
    assert len(align("ctc", word, T).spelled) == comb(T + U - doubles, 2 * U)


def ctc_total(word, table, T):
    """P(y | x) of CTC by its own dynamic programme (Graves et al., 2006)."""
    states = ["∅", *(s for c in word for s in (c, "∅"))]
    alpha = np.array([table[s][0] if i < 2 else 0.0 for i, s in enumerate(states)])
    for t in range(1, T):
        new = alpha.copy()
        for i, s in enumerate(states):
            new[i] += alpha[i - 1] if i else 0
            new[i] += alpha[i - 2] if i > 1 and s not in ("∅", states[i - 2]) else 0
            new[i] *= table[s][t]
        alpha = new
    return alpha[-1] + alpha[-2]


def rnnt_total(word, table, T, monotonic):
    """P(y | x) of a transducer, its label arcs staying in the frame or taking it."""
    alpha = np.zeros((T + 1, len(word) + 1))
    alpha[0, 0] = 1
    for t in range(T + 1):
        for u in range(len(word) + 1):
            if t:
                alpha[t, u] += alpha[t - 1, u] * table["∅"][t - 1]
            before = t - 1 if monotonic else t
            if u and 0 <= before < T:
                alpha[t, u] += alpha[before, u - 1] * table[word[u - 1]][before]
    return alpha[T, len(word)]


@pytest.mark.parametrize("T", FRAMES)
@pytest.mark.parametrize("word", WORDS)
def test_alignments_add_up_to_what_each_dynamic_programme_gives(word, T):
    table = scores(word, T)
    np.testing.assert_allclose(sum(table.values()), 1)
    assert align("ctc", word, T).total == pytest.approx(ctc_total(word, table, T), abs=1e-12)
    assert align("rnnt", word, T).total == pytest.approx(rnnt_total(word, table, T, False), abs=1e-12)
    assert align("mono", word, T).total == pytest.approx(rnnt_total(word, table, T, True), abs=1e-12)


@pytest.mark.parametrize("kind", ["ctc", "rnnt", "mono"])
def test_every_alignment_reads_as_the_word_and_walks_forward(kind):
    for word in WORDS:
        found = align(kind, word, 5)
        assert list(found.shares) == sorted(found.shares, reverse=True)
        assert len(set(found.spelled)) == len(found.spelled)
        for spelled, nodes in zip(found.spelled, found.walks, strict=True):
            merged = re.sub(r"(.)\1+", r"\1", spelled) if kind == "ctc" else spelled
            assert merged.replace("∅", "") == word
            assert all(b[0] >= a[0] and b[1] >= a[1] and a != b for a, b in pairwise(nodes))


def test_two_frames_hold_three_letters_only_in_a_transducer():
    figure = lattice.topologies()
    well_formed(figure)
    case = json.loads(json.dumps(figure.spec["cases"]))["CAT-2"]
    assert [len(case[kind]["spelled"]) for kind in ("ctc", "rnnt", "mono")] == [0, 4, 0]
    assert figure.question.options[figure.question.right] == "RNN-T alone"
    for word in WORDS:
        for T in FRAMES:
            lattice.topologies(word, T).png()
    with pytest.raises(ValueError, match="CAT and BEE with 2 to 5 frames"):
        lattice.topologies("DOG")
