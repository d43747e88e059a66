"""Speech that no student has: what trained models are measured on."""

import hashlib
import hmac
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .course import REPOSITORY
from .files import write_whole

if TYPE_CHECKING:
    import torch

    from helpers.corpora import Utterance

UTTERANCES = 60
"""That one hand-in is measured on, unless the course wants another number."""
SENTENCES = 4 * UTTERANCES
"""In the reserve of `mini`, each in a known voice and in another."""
FORMAT = b"2"
"""Of the file that keeps a reserve: another one is made anew."""


@dataclass(frozen=True)
class Heldout:
    """Held-out utterances. Only `features` goes into the sandbox."""

    features: bytes
    """safetensors: "features" (frames of all utterances, 80) float16 and "lengths" (utterances,)."""
    texts: tuple[str, ...]
    about: str
    corpus: str = ""
    keys: tuple[str, ...] = ()
    """Which utterances of the corpus they are: `recordings` has their sound."""


@dataclass(frozen=True)
class Reserve:
    """Utterances of one course, of which every hand-in gets its own.

    A notebook can hear what it is measured on, and its error messages reach its author: transcripts learned in one
    attempt must not be the answers to the next.
    """

    groups: tuple[tuple[tuple["torch.Tensor", str, str], ...], ...]
    """Features (frames, 80) float16, text and key, by kind of utterance: a hand-in gets as many of each."""
    corpus: str

    def draw(self, seed: bytes, utterances: int = UTTERANCES) -> Heldout:
        """The utterances of one hand-in, in an order of its own; fewer where there are not as many."""
        import numpy as np
        import torch
        from safetensors.torch import save

        rng = np.random.Generator(np.random.PCG64(int.from_bytes(seed, "big")))
        share = -(-utterances // len(self.groups))
        chosen = [group[i] for group in self.groups for i in rng.permutation(len(group))[:share]]
        chosen = [chosen[i] for i in rng.permutation(len(chosen))]
        features, texts, keys = zip(*chosen, strict=True)
        lengths = torch.tensor([len(one) for one in features])
        about = f"{len(texts)} held-out utterances of {self.corpus}"
        return Heldout(save({"features": torch.cat(features), "lengths": lengths}), texts, about, self.corpus, keys)


def heldout(corpus: str, folder: Path, key: bytes, utterances: int = UTTERANCES) -> Reserve:
    """The held-out utterances for models trained on `corpus`.

    For `mini` they are synthesised for this course: sentences from a seed that only the course key gives, none of them
    in the public corpus, half of them in voices that the public corpus trains on and half in others. For the other
    corpora they come from the test split; CorpusError where it is not on this machine.
    """
    from helpers.corpora import corpus as load

    if corpus != "mini":
        return _prepared([list(load(corpus, "test").subset(utterances))], corpus)
    seed = _seed(key)
    # Reading and transforming hundreds of recordings takes seconds, at every start of the grader.
    kept = folder / f"mini-{seed}-{_version()}.safetensors"
    if kept.is_file():
        return _load(kept, corpus)
    reserve = _prepared(_fresh_mini(folder, seed), corpus)
    _save(reserve, kept)
    return reserve


def nothing(why: str) -> Heldout:
    """No held-out set, and the sentence why."""
    return Heldout(b"", (), why)


def recordings(corpus: str, folder: Path, key: bytes) -> "dict[str, Utterance]":
    """By key, the utterances that `heldout` draws from, with their sound.

    Those of `mini` are synthesised again where they are no longer in `folder`. CorpusError where a corpus is not on
    this machine.
    """
    from helpers.corpora import corpus as load

    root = _made_mini(folder, _seed(key)) if corpus == "mini" else None
    return {utterance.id: utterance for utterance in load(corpus, "test", root)}


def _seed(key: bytes) -> int:
    """Of the sentences and voices of one course."""
    return int.from_bytes(hmac.new(key, b"held-out mini", hashlib.sha256).digest()[:3], "big")


def _made_mini(folder: Path, seed: int) -> Path:
    from helpers.making import mini

    recipe = mini.Recipe(seed=seed, train=1, dev=1, test=SENTENCES)
    return mini.make(folder / mini.folder_name(recipe), recipe, progress=False)


def _fresh_mini(folder: Path, seed: int) -> list[list]:
    from helpers.corpora import corpus as load
    from helpers.making import mini, sentences

    root = _made_mini(folder, seed)
    public = mini.RECIPE
    known = set(sentences.draw(public.seed, public.test + public.dev + public.train))
    return [
        [utterance for utterance in load("mini", split, root) if utterance.text not in known]
        for split in ("test-sentences", "test-voices")
    ]


def _prepared(groups: list[list], corpus: str) -> Reserve:
    import torch

    from helpers.features import LogMel

    log_mel = LogMel()
    return Reserve(
        tuple(tuple((log_mel.of(one).to(torch.float16), one.text, one.id) for one in group) for group in groups),
        corpus,
    )


def _version() -> str:
    """Changes with the code that speaks and with the code that makes features of it."""
    digest = hashlib.sha256(FORMAT)
    for path in (REPOSITORY / "helpers" / "features.py", *sorted((REPOSITORY / "helpers" / "making").glob("*.py"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


def _save(reserve: Reserve, path: Path) -> None:
    import torch
    from safetensors.torch import save

    everything = [one for group in reserve.groups for one in group]
    tensors = {
        "features": torch.cat([features for features, _, _ in everything]),
        "lengths": torch.tensor([len(features) for features, _, _ in everything]),
        "groups": torch.tensor([len(group) for group in reserve.groups]),
    }
    about = {name: json.dumps([one[place] for one in everything]) for place, name in ((1, "texts"), (2, "keys"))}
    write_whole(path, save(tensors, about))


def _load(path: Path, corpus: str) -> Reserve:
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        texts, keys = (json.loads(file.metadata()[name]) for name in ("texts", "keys"))
        features = file.get_tensor("features").split(file.get_tensor("lengths").tolist())
        sizes = file.get_tensor("groups").tolist()
    everything = iter(zip(features, texts, keys, strict=True))
    return Reserve(tuple(tuple(next(everything) for _ in range(size)) for size in sizes), corpus)
