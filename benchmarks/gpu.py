"""An epoch of LibriSpeech's shape on a GPU. What it tells of another card is a projection, and says so.

The lengths are real, sound and words are not: features are noise and labels random letters, which cost the same.
"""

import csv
import gzip
import math
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path

import torch
from torch import Tensor

from autograder.judging import homework3_reference as solution
from autograder.label_looping import recognize_batch
from helpers.corpora import Corpus, Utterance
from helpers.model import TransducerConfig

from .measuring import Result, Skipped, result

TEXT = Path(__file__).resolve().parents[2] / "shared" / "speech" / "text" / "train-clean-100.tsv.gz"
"""Beside the repository: a table of utterance, seconds, transcript."""

T4_BANDWIDTH = 320e9
"""Bytes a second, by its data sheet. Lattices are read and written more than they are computed on."""


class Shapes(Corpus):
    """Utterances that have a length and a text and no sound. `seconds_of` has their lengths by id."""

    def __init__(self, split: str, utterances: Sequence[Utterance], seconds_of: Mapping[str, float]):
        super().__init__("shapes", split, utterances)
        self.seconds_of = seconds_of

    @cached_property
    def durations(self) -> list[float]:
        """Seconds of every utterance."""
        return [self.seconds_of[utterance.id] for utterance in self]

    def some(self, count: int) -> "Shapes":
        """That many, spread evenly."""
        return Shapes(self.split, self.subset(count).utterances, self.seconds_of)


class Noise:
    """Features without sound: 80 numbers for each of 80 frames a second."""

    def __init__(self, shapes: Shapes):
        self._seconds_of = shapes.seconds_of
        longest = max(map(_frames, shapes.seconds_of.values()))
        self._noise = torch.randn(longest + 1000, 80, generator=torch.Generator().manual_seed(0))

    def of(self, utterance: Utterance) -> Tensor:
        """(T, 80) of an utterance."""
        start = sum(utterance.id.encode()) % 1000
        return self._noise[start : start + _frames(self._seconds_of[utterance.id])]


def _frames(seconds: float) -> int:
    return math.floor(seconds * 80) + 1


def lengths_of_librispeech() -> Shapes:
    """train-clean-100: from the corpus where it is, else from the table beside the repository. Skipped without both."""
    from helpers.corpora import CorpusMissing, corpus

    try:
        data = corpus("librispeech", "train")
    except CorpusMissing as problem:
        if not TEXT.exists():
            raise Skipped(str(problem)) from None
        return read_table(TEXT)
    return Shapes("train-clean-100", data.utterances, {one.id: one.seconds for one in data})


def read_table(path: Path) -> Shapes:
    """Lengths and transcripts from a gzipped table of utterance, seconds, transcript."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    utterances = [
        Utterance(row["utterance"], row["utterance"].split("-")[0], row["transcript"].lower(), Path()) for row in rows
    ]
    return Shapes("train-clean-100", utterances, {row["utterance"]: float(row["seconds"]) for row in rows})


def new_model(stack: int, preset: str = "seed", **changes):
    """The homework's classes for so many stacked frames."""
    torch.manual_seed(0)
    config = replace(TransducerConfig.preset(preset), input_dim=80 * stack, **changes)
    return solution.RNNTransducer(**config.arguments())


def epoch(model, shapes: Shapes, recipe, device: str) -> dict:
    """Train one epoch by the project's own loop: seconds, steps, seconds a step, and on a GPU bytes at the peak."""
    from helpers.training import train

    on_gpu = torch.device(device).type == "cuda"
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        history = train(
            model,
            shapes,
            shapes.some(4),
            replace(recipe, epochs=1, evaluate_on=1, evaluate_every=10**9, log_every=1),
            folder=folder,
            features=Noise(shapes),
            decode=partial(recognize_batch, max_steps=200),
            device=device,
            quiet=True,
        )
        if history.stopped:
            raise RuntimeError(history.stopped)
        rows = history.of("train")
        # The last row's clock was read before the evaluation that ends a run.
        seconds = rows[-1]["seconds"] if rows else time.perf_counter() - start
    peak = torch.cuda.max_memory_allocated() if on_gpu else 0
    return {"seconds": seconds, "steps": len(rows), "step": seconds / max(1, len(rows)), "peak": peak}


def against_cpu(shapes: Shapes, device: str, *, stack: int = 4, amp: bool = False, **sizes) -> tuple[float, float]:
    """Loss and gradient of one batch on a device against a CPU: the relative error of the one, and of the whole other.

    The gradient's is the length of the difference over the length of the CPU's.
    """
    from helpers.features import collate

    batch = collate(list(shapes), features=Noise(shapes), stack=stack)
    # cuDNN's LSTM has no backward pass in eval mode, and dropout would draw differently on each device.
    model = new_model(stack, encoder_dropout_p=0.0, decoder_dropout_p=0.0, **sizes)
    with torch.backends.cudnn.flags(allow_tf32=False):
        (ours, mine), (right, gradient) = (_gradient(model, batch, place, amp) for place in (device, "cpu"))
    return abs(ours - right) / abs(right), float((mine - gradient).norm() / gradient.norm())


def _gradient(model, batch, device: str, amp: bool) -> tuple[float, Tensor]:
    from helpers.loss import rnnt_loss
    from helpers.text import tokenizer

    model = model.to(device)
    model.zero_grad()
    spectrograms, labels, input_lengths, label_lengths = batch.to(device)
    kind = torch.device(device).type
    with torch.autocast(kind, dtype=torch.bfloat16, enabled=amp and kind == "cuda"):
        logits = model(spectrograms, input_lengths, labels, label_lengths)
    costs = rnnt_loss(logits.float(), labels, input_lengths, label_lengths, tokenizer.blank, reduction="none")
    loss = costs.sum() / label_lengths.sum()
    loss.backward()
    gradients = [parameter.grad.detach().flatten().cpu() for parameter in model.parameters()]
    return loss.item(), torch.cat(gradients)


def bandwidth(device: str, size: int = 2**28, repeats: int = 10) -> float:
    """Bytes a second that the device reads and writes when it copies."""
    values = torch.empty(size, dtype=torch.uint8, device=device)
    other = torch.empty_like(values)

    def finish() -> float:
        if torch.device(device).type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()

    other.copy_(values)
    start = finish()
    for _ in range(repeats):
        other.copy_(values)
    return 2 * size * repeats / (finish() - start)


def projected_hours(seconds: float, epochs: int, copies: float) -> tuple[float, float]:
    """Hours on a T4, from a card that copies so many bytes a second: at best its time, at worst by its bandwidth."""
    hours = seconds * epochs / 3600
    return hours, hours * max(1.0, copies / T4_BANDWIDTH)


def librispeech_epoch_gpu() -> Result:
    """Seconds of an epoch of LibriSpeech's shape on this GPU, against the same without mixed precision."""
    if not torch.cuda.is_available():
        raise Skipped("this machine has no GPU that CUDA can use.")
    from helpers.training import Recipe

    shapes, recipe = lengths_of_librispeech(), Recipe.preset("gpu")
    equal = against_cpu(shapes.some(4), "cuda", stack=recipe.stack)
    mixed = against_cpu(shapes.some(4), "cuda", stack=recipe.stack, amp=True)
    if max(equal) > 1e-3:
        raise RuntimeError(f"loss and gradient differ from the CPU's by {equal[0]:.1e} and {equal[1]:.1e}")
    part = shapes.some(len(shapes) // 8)
    epoch(new_model(recipe.stack), shapes.some(64), recipe, "cuda")  # kernels are chosen and memory is claimed once
    with_amp, without = (
        epoch(new_model(recipe.stack), part, replace(recipe, amp=amp), "cuda") for amp in (True, False)
    )
    whole = epoch(new_model(recipe.stack), shapes, recipe, "cuda")
    low, high = projected_hours(whole["seconds"], recipe.epochs, bandwidth("cuda"))
    GiB = 2**30
    what = (
        f"{torch.cuda.get_device_name()}: {len(shapes)} utterances, {shapes.seconds / 3600:.0f} h of noise, "
        f"{whole['steps']} steps, peak {whole['peak'] / GiB:.1f} GiB; baseline: without mixed precision, by an eighth "
        f"of the epoch, whose peak is {without['peak'] / GiB:.1f} against {with_amp['peak'] / GiB:.1f} GiB; loss and "
        f"gradient differ from the CPU's by {equal[0]:.0e} and {equal[1]:.0e}, with bfloat16 by {mixed[0]:.0e} and "
        f"{mixed[1]:.0e}; a projection, not a measurement: {recipe.epochs} epochs on a T4 in {low:.1f} to {high:.1f} h"
    )
    baseline = whole["seconds"] * without["step"] / with_amp["step"]
    return result("librispeech_epoch_gpu", whole["seconds"], baseline, "s", what)


ON_REQUEST = (librispeech_epoch_gpu,)
