from itertools import combinations, product
from math import comb, log

import numpy as np
import pytest
import torch
import torchaudio
from student_code import LOOPS, function

from autograder.judging import oracle
from helpers.checks.cases import case as public_case
from helpers.checks.cases import log_softmax, random_log_probs

# --- enumeration: nothing but the definition ---------------------------------------------------------------------


def walks(frames, labels):
    """All orders of `frames` blanks and `labels` labels, as tuples of booleans: True for a label."""
    for chosen in combinations(range(frames + labels), labels):
        yield tuple(step in chosen for step in range(frames + labels))


def log_sum(scores):
    return np.logaddexp.reduce(np.array(scores, dtype=np.float64)) if scores else -np.inf


def walk_score(log_probs, targets, blank, steps, t=0, u=0):
    """ln of the product along a walk that starts at (t, u)."""
    score = 0.0
    for is_label in steps:
        if is_label:
            score += float(log_probs[t, u, targets[u]])
            u += 1
        else:
            score += float(log_probs[t, u, blank])
            t += 1
    return score


def enumerated(log_probs, targets, blank):
    """log_alpha, log_beta and cost by summing over every walk."""
    frames, labels = log_probs.shape[0], len(targets)
    log_alpha, log_beta = np.empty((frames, labels + 1)), np.empty((frames, labels + 1))
    for t, u in product(range(frames), range(labels + 1)):
        log_alpha[t, u] = log_sum([walk_score(log_probs, targets, blank, steps) for steps in walks(t, u)])
        # From (t, u) to the end the last step is always the blank that leaves the last frame.
        rest = [(*steps, False) for steps in walks(frames - 1 - t, labels - u)]
        log_beta[t, u] = log_sum([walk_score(log_probs, targets, blank, steps, t, u) for steps in rest])
    whole = [(*steps, False) for steps in walks(frames - 1, labels)]
    return log_alpha, log_beta, -log_sum([walk_score(log_probs, targets, blank, steps) for steps in whole])


def drawn(seed, frames, labels, classes, blank, scale=1.5):
    rng = np.random.default_rng(seed)
    log_probs = log_softmax(scale * rng.standard_normal((frames, labels + 1, classes)))
    targets = rng.choice(np.delete(np.arange(classes), blank), size=labels)
    return log_probs, targets, blank


SHAPES = [(T, U, V) for T in (1, 2, 3, 4) for U in (0, 1, 2, 4) for V in (2, 4)]


@pytest.mark.parametrize(("T", "U", "V"), SHAPES)
def test_arrays_and_cost_are_the_sums_over_all_alignments_wherever_the_blank_is(T, U, V):
    for blank in {0, -1, V // 2, -2}:
        inputs = drawn(100 * T + 10 * U + V, T, U, V, blank)
        log_alpha, log_beta, cost = enumerated(*inputs)
        got_alpha, from_alpha = oracle.forward(*inputs)
        got_beta, from_beta = oracle.backward(*inputs)
        np.testing.assert_allclose(got_alpha, log_alpha, atol=1e-10)
        np.testing.assert_allclose(got_beta, log_beta, atol=1e-10)
        assert from_alpha == pytest.approx(cost, abs=1e-10)
        assert from_beta == pytest.approx(cost, abs=1e-10)


@pytest.mark.parametrize("seed", range(12))
def test_impossible_scores_are_summed_like_any_other(seed):
    log_probs, targets, blank = drawn(seed, 4, 3, 4, blank=seed % 4)
    log_probs[np.random.default_rng(seed).random(log_probs.shape) < 0.5] = -np.inf
    log_alpha, log_beta, cost = enumerated(log_probs, targets, blank)
    got_alpha, from_alpha = oracle.forward(log_probs, targets, blank)
    got_beta, from_beta = oracle.backward(log_probs, targets, blank)
    assert np.isneginf(log_alpha).any()
    assert not np.isnan(got_alpha).any()
    assert not np.isnan(got_beta).any()
    np.testing.assert_allclose(got_alpha, log_alpha, atol=1e-10)
    np.testing.assert_allclose(got_beta, log_beta, atol=1e-10)
    np.testing.assert_allclose([from_alpha, from_beta], cost, atol=1e-10)


def test_a_label_without_any_probability_costs_infinity():
    log_probs, targets, blank = drawn(0, 3, 2, 4, blank=0)
    log_probs[:, 1, targets[1]] = -np.inf
    assert oracle.forward(log_probs, targets, blank)[1] == np.inf
    assert oracle.backward(log_probs, targets, blank)[1] == np.inf


# --- published and closed forms ----------------------------------------------------------------------------------

# Logits that implementations ship in their tests, with costs re-derived by enumeration in rnnt_notes 1.2.
S = np.array(
    [
        [[0.1, 0.6, 0.1, 0.1, 0.1], [0.1, 0.1, 0.6, 0.1, 0.1], [0.1, 0.1, 0.2, 0.8, 0.1]],
        [[0.1, 0.6, 0.1, 0.1, 0.1], [0.1, 0.1, 0.2, 0.1, 0.1], [0.7, 0.1, 0.2, 0.1, 0.1]],
    ]
)
AWNI_FRAMES = np.array([[0.1, 0.6, 0.1, 0.1, 0.1], [0.1, 0.1, 0.2, 0.1, 0.1]])
K2_FRAMES, K2_LABELS = [[0, 1, 2], [0, 0, 0], [0, 2, 4], [0, 3, 3]], [[0, 0, 1], [0, 1, 1], [1, 0, 1], [2, 2, 0]]
NEMO = np.random.RandomState(0).randn(4, 8, 11, 5)
NEMO_TARGETS = [
    [1, 2, 4, 3, 2, 2, 1, 1, 1, 1],
    [3, 2, 2, 3, 4, 1, 1, 1, 1, 1],
    [4, 4, 1, 2, 1, 3, 4, 3, 1, 2],
    [1, 1, 2, 1, 2, 3, 3, 1, 1, 1],
]
NEMO_COSTS = [22.138117456664, 21.128433153074, 21.297296574358, 18.157873282253]


def additive(frames, labels):
    return np.asarray(frames, dtype=float)[:, None] + np.asarray(labels, dtype=float)[None]


PUBLISHED = {
    "0 torchaudio, blank last": (S, [1, 2], -1, 5.095666773771),
    "1 warp-transducer": (S, [1, 2], 0, 4.495666773771),
    "2 warp-rnnt, T=1": (S[:1], [1, 2], 0, 4.274244594424),
    "3 warp-rnnt, T=1 U=0": (S[:1, :1], [], 0, 1.731429195773),
    "4 warp-rnnt, T=3": (S[[0, 1, 0]], [1, 2], 0, 5.736725042810),
    "5 padded": (np.concatenate([S, np.zeros((1, 3, 5))])[:2], [1, 2], 0, 4.495666773771),
    "6 awni small": (additive(AWNI_FRAMES, S[0]), [1, 2], 0, 4.843925031976),
    "9 awni tiny": (additive([[1, 2], [3, 4]], [[1, 2]]), [], 0, 4.253856022086),
    "10 k2": (additive(K2_FRAMES, K2_LABELS), [0, 1, 0], 2, 7.504013356022),
    "11 constant": (np.full((10, 3, 4), 0.1), [1, 2], 0, 12.628199148206),
    "12 NeMo small": (np.random.RandomState(0).randn(1, 4, 3, 3)[0], [1, 2], 0, 6.091852522410),
    **{f"{13 + i} NeMo large": (NEMO[i], NEMO_TARGETS[i], 0, NEMO_COSTS[i]) for i in range(4)},
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_costs_are_met(name):
    logits, targets, blank, cost = PUBLISHED[name]
    log_probs = torch.log_softmax(torch.tensor(logits, dtype=torch.float64), -1).numpy()
    assert oracle.forward(log_probs, targets, blank)[1] == pytest.approx(cost, abs=1e-9)
    assert oracle.backward(log_probs, targets, blank)[1] == pytest.approx(cost, abs=1e-9)


@pytest.mark.parametrize(("T", "U", "V"), [(1, 0, 2), (1, 5, 3), (5, 0, 3), (10, 2, 4), (50, 20, 30), (835, 158, 30)])
def test_equally_likely_classes_give_the_closed_form(T, U, V):
    log_probs = np.full((T, U + 1, V), -log(V))
    log_alpha, cost = oracle.forward(log_probs, np.ones(U, dtype=int), blank=0)
    log_beta, _ = oracle.backward(log_probs, np.ones(U, dtype=int), blank=0)
    assert cost == pytest.approx((T + U) * log(V) - log(comb(T + U - 1, U)), rel=1e-12)
    t, u = T // 2, U // 2
    assert log_alpha[t, u] == pytest.approx(log(comb(t + u, u)) - (t + u) * log(V), rel=1e-12)
    steps = T - t + U - u
    assert log_beta[t, u] == pytest.approx(log(comb(steps - 1, U - u)) - steps * log(V), rel=1e-12)


# --- other implementations ---------------------------------------------------------------------------------------


def torchaudio_loss(logits, targets, blank):
    """Cost and gradient with respect to the logits. float32: torchaudio takes nothing else."""
    logits = torch.tensor(logits, dtype=torch.float32)[None].requires_grad_()
    frames, labels = logits.shape[1], len(targets)
    lengths = [torch.tensor([length], dtype=torch.int32) for length in (frames, labels)]
    wanted = torch.tensor(np.asarray(targets), dtype=torch.int32)[None]
    cost = torchaudio.functional.rnnt_loss(logits, wanted, *lengths, blank=blank, reduction="sum")
    cost.backward()
    return cost.item(), logits.grad[0].numpy()


def posteriors(log_probs, targets, blank):
    """gamma, and the posterior probability of taking the blank (T, U+1) and the label (T, U) arcs."""
    log_alpha, cost = oracle.forward(log_probs, targets, blank)
    log_beta, _ = oracle.backward(log_probs, targets, blank)
    blanks, labels = oracle.arcs(log_probs, targets, blank)
    after_blank = np.full_like(log_beta, -np.inf)
    after_blank[:-1] = log_beta[1:]
    after_blank[-1, -1] = 0.0
    return (
        np.exp(log_alpha + log_beta + cost),
        np.exp(log_alpha + blanks + after_blank + cost),
        np.exp(log_alpha[:, :-1] + labels + log_beta[:, 1:] + cost),
    )


def identity_gradient(log_probs, targets, blank):
    """d(-ln P) / d logit_k(t, u) = gamma(t, u) p_k(t, u) - occupancy of the arc k."""
    gamma, by_blank, by_label = posteriors(log_probs, targets, blank)
    gradient = gamma[:, :, None] * np.exp(np.asarray(log_probs, dtype=np.float64))
    gradient[:, :, blank] -= by_blank
    for u, label in enumerate(targets):
        gradient[:, u, label] -= by_label[:, u]
    return gradient


LATTICES = {
    "small": {"frames": 4, "labels": 3, "classes": 5, "blank": 0},
    "blank last": {"frames": 6, "labels": 4, "classes": 7, "blank": 6},
    "blank inside": {"frames": 5, "labels": 5, "classes": 6, "blank": 2},
    "one frame": {"frames": 1, "labels": 3, "classes": 4, "blank": 0},
    "more labels than frames": {"frames": 2, "labels": 7, "classes": 4, "blank": 3},
    "long": {"frames": 50, "labels": 20, "classes": 30, "blank": 29, "scale": 1.0},
    "peaky": {"frames": 20, "labels": 6, "classes": 6, "blank": 0, "scale": 8.0},
}


@pytest.mark.parametrize("name", LATTICES)
def test_torchaudio_agrees_on_cost_and_on_the_gradient_identity(name):
    log_probs, targets, blank = drawn(7, **LATTICES[name])
    cost, gradient = torchaudio_loss(log_probs, targets, blank)
    assert oracle.forward(log_probs, targets, blank)[1] == pytest.approx(cost, rel=1e-5)
    np.testing.assert_allclose(identity_gradient(log_probs, targets, blank), gradient, atol=2e-4)


def test_autograd_through_enumeration_gives_the_gradient_identity():
    rng = np.random.default_rng(3)
    logits = torch.tensor(rng.standard_normal((4, 4, 5)), requires_grad=True)
    targets, blank = [4, 0, 4], 2
    log_probs = torch.log_softmax(logits, -1)
    paths = []
    for steps in walks(3, 3):
        t = u = 0
        score = 0
        for is_label in (*steps, False):
            score = score + log_probs[t, u, targets[u] if is_label else blank]
            t, u = (t, u + 1) if is_label else (t + 1, u)
        paths.append(score)
    (-torch.logsumexp(torch.stack(paths), 0)).backward()
    got = identity_gradient(log_probs.detach().numpy(), targets, blank)
    np.testing.assert_allclose(got, logits.grad.numpy(), atol=1e-12)
    np.testing.assert_allclose(got.sum(-1), 0, atol=1e-12)


# --- identities that hold for any input --------------------------------------------------------------------------


@pytest.mark.parametrize("name", LATTICES)
def test_posteriors_add_up(name):
    log_probs, targets, blank = drawn(11, **LATTICES[name])
    gamma, by_blank, by_label = posteriors(log_probs, targets, blank)
    frames, rows = gamma.shape
    np.testing.assert_allclose(by_blank.sum(axis=1), 1, atol=1e-9, err_msg="every path leaves a frame once")
    np.testing.assert_allclose(by_label.sum(axis=0), 1, atol=1e-9, err_msg="every path emits a label once")
    flipped = gamma[:, ::-1]
    for n in range(frames + rows - 1):
        # The nodes with t + u = n are an ordinary diagonal of the mirrored array.
        assert np.trace(flipped, offset=rows - 1 - n) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("name", LATTICES)
def test_adding_a_constant_to_the_logits_of_a_node_changes_nothing(name):
    rng = np.random.default_rng(5)
    shape = {key: value for key, value in LATTICES[name].items() if key != "scale"}
    log_probs, targets, blank = drawn(5, **shape)
    logits = log_probs.astype(np.float64) + 100 * rng.standard_normal((*log_probs.shape[:2], 1))
    again = torch.log_softmax(torch.tensor(logits), -1).numpy()
    assert oracle.forward(again, targets, blank)[1] == pytest.approx(oracle.forward(log_probs, targets, blank)[1], 1e-6)


def test_what_lies_behind_the_last_frame_and_the_last_label_does_not_count():
    log_probs, targets, blank = drawn(2, 9, 6, 5, blank=0)
    log_alpha, _ = oracle.forward(log_probs, targets, blank)
    short, _ = oracle.forward(log_probs[:5, :4], targets[:3], blank)
    np.testing.assert_allclose(log_alpha[:5, :4], short, atol=1e-12)
    log_beta, _ = oracle.backward(log_probs, targets, blank)
    late, _ = oracle.backward(log_probs[3:, 2:], targets[2:], blank)
    np.testing.assert_allclose(log_beta[3:, 2:], late, atol=1e-12)


# --- the two roads -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1.0, 40.0])
@pytest.mark.parametrize(("T", "U"), [(1, 0), (1, 4), (6, 0), (7, 5), (3, 9), (120, 30)])
def test_scan_and_diagonals_agree(T, U, scale):
    arcs = oracle.arcs(*drawn(T + U, T, U, 6, blank=1, scale=scale))
    np.testing.assert_allclose(oracle._forward_scan(*arcs), oracle._forward_diagonals(*arcs), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(oracle._backward_scan(*arcs), oracle._backward_diagonals(*arcs), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("exercise", ["forward", "backward"])
def test_a_plain_double_loop_gives_the_same_on_a_long_peaky_lattice(exercise):
    log_probs = random_log_probs(seed=1, frames=80, labels=25, classes=8, scale=40.0)
    targets = np.arange(25) % 7
    cells, cost = function(LOOPS, exercise)(log_probs, targets, -1)
    got, got_cost = getattr(oracle, exercise)(log_probs, targets, -1)
    np.testing.assert_allclose(got, cells, rtol=1e-10)
    assert got_cost == pytest.approx(cost, rel=1e-12)


def test_the_default_blank_is_the_last_class():
    log_probs, targets, _ = drawn(1, 3, 2, 4, blank=-1)
    assert oracle.forward(log_probs, targets)[1] == oracle.forward(log_probs, targets, 3)[1]
    assert oracle.backward(log_probs, targets)[1] == oracle.forward(log_probs, targets, 3)[1] or np.isclose(
        oracle.backward(log_probs, targets)[1], oracle.forward(log_probs, targets, 3)[1], rtol=1e-12
    )


def test_inputs_are_left_as_they_were():
    log_probs, targets, blank = drawn(1, 4, 3, 5, blank=0)
    before = log_probs.copy(), targets.copy()
    oracle.forward(log_probs, targets, blank)
    oracle.backward(log_probs, targets, blank)
    assert (log_probs == before[0]).all()
    assert (targets == before[1]).all()


def test_the_stored_truth_of_the_worked_example_is_its_enumeration():
    cat = public_case("cat")
    log_alpha, log_beta, cost = enumerated(cat.log_probs, cat.targets, cat.blank)
    np.testing.assert_allclose(cat.log_alpha, log_alpha, atol=1e-8)
    np.testing.assert_allclose(cat.log_beta, log_beta, atol=1e-8)
    assert cat.cost == pytest.approx(cost, abs=1e-8)
