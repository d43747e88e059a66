"""Judge a training run: the transcripts that its weights gave against the right ones."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from helpers.checks.rubric import Exercise
from helpers.checks.runs import LOG, Measured, decide_run, parse_log
from helpers.checks.scoring import ExerciseResult
from helpers.metrics import corpus_cer, corpus_wer
from helpers.text import tokenizer

from .evidence import transcript, whole_numbers, worst
from .reading import NotReadable, read_reply

FRAME_SECONDS = 0.0125
"""Of the spectrogram; an encoder frame is several of them."""
MOST_FRAMES, MOST_STACKED = 100_000, 64


def judge(exercise: Exercise, folder: Path, log: bytes | None, texts: Sequence[str], about: str) -> ExerciseResult:
    """Points for a run. `log` is the handed-in file, `texts` what is said in the held-out utterances.

    `about` says what they are, or why there are none.
    """
    rows, problem = parse_log(log) if log is not None else ([], f"There is no {LOG} in the hand-in.")
    measured, trouble = None, ""
    try:
        reply = read_reply(folder, "training-decode")
    except NotReadable as error:
        trouble = f"The transcripts could not be read: {error}"
    else:
        if reply is None:
            trouble = "The weights were not tried: the notebook did not get that far." if texts else about
        elif reply.status != "ok":
            trouble = reply.problem
        else:
            spoken = transcripts(reply.arrays)
            if len(spoken) != len(texts):
                trouble = "The transcripts are not as many as the utterances."
            else:
                measured = Measured(corpus_cer(texts, spoken), corpus_wer(texts, spoken), about)
    return decide_run(exercise, rows, problem, measured, trouble)


def worst_utterances(folder: Path, corpus: str, keys: Sequence[str], texts: Sequence[str]) -> tuple[dict, ...]:
    """What was written where something else was said, the worst utterances first; see `evidence.transcript`.

    `keys` and `texts` are those of the held-out utterances, in their order.
    """
    try:
        reply = read_reply(folder, "training-decode")
    except NotReadable:
        return ()
    written = transcripts(reply.arrays) if reply and reply.status == "ok" else []
    if not written or len(written) != len(texts):
        return ()
    frames, seconds = _emitted(reply.arrays)
    return worst(
        [
            transcript(corpus, key, said, text, at, seconds)
            for key, said, text, at in zip(keys, texts, written, frames or [()] * len(texts), strict=True)
        ]
    )


def _emitted(arrays: dict[str, np.ndarray]) -> tuple[list[list[int]], float]:
    """The encoder frame of each label, by utterance, and the seconds of a frame. No lists where they do not fit."""
    stack = whole_numbers(arrays.get("stack"), MOST_STACKED)
    lengths, frames = arrays["lengths"].astype(int), arrays.get("frames")
    if not stack or frames is None or frames.shape != arrays["labels"].shape:
        return [], 0.0
    parts = np.split(frames, np.cumsum(lengths)[:-1])
    return [whole_numbers(part, MOST_FRAMES) or [] for part in parts], stack[0] * FRAME_SECONDS


def transcripts(arrays: dict[str, np.ndarray]) -> list[str]:
    """Texts from labels laid end to end; anything that is no label is left out."""
    labels, lengths = arrays.get("labels", np.zeros(0)), arrays.get("lengths", np.zeros(0))
    known = np.isfinite(lengths) & (lengths >= 0)
    if labels.ndim != 1 or lengths.ndim != 1 or not known.all() or lengths.sum() != len(labels):
        return []
    pieces = np.split(labels, np.cumsum(lengths.astype(int))[:-1]) if len(lengths) else []
    return [text_of(piece) for piece in pieces]


def text_of(labels: np.ndarray) -> str:
    """The text of labels; anything that is no label is left out."""
    known = [int(k) for k in labels.reshape(-1) if np.isfinite(k) and 0 <= k < len(tokenizer)]
    return tokenizer.indices_to_text(known)
