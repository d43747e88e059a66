"""A GPU that is not there: run code on a CPU as if its tensors lay on a GPU, and stop it where a GPU would.

    with PretendGPU() as gpu:
        gpu.move(model)                                    # as model.cuda()
        greedy_decode(model, gpu.tensor(encoder_output))   # raises WrongDevice where two devices meet

Every tensor stays where it is; those that "are" on the GPU carry a mark. The mode sees each call of torch's functions
from Python, marks what is made of marked tensors, and answers `.device` and `torch.cuda.is_available()` accordingly.
It says nothing about speed, memory or kernels.
"""

from collections.abc import Iterator
from unittest.mock import patch

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

GPU = torch.device("cuda", 0)
CPU = torch.device("cpu")

COPIES = {"to", "copy_", "__set__", "__setitem__", "_has_compatible_shallow_copy_type"}
"""Functions that may be given tensors of both devices."""

RECURRENT = {"lstm", "gru", "rnn_tanh", "rnn_relu"}
"""Their weights and states meet on one device; the integers among their arguments, the batch sizes, are on the CPU."""

PACKING = {"_pack_padded_sequence", "_pad_packed_sequence"}
"""They give a tensor where their first argument is, and integers on the CPU."""


class WrongDevice(RuntimeError):
    """What a GPU would have refused; the message goes on a sentence."""


class PretendGPU(TorchFunctionMode):
    """Inside it there seems to be a GPU, "cuda:0"."""

    def __enter__(self) -> "PretendGPU":
        self._available = patch("torch.cuda.is_available", lambda: True)
        self._available.start()
        return super().__enter__()

    def __exit__(self, *error) -> None:
        self._available.stop()
        return super().__exit__(*error)

    def tensor(self, values: Tensor) -> Tensor:
        """A copy that is on the GPU."""
        return values.clone().to(GPU)

    def move(self, module: nn.Module) -> nn.Module:
        """The module, its parameters and buffers on the GPU."""
        for values in (*module.parameters(), *module.buffers()):
            values.pretended = True
        return module

    def __torch_function__(self, function, types, arguments=(), options=None):
        """Torch calls this in place of each of its functions."""
        options = options or {}
        name, first = getattr(function, "__name__", ""), arguments[0] if arguments else None
        if name == "__get__" and is_there(first) and (answer := _about_device(function)) is not None:
            return answer
        if name == "_parse_to":  # only reads what is asked for
            return function(*arguments, **options)
        given = list(_tensors((arguments, options)))
        _refuse(name, arguments, given)

        asked, arguments, options = _without_device(arguments, options)
        if asked is None:
            asked = any(map(is_there, given))
            if name == "cpu" or name in COPIES:
                asked = name != "cpu" and is_there(given[-1])
        if name == "cuda":
            asked, arguments, options, function = True, arguments[:1], {}, torch.clone
        result = function(*arguments, **options)
        if name == "__set__":
            first.pretended = asked
        if name in PACKING:
            return _mark(result[0], is_there(first)), result[1]
        return _mark(result, asked)


def is_there(values: object) -> bool:
    """Whether a tensor is on the pretended GPU."""
    return isinstance(values, Tensor) and getattr(values, "pretended", False)


def _about_device(getter) -> object:
    return {"device": GPU, "is_cuda": True, "is_cpu": False}.get(getattr(getter.__self__, "__name__", ""))


def _refuse(name: str, arguments: tuple, given: list[Tensor]) -> None:
    """Raise WrongDevice where a GPU would not do this."""
    if name in ("numpy", "__array__") and is_there(given[0]):
        raise WrongDevice("a tensor on the GPU becomes a numpy array, which takes `.cpu()` first")
    if name == "_pack_padded_sequence" and is_there(arguments[1]):
        raise WrongDevice("pack_padded_sequence wants its lengths on the CPU, `input_lengths.cpu()`")
    if name in COPIES | PACKING or (name == "__getitem__" and is_there(given[0])):
        return
    # A single number may come from the CPU.
    meeting = [one for one in given if one.dim() > 0 and not (name in RECURRENT and not one.is_floating_point())]
    if len(set(map(is_there, meeting))) > 1:
        raise WrongDevice("a tensor on the CPU meets one on the GPU")


def _without_device(arguments: tuple, options: dict) -> tuple[bool | None, tuple, dict]:
    """Whether the GPU is asked for (None: nothing is said of a device), and the arguments with the CPU in its place."""
    asked = None

    def replaced(value: object) -> object:
        nonlocal asked
        if isinstance(value, torch.device) or (isinstance(value, str) and value.split(":")[0] in ("cpu", "cuda")):
            asked = torch.device(value).type == "cuda"
            return CPU
        return value

    arguments, options = tuple(map(replaced, arguments)), {key: replaced(value) for key, value in options.items()}
    return asked, arguments, options


def _tensors(values: object) -> Iterator[Tensor]:
    if isinstance(values, Tensor):
        yield values
    elif isinstance(values, dict):
        yield from _tensors(tuple(values.values()))
    elif isinstance(values, tuple | list):
        for value in values:
            yield from _tensors(value)


def _mark(result: object, there: bool) -> object:
    """The result, its tensors on the GPU or not."""
    if isinstance(result, Tensor) and is_there(result) != there:
        # `x.to(...)` may give x itself: then the mark belongs on a new name for the same numbers.
        result = torch.ops.aten.alias(result)
        result.pretended = there
    elif not isinstance(result, Tensor) and there:
        for one in _tensors(result):
            one.pretended = True
    return result
