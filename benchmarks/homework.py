"""Homework 3: the loss, greedy decoding of a batch, and training on a CPU. Minutes, not seconds.

The baselines are the seed's: torchaudio's loss, a greedy loop that asks the joiner about all frames at every step, and
a recipe of batch 3, learning rate 1e-4, no stacking, power mel, and ReLU behind the joiner's linear layer.
"""

import tempfile
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from autograder.judging import homework3_reference as solution
from autograder.label_looping import greedy_batch, recognize_batch
from helpers.loss import rnnt_loss
from helpers.model import TransducerConfig
from helpers.text import tokenizer

from .measuring import Result, cpu_of_call, result

BUDGET = 300.0
"""CPU seconds after which the seed's recipe is stopped."""


def loss_cpu_vs_torchaudio() -> Result:
    """RNN-T loss, forward and backward, B=16, T=200, U=50, V=30."""
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(16, 200, 51, 30, generator=generator)
    targets = torch.randint(1, 30, (16, 50), generator=generator, dtype=torch.int32)
    frames, labels = torch.full((16,), 200, dtype=torch.int32), torch.full((16,), 50, dtype=torch.int32)

    def step(implementation: str) -> None:
        leaf = logits.detach().requires_grad_()
        rnnt_loss(leaf, targets, frames, labels, 0, implementation=implementation).backward()

    ours, baseline = (cpu_of_call(partial(step, name), 5) for name in ("wavefront", "torchaudio"))
    return result("loss_cpu_vs_torchaudio", ours * 1e3, baseline * 1e3, "ms CPU", "one batch of 16, T=200, U=50, V=30")


@torch.no_grad()
def seed_greedy(model, encoder_output: Tensor, max_steps: int = 2000) -> Tensor:
    """The seed's way: at every step the joiner sees all frames, and one of its answers is used."""
    labels, t = [], 0
    g, hidden = model.decoder(torch.tensor([[tokenizer.bos]]))
    for _ in range(max_steps):
        best = int(model.joiner(encoder_output.unsqueeze(0), g)[0, t, 0].argmax())
        if best == tokenizer.blank:
            t += 1
        else:
            labels.append(best)
            g, hidden = model.decoder(torch.tensor([[best]]), hidden_states=hidden)
        if t == len(encoder_output):
            break
    return torch.tensor(labels, dtype=torch.int64)


@torch.no_grad()
def greedy_ratio(model, encoder_outputs: Tensor, lengths: Tensor, repeats: int = 2) -> tuple[float, float]:
    """CPU seconds of `greedy_batch` and of the seed's loop on the same encoder outputs. The tokens must be equal."""
    torch.set_num_threads(1)

    def loop() -> list[Tensor]:
        return [seed_greedy(model, output[:length]) for output, length in zip(encoder_outputs, lengths, strict=True)]

    both = zip(loop(), greedy_batch(model, encoder_outputs, lengths), strict=True)
    if not all(torch.equal(a, b) for a, b in both):
        raise RuntimeError("greedy_batch and the seed's loop give different tokens")
    ours = cpu_of_call(lambda: greedy_batch(model, encoder_outputs, lengths), repeats + 1)
    return ours, cpu_of_call(loop, repeats)


@torch.no_grad()
def greedy_200_utterances() -> Result:
    """Greedy decoding of 200 utterances with a trained model of the CPU config, encoder not counted."""
    from autograder.demo.hand_ins import TRAINED_RUN
    from helpers.corpora import corpus
    from helpers.features import FeatureCache, LogMel, collate
    from helpers.model import load_weights
    from helpers.training import WEIGHTS, Recipe

    model = load_weights(new_model(), TRAINED_RUN / WEIGHTS).eval()
    utterances = corpus("mini", "test-sentences").utterances[:200]
    batch = collate(utterances, features=FeatureCache(LogMel()), stack=Recipe.preset("cpu").stack)
    outputs, _ = model.encoder(batch.spectrograms, batch.input_lengths)
    ours, baseline = greedy_ratio(model, outputs, batch.input_lengths)
    return result("greedy_200_utterances", ours, baseline, "s CPU", "200 utterances of mini, equal tokens")


def new_model(seed: int = 0):
    """The homework's classes at the CPU config."""
    torch.manual_seed(seed)
    return solution.RNNTransducer(**TransducerConfig.preset("cpu").arguments())


def train_cpu(folder: Path, quiet: bool = True, **changes):
    """The notebook's recipe on `mini`; returns model and history."""
    from dataclasses import replace

    from helpers.corpora import corpus
    from helpers.training import Recipe, train

    model = new_model(changes.get("seed", 0))
    history = train(
        model,
        corpus("mini", "train"),
        corpus("mini", "dev"),
        replace(Recipe.preset("cpu"), **changes),
        folder=folder,
        decode=partial(recognize_batch, max_steps=300),
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


def train_seed(folder: Path, budget: float = BUDGET, quiet: bool = True):
    """The seed's recipe on the same data and sizes, stopped after `budget` CPU seconds; returns model and history."""
    import os
    import signal
    from dataclasses import replace

    from helpers.corpora import corpus
    from helpers.training import Recipe, train

    torch.manual_seed(0)
    arguments = {**TransducerConfig.preset("cpu").arguments(), "input_dim": 80}
    model = solution.RNNTransducer(**arguments)
    model.joiner = SeedJoiner(arguments["output_dim"], arguments["num_classes"])

    interrupted = []

    def stop(row: dict) -> None:
        # Once: training finishes its step after the first interrupt and gives up after the second.
        if row.get("cpu_seconds", 0.0) > budget and not interrupted:
            interrupted.append(True)
            os.kill(os.getpid(), signal.SIGINT)

    history = train(
        model,
        corpus("mini", "train"),
        corpus("mini", "dev"),
        replace(Recipe.preset("seed"), evaluate_every=50),
        folder=folder,
        features=PowerMel(corpus("mini", "train"), corpus("mini", "dev")),
        decode=partial(recognize_batch, max_steps=600),
        tracker=stop,
        device="cpu",
        quiet=quiet,
    )
    return model, history


def cpu_seconds_to(history, cer: float) -> float | None:
    """CPU seconds, training and evaluations, until dev CER was first at or below `cer`; None: never."""
    return next((row["cpu_seconds"] for row in history.of("dev", "final") if row["cer"] <= cer), None)


def held_out(model) -> dict[str, tuple[float, float]]:
    """Corpus CER and WER of a model of the CPU config on the held-out sentences and voices of `mini`."""
    from helpers.corpora import corpus
    from helpers.training import Recipe, evaluate

    scores = {}
    for split in ("test-sentences", "test-voices"):
        seen = evaluate(
            model, corpus("mini", split), Recipe.preset("cpu"), decode=partial(recognize_batch, max_steps=300)
        )
        scores[split] = (seen.cer, seen.wer)
    return scores


def train_mini_cpu() -> Result:
    """CPU seconds to CER 0.15 on dev, the homework's classes on `mini`: our recipe and the seed's."""
    with tempfile.TemporaryDirectory() as folder:
        _, ours = train_cpu(Path(folder) / "ours", evaluate_every=50)
        _, seeds = train_seed(Path(folder) / "seed")
    reached, baseline = cpu_seconds_to(ours, 0.15), cpu_seconds_to(seeds, 0.15)
    if reached is None:
        raise RuntimeError("the recipe did not reach CER 0.15")
    what = (
        "to CER 0.15" if baseline else f"to CER 0.15; the seed's recipe stopped, CER {seeds.of('dev')[-1]['cer']:.2f}"
    )
    return result("train_mini_cpu", reached, baseline or BUDGET, "s CPU", what)


BENCHMARKS = (loss_cpu_vs_torchaudio, greedy_200_utterances, train_mini_cpu)
