"""Training the homework's own classes on a CPU: our recipe and the seed's. Minutes, not seconds.

The seed's recipe is batch 3, learning rate 1e-4, no stacking, power mel, and ReLU behind the joiner's linear layer. It
gets the same data and the same sizes. "CPU seconds to a CER" are those of training alone: how often one looks at dev
is no property of a recipe, and decoding frames that are not stacked costs the seed's recipe more.
"""

import contextlib
import math
import os
import signal
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from unittest.mock import patch

import torch
from torch import Tensor

from autograder.judging import homework3_reference as solution
from autograder.label_looping import recognize_batch
from helpers.model import TransducerConfig

from .measuring import Result, Skipped, result

BUDGET = 300.0
"""CPU seconds after which the seed's recipe is stopped beside ours."""

FACTOR = 10.5
"""And in the long run: this many times our CPU seconds to CER 0.15."""

GOAL = 0.15

OVERFIT = {
    "stack": 4,
    "batch_size": 6,
    "learning_rate": 5e-3,
    "schedule": "constant",
    "warmup": 0.02,
    "augment": False,
    "label_noise": 0.0,
    "evaluate_every": 20,
}


def new_model(seed: int = 0, **changes):
    """The homework's classes at the CPU config."""
    torch.manual_seed(seed)
    return solution.RNNTransducer(**{**TransducerConfig.preset("cpu").arguments(), **changes})


def train_cpu(folder: Path, data: str = "mini", *, quiet: bool = True, tracker=None, **changes):
    """The notebook's recipe; returns model and history."""
    from helpers.corpora import corpus
    from helpers.training import Recipe, train

    recipe = replace(Recipe.preset("cpu"), **changes)
    model = new_model(recipe.seed, input_dim=80 * recipe.stack)
    history = train(
        model,
        corpus(data, "train"),
        corpus(data, "dev"),
        recipe,
        folder=folder,
        decode=partial(recognize_batch, max_steps=300),
        tracker=tracker,
        device="cpu",
        quiet=quiet,
    )
    return model, history


class SeedJoiner(solution.Joiner):
    """ReLU(Linear(f + g)): logits can never be negative."""

    def forward(self, encoder_outputs, decoder_outputs):
        """(B, T, J), (B, U, J) -> (B, T, U, V)."""
        if encoder_outputs.dim() == 3:
            encoder_outputs, decoder_outputs = encoder_outputs.unsqueeze(2), decoder_outputs.unsqueeze(1)
        return torch.relu(self.linear(encoder_outputs + decoder_outputs))


class PowerMel:
    """The seed's features, remembered in float32: quiet bins are too small for float16."""

    def __init__(self, *corpora):
        from helpers.features import LogMel

        features = LogMel(raw=True)
        self._stored = {utterance.id: features.of(utterance) for data in corpora for utterance in data}

    def of(self, utterance) -> Tensor:
        """(T, M) of an utterance."""
        return self._stored[utterance.id]


def train_seed(folder: Path, budget: float = BUDGET, *, evaluate_every: int = 50, quiet: bool = True):
    """The seed's recipe on `mini` until CER 0.15, or for `budget` CPU seconds of training; model and history."""
    from helpers.corpora import corpus
    from helpers.training import Recipe, train

    model = new_model(input_dim=80)
    model.joiner = SeedJoiner(model.joiner.linear.in_features, model.joiner.linear.out_features)
    data = corpus("mini", "train"), corpus("mini", "dev")
    history = train(
        model,
        *data,
        # As long as the budget lasts: its learning rate is constant, so more epochs change nothing before.
        replace(Recipe.preset("seed"), epochs=1000, evaluate_every=evaluate_every),
        folder=folder,
        features=PowerMel(*data),
        decode=partial(recognize_batch, max_steps=600),
        tracker=Stop(lambda watch: watch.seconds > budget or watch.cer <= GOAL),
        device="cpu",
        quiet=quiet,
    )
    return model, history


class Stop:
    """A tracker that ends the training when `when(self)` says so.

    Attributes:
        seconds: CPU seconds of training so far, evaluations left out.
        cer: the last CER on dev, infinite before the first.
    """

    def __init__(self, when):
        self._when, self._rows, self._done = when, [], False
        self.seconds, self.cer = 0.0, math.inf

    def __call__(self, row: dict) -> None:
        """Hear of a row of the run log."""
        if row["kind"] == "start":
            return  # training has not begun, and would not hear of the interrupt
        self._rows.append(row)
        self.seconds = training_seconds(self._rows)[-1]
        self.cer = row.get("cer", self.cer)
        if self._when(self) and not self._done:
            # Once: training finishes its step after the first interrupt and gives up after the second.
            self._done = True
            os.kill(os.getpid(), signal.SIGINT)


def training_seconds(rows: list[dict]) -> list[float]:
    """For each row of a run log, the CPU seconds of training until then: evaluations are taken out.

    An evaluation directly follows the training row of the same step; where there is none, it counts as training.
    """
    found, evaluating, before = [], 0.0, {}
    for row in rows:
        now = row.get("cpu_seconds", 0.0)
        if row["kind"] in ("dev", "final") and before.get("step") == row["step"]:
            evaluating += now - before.get("cpu_seconds", 0.0)
        found.append(now - evaluating)
        before = row
    return found


def cpu_seconds_to(history, cer: float) -> float | None:
    """CPU seconds of training until dev CER was first at or below `cer`; None: never."""
    both = zip(history.rows, training_seconds(history.rows), strict=True)
    return next((seconds for row, seconds in both if row["kind"] in ("dev", "final") and row["cer"] <= cer), None)


def best_cer(history) -> float:
    """The lowest CER on dev."""
    return min(row["cer"] for row in history.of("dev", "final"))


def error_rates(model, data: str, split: str) -> tuple[float, float]:
    """Corpus CER and WER of a model of the CPU config on a split."""
    from helpers.corpora import corpus
    from helpers.training import Recipe, evaluate

    seen = evaluate(model, corpus(data, split), Recipe.preset("cpu"), decode=partial(recognize_batch, max_steps=300))
    return seen.cer, seen.wer


def train_mini_cpu() -> Result:
    """CPU seconds to CER 0.15 on dev, the homework's classes on `mini`: our recipe and the seed's."""
    with tempfile.TemporaryDirectory() as folder:
        model, ours = train_cpu(Path(folder) / "ours", evaluate_every=50)
        _, seeds = train_seed(Path(folder) / "seed")
    reached, baseline = cpu_seconds_to(ours, GOAL), cpu_seconds_to(seeds, GOAL)
    if reached is None:
        raise RuntimeError("the recipe did not reach CER 0.15")
    better = cpu_seconds_to(ours, 0.05)
    sentences, voices = (error_rates(model, "mini", split) for split in ("test-sentences", "test-voices"))
    what = (
        f"training alone, to dev CER 0.15; 0.05 {f'after {better:.0f}' if better else 'not reached'}; in the end "
        f"CER/WER {sentences[0]:.3f}/{sentences[1]:.3f} on held-out sentences, {voices[0]:.3f}/{voices[1]:.3f} on "
        f"held-out voices; {_seed_outcome(seeds)}"
    )
    return result("train_mini_cpu", reached, baseline or training_seconds(seeds.rows)[-1], "s CPU", what)


def train_mini_seed_recipe() -> Result:
    """CPU seconds to CER 0.15 on `mini`, where the seed's recipe gets 10 times the CPU seconds of ours."""
    with tempfile.TemporaryDirectory() as folder:
        _, ours = train_cpu(Path(folder) / "ours", evaluate_every=25, tracker=Stop(lambda watch: watch.cer <= GOAL))
        reached = cpu_seconds_to(ours, GOAL)
        if reached is None:
            raise RuntimeError("the recipe did not reach CER 0.15")
        _, seeds = train_seed(Path(folder) / "seed", FACTOR * reached, evaluate_every=250)
    baseline = cpu_seconds_to(seeds, GOAL) or training_seconds(seeds.rows)[-1]
    what = f"training alone, to dev CER 0.15; {_seed_outcome(seeds)}"
    return result("train_mini_seed_recipe", reached, baseline, "s CPU", what)


def _seed_outcome(history) -> str:
    steps, best = history.rows[-1]["step"], best_cer(history)
    if best <= GOAL:
        return f"the seed's recipe reached it after {steps} steps"
    return f"the seed's recipe stopped after {steps} steps without reaching it, best CER {best:.2f}"


def train_digits_cpu() -> Result:
    """CPU seconds to CER 0.15 on dev, the homework's classes on human voices; CER of known and new speakers."""
    with tempfile.TemporaryDirectory() as folder, _digits(Path(folder)):
        from helpers.corpora import corpus

        speakers = len(corpus("digits", "train").speakers)
        model, history = train_cpu(Path(folder) / "run", "digits", evaluate_every=50)
        seen, unseen = (error_rates(model, "digits", split) for split in ("test-seen", "test-unseen"))
    reached, better = cpu_seconds_to(history, GOAL), cpu_seconds_to(history, 0.05)
    if reached is None:
        raise RuntimeError("the recipe did not reach CER 0.15")
    what = (
        f"training alone, to dev CER 0.15, {speakers} speakers; 0.05 "
        f"{f'after {better:.0f}' if better else 'not reached'}; "
        f"{training_seconds(history.rows)[-1]:.0f} in all; in the end CER/WER {seen[0]:.3f}/{seen[1]:.3f} on new "
        f"recordings of these speakers, {unseen[0]:.3f}/{unseen[1]:.3f} on a speaker never heard"
    )
    return result("train_digits_cpu", reached, None, "s CPU", what)


@contextlib.contextmanager
def _digits(folder: Path):
    """The corpus `digits`: the one in the user's cache, or made of the recordings in the folder that FSDD names."""
    from helpers.corpora import CorpusError, corpus
    from helpers.making import digits

    recordings, home = os.environ.get("FSDD"), {}
    try:
        if recordings:
            digits.make(Path(recordings), folder / "data" / digits.FOLDER_NAME, progress=False)
            home = {"RNNT_DATA": str(folder / "data")}
        else:
            corpus("digits", "train")
    except CorpusError as problem:
        raise Skipped(f"{problem} A folder with the recordings can be named: FSDD=folder.") from None
    with patch.dict(os.environ, home):
        yield


def practice(data, most: int = 18):
    """At most that many utterances of one chapter: the first chapter that has them, or else the longest."""
    chapters: dict[str, list] = {}
    for utterance in data:
        chapters.setdefault(utterance.id.rpartition("-")[0], []).append(utterance)
    enough = next((chapter for chapter in chapters.values() if len(chapter) >= most), None)
    chosen = {utterance.id for utterance in (enough or max(chapters.values(), key=len))[:most]}
    return data.subset(lambda utterance: utterance.id in chosen)


def overfit_librispeech() -> Result:
    """CPU seconds until the homework's classes know 18 utterances of one LibriSpeech chapter by heart (CER 0.05)."""
    from helpers.corpora import CorpusError, corpus

    try:
        utterances = practice(corpus("librispeech", "train", root=os.environ.get("LIBRISPEECH")))
    except CorpusError as problem:
        raise Skipped(f"{problem} The folder that holds LibriSpeech/ can be named: LIBRISPEECH=folder.") from None
    with tempfile.TemporaryDirectory() as folder:
        history = overfit(utterances, Path(folder) / "run")
    reached = cpu_seconds_to(history, 0.05)
    steps = history.rows[-1]["step"]
    if reached is None:
        raise RuntimeError(f"CER {best_cer(history):.3f} after {steps} steps")
    what = (
        f"training alone, to CER {history.of('dev', 'final')[-1]['cer']:.3f} on the {len(utterances)} utterances of "
        f"{utterances.seconds:.0f} s that it trains on, {steps} steps"
    )
    return result("overfit_librispeech", reached, None, "s CPU", what)


def overfit(utterances, folder: Path, epochs: int = 300, *, quiet: bool = True):
    """Train on a handful of utterances, with nothing that keeps from learning by heart, until CER 0.05 on them."""
    from helpers.training import Recipe, train

    recipe = replace(Recipe.preset("cpu"), **OVERFIT, epochs=epochs, evaluate_on=len(utterances))
    return train(
        new_model(input_dim=80 * recipe.stack, encoder_dropout_p=0.0, decoder_dropout_p=0.0),
        utterances,
        utterances,
        recipe,
        folder=folder,
        decode=partial(recognize_batch, max_steps=1000),
        tracker=Stop(lambda watch: watch.cer <= 0.05),
        device="cpu",
        quiet=quiet,
    )


BENCHMARKS = (train_mini_cpu,)
ON_REQUEST = (train_mini_seed_recipe, train_digits_cpu, overfit_librispeech)
"""Too long for every day, or in need of speech that not everyone has: run by name only."""
