"""A greedy decoder under observation: what is written down, what is drawn, and recordings that keep in step."""

import json
import re
from functools import partial
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from autograder.judging.homework3_reference import greedy_decode
from benchmarks.homework import seed_greedy
from helpers import lattice
from helpers import model as models
from helpers.decoding import watch
from helpers.features import LogMel, collate
from helpers.lattice.codes import LEVELS, from_code, to_code
from helpers.lattice.lattice import BLANK_TEXT
from helpers.text import tokenizer

REFERENCE = json.loads(models.REFERENCE_TRANSCRIPTS.read_text("utf-8"))
NUMBERS = range(1, len(REFERENCE["utterances"]) + 1)


@pytest.fixture(scope="module")
def reference():
    return models.load_reference()


@pytest.fixture(scope="module")
def frames(reference):
    """By number, the encoder's output of each recording."""
    found = {}
    for number in NUMBERS:
        batch = collate([models.reference_utterance(number)], features=LogMel(), stack=reference.config.stack)
        with torch.no_grad():
            found[number] = reference.encoder(batch.spectrograms, batch.input_lengths)[0][0]
    return found


class Script:
    """A model that likes given symbols at given nodes, and blanks elsewhere. Frames are (T, 1): their number."""

    def __init__(self, script):
        self.script = script

    def decoder(self, inputs, input_lengths=None, hidden_states=None):
        u = 0 if hidden_states is None else hidden_states + 1
        return torch.full((1, 1, 1), float(u)), u

    def joiner(self, f, g):
        symbol = self.script.get((int(f), int(g)), "_")
        return 5.0 * torch.nn.functional.one_hot(torch.tensor(tokenizer.get_symbol_index(symbol)), 30).float()


CAT = Script({(0, 0): "c", (2, 1): "a", (3, 2): "t"})
FOUR = torch.arange(4.0)[:, None]


def places(walk):
    return [(step.t, step.u, step.symbol) for step in walk.steps]


# Watching


def test_a_walk_is_what_greedy_decode_asked_in_its_order():
    walk = watch(greedy_decode, CAT, FOUR, truth="cat")
    b = BLANK_TEXT
    assert places(walk) == [(0, 0, "c"), (0, 1, b), (1, 1, b), (2, 1, "a"), (2, 2, b), (3, 2, "t"), (3, 3, b)]
    assert walk.labels == (("c", 0), ("a", 2), ("t", 3))
    assert (walk.text, walk.first_error) == ("cat", None)
    assert [step.read for step in walk.steps] == [("c",), (), (), ("a",), (), ("t",), ()]
    top = walk.steps[0].top
    assert len(top) == 6
    assert sum(share for _, share in top) < 1 + 1e-6
    assert top[0][1] == pytest.approx(float(torch.softmax(CAT.joiner(FOUR[0], torch.zeros(1)), 0).max()))


def test_a_wrong_label_leaves_the_lattice_where_it_is_written():
    walk = watch(greedy_decode, CAT, FOUR, truth="cut")
    assert walk.first_error == 3
    assert "At (2, 1) it writes “a” where “u” was said" in walk.verdict
    assert "where nothing more was said" in watch(greedy_decode, CAT, FOUR, truth="ca").verdict
    assert watch(greedy_decode, CAT, FOUR, truth="cats").verdict == "It ends 1 label too early."


def test_a_decoder_that_feeds_blanks_to_the_prediction_network_is_seen_doing_it():
    def feeds_everything(model, encoder_output):
        g, hidden = model.decoder(torch.tensor([[tokenizer.bos]]))
        labels, t = [], 0
        while t < len(encoder_output):
            best = int(model.joiner(encoder_output[t], g[0, 0]).argmax())
            g, hidden = model.decoder(torch.tensor([[best]]), hidden_states=hidden)
            if best == tokenizer.blank:
                t += 1
            else:
                labels.append(best)
        return torch.tensor(labels)

    walk = watch(feeds_everything, CAT, FOUR)
    assert any(step.is_blank and step.read == (BLANK_TEXT,) for step in walk.steps)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_decoder_that_hands_over_all_frames_walks_the_same_way(reference, frames, number):
    ours, seeds = (watch(decoder, reference, frames[number]) for decoder in (greedy_decode, seed_greedy))
    assert places(seeds) == places(ours)


def test_a_decoder_that_hands_over_what_is_left_walks_the_same_way():
    def greedy_on_the_rest(model, encoder_output):
        g, hidden = model.decoder(torch.tensor([[tokenizer.bos]]))
        labels, t = [], 0
        while t < len(encoder_output):
            scores = torch.stack([CAT.joiner(frame, g[0, 0]) for frame in encoder_output[t:]])[None, :, None]
            best = int(scores[0, 0, 0].argmax())
            model.joiner(encoder_output[None, t:], g)  # overheard
            if best == tokenizer.blank:
                t += 1
            else:
                labels.append(best)
                g, hidden = model.decoder(torch.tensor([[best]]), hidden_states=hidden)
        return torch.tensor(labels)

    def many(f, g):
        if f.dim() == 1:
            return CAT.joiner(f, g)
        return torch.stack([CAT.joiner(frame, g[0, 0]) for frame in f[0]])[None, :, None]

    patient = SimpleNamespace(decoder=CAT.decoder, joiner=many)
    assert places(watch(greedy_on_the_rest, patient, FOUR)) == places(watch(greedy_decode, CAT, FOUR))


def test_equal_frames_are_told_apart_by_where_the_walk_stands():
    same = Script({(0, 0): "c"})
    walk = watch(greedy_decode, same, torch.zeros(3, 1), truth="c")
    assert [step.t for step in walk.steps] == [0, 0, 1, 2]


def test_a_stub_stops_with_its_own_sentence():
    def stub(model, encoder_output):
        raise NotImplementedError("Not written yet")

    with pytest.raises(NotImplementedError, match="Not written yet"):
        watch(stub, CAT, FOUR)


@pytest.mark.parametrize(
    ("decoder", "kind", "words"),
    [
        (lambda model, frames: torch.tensor([1]), ValueError, "without asking the joiner once"),
        (lambda model, frames: "cat", TypeError, "must return a 1-D tensor"),
    ],
)
def test_what_is_no_decoder_gets_one_sentence(decoder, kind, words):
    with pytest.raises(kind, match=words):
        watch(decoder, CAT, FOUR)


def test_watching_leaves_the_model_in_its_mode():
    model = models.ReferenceRecogniser().train()
    watch(partial(greedy_decode, max_steps=5), model, torch.randn(3, model.config.output_dim))
    assert model.training


# The recorded walks


@pytest.mark.parametrize("number", NUMBERS)
def test_a_recorded_walk_is_the_one_of_today(reference, frames, number):
    recorded, known = lattice.Walk.recorded(number), REFERENCE["utterances"][number - 1]
    today = watch(greedy_decode, reference, frames[number], truth=known["ground_truth"])
    assert places(recorded) == places(today)
    assert recorded.text == known["prediction"]
    assert "".join(recorded.truth) == known["ground_truth"]
    for old, new in zip(recorded.steps, today.steps, strict=True):
        np.testing.assert_allclose([p for _, p in old.top], [p for _, p in new.top], atol=2e-3)
    spoken = models.reference_utterance(number)
    assert abs(recorded.T * recorded.seconds_per_frame - spoken.seconds) < 2 * recorded.seconds_per_frame
    # Every path is somewhere on every anti-diagonal; each node was rounded to 1/61.
    diagonals = [recorded.occupancy[::-1].diagonal(k).sum() for k in range(1 - recorded.T, len(recorded.truth) + 1)]
    np.testing.assert_allclose(diagonals, 1, atol=0.12)


def test_the_recorded_walks_belong_to_the_weights_that_are_shipped():
    content = json.loads((models.ASSETS / "greedy_walks.json").read_text("utf-8"))
    assert content["weights"] == REFERENCE["sha256"]


def test_an_unknown_recording_is_one_sentence():
    with pytest.raises(ValueError, match="recordings 1 to 6"):
        lattice.greedy_walk(7)
    with pytest.raises(ValueError, match="recordings 1 to 6"):
        models.reference_utterance(0)


def test_a_walk_survives_json():
    walk = lattice.Walk.recorded(2)
    again = lattice.Walk.from_json(json.loads(json.dumps(walk.to_json())))
    assert again.steps == walk.steps
    np.testing.assert_array_equal(again.occupancy, walk.occupancy)


# Shares as text


@pytest.mark.parametrize("seed", range(5))
def test_shares_as_text_come_back_rounded(seed):
    rng = np.random.default_rng(seed)
    shares = rng.random((17, 23)) * (rng.random((17, 23)) < (0.05, 0.3, 0.9, 0.0, 1.0)[seed])
    text = to_code(shares)
    assert set(text) <= set(LEVELS + "-")
    np.testing.assert_allclose(from_code(text, shares.shape), shares, atol=0.5 / 61 + 1e-9)


def test_shares_as_text_are_clipped_and_short():
    assert to_code([[-1.0, 2.0, np.nan, 0.0, 1.0]]) == "0Z-0Z"
    assert len(to_code(np.zeros(1000))) < 40
    with pytest.raises(ValueError, match="needs 4"):
        from_code("Z", (2, 2))


# Drawing


@pytest.mark.parametrize("number", NUMBERS)
def test_a_walk_is_drawn_step_by_step_in_a_page_of_reasonable_size(number):
    walk = lattice.Walk.recorded(number)
    figure = lattice.greedy_walk(number)
    assert len(figure.spec["points"]) == len(walk.steps) + 1
    for before, after in zip(figure.spec["points"], figure.spec["points"][1:], strict=False):
        right, up = after[0] - before[0], before[1] - after[1]
        assert (right > 0) != (up > 0)
    assert walk.text in figure.alt
    assert walk.verdict in figure.alt
    html = without_pictures(figure.html())
    assert len(html.encode()) <= 150_000
    assert set(re.findall(r"https?://[^\"' )]+", html)) == {"http://www.w3.org/2000/svg"}
    ElementTree.fromstring(figure.svg())
    assert figure.png()[:4] == b"\x89PNG"


def without_pictures(html):
    return re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]+", "", html)


def test_more_labels_than_were_said_still_have_a_place():
    walk = lattice.Walk.recorded(5)
    assert len(walk.labels) > len(walk.truth)
    figure = lattice.greedy_walk(walk)
    assert len(walk.labels) == figure.scene.grids[""].U
    final, last = figure.scene.find("final"), figure.spec["points"][-1]
    assert last[1] < final.y  # it ends above the end of the transcript


def test_a_walk_that_was_cut_short_is_drawn_without_a_question():
    walk = watch(partial(greedy_decode, max_steps=3), CAT, FOUR, truth="cat")
    assert lattice.greedy_walk(walk).question is None
    assert lattice.greedy_walk(watch(greedy_decode, CAT, FOUR)).question.right == 0


def test_a_walk_that_cannot_be_drawn_is_one_sentence():
    endless = SimpleNamespace(decoder=CAT.decoder, joiner=lambda f, g: torch.eye(30)[3])
    walk = watch(partial(greedy_decode, max_steps=400), endless, FOUR)
    with pytest.raises(ValueError, match="too long to follow"):
        lattice.greedy_walk(walk)
    with pytest.raises(ValueError, match="no steps"):
        lattice.greedy_walk(lattice.Walk(3, (), ()))
    with pytest.raises(ValueError, match="occupancy must have shape"):
        watch(greedy_decode, CAT, FOUR, truth="cat", occupancy=np.zeros((4, 3)))
