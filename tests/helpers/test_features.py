"""Log-mel, masks, stacking, batches."""

import pickle
from dataclasses import replace

import pytest
import soundfile
import torch
from torch.utils.data import DataLoader
from torchaudio.transforms import MelSpectrogram

from helpers.corpora import Utterance, corpus
from helpers.features import Batch, BucketBatches, Collate, FeatureCache, LogMel, SpecAugment, collate, stack_frames
from helpers.text import tokenizer


def wave(samples, seed=0):
    return 0.1 * torch.randn(samples, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def utterances(tmp_path):
    """Two utterances of noise; the second is shorter."""
    made = []
    for i, (samples, text) in enumerate([(8000, "a cat"), (5000, "It's")]):
        soundfile.write(tmp_path / f"1-1-000{i}.flac", wave(samples, i).numpy(), 16000)
        made.append(Utterance(f"1-1-000{i}", "1", text, tmp_path / f"1-1-000{i}.flac"))
    return made


def test_the_length_is_that_of_the_course():
    assert LogMel()(wave(166_960)).shape == (835, 80)


def test_each_bin_has_mean_zero_and_the_whole_has_deviation_one():
    features = LogMel()(wave(16000) * torch.linspace(0, 1, 16000))
    assert features.dtype == torch.float32
    assert features.mean(dim=0).abs().max() < 1e-4
    assert features.std() == pytest.approx(1.0, abs=1e-4)


def test_loudness_makes_no_difference():
    loud, soft = LogMel()(wave(16000)), LogMel()(0.1 * wave(16000))
    assert torch.allclose(loud, soft, atol=1e-3)


def test_raw_features_are_the_mel_spectrogram_as_it_comes():
    expected = MelSpectrogram(16000, n_mels=80)(wave(4000)).T
    assert torch.equal(LogMel(raw=True)(wave(4000)), expected)


def test_silence_gives_finite_features():
    assert torch.isfinite(LogMel()(torch.zeros(4000))).all()


@pytest.mark.parametrize("samples", [(1, 4000), (2, 4000), (0,), (150,)])
def test_a_waveform_that_is_none_is_refused(samples):
    with pytest.raises(ValueError, match="LogMel"):
        LogMel()(torch.zeros(samples))


@pytest.mark.parametrize(("T", "k", "stacked"), [(7, 1, 7), (8, 4, 2), (9, 4, 3), (1, 6, 1)])
def test_stacking_keeps_every_frame_in_order(T, k, stacked):
    features = torch.arange(1.0, 3 * T + 1).reshape(T, 3)
    joined = stack_frames(features, k)
    assert joined.shape == (stacked, 3 * k)
    assert torch.equal(joined.reshape(-1, 3)[:T], features)
    assert not joined.reshape(-1, 3)[T:].any()


def test_stacking_no_frames_is_refused():
    with pytest.raises(ValueError, match="k is 0"):
        stack_frames(torch.zeros(4, 3), 0)


def test_masks_put_the_mean_of_the_bin_and_leave_the_rest():
    torch.manual_seed(0)
    features = torch.randn(200, 80) + torch.arange(80.0)
    before = features.clone()
    masked = SpecAugment(bands=2, most_bins=20, runs=2, most_frames=30)(features)
    assert torch.equal(features, before)
    changed = masked != features
    assert torch.allclose(masked[changed], features.mean(dim=0).expand_as(features)[changed])
    # A rectangle of untouched rows and columns remains, and something was hidden.
    rows, columns = ~changed.all(dim=1), ~changed.all(dim=0)
    assert changed.any()
    assert not changed[rows][:, columns].any()


def test_masks_do_not_outgrow_a_short_utterance():
    torch.manual_seed(0)
    features = torch.randn(30, 80)
    for _ in range(50):
        masked = SpecAugment(bands=0, runs=1, most_frames=100, most_share=0.1)(features)
        assert int((masked != features).any(dim=1).sum()) <= 3


def test_masks_differ_from_call_to_call_and_repeat_with_the_seed():
    features, augment = torch.randn(100, 80), SpecAugment()
    torch.manual_seed(1)
    first, second = augment(features), augment(features)
    torch.manual_seed(1)
    assert torch.equal(augment(features), first)
    assert not torch.equal(first, second)


def test_a_batch_unpacks_in_the_order_of_the_course(utterances):
    spectrograms, labels, input_lengths, label_lengths = collate(utterances, features=LogMel())
    assert (spectrograms.shape, spectrograms.dtype) == ((2, 41, 80), torch.float32)
    assert (labels.shape, labels.dtype) == ((2, 5), torch.int32)
    assert (input_lengths.tolist(), input_lengths.dtype) == ([41, 26], torch.int32)
    assert (label_lengths.tolist(), label_lengths.dtype) == ([5, 4], torch.int32)
    assert spectrograms.is_contiguous()
    assert labels.is_contiguous()
    assert labels[1].tolist() == [*tokenizer.text_to_indices("it's"), tokenizer.blank]


def test_behind_its_length_a_spectrogram_is_zero_and_before_it_is_its_own(utterances):
    batch = collate(utterances, features=LogMel(), stack=4)
    assert batch.spectrograms.shape == (2, 11, 320)
    assert batch.input_lengths.tolist() == [11, 7]
    assert not batch.spectrograms[1, 7:].any()
    alone = collate(utterances[1:], features=LogMel(), stack=4)
    assert torch.equal(batch.spectrograms[1, :7], alone.spectrograms[0])


def test_padding_can_be_looked_up_in_an_embedding(utterances):
    batch = collate(utterances, features=LogMel())
    assert torch.nn.Embedding(30, 4)(batch.labels).shape == (2, 5, 4)


def test_augmentation_comes_before_stacking(utterances):
    batch = collate(utterances, features=LogMel(), stack=2, augment=lambda features: torch.ones_like(features))
    assert batch.spectrograms[0, :20].eq(1).all()
    assert batch.spectrograms[0, 20].tolist() == [1.0] * 80 + [0.0] * 80  # 41 frames: half of the last is padding


def test_a_batch_goes_to_a_device_as_a_batch(utterances):
    moved = collate(utterances, features=LogMel()).to("cpu")
    assert isinstance(moved, Batch)


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_transcript_is_one_sentence_with_the_utterance(utterances, text):
    with pytest.raises(ValueError, match="Utterance 1-1-0000 has an empty transcript"):
        collate([replace(utterances[0], text=text)], features=LogMel())


def test_a_strange_character_is_one_sentence_with_the_utterance(utterances):
    with pytest.raises(ValueError, match=r"Utterance 1-1-0000: The character '\?'"):
        collate([replace(utterances[0], text="what?")], features=LogMel())


def test_an_empty_batch_is_refused():
    with pytest.raises(ValueError, match="empty list"):
        collate([], features=LogMel())


def test_the_cache_reads_each_file_once_and_gives_the_same_to_half_precision(utterances):
    cache = FeatureCache(LogMel()).fill(utterances, progress=False)
    assert len(cache) == 2
    expected = LogMel().of(utterances[0])
    utterances[0].path.unlink()
    cached = cache.of(utterances[0])
    assert cached.dtype == torch.float32
    assert torch.allclose(cached, expected, atol=1e-2)


def test_what_a_loader_needs_can_be_sent_to_another_process(utterances):
    there = pickle.loads(pickle.dumps(Collate(FeatureCache(), augment=SpecAugment(), stack=4)))
    assert there(utterances).spectrograms.shape == (2, 11, 320)


@pytest.mark.slow
def test_loader_workers_give_what_the_main_process_gives(tiny_mini):
    train = corpus("mini", "train", root=tiny_mini)
    settings = {
        "collate_fn": Collate(LogMel(), stack=4),
        "batch_sampler": BucketBatches(train.durations, batch_size=5),
    }
    alone = list(DataLoader(train, **settings))
    helped = list(DataLoader(train, num_workers=2, multiprocessing_context="spawn", **settings))
    assert len(alone) == len(helped) == 3
    for one, other in zip(alone, helped, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


DURATIONS = [1.0 + 0.1 * ((37 * i) % 100) for i in range(100)]


def test_every_utterance_comes_once_an_epoch():
    batches = list(BucketBatches(DURATIONS, batch_size=8))
    assert sorted(i for batch in batches for i in batch) == list(range(100))
    assert len(batches) == len(BucketBatches(DURATIONS, batch_size=8)) == 13


def test_utterances_of_a_batch_are_alike_in_length():
    def padded(batches):
        return sum(len(batch) * max(DURATIONS[i] for i in batch) for batch in batches)

    in_order = [list(range(start, min(start + 8, 100))) for start in range(0, 100, 8)]
    assert padded(BucketBatches(DURATIONS, batch_size=8)) < 1.15 * sum(DURATIONS) < padded(in_order)


def test_the_order_depends_on_seed_and_epoch_only():
    batches = BucketBatches(DURATIONS, batch_size=8, seed=3)
    first = list(batches)
    torch.manual_seed(99)
    assert list(BucketBatches(DURATIONS, batch_size=8, seed=3)) == first
    assert list(BucketBatches(DURATIONS, batch_size=8, seed=4)) != first
    batches.set_epoch(1)
    second = list(batches)
    assert second != first
    assert {frozenset(batch) for batch in second} != {frozenset(batch) for batch in first}
    batches.set_epoch(0)
    assert list(batches) == first


def test_a_batch_holds_no_more_seconds_than_allowed():
    batches = list(BucketBatches([*DURATIONS, 50.0], batch_size=8, most_seconds=30.0))
    assert [100] in batches
    durations = [*DURATIONS, 50.0]
    assert all(len(batch) * max(durations[i] for i in batch) <= 30.0 for batch in batches if batch != [100])
    assert sorted(i for batch in batches for i in batch) == list(range(101))


def test_without_shuffling_the_longest_come_first_every_time():
    batches = BucketBatches(DURATIONS, batch_size=8, shuffle=False)
    first = list(batches)
    assert DURATIONS[first[0][0]] == max(DURATIONS)
    batches.set_epoch(5)
    assert list(batches) == first


def test_processes_share_an_epoch_and_have_equally_many_batches():
    shares = [list(BucketBatches(DURATIONS, batch_size=8, rank=rank, world_size=3)) for rank in range(3)]
    assert [len(share) for share in shares] == [5, 5, 5]
    assert {i for share in shares for batch in share for i in batch} == set(range(100))


def test_settings_that_make_no_batches_are_refused():
    with pytest.raises(ValueError, match="batch_size"):
        BucketBatches(DURATIONS, batch_size=0)
    with pytest.raises(ValueError, match="rank"):
        BucketBatches(DURATIONS, rank=2, world_size=2)
