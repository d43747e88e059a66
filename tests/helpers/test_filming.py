"""The camera beside a training, the shares that it films, and the film that it leaves."""

import re
from dataclasses import replace
from functools import partial
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from test_training import DEV, RECIPE, Sounds, interrupt_at, new_model, run, same_weights, without_times
from test_watching import without_pictures

from autograder.judging.homework3_reference import greedy_decode
from helpers import lattice
from helpers.decoding import recognize
from helpers.filming import Camera
from helpers.lattice.film import PRESETS, Film
from helpers.loss import best_alignment, posteriors, rnnt_loss
from helpers.text import tokenizer
from helpers.training import FILM

decode = partial(recognize, greedy_decode=partial(greedy_decode, max_steps=30))


def scores(T, U, V=7, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return 2 * torch.randn(T, U + 1, V, generator=generator), torch.randint(V - 1, (U,), generator=generator)


def camera(utterance=None, **options):
    return Camera(utterance or DEV[0], stack=1, features=Sounds(), **options)


# Where the probability goes


@pytest.mark.parametrize(("T", "U"), [(1, 0), (1, 3), (5, 0), (6, 4), (3, 7)])
def test_posteriors_are_shares_of_one_walk(T, U):
    logits, targets = scores(T, U)
    blank, label, cost = posteriors(logits, targets, -1)
    torch.testing.assert_close(blank.sum(dim=1), torch.ones(T))  # one blank a frame
    torch.testing.assert_close(label.sum(dim=0), torch.ones(U))  # each label once
    occupancy = blank.clone()
    occupancy[:, :-1] += label
    for n in range(T + U):
        passing = [float(occupancy[t, n - t]) for t in range(T) if 0 <= n - t <= U]
        assert sum(passing) == pytest.approx(1, abs=1e-5)
    lengths = torch.tensor([T]), torch.tensor([U])
    assert cost == pytest.approx(float(rnnt_loss(logits[None], targets[None], *lengths, blank=-1)), rel=1e-5)


def test_posteriors_are_minus_the_gradient_with_respect_to_log_probabilities():
    logits, targets = scores(5, 3)
    log_probs = logits.log_softmax(-1).double().requires_grad_()
    # A sum over all alignments, by autograd: no forward or backward variables of ours in it.
    x = lattice.Lattice.from_log_probs(log_probs.detach(), targets, blank=-1)
    paths = []
    for path in x.alignments():
        t, u, arcs = 0, 0, []
        for step in path:
            arcs.append(log_probs[t, u, -1] if step == "b" else log_probs[t, u, targets[u]])
            t, u = (t + 1, u) if step == "b" else (t, u + 1)
        paths.append(torch.stack(arcs).sum())
    (gradient,) = torch.autograd.grad(-torch.logsumexp(torch.stack(paths), dim=0), log_probs)
    blank, label, _ = posteriors(logits, targets, -1)
    torch.testing.assert_close(blank, -gradient[..., -1].float(), atol=1e-6, rtol=1e-5)
    picked = gradient[:, :-1].gather(-1, targets[None, :, None].expand(5, 3, 1)).squeeze(-1)
    torch.testing.assert_close(label, -picked.float(), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("seed", range(8))
def test_the_best_alignment_is_the_best_of_all(seed):
    logits, targets = scores(5, 4, seed=seed)
    x = lattice.Lattice.from_log_probs(logits.log_softmax(-1), targets, blank=6)
    assert best_alignment(logits, targets, 6) == x.best_path()


def test_equally_good_alignments_still_give_one():
    path = best_alignment(torch.zeros(4, 3, 5), torch.tensor([1, 2]), 4)
    lattice.Lattice(np.zeros((4, 3)), np.zeros((4, 2)), ("a", "b")).log_prob(path)  # raises if it is no path


def test_an_impossible_utterance_has_no_shares_and_no_best_alignment():
    logits, targets = scores(3, 2)
    logits[-1, -1, -1] = -torch.inf
    blank, label, cost = posteriors(logits, targets, -1)
    assert cost == float("inf")
    assert float(blank.sum() + label.sum()) == 0
    with pytest.raises(ValueError, match="probability 0"):
        best_alignment(logits, targets, -1)


# The camera


def test_a_filmed_training_is_the_same_training(tmp_path):
    filmed, with_film = run(tmp_path / "filmed", camera=camera(decode=decode))
    plain, without = run(tmp_path / "plain")
    assert same_weights(filmed, plain)
    assert without_times(with_film.rows) == without_times(without.rows)
    assert (tmp_path / "filmed" / FILM).exists()
    assert not (tmp_path / "plain" / FILM).exists()


def test_a_film_starts_untrained_and_has_more_frames_early_on(tmp_path):
    eye = camera(decode=decode)
    run(tmp_path, replace(RECIPE, epochs=20), camera=eye)
    film = eye.film
    steps = film.steps.tolist()
    assert steps[:11] == [*range(11)]
    assert np.diff(steps).max() > 5
    assert steps[-1] <= 100
    assert len(steps) < 45
    assert len(film.written) == len(film)
    assert film.symbols == tuple(DEV[0].text)
    assert film.loss[-1] < film.loss[0]
    for picture in film.occupancy[[0, -1]]:
        T, rows = picture.shape
        diagonals = [picture[::-1].diagonal(k).sum() / 255 for k in range(1 - T, rows)]
        np.testing.assert_allclose(diagonals, 1, atol=0.05)


def test_a_frame_holds_what_the_model_thinks_of_the_sentence():
    eye, model = camera(), new_model()
    eye.start(model)
    with torch.no_grad():
        batch = eye._batch
        logits = model.eval()(batch.spectrograms, batch.input_lengths, batch.labels, batch.label_lengths)
    blank, label, cost = posteriors(logits[0], batch.labels[0], tokenizer.blank)
    blank[:, :-1] += label
    np.testing.assert_allclose(eye.film.occupancy[0] / 255, blank.numpy(), atol=0.003)
    assert eye.film.loss[0] == pytest.approx(cost / len(DEV[0].text), rel=1e-5)
    assert eye.film.blank[0] == pytest.approx(float(logits.softmax(-1)[..., tokenizer.blank].mean()), rel=1e-5)


def test_a_run_that_goes_on_keeps_its_film(tmp_path):
    whole = camera()
    run(tmp_path / "whole", camera=whole)
    first, second = camera(), camera()
    run(tmp_path / "parts", camera=first, tracker=interrupt_at(7))
    assert first.film.steps[-1] == 7
    run(tmp_path / "parts", camera=second)
    assert second.film.steps.tolist() == whole.film.steps.tolist()
    np.testing.assert_array_equal(second.film.occupancy, whole.film.occupancy)
    done = camera()
    run(tmp_path / "parts", camera=done)  # complete: nothing is trained, the film is there
    assert done.film.steps.tolist() == whole.film.steps.tolist()


def test_a_film_begun_without_decoding_goes_on_with_it(tmp_path):
    run(tmp_path, camera=camera(), tracker=interrupt_at(7))
    eye = camera(decode=decode)
    run(tmp_path, camera=eye)
    assert len(eye.film.written) == len(eye.film)
    assert eye.film.written[0] == ""


def test_a_new_run_starts_a_new_film(tmp_path):
    eye = camera()
    run(tmp_path, camera=eye)
    run(tmp_path, camera=eye, resume=False)
    assert (np.diff(eye.film.steps) > 0).all()
    assert eye.film.steps[0] == 0


def test_a_film_of_another_sentence_is_not_continued(tmp_path):
    run(tmp_path, camera=camera(DEV[0]), tracker=interrupt_at(7))
    eye = camera(DEV[1])
    run(tmp_path, camera=eye)
    assert eye.film.symbols == tuple(DEV[1].text)
    assert eye.film.steps[0] > 7


# The film


def test_a_film_comes_back_from_its_file(tmp_path):
    eye = camera(decode=decode, name="a name")
    run(tmp_path, camera=eye)
    film = Film.load(tmp_path / FILM)
    assert repr(film) == repr(eye.film)
    assert film.written == eye.film.written
    np.testing.assert_array_equal(film.occupancy, eye.film.occupancy)
    np.testing.assert_allclose(film.loss, eye.film.loss, rtol=1e-6)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 broken", b"\x80\x04K\x01."])
def test_a_file_that_is_no_film_is_one_sentence(tmp_path, data):
    (tmp_path / FILM).write_bytes(data)
    with pytest.raises(ValueError, match="cannot be read as a film"):
        Film.load(tmp_path / FILM)


def test_the_courses_films_show_what_the_text_says():
    learning, collapse = map(Film.preset, ("learning", "blank collapse"))
    for film in (learning, collapse):
        assert film.steps[0] == 0
        assert film.written[0] != "".join(film.symbols)
        # The blank comes up before the alignment does: the answer to the question under the film.
        risen = int(np.argmax(film.blank > 0.4))
        assert 0 < film.steps[risen] < 80
        assert film.loss[risen] < 0.7 * film.loss[0]
        assert film.occupancy[risen].max(axis=1).mean() / 255 < 0.6
    assert learning.written[-1] == "".join(learning.symbols)
    assert learning.occupancy[-1].max(axis=1).mean() / 255 > 0.8
    assert collapse.written[-1] == ""
    assert collapse.written[len(collapse) // 2] == ""
    assert collapse.occupancy[-1].max(axis=1).mean() / 255 < 0.5
    assert collapse.blank[-1] > 0.5
    with pytest.raises(ValueError, match="There is no film 'happy'"):
        Film.preset("happy")


@pytest.mark.parametrize("name", PRESETS)
def test_a_film_is_a_small_page_and_a_strip_on_paper(name):
    figure = lattice.training_film(name)
    html = without_pictures(figure.html())
    assert len(html.encode()) <= 150_000
    assert set(re.findall(r"https?://[^\"' )]+", html)) == {"http://www.w3.org/2000/svg"}
    ElementTree.fromstring(figure.svg())
    assert figure.png()[:4] == b"\x89PNG"
    shown = [item.id for item in figure.still.items if re.fullmatch(r"still-\d+-nodes", item.id)]
    assert len(shown) == 4
    data, metadata = figure._repr_mimebundle_()
    assert {"text/html", "image/png", "text/plain"} == set(data)
    assert metadata["image/png"]["width"] == figure.still.width


def test_the_longest_film_of_clouds_is_still_a_small_page():
    T, U, N = 60, 49, 60
    blank, label, _ = posteriors(torch.zeros(T, U + 1, 30), torch.zeros(U, dtype=torch.int64), tokenizer.blank)
    blank[:, :-1] += label
    cloud = (255 * blank).round().to(torch.uint8).numpy()[None].repeat(N, axis=0)
    film = Film(("a",) * U, np.arange(N), np.linspace(7, 3, N), np.linspace(0, 0.6, N), cloud, ("a" * U,) * N)
    assert len(without_pictures(lattice.training_film(film).html()).encode()) <= 150_000


def test_a_film_that_cannot_be_shown_is_one_sentence():
    with pytest.raises(ValueError, match="This film is empty"):
        lattice.training_film(camera().film)
    long = Film(("a",) * 60, np.arange(2), np.ones(2), np.ones(2), np.zeros((2, 80, 61), dtype=np.uint8))
    with pytest.raises(ValueError, match="film a shorter sentence"):
        lattice.training_film(long)
