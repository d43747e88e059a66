"""Judge a training run: the transcripts that its weights gave against the right ones."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from helpers.checks.rubric import Exercise
from helpers.checks.runs import LOG, Measured, decide_run, parse_log
from helpers.checks.scoring import ExerciseResult
from helpers.metrics import corpus_cer, corpus_wer
from helpers.text import tokenizer

from .reading import NotReadable, read_reply


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


def transcripts(arrays: dict[str, np.ndarray]) -> list[str]:
    """Texts from labels laid end to end; anything that is no label is left out."""
    labels, lengths = arrays.get("labels", np.zeros(0)), arrays.get("lengths", np.zeros(0))
    known = np.isfinite(lengths) & (lengths >= 0)
    if labels.ndim != 1 or lengths.ndim != 1 or not known.all() or lengths.sum() != len(labels):
        return []
    pieces = np.split(labels, np.cumsum(lengths.astype(int))[:-1]) if len(lengths) else []
    return [
        tokenizer.indices_to_text([int(k) for k in piece if np.isfinite(k) and 0 <= k < len(tokenizer)])
        for piece in pieces
    ]
