"""The weights of a run, put into a student's own classes, whatever the sizes that were trained."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from .calling import Malformed, message
from .runs import PT_WEIGHTS, WEIGHTS

MEL_BINS = 80
MOST_PARAMETERS = 30_000_000

_LSTM_WEIGHT = re.compile(r"weight_ih_l(\d+)(_reverse)?$")


def trained_model(cls: Callable, run: Path) -> tuple[nn.Module, int]:
    """A model of the student's class RNNTransducer with the weights of the run, and how many frames it takes as one.

    Raises Malformed where the file cannot be used or does not fit the class.
    """
    weights = read_weights(run)
    arguments = arguments_of({name: tuple(tensor.shape) for name, tensor in weights.items()})
    model = cls(**arguments)
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise Malformed(f"The weights do not fit the notebook's RNNTransducer: {message(error)[:300]}") from error
    return model, arguments["input_dim"] // MEL_BINS


def read_weights(run: Path) -> dict[str, Tensor]:
    """Tensors by name, float32. Malformed where there are none, too many, or some that are not finite."""
    weights = _tensors(run)
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
    # Tensors only: nothing in the file is executed.
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
