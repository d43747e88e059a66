"""The question about training: the handed-in weights, in the student's classes, decode sound without transcripts."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from helpers.checks.calling import Malformed, message, quiet
from helpers.checks.handed_in import trained_model
from helpers.checks.probing import Reply
from helpers.decoding import recognize
from helpers.emitting import Overheard
from helpers.features import stack_frames

BATCH = 10


class RunQuestion:
    """Decode the held-out utterances that lie in `folder/heldout.safetensors`."""

    key = "decode"
    seconds = 120.0

    def __init__(self, folder: Path):
        self._folder = folder

    def ask(self, exercise: str, cls: Callable, get: Callable[[str], object | None]) -> Reply:
        """Labels of all utterances, one after the other, and how many each has.

        With them the encoder frame at which each label was emitted, -1 where that is not known, and how many frames of
        sound one of the encoder is.
        """
        try:
            with quiet():
                return Reply("ok", arrays=self._decode(cls, get("greedy_decode")))
        except Malformed as error:
            return Reply("malformed", str(error))
        except NotImplementedError:
            return Reply("malformed", "A part of the model, or greedy_decode, is not written yet.")
        except Exception as error:
            return Reply(
                "raised",
                f"Decoding with the handed-in weights stopped with {type(error).__name__}: {message(error)[:300]}.",
            )

    def _decode(self, cls: Callable, greedy_decode: object | None) -> dict[str, np.ndarray]:
        if not callable(greedy_decode):
            raise Malformed("There is no function greedy_decode to decode with.")
        model, stack = trained_model(cls, self._folder / "run")
        spoken = _heldout(self._folder)
        labels, decode = [], Overheard(greedy_decode)
        for start in range(0, len(spoken), BATCH):
            features = [stack_frames(one, stack) for one in spoken[start : start + BATCH]]
            lengths = torch.tensor([len(one) for one in features], dtype=torch.int32)
            padded = torch.nn.utils.rnn.pad_sequence(features, batch_first=True)
            labels += recognize(model, padded, lengths, greedy_decode=decode)
        frames = [
            np.full(len(one), -1.0) if known is None else np.array(known, dtype=np.float64)
            for one, known in zip(labels, decode.frames, strict=True)
        ]
        return {
            "labels": np.concatenate([np.array(one, dtype=np.float64) for one in labels] or [np.zeros(0)]),
            "lengths": np.array([len(one) for one in labels], dtype=np.float64),
            "frames": np.concatenate(frames or [np.zeros(0)]),
            "stack": np.array([stack], dtype=np.float64),
        }


def _heldout(folder: Path) -> list[Tensor]:
    from safetensors.torch import load_file

    stored = load_file(folder / "heldout.safetensors")
    return list(stored["features"].float().split(stored["lengths"].tolist()))
