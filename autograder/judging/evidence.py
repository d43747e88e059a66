"""What a feedback page shows of a student's answers, beside points and findings."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from helpers.metrics import cer, wer

REFERENCE_CORPUS = "reference"
"""Where the bundled recordings are filed, numbered from 1. Everybody has them."""
MOST_TRANSCRIPTS = 10
"""Kept of one exercise, the worst ones: as many as `[feedback] utterances` can ask for."""
LONGEST_TEXT = 600
"""Characters of a transcript that are kept. The longest sentence of our corpora has fewer."""


@dataclass(frozen=True)
class Evidence:
    """What can be shown of the answers to one exercise."""

    picture: dict | None = None
    """What the picture of a wrong lattice needs: {"cells", "wrong"}."""
    transcripts: tuple[dict, ...] = ()
    """What was written where something else was said, the worst first: see `transcript`."""


def transcript(
    corpus: str, key: str, said: str, written: str, frames: Sequence[int] = (), seconds: float = 0.0
) -> dict:
    """One utterance as it is stored: plain data, of a size that the student's code does not decide.

    Args:
        corpus, key: which utterance.
        said, written: the right text and the student's.
        frames: at which encoder frame each character of `written` was emitted; empty where that is not known.
        seconds: length of an encoder frame.
    """
    return {
        "corpus": corpus,
        "utterance": key,
        "said": said[:LONGEST_TEXT],
        "written": written[:LONGEST_TEXT],
        "cut": len(written) > LONGEST_TEXT,
        "cer": round(cer(said, written), 4),
        "wer": round(wer(said, written), 4),
        "frames": list(frames[:LONGEST_TEXT]) if len(frames) == len(written) else [],
        "frame_seconds": seconds,
    }


def worst(transcripts: Sequence[dict], most: int = MOST_TRANSCRIPTS) -> tuple[dict, ...]:
    """Those that are wrong, by WER and then by CER, the worst first."""
    wrong = [one for one in transcripts if one["cer"] > 0]
    return tuple(sorted(wrong, key=lambda one: (-one["wer"], -one["cer"]))[:most])


def whole_numbers(array: np.ndarray | None, below: int) -> list[int] | None:
    """A list of whole numbers from 0 up to below `below`; None where that is not what the array holds."""
    if array is None or array.ndim != 1 or not np.isfinite(array).all():
        return None
    if ((array < 0) | (array >= below) | (array % 1 != 0)).any():
        return None
    return array.astype(int).tolist()
