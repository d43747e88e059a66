"""The question about training: the handed-in weights, in the student's classes, decode sound without transcripts."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from helpers.checks.calling import Malformed, message, quiet
from helpers.checks.probing import Reply
from helpers.checks.runs import PT_WEIGHTS, WEIGHTS
from helpers.decoding import recognize
from helpers.features import stack_frames

MEL_BINS = 80
MOST_PARAMETERS = 30_000_000
BATCH = 10

_LSTM_WEIGHT = re.compile(r"weight_ih_l(\d+)(_reverse)?$")


class RunQuestion:
    """Decode the held-out utterances that lie in `folder/heldout.safetensors`."""

    key = "decode"
    seconds = 120.0

    def __init__(self, folder: Path):
        self._folder = folder

    def ask(self, exercise: str, cls: Callable, get: Callable[[str], object | None]) -> Reply:
        """Labels of all utterances, one after the other, and how many each has."""
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
        weights = self._weights()
        arguments = arguments_of({name: tuple(tensor.shape) for name, tensor in weights.items()})
        model = cls(**arguments)
        try:
            model.load_state_dict(weights)
        except RuntimeError as error:
            raise Malformed(f"The weights do not fit the notebook's RNNTransducer: {message(error)[:300]}") from error
        spoken = _heldout(self._folder)
        stack = arguments["input_dim"] // MEL_BINS
        labels = []
        for start in range(0, len(spoken), BATCH):
            features = [stack_frames(one, stack) for one in spoken[start : start + BATCH]]
            lengths = torch.tensor([len(one) for one in features], dtype=torch.int32)
            padded = torch.nn.utils.rnn.pad_sequence(features, batch_first=True)
            labels += recognize(model, padded, lengths, greedy_decode=greedy_decode)
        return {
            "labels": np.concatenate([np.array(one, dtype=np.float64) for one in labels] or [np.zeros(0)]),
            "lengths": np.array([len(one) for one in labels], dtype=np.float64),
        }

    def _weights(self) -> dict[str, Tensor]:
        weights = _tensors(self._folder / "run")
        if sum(tensor.numel() for tensor in weights.values()) > MOST_PARAMETERS:
            raise Malformed(f"The weights have more than {MOST_PARAMETERS // 10**6} million parameters.")
        if not all(torch.isfinite(tensor).all() for tensor in weights.values() if tensor.is_floating_point()):
            raise Malformed("The weights hold numbers that are not finite.")
        return {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in weights.items()}


def _tensors(run: Path) -> dict[str, Tensor]:
    from safetensors.torch import load_file

    for name, load in ((WEIGHTS, load_file), (PT_WEIGHTS, _load_pt)):
        if (run / name).exists():
            try:
                weights = dict(load(run / name))
            except Exception as error:
                raise Malformed(f"{name} cannot be read: {message(error)[:200]}") from error
            if not all(isinstance(tensor, Tensor) for tensor in weights.values()):
                raise Malformed(f"{name} holds something else than tensors by name; save model.state_dict().")
            return weights
    raise Malformed(f"There is no {WEIGHTS} and no {PT_WEIGHTS} in the hand-in.")


def _load_pt(path: Path) -> dict[str, Tensor]:
    # Tensors only: nothing in the file is executed, not even here in the sandbox.
    return torch.load(path, map_location="cpu", weights_only=True)


def arguments_of(shapes: Mapping[str, tuple[int, ...]]) -> dict:
    """RNNTransducer's arguments, read off the shapes of its weights. Malformed where that cannot be done."""
    try:
        encoder, decoder = _part(shapes, "encoder"), _part(shapes, "decoder")
        embedding = next(shape for shape in decoder["others"] if shape[1] == decoder["hidden"])
        output_dim = next(shape[0] for shape in encoder["others"])
        return {
            "num_classes": embedding[0],
            "input_dim": encoder["input"],
            "num_encoder_layers": encoder["layers"],
            "num_decoder_layers": decoder["layers"],
            "encoder_hidden_state_dim": encoder["hidden"],
            "decoder_hidden_state_dim": decoder["hidden"],
            "output_dim": output_dim,
            "encoder_is_bidirectional": encoder["bidirectional"],
        }
    except (ValueError, StopIteration, KeyError) as error:
        raise Malformed("The shapes of the weights are not those of an RNNTransducer with LSTMs.") from error


def _part(shapes: Mapping[str, tuple[int, ...]], part: str) -> dict:
    own = {name: shape for name, shape in shapes.items() if name.startswith(part + ".")}
    lstm = {name: found for name in own if (found := _LSTM_WEIGHT.search(name))}
    first = next(own[name] for name, found in lstm.items() if found[1] == "0" and not found[2])
    others = [shape for name, shape in own.items() if len(shape) == 2 and not re.search(r"weight_[ih]h_l\d", name)]
    return {
        "hidden": first[0] // 4,
        "input": first[1],
        "layers": 1 + max(int(found[1]) for found in lstm.values()),
        "bidirectional": any(found[2] for found in lstm.values()),
        "others": others,
    }


def _heldout(folder: Path) -> list[Tensor]:
    from safetensors.torch import load_file

    stored = load_file(folder / "heldout.safetensors")
    return list(stored["features"].float().split(stored["lengths"].tolist()))
