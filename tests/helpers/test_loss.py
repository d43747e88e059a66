"""The RNN-T loss: costs against published numbers, the oracle and torchaudio; gradients against torchaudio."""

import math

import numpy as np
import pytest
import torch
import torchaudio

from autograder.judging import oracle
from helpers.loss import rnnt_loss

# Logits of warp-transducer's small case; further cases of warp-rnnt are made of its rows.
ROWS = [
    [[0.1, 0.6, 0.1, 0.1, 0.1], [0.1, 0.1, 0.6, 0.1, 0.1], [0.1, 0.1, 0.2, 0.8, 0.1]],
    [[0.1, 0.6, 0.1, 0.1, 0.1], [0.1, 0.1, 0.2, 0.1, 0.1], [0.7, 0.1, 0.2, 0.1, 0.1]],
]


def batch(B=5, T=11, U=6, V=7, blank=3, seed=0, dtype=torch.float32, scale=1.0):
    """Logits, targets, lengths of both: all lengths differ, the longest fill the array, one utterance has no labels."""
    generator = torch.Generator().manual_seed(seed)
    logits = scale * torch.randn(B, T, U + 1, V, generator=generator, dtype=dtype)
    targets = torch.randint(0, V - 1, (B, U), generator=generator, dtype=torch.int32)
    targets += (targets >= blank).int()
    frames = torch.linspace(T, 1, B).round().int()
    labels = torch.linspace(0, U, B).round().int()
    return logits, targets, frames, labels


def costs_and_gradient(logits, *rest, weights=None, **options):
    logits = logits.detach().clone().requires_grad_()
    costs = rnnt_loss(logits, *rest, reduction="none", **options)
    (costs if weights is None else costs * weights).sum().backward()
    return costs.detach(), logits.grad


@pytest.mark.parametrize(
    ("logits", "targets", "cost"),
    [
        (ROWS, [1, 2], 4.495666773771),
        (ROWS[:1], [1, 2], 4.274244594424),
        ([ROWS[0][:1]], [], 1.731429195773),
        ([ROWS[0], ROWS[1], ROWS[0]], [1, 2], 5.736725042810),
    ],
    ids=["two frames", "one frame, two labels", "one frame, no labels", "three frames"],
)
def test_the_cost_is_the_published_number(logits, targets, cost):
    logits = torch.tensor([logits], dtype=torch.float64)
    found = rnnt_loss(
        logits,
        torch.tensor([targets], dtype=torch.int32),
        torch.tensor([logits.shape[1]]),
        torch.tensor([len(targets)]),
        blank=0,
    )
    assert found.item() == pytest.approx(cost, abs=1e-10)


@pytest.mark.parametrize("blank", [0, 3, -1])
@pytest.mark.parametrize(("T", "U"), [(11, 6), (3, 9), (1, 4), (7, 0), (1, 0)])
def test_costs_and_gradients_equal_torchaudio(T, U, blank):
    arguments = batch(T=T, U=U, blank=blank % 7)
    costs, gradient = costs_and_gradient(*arguments, blank=blank, implementation="wavefront")
    logits = arguments[0].clone().requires_grad_()
    reference = torchaudio.functional.rnnt_loss(logits, *arguments[1:], blank=blank, reduction="none")
    reference.sum().backward()
    torch.testing.assert_close(costs, reference.detach(), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(gradient, logits.grad, rtol=1e-4, atol=1e-5)


def test_costs_of_a_batch_equal_the_oracle_one_by_one():
    logits, targets, frames, labels = batch(dtype=torch.float64, scale=4.0)
    costs = rnnt_loss(logits, targets, frames, labels, blank=3, reduction="none")
    for b, (T, U) in enumerate(zip(frames.tolist(), labels.tolist(), strict=True)):
        log_probs = logits[b, :T, : U + 1].log_softmax(-1).numpy()
        _, cost = oracle.forward(log_probs, targets[b, :U].numpy(), blank=3)
        assert costs[b].item() == pytest.approx(cost, rel=1e-12)


def test_the_gradient_is_the_slope_of_the_cost():
    logits, targets, frames, labels = batch(B=3, T=4, U=3, V=4, blank=2, dtype=torch.float64)
    logits.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda x: rnnt_loss(x, targets, frames, labels, blank=2, reduction="none"), (logits,), atol=1e-7
    )


def test_each_cost_brings_its_own_gradient():
    weights = torch.tensor([2.0, 0.0, -1.0, 0.5, 3.0])
    arguments = batch()
    _, plain = costs_and_gradient(*arguments, blank=3)
    _, weighted = costs_and_gradient(*arguments, blank=3, weights=weights)
    torch.testing.assert_close(weighted, plain * weights[:, None, None, None])


def test_padding_has_no_gradient_and_no_influence():
    logits, targets, frames, labels = batch()
    _, gradient = costs_and_gradient(logits, targets, frames, labels, blank=3)
    costs = rnnt_loss(logits, targets, frames, labels, blank=3, reduction="none")
    spoiled, wrong = logits.clone(), targets.clone()
    for b, (T, U) in enumerate(zip(frames.tolist(), labels.tolist(), strict=True)):
        assert gradient[b, T:].abs().sum() == 0
        assert gradient[b, :, U + 1 :].abs().sum() == 0
        assert gradient[b, :T, : U + 1].abs().sum() > 0
        spoiled[b, T:] = math.nan
        spoiled[b, :, U + 1 :] = math.inf
        wrong[b, U:] = -1
    after, gradient_after = costs_and_gradient(spoiled, wrong, frames, labels, blank=3)
    torch.testing.assert_close(after, costs)
    assert torch.isfinite(gradient_after).all()


@pytest.mark.parametrize("implementation", ["wavefront", "torchaudio"])
def test_arrays_may_be_longer_than_every_length(implementation):
    logits, targets, frames, labels = batch()
    costs = rnnt_loss(logits, targets, frames, labels, 3, "none", implementation)
    longer = torch.nn.functional.pad(logits, (0, 0, 0, 2, 0, 3), value=9.0)
    wider = torch.nn.functional.pad(targets, (0, 2), value=-1)
    torch.testing.assert_close(rnnt_loss(longer, wider, frames, labels, 3, "none", implementation), costs)


def test_every_frame_takes_one_blank_and_every_label_is_taken_once():
    # Sums of posteriors that hold for any input; they are read from the gradient with respect to log-probabilities.
    logits, targets, frames, labels = batch(B=1, dtype=torch.float64)
    frames[:], labels[:] = 11, 6
    logits.requires_grad_()
    rnnt_loss(logits, targets, frames, labels, blank=3).backward()
    node = logits.grad[0]
    np.testing.assert_allclose(node.sum(-1), 0, atol=1e-12)
    softmax = logits.detach()[0].softmax(-1)
    # gradient[k] = visits * softmax[k] - taken[k]; class 5 or 6 that is no target tells the visits.
    unused = next(k for k in range(7) if k != 3 and k not in targets[0])
    visits = node[..., unused] / softmax[..., unused]
    blanks = visits * softmax[..., 3] - node[..., 3]
    np.testing.assert_allclose(blanks.sum(1), 1, atol=1e-10)


def test_an_impossible_utterance_costs_infinity_and_moves_nothing():
    logits, targets, frames, labels = batch()
    frames[:], labels[:] = 11, 6
    logits[1, -1, :, 3] = -math.inf  # no blank out of the last frame: no path ends
    logits[2, 4, :3, 3] = -math.inf  # some paths are closed, others stay
    costs, gradient = costs_and_gradient(logits, targets, frames, labels, blank=3)
    assert costs[1] == math.inf
    assert torch.isfinite(costs[[0, 2, 3, 4]]).all()
    assert (gradient[1] == 0).all()
    assert torch.isfinite(gradient).all()
    assert gradient[2].abs().sum() > 0


def test_long_lattices_keep_float32_accurate():
    arguments = batch(B=1, T=400, U=80, V=30, scale=2.0)
    arguments[2][:], arguments[3][:] = 400, 80
    double = (arguments[0].double(), *arguments[1:])
    costs, gradient = costs_and_gradient(*arguments, blank=3)
    exact, exact_gradient = costs_and_gradient(*double, blank=3)
    torch.testing.assert_close(costs.double(), exact, rtol=2e-6, atol=0)
    torch.testing.assert_close(gradient.double(), exact_gradient, rtol=1e-3, atol=1e-5)


def test_half_precision_logits_are_computed_in_float32():
    logits, *rest = batch()
    half = logits.bfloat16()
    assert rnnt_loss(half, *rest, blank=3).dtype == torch.float32
    torch.testing.assert_close(rnnt_loss(half, *rest, blank=3), rnnt_loss(half.float(), *rest, blank=3))


def test_reductions_are_those_of_torchaudio():
    arguments = batch()
    for reduction in ("none", "sum", "mean"):
        expected = torchaudio.functional.rnnt_loss(*arguments, blank=3, reduction=reduction)
        torch.testing.assert_close(rnnt_loss(*arguments, blank=3, reduction=reduction), expected)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"logits": torch.zeros(5, 11, 7)}, "four axes"),
        ({"logits": torch.zeros(5, 11, 7, 7, dtype=torch.int64)}, "floating point"),
        ({"targets": torch.zeros(5, 7, dtype=torch.int32)}, r"targets must have shape \(5, 6\)"),
        ({"targets": torch.zeros(5, 6)}, "targets must hold integers"),
        ({"targets": torch.full((5, 6), 9)}, r"targets\[\d, 0\] is 9, which is not one of the V = 7 classes"),
        ({"targets": torch.full((5, 6), 3)}, "which is the blank"),
        ({"logit_lengths": torch.tensor([12, 1, 1, 1, 1])}, r"1\.\.11"),
        ({"logit_lengths": torch.tensor([0, 1, 1, 1, 1])}, r"1\.\.11"),
        ({"target_lengths": torch.tensor([7, 1, 1, 1, 1])}, r"0\.\.6"),
        ({"blank": 7}, "only V = 7 classes"),
        ({"reduction": "average"}, "reduction is 'average'"),
        ({"implementation": "magic"}, "implementation is 'magic'"),
        ({"implementation": "torchaudio", "logits": torch.zeros(5, 11, 7, 7).double()}, "float32 only"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_in_one_sentence(change, sentence):
    names = ("logits", "targets", "logit_lengths", "target_lengths")
    arguments = {**dict(zip(names, batch(), strict=True)), "blank": 3, **change}
    with pytest.raises(ValueError, match=sentence) as caught:
        rnnt_loss(**arguments)
    assert "\n" not in str(caught.value)


def test_arguments_are_not_changed():
    arguments = batch()
    copies = [tensor.clone() for tensor in arguments]
    costs_and_gradient(*arguments, blank=3)
    for before, after in zip(copies, arguments, strict=True):
        assert torch.equal(before, after)
