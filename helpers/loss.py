"""The RNN-Transducer loss of a batch: cost = -ln P(y | x) in nats, with its gradient (Graves 2012, arXiv:1211.3711).

Two implementations behind one function:

- "wavefront", written here: forward and backward variables of all utterances at once, one anti-diagonal t + u = n after
  another, so that a lattice costs T + U small vector operations; log-softmax and its gradient are fused in.
  On a CPU it is several times faster than the next one.
- "torchaudio": `torchaudio.functional.rnnt_loss`, the better choice on a GPU.
"""

import torch
from torch import Tensor

IMPLEMENTATIONS = ("auto", "wavefront", "torchaudio")
REDUCTIONS = ("mean", "sum", "none")


def rnnt_loss(
    logits: Tensor,
    targets: Tensor,
    logit_lengths: Tensor,
    target_lengths: Tensor,
    blank: int,
    reduction: str = "mean",
    implementation: str = "auto",
) -> Tensor:
    """Cost of every utterance in nats, reduced.

    logits: (B, T, U+1, V), raw scores: the log-softmax over V happens inside (a second one outside would be harmless).
    targets: (B, U) integers; what lies after an utterance's length is ignored. No target may be the blank.
    logit_lengths, target_lengths: (B,) integers, 1 <= logit length <= T and 0 <= target length <= U.
    blank: index of the blank, negative counts from the end.
    reduction: "mean" over the batch (as in torchaudio; not divided by a length), "sum", or "none" -> (B,).
    implementation: "auto" (wavefront on a CPU, torchaudio elsewhere), "wavefront", or "torchaudio" (float32 only).

    The result has the dtype of the logits; half precision is computed, and returned, in float32. An utterance that the
    logits make impossible (-inf on every path) costs inf and gets a gradient of zero.
    Raises ValueError with one sentence when the arguments do not fit together.
    """
    blank = _check(logits, targets, logit_lengths, target_lengths, blank, reduction, implementation)
    if implementation == "auto":
        implementation = "wavefront" if logits.device.type == "cpu" else "torchaudio"
    if logits.dtype in (torch.float16, torch.bfloat16):
        logits = logits.float()
    if len(logits) == 0:
        costs = logits.sum(dim=(1, 2, 3))
    else:
        # Frames and labels beyond the longest utterance are padding: drop them before they cost anything.
        frames, labels = int(logit_lengths.max()), int(target_lengths.max())
        logits, targets = logits[:, :frames, : labels + 1], targets[:, :labels]
        compute = _wavefront if implementation == "wavefront" else _torchaudio
        costs = compute(logits, targets, logit_lengths, target_lengths, blank)
    if reduction == "none":
        return costs
    return costs.mean() if reduction == "mean" else costs.sum()


@torch.no_grad()
def posteriors(logits: Tensor, targets: Tensor, blank: int, sharpen: float = 1.0) -> tuple[Tensor, Tensor, float]:
    """Where one utterance's probability goes: the share of P(y | x) that takes each arc, from 0 to 1.

    logits: (T, U+1, V) raw scores; targets: (U,) integers; blank: index of the blank, negative counts from the end.
    sharpen: every log-probability is multiplied by it first. A large one leaves nothing but the best alignment.

    Returns the shares of the blanks (T, U+1) and of the labels (T, U), float32, and the cost in nats (of the sharpened
    scores). Blanks and labels that leave a node add up to its occupancy, and to minus the gradient of the cost with
    respect to its log-probabilities. An impossible utterance has shares of zero and costs inf.
    """
    lengths = torch.tensor([logits.shape[0]]), torch.tensor([logits.shape[1] - 1])
    blank = _check(logits[None], targets[None], *lengths, blank, "none", "wavefront")
    log_probs = torch.log_softmax(logits.float(), dim=-1)[None] * sharpen
    T, rows = log_probs.shape[1:3]
    frames, labels = (length.to(log_probs.device) for length in lengths)
    blanks, emits = _arcs(log_probs, targets[None].to(log_probs.device, torch.int64), frames, labels, blank)
    log_alpha = _forward_variables(blanks, emits)
    log_total = log_alpha[T - 2 + rows, :, rows - 1] + blanks[T - 2 + rows, :, rows - 1]
    take_blank, take_label = _shares(blanks, emits, log_alpha, log_total, frames, labels)
    shares = _straight(take_blank, T, 1, rows)[0].float(), _straight(take_label, T, 1, rows - 1)[0].float()
    return *shares, -float(log_total)


SHARP = 1e4
"""Times every log-probability: alignments that differ by a thousandth of a nat then differ by a factor of 22,000."""


def best_alignment(logits: Tensor, targets: Tensor, blank: int) -> str:
    """The most probable alignment of one utterance, such as "bblb": "b" a blank, "l" the next label.

    Arguments as in `posteriors`. Where two are equally probable, one of them.
    """
    take_blank, take_label, cost = posteriors(logits, targets, blank, sharpen=SHARP)
    if cost == float("inf"):
        raise ValueError("every alignment of this utterance has probability 0: there is no best one.")
    path, t, u, T, U = [], 0, 0, *take_label.shape
    while t < T:
        climb = u < U and bool(t == T - 1 or take_label[t, u] > take_blank[t, u])
        path.append("l" if climb else "b")
        t, u = (t, u + 1) if climb else (t + 1, u)
    return "".join(path)


def _wavefront(logits: Tensor, targets: Tensor, logit_lengths: Tensor, target_lengths: Tensor, blank: int) -> Tensor:
    device = logits.device
    # A padded target may be any number; where it is no class it must still be a place one can read.
    targets = targets.to(device, torch.int64).clamp(0, logits.shape[-1] - 1)
    frames, labels = logit_lengths.to(device, torch.int64), target_lengths.to(device, torch.int64)
    return _Wavefront.apply(logits, targets, frames, labels, blank)


def _torchaudio(logits: Tensor, targets: Tensor, logit_lengths: Tensor, target_lengths: Tensor, blank: int) -> Tensor:
    from torchaudio.functional import rnnt_loss as torchaudio_rnnt_loss  # loaded late: it takes a second

    if logits.dtype != torch.float32:
        raise ValueError(f"torchaudio computes the loss in float32 only, and the logits are {logits.dtype}.")
    targets = targets.clamp(0, logits.shape[-1] - 1)
    targets, logit_lengths, target_lengths = (
        whole.to(logits.device, torch.int32).contiguous() for whole in (targets, logit_lengths, target_lengths)
    )
    return torchaudio_rnnt_loss(
        logits.contiguous(), targets, logit_lengths, target_lengths, blank=blank, reduction="none"
    )


class _Wavefront(torch.autograd.Function):
    """Costs (B,) of logits (B, T, U+1, V). See `rnnt_loss`."""

    @staticmethod
    def forward(ctx, logits, targets, frames, labels, blank):
        log_probs = torch.log_softmax(logits, dim=-1)
        blanks, emits = _arcs(log_probs, targets, frames, labels, blank)
        log_alpha = _forward_variables(blanks, emits)
        batch = torch.arange(len(logits), device=logits.device)
        last = log_alpha[frames - 1 + labels, batch, labels] + blanks[frames - 1 + labels, batch, labels]
        ctx.save_for_backward(log_probs, targets, frames, labels, blanks, emits, log_alpha, last)
        ctx.blank = blank
        return -last.to(logits.dtype)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, cost_gradient):
        log_probs, targets, frames, labels, blanks, emits, log_alpha, log_total = ctx.saved_tensors
        B, T, rows, _ = log_probs.shape
        take_blank, take_label = _shares(blanks, emits, log_alpha, log_total, frames, labels)

        scale = cost_gradient.to(take_blank.dtype)[None, :, None]
        take_blank, take_label = take_blank * scale, take_label * scale
        # Everything that leaves a node: by blank, or by the label where there is one.
        visits = take_blank.clone()
        visits[:, :, :-1] += take_label

        dtype = log_probs.dtype
        visits, take_blank = _straight(visits, T, B, rows).to(dtype), _straight(take_blank, T, B, rows).to(dtype)
        # d cost / d logit[k] = P(node) softmax[k] - P(arc k): one pass over the big array for the first part ...
        gradient = torch.exp(log_probs).mul_(visits.unsqueeze(-1))
        # ... and two thin ones for the arcs that exist.
        gradient[..., ctx.blank] -= take_blank
        if rows > 1:
            take_label = _straight(take_label, T, B, rows - 1).to(dtype)
            index = targets[:, None, :, None].expand(B, T, rows - 1, 1)
            gradient[:, :, :-1].scatter_add_(-1, index, take_label.neg_().unsqueeze(-1))
        # What padding holds may be anything, NaN included, and NaN times zero visits is NaN.
        for b, (T_b, U_b) in enumerate(zip(frames.tolist(), labels.tolist(), strict=True)):
            gradient[b, T_b:] = 0.0
            gradient[b, :, U_b + 1 :] = 0.0
        return gradient, None, None, None, None


# The lattice is kept "skewed": entry [n, b, u] belongs to node (t, u) with t = n - u, so that one anti-diagonal of the
# whole batch is one contiguous block. There are T + U + 1 diagonals; the last holds only where all paths end, (T, U).
# Sums of thousands of nats leave float32 few digits for a probability: these small arrays are float64.


def _skew(values: Tensor, rows: int) -> Tensor:
    """(B, T, R) on nodes -> (T + rows, B, rows) by anti-diagonal; -inf where no node is."""
    B, T, given = values.shape
    skewed = values.new_full((T + rows, B, rows), -torch.inf, dtype=torch.float64)
    _straight_view(skewed, T, B, given).copy_(values.transpose(0, 1))
    return skewed


def _straight_view(skewed: Tensor, T: int, B: int, rows: int) -> Tensor:
    """The nodes of a skewed array in (T, B, rows) order, sharing its memory."""
    diagonal, utterance, node = skewed.stride()
    return skewed.as_strided((T, B, rows), (diagonal, utterance, diagonal + node), skewed.storage_offset())


def _straight(skewed: Tensor, T: int, B: int, rows: int) -> Tensor:
    """The nodes of a skewed array as (B, T, rows)."""
    return _straight_view(skewed.contiguous(), T, B, rows).transpose(0, 1)


def _arcs(log_probs: Tensor, targets: Tensor, frames: Tensor, labels: Tensor, blank: int) -> tuple[Tensor, Tensor]:
    """Log probabilities of the blank arcs and of the label arcs that leave each node, skewed, -inf outside its lattice.

    Both have R = U+1 rows; the last label row has no arcs.
    """
    B, T, rows, _ = log_probs.shape
    t = torch.arange(T, device=log_probs.device)[None, :, None]
    u = torch.arange(rows, device=log_probs.device)[None, None, :]
    ends = labels[:, None, None]
    inside = (t < frames[:, None, None]) & (u <= ends)
    blanks = log_probs[..., blank].masked_fill(~inside, -torch.inf)
    index = targets[:, None, :, None].expand(B, T, rows - 1, 1)
    emits = log_probs[:, :, :-1].gather(-1, index).squeeze(-1)
    emits = emits.masked_fill(~(inside & (u < ends))[:, :, :-1], -torch.inf)
    return _skew(blanks, rows), _skew(emits, rows)


def _forward_variables(blanks: Tensor, emits: Tensor) -> Tensor:
    """log_alpha[n, b, u]: all ways from (0, 0) to the node, what is consumed at the node not included."""
    log_alpha = torch.full_like(blanks, -torch.inf)
    log_alpha[0, :, 0] = 0.0
    diagonals, _, rows = blanks.shape
    if rows == 1:
        torch.cumsum(blanks[:-1], dim=0, out=log_alpha[1:])
        return log_alpha
    stay, climb = log_alpha.new_empty(blanks.shape[1:]), log_alpha.new_empty((blanks.shape[1], rows - 1))
    alpha, blank, emit = log_alpha.unbind(0), blanks.unbind(0), emits[:, :, :-1].unbind(0)
    below, above = log_alpha[:, :, :-1].unbind(0), log_alpha[:, :, 1:].unbind(0)
    for n in range(1, diagonals):
        torch.add(alpha[n - 1], blank[n - 1], out=stay)
        torch.add(below[n - 1], emit[n - 1], out=climb)
        alpha[n][:, 0] = stay[:, 0]
        torch.logaddexp(stay[:, 1:], climb, out=above[n])
    return log_alpha


def _backward_variables(blanks: Tensor, emits: Tensor, frames: Tensor, labels: Tensor) -> Tensor:
    """log_beta[n, b, u]: all ways from the node to the end of its utterance, the final blank included."""
    log_beta = torch.full_like(blanks, -torch.inf)
    diagonals, _, rows = blanks.shape
    ends: dict[int, list[tuple[int, int]]] = {}
    for b, (T, U) in enumerate(zip(frames.tolist(), labels.tolist(), strict=True)):
        ends.setdefault(T + U, []).append((b, U))
    stay, climb = log_beta.new_empty(blanks.shape[1:]), log_beta.new_empty((blanks.shape[1], rows - 1))
    beta, blank, emit = log_beta.unbind(0), blanks.unbind(0), emits[:, :, :-1].unbind(0)
    below, above = log_beta[:, :, :-1].unbind(0), log_beta[:, :, 1:].unbind(0)
    for n in range(diagonals - 1, -1, -1):
        if n < diagonals - 1:
            torch.add(beta[n + 1], blank[n], out=stay)
            torch.add(above[n + 1], emit[n], out=climb)
            torch.logaddexp(stay[:, :-1], climb, out=below[n])
            beta[n][:, -1] = stay[:, -1]
        for b, u in ends.get(n, ()):
            beta[n][b, u] = 0.0
    return log_beta


def _shares(
    blanks: Tensor, emits: Tensor, log_alpha: Tensor, log_total: Tensor, frames: Tensor, labels: Tensor
) -> tuple[Tensor, Tensor]:
    """The share of each utterance's paths that takes each blank and each label, skewed, without the last diagonal."""
    log_beta = _backward_variables(blanks, emits, frames, labels)
    # Dividing by P(y | x) turns "weight of all paths through here" into a probability. An impossible utterance has
    # no paths to share out; +inf makes all its shares zero.
    log_total = torch.where(log_total == -torch.inf, torch.inf, log_total)
    reaching = log_alpha - log_total[None, :, None]
    take_blank = (reaching[:-1] + blanks[:-1] + log_beta[1:]).exp_()
    take_label = reaching[:-1, :, :-1] + emits[:-1, :, :-1] + log_beta[1:, :, 1:]
    return take_blank, take_label.exp_()


def _check(logits, targets, logit_lengths, target_lengths, blank, reduction, implementation) -> int:
    """Refuse arguments that do not fit together; returns the blank counted from the front."""
    if reduction not in REDUCTIONS:
        raise ValueError(f"reduction is {reduction!r}; choose one of {', '.join(REDUCTIONS)}.")
    if implementation not in IMPLEMENTATIONS:
        raise ValueError(f"implementation is {implementation!r}; choose one of {', '.join(IMPLEMENTATIONS)}.")
    if logits.dim() != 4:
        raise ValueError(f"logits must have the four axes (B, T, U+1, V); these have shape {tuple(logits.shape)}.")
    if not logits.is_floating_point():
        raise ValueError(f"logits must be floating point numbers; these are {logits.dtype}.")
    B, T, rows, V = logits.shape
    for name, values, shape in (
        ("targets", targets, (B, rows - 1)),
        ("logit_lengths", logit_lengths, (B,)),
        ("target_lengths", target_lengths, (B,)),
    ):
        if values.is_floating_point() or values.is_complex() or values.dtype == torch.bool:
            raise ValueError(f"{name} must hold integers; they are {values.dtype}.")
        if tuple(values.shape) != shape:
            raise ValueError(
                f"{name} must have shape {shape} to fit logits of shape {tuple(logits.shape)} = (B, T, U+1, V); "
                f"they have {tuple(values.shape)}."
            )
    if not -V <= blank < V:
        raise ValueError(f"blank is {blank}, but there are only V = {V} classes.")
    blank %= V
    frames, labels = logit_lengths.cpu(), target_lengths.cpu()
    if B and not (int(frames.min()) >= 1 and int(frames.max()) <= T):
        raise ValueError(f"every logit length must lie in 1..T = 1..{T}; they are {frames.tolist()}.")
    if B and not (int(labels.min()) >= 0 and int(labels.max()) <= rows - 1):
        raise ValueError(f"every target length must lie in 0..U = 0..{rows - 1}; they are {labels.tolist()}.")
    real = torch.arange(rows - 1)[None, :] < labels[:, None]
    values = targets.cpu()
    wrong = real & ((values < 0) | (values >= V) | (values == blank))
    if wrong.any():
        b, u = wrong.nonzero()[0].tolist()
        value = int(values[b, u])
        reason = "which is the blank" if value == blank else f"which is not one of the V = {V} classes"
        raise ValueError(f"targets[{b}, {u}] is {value}, {reason}.")
    return blank
