"""Watches a function fill its table: which cells it reads and writes, in its own order, on which of its lines.

The table is made inside the function, so the recorder comes in through the places that make arrays: while the function
runs, `np.full`, `torch.zeros` and their kin hand out arrays that keep a diary, to that function and its notebook only.
The scores it is called with keep one too. Elements are looked up in an array of cell numbers that is sliced,
transposed and indexed exactly as the data are, so views and padded tables lead back to the right cells.

What cannot be seen: tables in Python lists, arrays that compiled code or `memoryview` gets hold of, writes through
names of numpy that were imported into another module. The function still runs then, and `Recording.problem` says why
there is nothing to play back.
"""

import contextlib
import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

_NEW = ("empty", "zeros", "ones", "full", "empty_like", "zeros_like", "ones_like", "full_like")
_CONVERT = {
    "numpy": ("array", "asarray", "asanyarray", "ascontiguousarray", "copy"),
    "torch": ("tensor", "as_tensor", "asarray", "from_numpy", "clone"),
}
OUTSIDE = -1  # the number of a cell that only pads an array


@dataclass(frozen=True)
class Access:
    """One look-up or one assignment. Cells are numbers in the flattened root array, OUTSIDE for padding."""

    kind: str
    """ "read" or "write"."""
    root: "Root"
    cells: np.ndarray
    """int, flat."""
    values: np.ndarray
    """float64, one for each cell: what was read, or what stands there after the write."""
    line: int | None
    """Line of the function's file, where that can be told."""
    wrapped: bool
    """An index was negative, which Python counts from the end."""


@dataclass(eq=False)
class Root:
    """One array from the moment it is made: the scores handed in, or a table that the function made."""

    shape: tuple[int, ...]
    given: bool
    """The scores handed in; everything else was made by the function."""
    start: np.ndarray
    """float64, flat: what stood there at first. NaN in memory that came uninitialised."""


@dataclass
class Tape:
    """Accesses in the order in which they happened."""

    globals: dict
    filename: str
    accesses: list[Access] = field(default_factory=list)

    def note(self, kind: str, root: Root, cells, values, key=None) -> None:
        """Append one access."""
        cells = np.asarray(cells, dtype=np.int64).reshape(-1).copy()
        values = np.broadcast_to(np.asarray(values, dtype=np.float64).reshape(-1), cells.shape).copy()
        if cells.size:
            self.accesses.append(Access(kind, root, cells, values, self._line(), _is_negative(key)))

    def called_from_notebook(self) -> bool:
        """Whether the code that calls a watched factory is the student's."""
        return sys._getframe(2).f_globals is self.globals

    def _line(self) -> int | None:
        frame = sys._getframe(2)
        while frame is not None:
            if frame.f_globals is self.globals and frame.f_code.co_filename == self.filename:
                return frame.f_lineno
            frame = frame.f_back
        return None


def _is_negative(key) -> bool:
    parts = key if isinstance(key, tuple) else (key,)
    return any(isinstance(part, int | np.integer) and part < 0 for part in parts)


class Watched(np.ndarray):
    """A numpy array that writes down who touches it. Views stay watched; results of arithmetic are plain arrays."""

    tape: Tape | None
    root: Root | None
    cells: np.ndarray | None

    def __array_finalize__(self, source):
        self.tape = self.root = self.cells = None

    # ---- indexing

    def __getitem__(self, key):
        plain = bare(self)
        found = plain[key]
        if self.cells is None:
            return found
        cells = self.cells[key]
        if not isinstance(found, np.ndarray):
            self.tape.note("read", self.root, cells, found, key)
            return found
        if self.root.given or np.shares_memory(found, plain):
            return watch(found, self.tape, self.root, cells)  # looked at when it is used
        self.tape.note("read", self.root, cells, found, key)
        return found

    def __setitem__(self, key, value):
        _note_reads(value)
        bare(self)[key] = bare(value)
        if self.cells is not None:
            self.tape.note("write", self.root, self.cells[key], bare(self)[key], key)

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    # ---- everything else

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **more):
        if method == "at":
            return self._ufunc_at(ufunc, *inputs)
        keeps = self._one_to_one(ufunc, method, inputs, out)
        if not keeps:
            _note_reads(inputs)
        if out is not None:
            more["out"] = tuple(bare(one) for one in out)
        result = getattr(ufunc, method)(*(bare(one) for one in inputs), **more)
        for one in out or ():
            _note_write(one)
        if out is not None:
            return out[0] if len(out) == 1 else out
        return watch(result, self.tape, self.root, self.cells) if keeps else result

    def _one_to_one(self, ufunc, method, inputs, out) -> bool:
        """exp(scores) still holds one number for each score."""
        return method == "__call__" and len(inputs) == 1 and out is None and self.cells is not None and self.root.given

    def _ufunc_at(self, ufunc, array, key, *values):
        _note_reads(values)
        ufunc.at(bare(array), key, *map(bare, values))
        if isinstance(array, Watched) and array.cells is not None:
            array.tape.note("read", array.root, array.cells[key], bare(array)[key], key)
            array.tape.note("write", array.root, array.cells[key], bare(array)[key], key)

    def __array_function__(self, function, types, args, kwargs):
        name = function.__name__
        if self.cells is not None and args and args[0] is self:
            if name in _MOVES:
                found = function(bare(self), *args[1:], **kwargs)
                return watch(found, self.tape, self.root, function(self.cells, *args[1:], **kwargs))
            if name == "pad" and self.root.given and kwargs.get("mode", "constant") == "constant":
                cells = np.pad(self.cells, *args[1:2], constant_values=OUTSIDE)
                return watch(function(bare(self), *args[1:], **kwargs), self.tape, self.root, cells)
        watched = list(_all_watched((args, kwargs)))
        _note_reads(watched)
        before = [bare(one).copy() for one in watched]
        result = function(*bare(args), **bare(kwargs))
        for one, old in zip(watched, before, strict=True):
            changed = ~((bare(one) == old) | (np.isnan(bare(one)) & np.isnan(old)))
            if one.cells is not None and changed.any():
                one.tape.note("write", one.root, one.cells[changed], bare(one)[changed])
        return result

    def __float__(self):
        _note_reads(self)
        return float(bare(self))

    @property
    def T(self):
        """The transpose, watched."""
        return self.transpose()


_MOVES = {
    "transpose", "reshape", "swapaxes", "squeeze", "ravel", "moveaxis", "expand_dims", "flip", "fliplr", "flipud",
    "rot90", "broadcast_to", "atleast_1d", "atleast_2d", "take_along_axis",
}  # fmt: skip


def _moving(name: str) -> Callable:
    def method(self, *args, **more):
        found = getattr(bare(self), name)(*args, **more)
        return found if self.cells is None else watch(found, self.tape, self.root, getattr(self.cells, name)(*args))

    return method


def _converting(name: str) -> Callable:
    def method(self, *args, **more):
        found = getattr(bare(self), name)(*args, **more)
        if self.cells is not None and self.root.given:
            return watch(found, self.tape, self.root, self.cells)
        _note_reads(self)
        return found

    return method


def _reading(name: str) -> Callable:
    def method(self, *args, **more):
        _note_reads(self)
        return getattr(bare(self), name)(*args, **more)

    return method


def _writing(name: str) -> Callable:
    def method(self, *args, **more):
        result = getattr(bare(self), name)(*args, **more)
        _note_write(self)
        return result

    return method


for _make, _names in (
    (_moving, ("transpose", "reshape", "swapaxes", "squeeze", "ravel", "diagonal")),
    (_converting, ("copy", "astype")),
    (_reading, ("sum", "max", "min", "mean", "prod", "cumsum", "tolist", "item", "argmax", "any", "all", "flatten")),
    (_writing, ("fill", "put", "sort", "partition")),
):
    for _name in _names:
        setattr(Watched, _name, _make(_name))


def watch(array, tape: Tape, root: Root, cells):
    """`array` with a diary. Scalars and other types than plain arrays come back as they are."""
    if not isinstance(array, np.ndarray) or array.shape != np.shape(cells):
        return array
    watched = array.view(Watched)
    watched.tape, watched.root, watched.cells = tape, root, cells
    return watched


def bare(value):
    """The same without any diary, inside tuples, lists and dictionaries too."""
    if isinstance(value, Watched):
        return value.view(np.ndarray)
    if type(value) in (tuple, list):
        return type(value)(bare(one) for one in value)
    if type(value) is dict:
        return {key: bare(one) for key, one in value.items()}
    if isinstance(value, _torch_type()):
        return value.bare()
    return value


def _all_watched(value) -> Iterator[Watched]:
    if isinstance(value, Watched):
        yield value
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _all_watched(one)
    elif isinstance(value, dict):
        yield from _all_watched(list(value.values()))


def _note_reads(value) -> None:
    for one in _all_watched(value):
        if one.cells is not None:
            one.tape.note("read", one.root, one.cells, bare(one))


def _note_write(value) -> None:
    if isinstance(value, Watched) and value.cells is not None:
        value.tape.note("write", value.root, value.cells, bare(value))


def _torch_type() -> type | tuple:
    """The watched tensor class where torch is loaded; else a type that nothing is an instance of."""
    if "torch" not in sys.modules:
        return ()
    from .recording_torch import WatchedTensor

    return WatchedTensor


def new_root(value, tape: Tape, given: bool, empty: bool = False):
    """Start a diary for an array or tensor that was just made."""
    start = value if isinstance(value, np.ndarray) else value.detach().cpu().numpy()
    start = np.full(start.size, np.nan) if empty else start.astype(np.float64).reshape(-1)
    root = Root(tuple(value.shape), given, start)
    cells = np.arange(int(np.prod(value.shape))).reshape(value.shape)
    if isinstance(value, np.ndarray):
        return watch(value, tape, root, cells)
    from .recording_torch import watch_tensor

    return watch_tensor(value, tape, root, cells)


def _looks_like_a_table(value) -> bool:
    floating = value.dtype.kind == "f" if isinstance(value, np.ndarray) else value.is_floating_point()
    return floating and value.ndim >= 2


@contextlib.contextmanager
def _watching(tape: Tape, names: dict):
    """Array-making functions keep a diary for code whose globals are `tape.globals`, until the block ends."""
    replaced = []

    def making(original):
        empty = original.__name__.startswith("empty")

        def make(*args, **more):
            value = original(*bare(args), **bare(more))
            if tape.called_from_notebook() and _looks_like_a_table(value):
                return new_root(value, tape, False, empty)
            return value

        return make

    def converting(original):
        def convert(*args, **more):
            value = original(*bare(args), **bare(more))
            source = args[0] if args else None
            if getattr(source, "cells", None) is None or value.shape != source.shape:
                return (
                    new_root(value, tape, False)
                    if tape.called_from_notebook() and source is not None and _looks_like_a_table(value)
                    else value
                )
            if isinstance(value, np.ndarray):
                return watch(value, tape, source.root, np.asarray(source.cells))
            from .recording_torch import watch_tensor

            return watch_tensor(value, tape, source.root, np.asarray(source.cells))

        return convert

    modules = [sys.modules[name] for name in ("numpy", "torch") if name in sys.modules]
    for module in modules:
        for wanted, wrap in ((_NEW, making), (_CONVERT[module.__name__], converting)):
            for name in wanted:
                original = getattr(module, name, None)
                if original is None:
                    continue
                wrapped = wrap(original)
                replaced.append((module, name, original))
                for key, value in list(names.items()):  # from numpy import full
                    if value is original:
                        replaced.append((names, key, original))
                        names[key] = wrapped
                setattr(module, name, wrapped)
    try:
        yield
    finally:
        for where, name, original in reversed(replaced):
            if isinstance(where, dict):
                where[name] = original
            else:
                setattr(where, name, original)


@dataclass(frozen=True)
class Recording:
    """What a function returned when nobody watched, and what it did when somebody did."""

    returned: object
    accesses: list[Access]
    cells: np.ndarray | None
    """Of the returned table: the number of each of its cells in `table`; None where it was not followed."""
    table: Root | None
    first_line: int
    source: list[str]
    """The lines of the function, where they can be had."""
    problem: str = ""
    """Why there is nothing to play back, in one sentence; empty when there is."""


def record(function: Callable, log_probs, targets, blank: int) -> Recording:
    """Calls `function(log_probs, targets, blank=blank)` twice: unwatched, whose result counts, and watched.

    Whatever the unwatched call raises passes through. Should watching change the outcome in any bit, the recording is
    thrown away and `problem` says so.
    """
    returned = function(log_probs.clone(), targets.clone(), blank=blank)
    inner = inspect.unwrap(function)
    code = getattr(inner, "__code__", None)
    if code is None:
        return Recording(returned, [], None, None, 0, [], "Only a plain Python function can be watched at work.")
    source, first_line = _source(inner)
    tape = Tape(inner.__globals__, code.co_filename)
    try:
        with _watching(tape, inner.__globals__):
            scores = new_root(log_probs.clone(), tape, True)
            watched = function(scores, targets.clone(), blank=blank)
        table = watched[0]
    except Exception:
        return Recording(returned, [], None, None, first_line, source, _UNWATCHABLE)
    if not _identical(bare(watched), returned):
        return Recording(returned, [], None, None, first_line, source, _UNWATCHABLE)
    cells, root = getattr(table, "cells", None), getattr(table, "root", None)
    filled = any(access.kind == "write" and access.root is root for access in tape.accesses)
    if cells is None or root is None or root.given or not filled:
        kind = "in Python lists" if isinstance(table, list | tuple) else "put together at the end, or made elsewhere"
        problem = f"Your table is {kind}: only an array that your function fills in place can be watched at work."
        return Recording(returned, [], None, None, first_line, source, problem)
    return Recording(returned, tape.accesses, np.asarray(cells), root, first_line, source)


_UNWATCHABLE = "Your function does something that cannot be watched without disturbing it, so only its result is shown."


def _source(function: Callable) -> tuple[list[str], int]:
    try:
        lines, first = inspect.getsourcelines(function)
    except (OSError, TypeError):
        return [], getattr(function.__code__, "co_firstlineno", 1)
    return [line.rstrip("\n") for line in lines], first


def _identical(one, other) -> bool:
    """Bit for bit the same numbers, in the same kinds of things."""
    if isinstance(one, tuple | list):
        same = type(one) is type(other) and len(one) == len(other)
        return same and all(_identical(a, b) for a, b in zip(one, other, strict=True))
    if type(one) is not type(other):
        return False
    if hasattr(one, "detach"):
        one, other = one.detach().cpu().numpy(), other.detach().cpu().numpy()
    try:
        one, other = np.asarray(one), np.asarray(other)
        return one.dtype == other.dtype and bool(np.array_equal(one, other, equal_nan=one.dtype.kind == "f"))
    except TypeError:
        return False
