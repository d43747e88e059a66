"""Speech that no student has: what trained models are measured on."""

import hashlib
import hmac
from dataclasses import dataclass
from pathlib import Path

UTTERANCES = 60


@dataclass(frozen=True)
class Heldout:
    """Held-out utterances. Only `features` goes into the sandbox."""

    features: bytes
    """safetensors: "features" (frames of all utterances, 80) float16 and "lengths" (utterances,)."""
    texts: tuple[str, ...]
    about: str


def heldout(corpus: str, folder: Path, key: bytes) -> Heldout:
    """The held-out set for models trained on `corpus`.

    For `mini` it is synthesised for this course: sentences from a seed that only the course key gives, none of them in
    the public corpus, half of them in voices that the public corpus trains on and half in others. For the other
    corpora it is their test split; CorpusError where it is not on this machine.
    """
    from helpers.corpora import corpus as load

    fresh = corpus == "mini"
    utterances = _fresh_mini(folder, key) if fresh else list(load(corpus, "test").subset(UTTERANCES))
    return _prepared(utterances, f"{len(utterances)} held-out utterances of {corpus}")


def nothing(why: str) -> Heldout:
    """No held-out set, and the sentence why."""
    return Heldout(b"", (), why)


def _fresh_mini(folder: Path, key: bytes) -> list:
    from helpers.corpora import corpus as load
    from helpers.making import mini, sentences

    seed = int.from_bytes(hmac.new(key, b"held-out mini", hashlib.sha256).digest()[:3], "big")
    recipe = mini.Recipe(seed=seed, train=1, dev=1, test=2 * UTTERANCES)
    root = mini.make(folder / mini.folder_name(recipe), recipe, progress=False)
    public = mini.RECIPE
    known = set(sentences.draw(public.seed, public.test + public.dev + public.train))
    half = UTTERANCES // 2
    return [
        utterance
        for split, part in (("test-sentences", slice(None, half)), ("test-voices", slice(half, UTTERANCES)))
        for utterance in [one for one in load("mini", split, root) if one.text not in known][part]
    ]


def _prepared(utterances: list, about: str) -> Heldout:
    import torch
    from safetensors.torch import save

    from helpers.features import LogMel

    log_mel = LogMel()
    features = [log_mel.of(utterance).to(torch.float16) for utterance in utterances]
    lengths = torch.tensor([len(one) for one in features])
    return Heldout(
        save({"features": torch.cat(features), "lengths": lengths}), tuple(one.text for one in utterances), about
    )
