"""Homework 3: the loss, and greedy decoding of a batch.

The baselines are the seed's: torchaudio's loss, and a greedy loop that asks the joiner about all frames at every step.
"""

from functools import partial

import torch
from torch import Tensor

from autograder.label_looping import greedy_batch
from helpers.loss import rnnt_loss
from helpers.text import tokenizer

from .measuring import Result, cpu_of_call, result
from .training import new_model


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


BENCHMARKS = (loss_cpu_vs_torchaudio, greedy_200_utterances)
