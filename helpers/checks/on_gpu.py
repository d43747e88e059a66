"""Would it run on a GPU? Each part is tried on a pretended one. The answer is advice and costs no points."""

import traceback
from collections.abc import Callable
from pathlib import Path

import torch

from helpers.model import ReferenceConfig, ReferenceRecogniser
from helpers.text import tokenizer

from .calling import quiet
from .filling import FEATURES, HIDDEN, JOINT, LABELS
from .pretending import PretendGPU, WrongDevice


def _encoder(cls: Callable, gpu: PretendGPU) -> None:
    encoder = gpu.move(cls(FEATURES, HIDDEN, JOINT, 2, 0.2, True))
    encoder(gpu.tensor(torch.randn(2, 4, FEATURES)), gpu.tensor(torch.tensor([4, 2])))


def _decoder(cls: Callable, gpu: PretendGPU) -> None:
    decoder = gpu.move(cls(HIDDEN, LABELS, JOINT, 1, 0.0))
    labels = gpu.tensor(torch.tensor([[1, 2], [3, 0]]))
    _, hidden = decoder(labels[:1, :1])
    decoder(labels[:1, 1:], hidden_states=hidden)
    decoder(labels, gpu.tensor(torch.tensor([2, 1])))


def _joiner(cls: Callable, gpu: PretendGPU) -> None:
    joiner = gpu.move(cls(JOINT, LABELS))
    f, g = gpu.tensor(torch.randn(2, 4, JOINT)), gpu.tensor(torch.randn(2, 3, JOINT))
    joiner(f, g)
    joiner(f[0, 0], g[0, 0])


def _transducer(cls: Callable, gpu: PretendGPU) -> None:
    model = gpu.move(cls(len(tokenizer), FEATURES, 1, 1, HIDDEN, HIDDEN, JOINT))
    labels, lengths = torch.tensor([[1, 2], [3, 0]]), torch.tensor([2, 1])
    model(*map(gpu.tensor, (torch.randn(2, 4, FEATURES), torch.tensor([4, 3]), labels, lengths)))


def _greedy_decoding(function: Callable, gpu: PretendGPU) -> None:
    model = gpu.move(ReferenceRecogniser(ReferenceConfig(channels=8, embedding=8, output_dim=8)))
    model.joiner.linear.bias[tokenizer.blank] += 0.2  # a label here, a blank there
    function(model, gpu.tensor(torch.randn(6, 8)), max_steps=30)


TRIALS = {
    "encoder": _encoder,
    "decoder": _decoder,
    "joiner": _joiner,
    "transducer": _transducer,
    "greedy": _greedy_decoding,
}


def advice(key: str, name: str, written: Callable) -> str:
    """What would stop `written` on a GPU, in a sentence or two; empty where nothing would, or nobody can tell."""
    try:
        with quiet(), torch.no_grad(), torch.random.fork_rng(devices=[]), PretendGPU() as gpu:
            torch.manual_seed(0)
            TRIALS[key](written, gpu)
    except WrongDevice as problem:
        return (
            f"On a GPU, {name} would stop: {problem}{_line(problem)}. Make tensors where the others are, as in "
            "torch.zeros(..., device=inputs.device). This costs no points."
        )
    except Exception:
        return ""  # a trial of ours, not a question: what else goes wrong is found where points are given
    return ""


def _line(problem: BaseException) -> str:
    """The last line of the student's own on the way to the problem, where there is one."""
    ours = (Path(torch.__file__).parent, Path(__file__).parents[1])
    frames = [
        frame
        for frame in traceback.extract_tb(problem.__traceback__)
        if frame.line and not any(Path(frame.filename).is_relative_to(folder) for folder in ours)
    ]
    return f", in the line `{frames[-1].line.strip()}`" if frames else ""
