"""Call a student's `forward` or `backward`; turn what comes back into plain numbers, or into one clear sentence."""

import contextlib
import dis
import io
import math
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .cases import Inputs

Status = Literal["ok", "not implemented", "raised", "malformed", "timeout"]

ARRAY_NAMES = {"forward": "log_alpha", "backward": "log_beta"}


@dataclass(frozen=True)
class Answer:
    """What the student's function gave for one input."""

    status: Status
    problem: str = ""
    """One sentence when the status is not "ok"."""
    cells: np.ndarray | None = None
    """float64, whatever shape the student returned."""
    cost: float = math.nan


class Malformed(Exception):
    """The value returned is not a pair (array, cost); the message says what it is."""


def call(exercise: str, function: Callable, inputs: Inputs) -> Answer:
    """Call `function(log_probs, targets, blank=...)` with fresh tensors, quietly.

    Prints, warnings and progress bars are swallowed: they cost nobody a point. Exceptions become an `Answer`;
    only BaseExceptions that are no Exception (an interrupt, a time limit) pass through.
    """
    import torch

    log_probs, targets = torch.tensor(inputs.log_probs), torch.tensor(inputs.targets)
    try:
        with quiet():
            returned = function(log_probs, targets, blank=inputs.blank)
            cells, cost = plain(exercise, returned)
    except Malformed as error:
        return Answer("malformed", str(error))
    except Exception as error:
        if is_stub(error):
            return Answer("not implemented", f"{exercise} is not written yet.")
        return Answer("raised", raised(exercise, error))
    return Answer("ok", cells=cells, cost=cost)


def is_stub(error: Exception) -> bool:
    """Whether this is a stub's `raise NotImplementedError`. Torch raises the same for dtypes that it cannot handle."""
    if not isinstance(error, NotImplementedError) or error.__traceback__ is None:
        return False
    innermost = error.__traceback__
    while innermost.tb_next is not None:
        innermost = innermost.tb_next
    return innermost.tb_frame.f_code.co_code[innermost.tb_lasti] == dis.opmap["RAISE_VARARGS"]


@contextlib.contextmanager
def quiet():
    """Drop what the code inside prints or warns about. nbgrader takes all points for one line on stderr."""
    sink = io.StringIO()
    with (
        contextlib.redirect_stdout(sink),
        contextlib.redirect_stderr(sink),
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
    ):
        warnings.simplefilter("ignore")
        yield


def plain(exercise: str, returned: object) -> tuple[np.ndarray, float]:
    """The pair (array, cost) as float64 numbers. Tensors, arrays, nested lists and 0-d values are all welcome.

    Raises Malformed with the sentence that the student reads.
    """
    name = ARRAY_NAMES[exercise]
    expected = f"`return {name}, cost`"
    if returned is None:
        raise Malformed(f"{exercise} returned None. Does it end with {expected}?")
    if not isinstance(returned, tuple | list) or len(returned) != 2:
        raise Malformed(f"{exercise} returned {_kind(returned)}; a pair was expected: {expected}.")
    cells, cost = (_numbers(value) for value in returned)
    if cells is None:
        raise Malformed(f"The first value that {exercise} returned is {_kind(returned[0])}, not an array of numbers.")
    if cost is None:
        raise Malformed(f"The second value that {exercise} returned is {_kind(returned[1])}, not a number.")
    if cells.ndim == 0 and cost.ndim == 2:
        raise Malformed(f"{exercise} returned the cost first; the order is {expected}.")
    if cost.size != 1:
        raise Malformed(f"The cost that {exercise} returned has shape {cost.shape}; it should be one number.")
    return cells, float(cost.reshape(()))


def raised(exercise: str, error: BaseException) -> str:
    """One sentence for an exception in the student's code, with the line it came from where there is one."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    where = f" in the line `{frames[-1].line.strip()}`" if frames and frames[-1].line else ""
    text = message(error)
    return f"{exercise} stopped with {type(error).__name__}{': ' if text else ''}{text[:300]}{where}."


def message(error: BaseException) -> str:
    """What an exception says, on one line; empty where saying it fails too."""
    try:
        text = error.msg if isinstance(error, SyntaxError) else error
        return " ".join(str(text or "").split())
    except Exception:
        return ""


def _numbers(value: object) -> np.ndarray | None:
    import torch

    if value is None:  # numpy would make it nan
        return None
    try:
        if isinstance(value, torch.Tensor):
            return value.detach().cpu().to(torch.float64).numpy()
        return np.array(value, dtype=np.float64)
    except (TypeError, ValueError, RuntimeError):
        return None


def _kind(value: object) -> str:
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)} values"
    shape = getattr(value, "shape", None)
    return f"a {type(value).__name__}" + (f" of shape {tuple(shape)}" if shape is not None else "")
