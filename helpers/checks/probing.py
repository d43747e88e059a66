"""Probes: small experiments on a student's class or function that end in plain arrays.

The same probe, run on the reference solution with the same seed, gives the right arrays. So a probe holds no answer:
here the right arrays of one seed are stored as numbers, and the sealed grader computes those of a fresh seed.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from .calling import Malformed, Status, is_stub, quiet, raised
from .comparing import Finding

RELATIVE, ABSOLUTE = 1e-3, 1e-4
"""float32 networks: other orders of summation differ by about 1e-6, a wrong formula by far more than 1e-2."""

PAIR = "+"
"""Between the names of two mistakes that are made at once."""

LADDER = "smallest"
"""Key of the probe whose arrays come from ever larger inputs; it gives no points."""

FEW = 6
"""Numbers that fit into a sentence."""

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Probe:
    """One experiment."""

    key: str
    group: str
    """The group of inputs that a rubric item names."""
    title: str
    run: Callable[[object, np.random.Generator], Arrays]
    """Given the student's class or function, and randomness: arrays by name. Raises Malformed with a sentence."""
    hints: Mapping[str, str]
    """What it may mean that the array of this name is wrong."""
    rungs: tuple[str, ...] = ()
    """Of a ladder: the names of its arrays, from the smallest input upwards."""
    climb: Callable[[object, np.random.Generator], Iterator[tuple[str, object]]] | None = None
    """Of a ladder: its arrays one by one; `run` gives all of them."""
    drawn: bool = True
    """Whether its inputs are drawn. Where not, the seed changes nothing, and the stored numbers hold for everybody."""


@dataclass(frozen=True)
class Reply:
    """What came out of one question."""

    status: Status
    problem: str = ""
    """One sentence when the status is not "ok"."""
    arrays: Arrays | None = None


def generator(seed: bytes, key: str) -> np.random.Generator:
    """Randomness of one probe; the same bytes give the same stream everywhere."""
    return np.random.Generator(np.random.PCG64([*seed, *key.encode()]))


def ask(name: str, written: object, probe: Probe, seed: bytes) -> Reply:
    """Run a probe quietly; exceptions of the student's code become a sentence."""
    try:
        with _on_small_networks():
            arrays = {key: _plain(key, value) for key, value in probe.run(written, generator(seed, probe.key)).items()}
    except Malformed as error:
        return Reply("malformed", str(error))
    except Exception as error:
        if is_stub(error):
            return Reply("not implemented", f"{name} is not written yet.")
        return Reply("raised", raised(name, error))
    return Reply("ok", arrays=arrays)


@contextlib.contextmanager
def _on_small_networks() -> Iterator[None]:
    """Quietly, and as a network of this size is computed soonest."""
    import torch

    threads = torch.get_num_threads()
    # oneDNN takes several times longer here, and a second thread costs more than it computes.
    torch.set_num_threads(1)
    try:
        with quiet(), torch.no_grad(), torch.backends.mkldnn.flags(enabled=False):
            yield
    finally:
        torch.set_num_threads(threads)


def climbs_alike(ladder: Probe, written: object, seed: bytes, reply: Reply) -> bool:
    """Whether code gives on a ladder what the reply says; it is asked no further than to the first difference."""
    seen = 0
    try:
        with _on_small_networks():
            for name, value in ladder.climb(written, generator(seed, ladder.key)):
                got = reply.arrays.get(name)
                if got is None or first_difference(got, _plain(name, value)) is not None:
                    return False
                seen += 1
    except Exception:
        pass  # where it stops, the reply should end too
    return seen == len(reply.arrays)


def _plain(name: str, value: object) -> np.ndarray:
    import torch

    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().numpy()
    try:
        # A single number becomes an array of one: files that cross the wall have no others.
        return np.atleast_1d(np.array(value, dtype=np.float64))
    except (TypeError, ValueError) as error:
        raise Malformed(f"{name} is no array of numbers.") from error


def same(got: Arrays, truth: Arrays) -> bool:
    """Whether all arrays agree."""
    return all(name in got and first_difference(got[name], truth[name]) is None for name in truth)


def first_difference(got: np.ndarray, truth: np.ndarray) -> tuple[int, ...] | None:
    """None where they agree; () where the shapes differ; else the first index at which the values do."""
    if got.shape != truth.shape:
        return ()
    wrong = ~(np.abs(got - truth) <= ABSOLUTE + RELATIVE * np.abs(truth))
    if not wrong.any():
        return None
    return tuple(int(index) for index in np.argwhere(wrong)[0])


def compare(probe: Probe, reply: Reply, truth: Arrays) -> Finding | None:
    """None where the reply is right; else the first array that is not."""
    if reply.status != "ok":
        return Finding(what=reply.problem)
    for name, right in truth.items():
        got = reply.arrays.get(name)
        if got is None:
            return Finding(what=f"There is no {name}.")
        index = first_difference(got, right)
        if index is None:
            continue
        hint = probe.hints.get(name, "")
        if got.shape != right.shape:
            what = f"Wrong shape of {name}: {got.shape}, expected {right.shape}."
            return Finding(what=what, why=hint)
        place = ", ".join(str(part) for part in index)
        off = (~np.isclose(got, right, RELATIVE, ABSOLUTE)).sum()
        return Finding(
            what=f"Wrong: {name}.",
            where=f"First at [{place}]; {off} of {got.size} values are off.",
            why=hint,
            numbers=f"{name}[{place}] is {got[index]:.5g}; expected {right[index]:.5g}.",
        )
    return None


def smallest_difference(ladder: Probe, reply: Reply, truth: Arrays) -> tuple[str, str]:
    """The smallest input that shows the difference, and the numbers where they are few. Empty where none shows it."""
    if reply.status != "ok":
        return "", ""
    below = ""
    for name in ladder.rungs:
        got, right = reply.arrays.get(name), truth[name]
        if got is None:
            return f"It works with {below} and stops with {name}.", ""
        if first_difference(got, right) is not None:
            where = f"The smallest input that shows it: {name}" + (f" ({below} is still right)." if below else ".")
            small = max(got.size, right.size) <= FEW
            return where, f"There it gives {_row(got)}; expected {_row(right)}." if small else ""
        below = name
    return "", ""


def _row(array: np.ndarray) -> str:
    return "[" + ", ".join(f"{value:.4g}" for value in array.reshape(-1)) + "]"


def sketch(arrays: Arrays) -> dict[str, list[float]]:
    """A few numbers that stand for the arrays: their shape and two random projections. For fingerprints."""
    found = {}
    for name, array in arrays.items():
        rng = np.random.Generator(np.random.PCG64([*name.encode(), *map(int, array.shape)]))
        flat = array.reshape(-1)
        found[name] = [*map(float, array.shape), *(float(flat @ rng.standard_normal(flat.size)) for _ in range(2))]
    return found


def same_sketch(one: Mapping[str, list[float]], other: Mapping[str, list[float]]) -> bool:
    """Whether two sketches are of the same arrays."""
    if one.keys() != other.keys():
        return False
    return all(
        len(one[name]) == len(other[name])
        and np.allclose(one[name], other[name], rtol=RELATIVE, atol=10 * ABSOLUTE, equal_nan=True)
        for name in one
    )


def recognise(
    replies: Mapping[str, Reply],
    truth: Mapping[str, Arrays],
    known: Iterable[str],
    outline: Callable[[str, str], Mapping | None],
) -> list[str]:
    """The known mistakes that end as these replies do, probe by probe; none where everything is right.

    `outline(name, probe)` is {"status", "sketch" where the status is "ok"}, or None where that probe was never asked.
    It is called only as long as a mistake still fits, so that computing outlines afresh stays cheap.

    A mistake is only named where it shows: in some probe its arrays are the student's and not the right ones. That
    both stop with an exception says nothing about why.
    """
    drawn = {key: sketch(reply.arrays) if reply.status == "ok" else None for key, reply in replies.items()}
    wrong = {key for key in drawn if drawn[key] is not None and not same(replies[key].arrays, truth[key])}
    if not wrong:
        return []
    # What is wrong tells mistakes apart soonest, and a ladder most quickly; recordings are slow to decode.
    order = sorted(drawn, key=lambda key: (key not in wrong, key == "reference", key != LADDER))

    def fits(name: str) -> bool:
        for key in order:
            entry = outline(name, key)
            if entry is None:
                continue
            if replies[key].status != entry["status"]:
                return False
            if "sketch" in entry and not same_sketch(drawn[key], entry["sketch"]):
                return False
        return True

    return simplest(known, fits)


def simplest(known: Iterable[str], fits: Callable[[str], bool]) -> list[str]:
    """The single mistakes that fit. Two at once are only believed, and only tried, where none of these explains it."""
    known = list(known)
    alone = [name for name in known if PAIR not in name and fits(name)]
    return alone or [name for name in known if PAIR in name and fits(name)]
