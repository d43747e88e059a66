"""Three corpora behind one interface.

    for utterance in corpus("mini", "dev"):
        utterance.text, utterance.waveform()

| name          | splits                                                             | what                            |
|---------------|--------------------------------------------------------------------|---------------------------------|
| `mini`        | train, dev, test-sentences, test-voices; test is both tests        | synthesised here on first use   |
| `digits`      | train, dev, test-seen, test-unseen (speakers); test is both tests  | real voices, strings of digits  |
| `librispeech` | train, dev, test: train-clean-100, dev-clean, test-clean           | audiobooks, 6.4 + 0.3 + 0.3 GB  |

They lie in the user's cache folder, or in the folder that the environment variable RNNT_DATA names.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from .making.errors import AudioError, CorpusError, CorpusMissing, DownloadError
from .making.layout import FOLDER, data_home, read_transcripts
from .units import size

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "SAMPLE_RATE",
    "AudioError",
    "Corpus",
    "CorpusError",
    "CorpusMissing",
    "DownloadError",
    "Utterance",
    "corpus",
    "data_home",
    "fetch",
]

SAMPLE_RATE = 16000

SPLITS = {
    "mini": {
        "train": ("train",),
        "dev": ("dev",),
        "test": ("test-sentences", "test-voices"),
        "test-sentences": ("test-sentences",),
        "test-voices": ("test-voices",),
    },
    "digits": {
        "train": ("train",),
        "dev": ("dev",),
        "test": ("test-seen", "test-unseen"),
        "test-seen": ("test-seen",),
        "test-unseen": ("test-unseen",),
    },
    "librispeech": {"train": ("train-clean-100",), "dev": ("dev-clean",), "test": ("test-clean",)},
}
"""Which folders make up a split."""


@dataclass(frozen=True)
class Utterance:
    """One sound file and what is said in it. The sound is read when it is asked for."""

    id: str
    speaker: str
    text: str
    """Lower case."""
    path: Path
    sample_rate: int = SAMPLE_RATE
    """Of the waveform; a file with another rate is resampled."""

    def waveform(self) -> "Tensor":
        """The sound: float32 (samples,) in [-1, 1], mono. Stereo is averaged.

        Raises AudioError for a file that is missing, empty, cut off or no sound.
        """
        import soundfile
        import torch

        try:
            with soundfile.SoundFile(self.path) as file:
                rate, samples = file.samplerate, file.read(dtype="float32", always_2d=True)
        except (OSError, RuntimeError):
            if not Path(self.path).exists():
                raise AudioError(
                    f"The sound of utterance {self.id} is missing: there is no file {self.path}."
                ) from None
            raise AudioError(
                f"{self.path} cannot be read as sound: it is damaged or cut off, fetch it again."
            ) from None
        if len(samples) == 0:
            raise AudioError(f"{self.path} holds no sound (0 samples): leave it out, or fetch it again.")
        waveform = torch.from_numpy(samples.mean(axis=1))
        if not torch.isfinite(waveform).all():
            raise AudioError(f"{self.path} holds samples that are not numbers (NaN or infinite): leave it out.")
        if rate != self.sample_rate:
            from torchaudio.functional import resample

            waveform = resample(waveform, rate, self.sample_rate)
        return waveform

    @property
    def seconds(self) -> float:
        """Length of the sound, from the file's header. Raises AudioError when there is none."""
        import soundfile

        try:
            return soundfile.info(self.path).duration
        except (OSError, RuntimeError):
            self.waveform()  # says what is wrong
            raise AudioError(f"{self.path} does not say how long it is: fetch it again.") from None


class Corpus(Sequence[Utterance]):
    """A list of utterances: a map-style data set for a torch DataLoader.

    Attributes:
        name, split: what it is, for example "mini" and "dev".
        utterances: all of them, a tuple.
    """

    def __init__(self, name: str, split: str, utterances: Sequence[Utterance]):
        self.name, self.split, self.utterances = name, split, tuple(utterances)

    def __len__(self) -> int:
        return len(self.utterances)

    def __getitem__(self, index: int) -> Utterance:
        return self.utterances[index]

    def __iter__(self) -> Iterator[Utterance]:
        return iter(self.utterances)

    @cached_property
    def durations(self) -> list[float]:
        """Seconds of every utterance. Looks into every file once."""
        return [utterance.seconds for utterance in self.utterances]

    @property
    def seconds(self) -> float:
        """Seconds of sound in all."""
        return sum(self.durations)

    @property
    def speakers(self) -> list[str]:
        """Everyone who speaks here, each once, in order of appearance."""
        return list(dict.fromkeys(utterance.speaker for utterance in self.utterances))

    def subset(self, chosen: int | Callable[[Utterance], bool]) -> "Corpus":
        """`chosen` utterances spread evenly over the corpus (so over its speakers), or those that `chosen` accepts.

        A number larger than the corpus gives the whole corpus. The order stays.
        """
        if callable(chosen):
            kept = [utterance for utterance in self.utterances if chosen(utterance)]
        else:
            if chosen < 0:
                raise ValueError(f"subset takes a number of utterances of 0 or more, or a predicate; it got {chosen}.")
            count = min(chosen, len(self))
            kept = [self.utterances[i * len(self) // count] for i in range(count)]
        return Corpus(self.name, self.split, kept)

    def __repr__(self) -> str:
        return f"Corpus({self.name!r}, {self.split!r}, {len(self)} utterances)"


def corpus(name: str, split: str = "train", root: str | Path | None = None, *, make: bool = True) -> Corpus:
    """Opens a corpus; `mini` is synthesised on first use (about a minute, with progress).

    Args:
        name: "mini", "digits" or "librispeech".
        split: see the table above.
        root: the folder that holds `LibriSpeech/`; by default where `fetch` puts it.
        make: whether `mini` is made when it is not there.

    Raises ValueError for a name or split that does not exist, CorpusMissing with the command that fetches the corpus,
    CorpusError for a damaged one.
    """
    folders = _folders(name, split)
    if root is None:
        base = _home_of(name)
        if name == "mini" and make and not base.exists():
            fetch("mini")
    else:
        base = Path(root).expanduser()
    missing = [folder for folder in folders if not (base / FOLDER / folder).is_dir()]
    if missing:
        raise CorpusMissing(
            f"{name} {split} is not in {base / FOLDER}: run corpora.fetch({name!r}, {split!r}) in Python"
            f"{_cost(name, missing)}, or pass root=, the folder that holds {FOLDER}/{missing[0]}."
        )
    read = _read_librispeech if name == "librispeech" else _read
    utterances = [utterance for folder in folders for utterance in read(base, folder)]
    if not utterances:
        raise CorpusError(f"{base / FOLDER / folders[0]} holds no sound files: delete that folder and fetch it again.")
    return Corpus(name, split, utterances)


def fetch(name: str, split: str | None = None) -> Path:
    """Makes or downloads a corpus unless it is there; returns the folder that holds its `LibriSpeech/`.

    Without a split, all splits. Downloads continue where they broke off. Raises CorpusError or DownloadError.
    """
    base = _home_of(name)
    if split is not None:
        _folders(name, split)
    if name == "mini":
        from .making import mini

        mini.make(base)
    elif name == "digits":
        from .making import digits

        digits.get(base)
    else:
        from .making import librispeech

        wanted = SPLITS[name] if split is None else [split]
        for folder in dict.fromkeys(folder for key in wanted for folder in SPLITS[name][key]):
            librispeech.get(folder, base)
    return base


def _folders(name: str, split: str) -> tuple[str, ...]:
    if name not in SPLITS:
        raise ValueError(f"There is no corpus {name!r}: take one of {', '.join(SPLITS)}.")
    if split not in SPLITS[name]:
        raise ValueError(f"The corpus {name} has no split {split!r}: take one of {', '.join(SPLITS[name])}.")
    return SPLITS[name][split]


def _home_of(name: str) -> Path:
    if name == "mini":
        from .making import mini

        return data_home() / mini.folder_name()
    if name == "digits":
        from .making import digits

        return data_home() / digits.FOLDER_NAME
    if name not in SPLITS:
        raise ValueError(f"There is no corpus {name!r}: take one of {', '.join(SPLITS)}.")
    return data_home() / name


def _cost(name: str, folders: Sequence[str]) -> str:
    if name != "librispeech":
        return ""
    from .making import librispeech

    return f" ({size(sum(librispeech.ARCHIVES[folder].size for folder in folders))})"


def _read(base: Path, folder: str) -> Iterator[Utterance]:
    for key, text, path in read_transcripts(base / FOLDER / folder):
        yield Utterance(key, key.split("-")[0], text.lower(), path)


def _read_librispeech(base: Path, folder: str) -> Iterator[Utterance]:
    # The official reader finds files and transcripts. Its own loading of sound would need TorchCodec and FFmpeg.
    from torchaudio.datasets import LIBRISPEECH

    official = LIBRISPEECH(base, folder)
    for i in range(len(official)):
        try:
            path, _, text, speaker, _, _ = official.get_metadata(i)
        except (OSError, ValueError):
            raise CorpusError(
                f"An utterance in {base / FOLDER / folder} has no transcript: delete that folder and fetch it again."
            ) from None
        yield Utterance(Path(path).stem, str(speaker), text.lower(), base / FOLDER / path)
