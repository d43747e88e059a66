"""From spectrograms to text with a greedy decoder of your own.

A "model" is anything with three parts, a TorchScript archive included:

    model.encoder(inputs (B, T, n), lengths (B,)) -> (outputs (B, T, J), hidden states)
    model.decoder(labels (B, U), hidden_states=...) -> (outputs (B, U, J), hidden states)      the prediction network
    model.joiner(f (B, T, J), g (B, U, J)) -> logits (B, T, U, V),   or (J,), (J,) -> (V,)
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from helpers.text import tokenizer

if TYPE_CHECKING:
    import pandas

    from helpers.lattice.walking import Walk

GreedyDecode = Callable[..., Tensor]
"""greedy_decode(model, encoder_output (T, J)) -> 1-D tensor of label indices."""


@torch.no_grad()
def recognize(model, inputs: Tensor, input_lengths: Tensor, *, greedy_decode: GreedyDecode) -> list[Tensor]:
    """Labels of every utterance of a batch, each decoded alone, over its own frames only.

    inputs: (B, T, n) spectrograms, padded; input_lengths: (B,) frames that are real.
    greedy_decode: your function, called as `greedy_decode(model, encoder_output)` with encoder_output (T_b, J).

    Returns B one-dimensional int64 tensors on the CPU. Runs the model in eval mode and leaves it as it was.
    """
    if len(inputs) != len(input_lengths):
        raise ValueError(f"recognize got {len(inputs)} spectrograms and {len(input_lengths)} lengths.")
    lengths = input_lengths.tolist()
    if lengths and not (min(lengths) >= 1 and max(lengths) <= inputs.shape[1]):
        raise ValueError(f"recognize: every length must lie in 1..{inputs.shape[1]}, the frames given; got {lengths}.")
    with evaluating(model), without_onednn():
        encoder_outputs, _ = model.encoder(inputs, input_lengths)
        return [
            _labels(greedy_decode(model, output[:length]))
            for output, length in zip(encoder_outputs, lengths, strict=True)
        ]


def get_transducer_predictions(
    transducer,
    inputs: Tensor,
    input_lengths: Tensor,
    targets: Tensor,
    target_lengths: Tensor,
    *,
    greedy_decode: GreedyDecode,
) -> pandas.DataFrame:
    """A table with one row per utterance: ground_truth, prediction, cer, wer (rates, 0.15 is 15 %).

    inputs (B, T, n), input_lengths (B,), targets (B, U) label indices, target_lengths (B,): what `collate` makes.
    """
    predictions = recognize(transducer, inputs, input_lengths, greedy_decode=greedy_decode)
    ground_truth = [
        tokenizer.indices_to_text(target[:length].tolist())
        for target, length in zip(targets, target_lengths.tolist(), strict=True)
    ]
    return predictions_table(ground_truth, [tokenizer.indices_to_text(labels.tolist()) for labels in predictions])


@torch.no_grad()
def watch(
    greedy_decode: GreedyDecode,
    model,
    encoder_output: Tensor,
    *,
    truth: str = "",
    occupancy=None,
    seconds_per_frame: float = 0.0,
    name: str = "your greedy_decode",
) -> Walk:
    """Runs your greedy_decode on one utterance and writes down what it asks the model: `lattice.greedy_walk` draws it.

    greedy_decode, model: as in `recognize`. The model is asked through a listener that passes everything on.
    encoder_output: (T, J), real frames only.
    truth: what was really said, if it is known.
    occupancy: (T, U+1) shares of the transcript's probability, if they are known: drawn behind the walk.
    seconds_per_frame: how much sound one encoder frame is, if it is known.

    Raises what greedy_decode raises, and ValueError when it never asked the joiner.
    """
    from helpers.lattice.walking import Walk

    listener = _Listener(model, encoder_output)
    with evaluating(model), without_onednn():
        _labels(greedy_decode(listener, encoder_output))
    if not listener.calls:
        raise ValueError("greedy_decode returned without asking the joiner once: there is no walk to draw.")
    shares = None if occupancy is None else torch.as_tensor(occupancy).double().cpu().numpy()
    return Walk(len(encoder_output), tuple(truth), listener.steps(), seconds_per_frame, shares, name)


class _Listener:
    """A model in front of a model: writes down what the joiner answers and what the prediction network reads."""

    MOST = 6
    """Symbols remembered of each answer."""

    def __init__(self, model, encoder_output: Tensor):
        self._model, self._frames = model, encoder_output
        self.calls: list[tuple[int, Tensor, list[int]]] = []

    def __getattr__(self, name: str):
        return getattr(self._model, name)

    def decoder(self, inputs: Tensor, *rest, **named):
        """The model's own, overheard."""
        if self.calls:  # what is read before the first question is <BOS>
            self.calls[-1][2].extend(int(label) for label in inputs.reshape(-1))
        return self._model.decoder(inputs, *rest, **named)

    def joiner(self, f: Tensor, g: Tensor) -> Tensor:
        """The model's own, overheard."""
        scores = self._model.joiner(f, g)
        given, rows = f.reshape(-1, f.shape[-1]), scores.reshape(-1, scores.shape[-1])
        now, row = self._now(), 0
        if len(given) == 1:
            same = _like(self._frames, given[0])
            now = next((t for t in same if t >= now), same[0] if same else now)
        else:
            # Who hands over many frames at once uses the row of the frame where the walk stands.
            row = next(iter(_like(given, self._frames[now])), 0)
        self.calls.append((now, torch.softmax(rows[row].detach().float().cpu(), dim=-1), []))
        return scores

    def _now(self) -> int:
        """The frame where the walk stands, by the answer before."""
        if not self.calls:
            return 0
        t, shares, _ = self.calls[-1]
        return min(t + (int(shares.argmax()) == tokenizer.blank), len(self._frames) - 1)

    def steps(self) -> tuple:
        """The calls as steps of a walk."""
        from helpers.lattice.lattice import BLANK_TEXT
        from helpers.lattice.walking import Step

        def text(label: int) -> str:
            return BLANK_TEXT if label == tokenizer.blank else tokenizer.index_map[label]

        steps, u = [], 0
        for t, shares, read in self.calls:
            best = shares.topk(min(self.MOST, len(shares)))
            top = tuple((text(int(i)), float(p)) for p, i in zip(best.values, best.indices, strict=True))
            steps.append(Step(t, u, top, tuple(map(text, read))))
            u += top[0][0] != BLANK_TEXT
        return tuple(steps)


def _like(frames: Tensor, one: Tensor) -> list[int]:
    """Where `one` (J,) stands among `frames` (T, J)."""
    return (frames == one).all(dim=1).nonzero().flatten().tolist()


def predictions_table(ground_truth: list[str], predictions: list[str]) -> pandas.DataFrame:
    """ground_truth, prediction, cer, wer of pairs of texts."""
    import pandas

    from helpers.metrics import cer, wer

    pairs = list(zip(ground_truth, predictions, strict=True))
    return pandas.DataFrame(
        {
            "ground_truth": ground_truth,
            "prediction": predictions,
            "cer": [cer(reference, hypothesis) for reference, hypothesis in pairs],
            "wer": [wer(reference, hypothesis) for reference, hypothesis in pairs],
        }
    )


@contextmanager
def evaluating(model):
    """eval mode inside (no dropout), the former mode after. Things without a mode are left alone."""
    was_training = bool(getattr(model, "training", False))
    if was_training:
        model.eval()
    try:
        yield
    finally:
        if was_training:
            model.train()


@contextmanager
def without_onednn():
    """On a CPU, oneDNN makes a single LSTM step several times slower (it prepares the weights anew for each call)."""
    with warnings.catch_warnings():
        # Setting the flags also sets one that only Intel GPUs have, and torch warns that there is none.
        warnings.filterwarnings("ignore", message="TF32 acceleration on top of oneDNN")
        with torch.backends.mkldnn.flags(enabled=False):
            yield


def _labels(decoded) -> Tensor:
    """What greedy_decode returned, as a 1-D int64 tensor on the CPU; a clear sentence where it cannot be."""
    try:
        labels = torch.as_tensor(decoded).detach().cpu()
    except (TypeError, ValueError, RuntimeError):
        labels = None
    if labels is None or labels.dim() != 1 or (len(labels) and labels.is_floating_point()):
        described = f"{type(decoded).__name__}" + (f" of shape {tuple(labels.shape)}" if labels is not None else "")
        raise TypeError(f"greedy_decode must return a 1-D tensor of label indices; it returned a {described}.")
    return labels.to(torch.int64)
