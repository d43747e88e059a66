"""The torch half of `recording`: a tensor that writes down who touches it. Imported only where torch is loaded."""

import numpy as np
import torch

from .recording import Root, Tape, watch

_SHAPES = {
    "view", "reshape", "transpose", "t", "permute", "squeeze", "unsqueeze", "select", "narrow", "flip", "diagonal",
    "expand", "swapaxes", "movedim", "gather", "index_select", "flatten", "unfold",
}  # fmt: skip
_SAME = {
    "double", "float", "to", "cpu", "detach", "clone", "contiguous", "requires_grad_", "type", "type_as", "half",
    "log_softmax", "exp", "bfloat16", "cuda", "alias",
}  # fmt: skip
_HARMLESS = {
    "size", "dim", "numel", "stride", "is_floating_point", "element_size", "data_ptr", "__len__", "ndimension",
    "__get__", "__set__", "is_contiguous", "get_device", "untyped_storage", "storage_offset", "dim_order",
}  # fmt: skip
_NEW = {"new_full", "new_zeros", "new_empty", "new_ones"}
_TRANSPOSES = {torch.Tensor.T.__get__, torch.Tensor.mT.__get__}


class WatchedTensor(torch.Tensor):
    """A tensor with a diary. Views stay watched; results of arithmetic are plain tensors."""

    tape: Tape
    root: Root
    cells: np.ndarray

    def bare(self) -> torch.Tensor:
        """The same tensor without the diary."""
        with torch._C.DisableTorchFunctionSubclass():
            return self.as_subclass(torch.Tensor)

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = getattr(function, "__name__", "")
        one = args[0] if args else None
        if isinstance(one, cls):
            if name == "__getitem__":
                return one._read(args[1])
            if name == "__setitem__":
                return one._write(args[1], args[2])
            if name == "__iter__":
                return iter([one[i] for i in range(one.shape[0])])
            if (handled := one._followed(function, name, args, kwargs)) is not NotImplemented:
                return handled
        watched = list(_all(args)) + list(_all(kwargs))
        if name not in _HARMLESS:
            for part in watched:
                part._note("read")
        result = function(*_bare(args), **_bare(kwargs))
        in_place = [one] if name.endswith("_") and not name.endswith("__") and isinstance(one, cls) else []
        in_place += [one] if name.startswith("__i") and isinstance(one, cls) and name != "__invert__" else []
        out = kwargs.get("out")
        changed = in_place + ([out] if isinstance(out, cls) else [])
        for part in changed:
            part._note("write")
        return changed[0] if changed else result

    def _followed(self, function, name, args, kwargs):
        """Operations after which each number still belongs to a cell."""
        if name in _SHAPES or function in _TRANSPOSES:
            found = function(*_bare(args), **_bare(kwargs))
            where = function(torch.as_tensor(self.cells), *_bare(args[1:]), **_bare(kwargs))
            return watch_tensor(found, self.tape, self.root, where.numpy())
        if name in _SAME and (self.root.given or name not in ("exp", "log_softmax")):
            return watch_tensor(function(*_bare(args), **_bare(kwargs)), self.tape, self.root, self.cells)
        if name in ("numpy", "__array__"):
            found = function(*_bare(args), **_bare(kwargs))
            return watch(found, self.tape, self.root, self.cells)
        if name in _NEW:
            from .recording import new_root

            return new_root(function(*_bare(args), **_bare(kwargs)), self.tape, False, name == "new_empty")
        return NotImplemented

    def _read(self, key):
        plain, key = self.bare(), _bare(key)
        found = plain[key]
        cells = torch.as_tensor(self.cells)[key].numpy()
        if found.dim() == 0:
            self.tape.note("read", self.root, cells, found.item(), key)
            return found
        shared = found.untyped_storage().data_ptr() == plain.untyped_storage().data_ptr()
        if self.root.given or shared:
            return watch_tensor(found, self.tape, self.root, cells)
        self.tape.note("read", self.root, cells, _numbers(found), key)
        return found

    def _write(self, key, value):
        for part in _all((value,)):
            part._note("read")
        plain, key = self.bare(), _bare(key)
        plain[key] = _bare(value)
        self.tape.note("write", self.root, torch.as_tensor(self.cells)[key].numpy(), _numbers(plain[key]), key)

    def _note(self, kind: str) -> None:
        self.tape.note(kind, self.root, self.cells, _numbers(self.bare()))


def watch_tensor(tensor: torch.Tensor, tape: Tape, root: Root, cells: np.ndarray):
    """`tensor` with a diary, where it still has one number for each cell."""
    if not isinstance(tensor, torch.Tensor) or tuple(tensor.shape) != np.shape(cells):
        return tensor
    watched = tensor.as_subclass(WatchedTensor)
    watched.tape, watched.root, watched.cells = tape, root, cells
    return watched


def _numbers(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().cpu().double().numpy()


def _bare(value):
    if isinstance(value, WatchedTensor):
        return value.bare()
    if type(value) in (tuple, list):
        return type(value)(_bare(one) for one in value)
    if type(value) is dict:
        return {key: _bare(one) for key, one in value.items()}
    return value


def _all(value):
    if isinstance(value, WatchedTensor):
        yield value
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _all(one)
    elif isinstance(value, dict):
        yield from _all(list(value.values()))
