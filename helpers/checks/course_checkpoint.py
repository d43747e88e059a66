"""The course's original checkpoint, for those who have it: does your greedy decoding give its five known transcripts?

The checkpoint is a TorchScript archive of 2022 that this project does not ship. It was trained on power mel, without
logarithm, so that is what it gets here.
"""

import json
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import torch
from torch import Tensor

from helpers.corpora import Corpus, corpus
from helpers.decoding import recognize
from helpers.features import LogMel, collate
from helpers.text import tokenizer

TRANSCRIPTS = "assets/course_transcripts.json"


class CheckpointError(ValueError):
    """A checkpoint that cannot be used; the message is one sentence."""


def expected() -> list[dict[str, str]]:
    """Five times {"ground_truth", "prediction"}."""
    return json.loads(resources.files("helpers").joinpath(TRANSCRIPTS).read_text("utf-8"))["transcripts"]


def compare(checkpoint: str | Path, greedy_decode: Callable[..., Tensor], speech: Corpus | None = None):
    """A table of five rows: ground_truth, expected, prediction, same.

    checkpoint: the TorchScript archive; its parts are `.encoder`, `.decoder`, `.joiner`.
    speech: by default test-clean of LibriSpeech; CorpusMissing says how to get it.
    Raises CheckpointError for a file that is no such archive.
    """
    import pandas

    model = _load(Path(checkpoint))
    speech = speech if speech is not None else corpus("librispeech", "test")
    known = expected()
    spoken = {utterance.text: utterance for utterance in speech}
    missing = [row["ground_truth"] for row in known if row["ground_truth"] not in spoken]
    if missing:
        raise CheckpointError(f"This speech is not LibriSpeech test-clean: nobody says {missing[0]!r} in it.")
    chosen = [spoken[row["ground_truth"]] for row in known]
    batch = collate(chosen, features=LogMel(raw=True))
    decoded = recognize(model, batch.spectrograms, batch.input_lengths, greedy_decode=greedy_decode)
    rows = [
        {**row, "expected": row["prediction"], "prediction": tokenizer.indices_to_text(labels.tolist())}
        for row, labels in zip(known, decoded, strict=True)
    ]
    table = pandas.DataFrame(rows, columns=["ground_truth", "expected", "prediction"])
    table["same"] = table["expected"] == table["prediction"]
    return table


def _load(path: Path):
    if not path.is_file():
        raise CheckpointError(f"There is no file {path}: give the course's TorchScript archive.")
    try:
        model = torch.jit.load(str(path), map_location="cpu").eval()
    except (RuntimeError, ValueError) as problem:
        raise CheckpointError(f"{path} is no TorchScript archive.") from problem
    if not all(hasattr(model, part) for part in ("encoder", "decoder", "joiner")):
        raise CheckpointError(f"{path} is a TorchScript archive, but not of a transducer with three parts.")
    return model
