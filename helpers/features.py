"""From waveforms to batches: log-mel, SpecAugment, frame stacking, collate, and batches of similar length.

Names: T frames, U labels, B utterances, M mel bins.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from .corpora import SAMPLE_RATE, Utterance
from .text import Tokenizer
from .text import tokenizer as shared_tokenizer

FLOOR = 1e-6
"""Power below which everything is silence: about the noise of a quiet 16-bit recording. Without it, log(0) = -inf."""


class LogMel(nn.Module):
    """Log-mel spectrogram, 80 frames per second of 80 bins.

    The mel filters are the seed's, `torchaudio.transforms.MelSpectrogram(16000, n_mels=80)`: windows of 400 samples
    every 200, so 166,960 samples give 835 frames. The logarithm and the normalisation are what the seed left out.

    Normalisation is per utterance: each bin gets mean 0 and the whole spectrogram standard deviation 1. It takes
    the loudness and the colour of the microphone out, needs no statistics that have to travel with the weights, and
    makes 0 the mean, so padding and masks filled with 0 look like nothing in particular.

    Args:
        n_mels: bins, M.
        raw: power mel as it comes, without logarithm and normalisation: the seed's features, for comparison only.
    """

    def __init__(self, n_mels: int = 80, *, raw: bool = False):
        super().__init__()
        from torchaudio.transforms import MelSpectrogram

        self.n_mels, self.raw = n_mels, raw
        self.mel = MelSpectrogram(SAMPLE_RATE, n_mels=n_mels)

    @torch.no_grad()
    def forward(self, waveform: Tensor) -> Tensor:
        """(samples,) float at 16 kHz -> (T, M) float32, T = samples // 200 + 1. ValueError for another shape."""
        if waveform.dim() != 1:
            raise ValueError(
                f"LogMel takes one mono waveform of shape (samples,); this one is {tuple(waveform.shape)}."
            )
        if len(waveform) <= self.mel.n_fft // 2:
            raise ValueError(
                f"LogMel needs more than {self.mel.n_fft // 2} samples; this waveform has {len(waveform)}."
            )
        power = self.mel(waveform.float()).T.contiguous()
        if self.raw:
            return power
        log_mel = power.clamp(min=FLOOR).log()
        centred = log_mel - log_mel.mean(dim=0)
        return centred / centred.std().clamp(min=1e-3)

    def of(self, utterance: Utterance) -> Tensor:
        """Features of an utterance, (T, M) float32. What `collate` asks for."""
        return self(utterance.waveform())


class FeatureCache:
    """Remembers features in memory as float16: decoding audio again in every epoch would cost more than training.

    About 46 MB per hour of audio. Fill it before a DataLoader starts workers, so that they share one copy.
    """

    def __init__(self, features: LogMel | None = None):
        self.features = features if features is not None else LogMel()
        self._stored: dict[tuple[str, str], Tensor] = {}

    def fill(self, utterances: Iterable[Utterance], progress: bool = True) -> "FeatureCache":
        """Computes what is missing and returns itself."""
        from tqdm.auto import tqdm

        for utterance in tqdm(list(utterances), desc="features", unit="utt", disable=not progress, leave=False):
            self.of(utterance)
        return self

    def of(self, utterance: Utterance) -> Tensor:
        """Features of an utterance, (T, M) float32."""
        key = (utterance.id, str(utterance.path))
        if key not in self._stored:
            self._stored[key] = self.features.of(utterance).half()
        return self._stored[key].float()

    def __len__(self) -> int:
        return len(self._stored)


class SpecAugment:
    """Hides bands of bins and runs of frames behind the mean (Park et al., 2019, without time warping).

    Works on log-mel, before stacking, and fills with the mean of each bin: zero power would be an extreme value.
    Widths are drawn evenly from 0 to the most, from torch's global generator.

    Args:
        bands, most_bins: how many bands, and how wide.
        runs, most_frames: how many runs, and how long;
        most_share: no run is longer than this share of the utterance, whatever `most_frames` says.
    """

    def __init__(
        self, *, bands: int = 2, most_bins: int = 15, runs: int = 2, most_frames: int = 20, most_share: float = 0.1
    ):
        self.bands, self.most_bins = bands, most_bins
        self.runs, self.most_frames, self.most_share = runs, most_frames, most_share

    def __call__(self, features: Tensor) -> Tensor:
        """(T, M) -> (T, M), a new tensor."""
        T, M = features.shape
        mean = features.mean(dim=0)
        hidden = features.clone()
        for _ in range(self.bands):
            start, end = _span(M, min(self.most_bins, M))
            hidden[:, start:end] = mean[start:end]
        for _ in range(self.runs):
            start, end = _span(T, min(self.most_frames, int(self.most_share * T)))
            hidden[start:end] = mean
        return hidden


def _span(length: int, most: int) -> tuple[int, int]:
    width = int(torch.randint(most + 1, ()))
    start = int(torch.randint(length - width + 1, ()))
    return start, start + width


def stack_frames(features: Tensor, k: int) -> Tensor:
    """Joins every k frames into one: (T, M) -> (ceil(T / k), k * M). Zeros (the mean) fill up the last one."""
    if k < 1:
        raise ValueError(f"stack_frames joins k = 1 or more frames; k is {k}.")
    T, M = features.shape
    stacked = math.ceil(T / k)
    return nn.functional.pad(features, (0, 0, 0, stacked * k - T)).reshape(stacked, k * M)


class Batch(NamedTuple):
    """What training and decoding get, in the seed's order.

    Behind its length, a spectrogram is 0 and a label row is the blank, 28: no letter, yet a row that an `nn.Embedding`
    of 30 symbols has. (The seed padded with 0, which is the apostrophe.) No loss looks there: it reads the lengths.
    """

    spectrograms: Tensor
    """float32, (B, T, M * stack)."""
    labels: Tensor
    """int32, (B, U)."""
    input_lengths: Tensor
    """int32, (B,), in stacked frames."""
    label_lengths: Tensor
    """int32, (B,)."""

    def to(self, device: torch.device | str) -> "Batch":
        """The same batch on another device."""
        return Batch(*(tensor.to(device, non_blocking=True) for tensor in self))


def collate(
    utterances: Sequence[Utterance],
    *,
    features: "LogMel | FeatureCache",
    tokenizer: Tokenizer = shared_tokenizer,
    augment: SpecAugment | None = None,
    stack: int = 1,
) -> Batch:
    """Puts utterances into one padded batch, in the order given.

    Args:
        utterances: B utterances, at least one.
        features: anything with `.of(utterance) -> (T, M)`.
        augment: (T, M) -> (T, M), for training only.
        stack: frames per model step, see `stack_frames`.

    Raises ValueError for an empty list, an empty transcript, or a character outside the alphabet; AudioError for a
    file that cannot be read.
    """
    if not utterances:
        raise ValueError("collate got an empty list: a batch needs at least one utterance.")
    spectrograms, labels = [], []
    for utterance in utterances:
        spectrogram = features.of(utterance)
        if augment is not None:
            spectrogram = augment(spectrogram)
        spectrograms.append(stack_frames(spectrogram, stack))
        labels.append(torch.tensor(_labels(utterance, tokenizer), dtype=torch.int32))
    pad = nn.utils.rnn.pad_sequence
    return Batch(
        pad(spectrograms, batch_first=True),
        pad(labels, batch_first=True, padding_value=tokenizer.blank),
        torch.tensor([len(spectrogram) for spectrogram in spectrograms], dtype=torch.int32),
        torch.tensor([len(label) for label in labels], dtype=torch.int32),
    )


def _labels(utterance: Utterance, tokenizer: Tokenizer) -> list[int]:
    if not utterance.text.strip():
        raise ValueError(f"Utterance {utterance.id} has an empty transcript: leave it out, there is nothing to learn.")
    try:
        return tokenizer.text_to_indices(utterance.text)
    except ValueError as problem:
        raise ValueError(f"Utterance {utterance.id}: {problem}") from None


class Collate:
    """`collate` with its settings, for `DataLoader(..., collate_fn=Collate(features))`. Can be sent to workers."""

    def __init__(
        self,
        features: "LogMel | FeatureCache",
        *,
        tokenizer: Tokenizer = shared_tokenizer,
        augment: SpecAugment | None = None,
        stack: int = 1,
    ):
        self.features, self.tokenizer, self.augment, self.stack = features, tokenizer, augment, stack

    def __call__(self, utterances: Sequence[Utterance]) -> Batch:
        """See `collate`."""
        return collate(
            utterances, features=self.features, tokenizer=self.tokenizer, augment=self.augment, stack=self.stack
        )


class BucketBatches(torch.utils.data.Sampler[list[int]]):
    """Batches of utterances of similar length, for `DataLoader(..., batch_sampler=BucketBatches(corpus.durations))`.

    The order depends on the seed and the epoch only; call `set_epoch` before each epoch. Every utterance comes once
    an epoch. With several processes (`torchrun`) each takes every world_size-th batch, and all take equally many: the
    last ones are repeated, as in `DistributedSampler`.

    Args:
        durations: seconds of every utterance.
        batch_size: utterances in a batch, at most.
        most_seconds: audio in a batch after padding, at most; a single longer utterance makes a batch of its own.
        shuffle: off gives the same batches in every epoch, longest first: a batch that does not fit fails at once.
    """

    def __init__(
        self,
        durations: Sequence[float],
        batch_size: int = 24,
        *,
        most_seconds: float = math.inf,
        seed: int = 0,
        shuffle: bool = True,
        rank: int = 0,
        world_size: int = 1,
    ):
        if batch_size < 1:
            raise ValueError(f"batch_size must be 1 or more; it is {batch_size}.")
        if not 0 <= rank < world_size:
            raise ValueError(f"rank must be one of 0..{world_size - 1} for world_size {world_size}; it is {rank}.")
        self.durations, self.batch_size, self.most_seconds = list(durations), batch_size, most_seconds
        self.seed, self.shuffle, self.rank, self.world_size = seed, shuffle, rank, world_size
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of this epoch."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[list[int]]:
        batches = self._batches()
        if self.shuffle:
            order = torch.randperm(len(batches), generator=self._generator(1)).tolist()
            batches = [batches[i] for i in order]
        short = -len(batches) % self.world_size
        batches += [batches[i % len(batches)] for i in range(short)]
        return iter(batches[self.rank :: self.world_size])

    def __len__(self) -> int:
        return math.ceil(len(self._batches()) / self.world_size)

    def _batches(self) -> list[list[int]]:
        # Durations are jittered a little before sorting, so that an utterance meets other neighbours in each epoch.
        durations = torch.tensor(self.durations, dtype=torch.float64)
        if self.shuffle:
            durations = durations * (0.95 + 0.1 * torch.rand(len(durations), generator=self._generator(0)))
        batches, longest = [], 0.0
        for i in torch.argsort(durations, descending=True, stable=True).tolist():
            longest = max(longest, self.durations[i])
            full = batches and (
                len(batches[-1]) >= self.batch_size or (len(batches[-1]) + 1) * longest > self.most_seconds
            )
            if not batches or full:
                batches.append([])
                longest = self.durations[i]
            batches[-1].append(i)
        return batches

    def _generator(self, stream: int) -> torch.Generator:
        return torch.Generator().manual_seed((self.seed * 1_000_003 + self.epoch) * 2 + stream)
