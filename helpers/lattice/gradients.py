"""Occupancy is the gradient: the same number from your tables, from PyTorch, and from a small push."""

import numpy as np

from .figure import Figure
from .lattice import Lattice, as_array
from .live import Question
from .panel import Panel
from .views import _exp, _figure, _footer, _lattice, _node_array, _size, _spec, _texts

MOST_ALIGNMENTS = 5000  # PyTorch differentiates the sum over all of them, and the push repeats it twice an arc
PUSH = 1e-4  # half the distance of the central difference, in nats: error about 1e-9 in float64
_AGREE = 1e-4  # tables in float32 are this good

PULLED = Question(
    "A label arc has occupancy 0.30 while the model gives that label 0.80 at a node that half of all paths visit. "
    "What will a training step do to the label's logit there?",
    ("raise it", "lower it", "leave it"),
    1,
    "The gradient of the cost is γ·P(k) − occupancy = 0.5 × 0.8 − 0.3 = 0.1. It is positive, so descent lowers the "
    "logit: the model says the label more often here than the transcript asks for.",
)


def gradient(
    cat: Lattice, log_alpha, log_beta, logits, targets, blank: int = 0, *, question: Question | None = PULLED
) -> Figure:
    """The occupancy of every arc beside two gradients that know nothing of alpha and beta.

    The occupancy of an arc, alpha · P(arc) · beta / P(y|x), is the derivative of ln P(y|x) with respect to ln P(arc).
    With respect to the logit z[t, u, k] before the softmax, the cost -ln P(y|x) has the derivative
    gamma[t, u] · P(k|t, u) - occupancy of the arc. Both come from the given tables, from PyTorch's autograd of the sum
    over all alignments, and from central differences of that sum.

    Args:
        cat: the lattice; its scores must be the log-softmax of `logits`.
        log_alpha: (T, U+1), natural logarithms, as they are.
        log_beta: (T, U+1).
        logits: (T, U+1, V), what the joiner returns before the softmax.
        targets: (U,), classes.
        blank: class of the blank.
        question: what stands under the drawing; None for nothing.

    Raises ValueError when the lattice has more than 5000 alignments.
    """
    log_alpha = _node_array(log_alpha, "log_alpha", cat)
    log_beta = _node_array(log_beta, "log_beta", cat)
    many = _lattice(cat).count_alignments()
    if many > MOST_ALIGNMENTS:
        raise ValueError(
            f"This lattice has {many:.3g} alignments, too many to differentiate one by one (at most "
            f"{MOST_ALIGNMENTS:,}): take fewer frames or a shorter target."
        )
    logits = as_array(logits, "logits")
    if not np.isfinite(logits).all():
        raise ValueError("logits must be finite numbers: what the joiner returns before the softmax.")
    by_softmax = logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True) if logits.ndim == 3 else logits
    own = Lattice.from_log_probs(by_softmax, targets, blank, None)
    if own.blank.shape != cat.blank.shape or not (_close(own.blank, cat.blank) and _close(own.label, cat.label)):
        raise ValueError("logits do not belong to this lattice: its scores are not their log-softmax at these targets.")
    log_p = log_beta[0, 0]
    if log_p == -np.inf:
        raise ValueError("log_beta[0, 0] is -inf, so P(y|x) is 0: it has no gradient.")
    T, U = cat.T, cat.U
    classes = [int(y) for y in as_array(targets, "targets")]
    blank = int(blank) % logits.shape[-1]

    onward = np.vstack([log_beta[1:], np.full((1, U + 1), -np.inf)])
    onward[-1, -1] = 0.0  # behind the terminal blank nothing is left to do
    share_blank = _exp(log_alpha + cat.blank + onward - log_p)
    share_label = _exp(log_alpha[:, :-1] + cat.label + log_beta[:, 1:] - log_p)
    gamma = _exp(log_alpha + log_beta - log_p)
    tables = {
        "blank": np.stack([share_blank, gamma * np.exp(cat.blank) - share_blank], axis=-1),
        "label": np.stack([share_label, gamma[:, :-1] * np.exp(cat.label) - share_label], axis=-1),
    }
    autograd, push = _Gradients(cat, logits, classes, blank).all()
    spec = _spec(
        cat, log_alpha=log_alpha, log_beta=log_beta, gamma=gamma, tables=tables, autograd=autograd, push=push, step=PUSH
    )
    worst = max(float(np.nanmax(np.abs(tables[kind] - autograd[kind]), initial=0.0)) for kind in tables)
    spread = max(float(np.nanmax(np.abs(push[kind] - autograd[kind]), initial=0.0)) for kind in tables)

    panel = Panel(T, cat.symbols)
    panel.arcs(_texts(_log(share_blank)), _texts(_log(share_label)), weights=(share_blank, share_label))
    panel.nodes([[f"{t},{u}" for u in range(U + 1)] for t in range(T)], _exp(log_alpha + log_beta - log_p), index=True)
    footer = _footer(panel)
    footer.key(bar=("0", "1", "γ[t, u], share of P(y|x)"))
    spec["crop"] = footer.y
    t, u = _telling(share_label if U else share_blank)
    kind, name = ("label", f"label {panel.symbols[u]}") if U else ("blank", "blank")
    for row, what in enumerate(("∂ ln P(y|x) / ∂ ln P(arc)", "∂ cost / ∂ logit")):
        values = (array[kind][t, u, row] for array in (tables, autograd, push))
        numbers = "your tables {}, autograd {}, a push {}".format(*map(_signed, values))
        footer.sentence(f"{name} at t = {t}, u = {u}: {what}: {numbers}.")
    agree = worst <= _AGREE
    said = (
        f"Over all arcs, your tables and autograd differ by at most {worst:.0e}, autograd and a push by {spread:.0e}."
    )
    footer.sentence(said, *(() if agree else ("of-wrong",)))
    alt = f"Lattice of {_size(T, cat.symbols)} with the occupancy of each arc beside the gradients of the cost. {said}"
    figure = _figure("gradient", panel, footer, alt, spec)
    return figure if question is None else figure.ask(**vars(question))


class _Gradients:
    """Derivatives of the sum over all alignments, taken one by one."""

    def __init__(self, cat: Lattice, logits: np.ndarray, classes: list[int], blank: int):
        self.T, self.U, self.logits, self.blank, self.classes = cat.T, cat.U, logits, blank, classes
        frames = np.concatenate([frames for frames, _ in cat._in_batches()])  # (N, U): the frame of each label
        # Which alignment takes which arc, as 0 and 1: (N, T (U+1) + T U), blanks before labels.
        t = np.arange(self.T)
        emitted = (frames[:, None, :] <= t[None, :, None]).sum(axis=2)
        takes_blank = emitted[:, :, None] == np.arange(self.U + 1)
        takes_label = frames[:, None, :] == t[None, :, None]
        self.takes = np.concatenate([one.reshape(len(frames), -1) for one in (takes_blank, takes_label)], axis=1) * 1.0

    def all(self) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """By autograd and by a push: per kind of arc (..., 2), d ln P / d ln P(arc) and d cost / d logit.

        NaN where an arc is impossible or there is none.
        """
        import torch

        arcs = torch.tensor(self.logits).log_softmax(-1).requires_grad_()
        self._log_p(arcs).backward()
        z = torch.tensor(self.logits, requires_grad=True)
        log_probs = arcs.detach().numpy()
        (-self._log_p(z.log_softmax(-1))).backward()
        by_arc, by_logit = (grad.numpy() for grad in (arcs.grad, z.grad))
        autograd, push = {}, {}
        for kind, U in (("blank", self.U + 1), ("label", self.U)):
            autograd[kind] = np.full((self.T, U, 2), np.nan)
            push[kind] = np.full((self.T, U, 2), np.nan)
            for t in range(self.T):
                for u in range(U):
                    k = self.blank if kind == "blank" else self.classes[u]
                    autograd[kind][t, u] = by_arc[t, u, k], by_logit[t, u, k]
                    push[kind][t, u] = self._pushed(log_probs, t, u, k), -self._pushed(log_probs, t, u, k, True)
        return autograd, push

    def _log_p(self, arcs):
        """ln P(y|x) from log-probabilities (T, U+1, V), an array or a tensor."""
        blank, label = arcs[:, :, self.blank], arcs[:, np.arange(self.U), self.classes]
        if isinstance(arcs, np.ndarray):
            return np.logaddexp.reduce(self.takes @ np.concatenate([blank.ravel(), label.ravel()]))
        import torch

        return torch.logsumexp(torch.tensor(self.takes) @ torch.cat([blank.flatten(), label.flatten()]), dim=0)

    def _pushed(self, scores: np.ndarray, t: int, u: int, k: int, normalise: bool = False) -> float:
        """Central difference of ln P(y|x) when one number is pushed."""
        ends = []
        for push in (PUSH, -PUSH):
            moved = scores.copy()
            moved[t, u, k] += push
            if normalise:
                moved[t, u] -= np.logaddexp.reduce(moved[t, u])
            ends.append(float(self._log_p(moved)))
        return (ends[0] - ends[1]) / (2 * PUSH)


def _close(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(np.allclose(np.exp(a), np.exp(b), atol=1e-4))


def _log(values: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(values)


def _telling(shares: np.ndarray) -> tuple[int, int]:
    """The arc whose share is nearest to one half."""
    t, u = np.unravel_index(np.abs(shares - 0.5).argmin(), shares.shape)
    return int(t), int(u)


def _signed(value: float) -> str:
    return f"{value:.5f}".replace("-", "−") if np.isfinite(value) else "NaN"
