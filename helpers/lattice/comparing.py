"""Two arrays over one lattice, side by side: what a student computed and what was expected."""

import numpy as np

from .figure import Figure
from .lattice import Lattice, as_array, refuse_nan
from .numerals import logarithm
from .panel import Footer, Panel, density_for
from .views import _cut, _lattice, _pooled, _size, _too_many, assemble, log_levels

# Two cells differ when they are further apart than this, relative or absolute: float32 sums of some hundred terms stay
# within 1e-5, a mistake in the recurrence shows in the first or second digit.
TOLERANCE = 1e-3
_GAP = 18
_STACK_ABOVE = 1100  # pixels: two wide panels go one below the other


def compare(cat: Lattice, yours, expected, name: str = "log_alpha", wrong: tuple[int, int] | None = None) -> Figure:
    """`yours` beside `expected`, natural logarithms on one scale; cells that differ are tinted red in yours.

    Args:
        cat: the lattice both belong to.
        yours: whatever the student's function returned; a wrong shape, NaN and +inf are drawn as far as possible and
            described under the panels.
        expected: (T, U+1).
        name: what the array is called.
        wrong: (t, u) of a cell to ring and to spell out.
    """
    T, U = _lattice(cat).T, cat.U
    expected = as_array(expected, "expected")
    if expected.shape != (T, U + 1):
        raise ValueError(f"expected must have shape (T, U+1) = {(T, U + 1)}; it has shape {expected.shape}.")
    refuse_nan(expected, "expected")
    if wrong is not None:
        if len(wrong) != 2 or not (0 <= wrong[0] < T and 0 <= wrong[1] <= U):
            raise ValueError(f"wrong is {tuple(wrong)}, not a node (t, u) with t in 0..{T - 1} and u in 0..{U}.")
        wrong = (int(wrong[0]), int(wrong[1]))
    mine, complaint = _laid_over(yours, (T, U + 1), name)
    present = _covered(yours, (T, U + 1))
    with np.errstate(invalid="ignore"):
        same = (mine == expected) | (np.abs(mine - expected) <= TOLERANCE * np.maximum(1.0, np.abs(expected)))
    odd = frozenset((int(t), int(u)) for t, u in np.argwhere(~same & present))

    _, low, high = log_levels(expected)
    density = density_for(T, U, pair=True)
    left = Panel(T, cat.symbols, prefix="yours-", heading=f"yours: {name}", density=density)
    stacked = 2 * left.right + _GAP > _STACK_ABOVE
    right = Panel(
        T,
        cat.symbols,
        *((0, left.bottom) if stacked else (left.right + _GAP, 0)),
        prefix="expected-",
        heading=f"expected: {name}",
        density=density,
    )
    _fill(left, mine, present, (low, high), odd)
    _fill(right, expected, np.ones_like(present), (low, high), frozenset())
    if wrong is not None:
        left.ring(*wrong)
        right.ring(*wrong)

    width = left.right if stacked else right.right
    footer = Footer(0, right.bottom, max(430, width))
    if left.is_map:
        bar = ("≤ " if (expected < low).any() else "") + logarithm(low), logarithm(high)
        footer.key(bar=(*bar, name), arcs=False)
    said = []
    if wrong is not None:
        value = _long(mine[wrong], expected[wrong]) if present[wrong] else "missing"
        target = _long(expected[wrong], mine[wrong])
        said.append(f"{name}[{wrong[0]}, {wrong[1]}]: yours is {value}, expected is {target}.")
        footer.sentence(said[-1], "of-wrong")
    if complaint:
        footer.sentence(complaint)
    total = T * (U + 1)
    agreement = _agreement(len(odd), int((~present).sum()), total)
    look = " Yours is tinted red there." if left.is_map else " In yours they are red with a dashed outline."
    footer.sentence(agreement + (look if odd else ""))
    if left.is_map:
        footer.sentence(_too_many(T, U) + f": a cell shows {name}" + _pooled(left))
    where = f" {said[0]}" if said else ""
    alt = f"Your {name} beside the expected one over a lattice of {_size(T, cat.symbols)}: {agreement}{where}"
    if complaint:
        alt += " " + _cut(complaint, 160)
    spec = {"T": T, "symbols": list(cat.symbols), "yours": mine, "expected": expected, "wrong": wrong, "name": name}
    return Figure("compare", assemble([left, right], footer, max(430, width)), alt, spec)


def _fill(panel: Panel, values: np.ndarray, present: np.ndarray, ends: tuple[float, float], odd: frozenset) -> None:
    low, high = ends
    finite = np.isfinite(values)
    levels = (
        np.clip((np.where(finite, values, low) - low) / (high - low), 0, 1) if high > low else np.zeros(values.shape)
    )
    panel.arcs(faint=True)
    if panel.is_map:
        panel.nodes(levels=levels, odd=odd)
        return
    pairs = [list(zip(*rows, strict=True)) for rows in zip(values, present, strict=True)]
    texts = [[logarithm(v) if there else "?" for v, there in row] for row in pairs]
    tips = [
        [f"t={t}, u={u}: {logarithm(v, 4) if there else 'missing'}" for u, (v, there) in enumerate(row)]
        for t, row in enumerate(pairs)
    ]
    panel.nodes(texts, levels, tips, odd)


def _laid_over(yours, shape: tuple[int, int], name: str) -> tuple[np.ndarray, str]:
    """`yours` cut or filled with NaN to `shape`, and what is off about it, if anything."""
    blank = np.full(shape, np.nan)
    if yours is None:
        return blank, f"Your {name} is None: does the function return it?"
    try:
        array = as_array(yours, name)
    except ValueError as error:
        return blank, f"Nothing of yours can be drawn. {error}"
    if array.ndim != 2:
        return blank, f"Your {name} has shape {array.shape}, expected is {shape}: nothing of it can be drawn."
    t, u = min(array.shape[0], shape[0]), min(array.shape[1], shape[1])
    blank[:t, :u] = array[:t, :u]
    said = []
    if array.shape != shape:
        said.append(f"Your {name} has shape {array.shape}, expected is {shape}: drawn where the two overlap.")
    for word, found in (("NaN", np.isnan(array)), ("+∞", array == np.inf)):
        if found.any():
            t0, u0 = map(int, np.argwhere(found)[0])
            said.append(f"Your {name} has {word} in {int(found.sum())} of its cells, the first at [{t0}, {u0}].")
    return blank, " ".join(said)


def _covered(yours, shape: tuple[int, int]) -> np.ndarray:
    """True where `yours` has a cell, whatever it holds: a NaN of the student's is a value, a missing cell is not."""
    inside = np.zeros(shape, dtype=bool)
    try:
        array = as_array(yours, "yours")
    except ValueError:
        return inside
    if array.ndim == 2:
        inside[: array.shape[0], : array.shape[1]] = True
    return inside


def _agreement(odd: int, missing: int, total: int) -> str:
    parts = [f"{odd} of {total} cells {'differs' if odd == 1 else 'differ'}"] if odd else []
    parts += [f"{missing} of {total} cells {'is' if missing == 1 else 'are'} missing"] if missing else []
    return (", ".join(parts) if parts else f"All {total} cells agree") + "."


def _long(value: float, other: float) -> str:
    """Enough digits to see the difference."""
    for digits in (4, 6, 9):
        text = logarithm(value, digits)
        if text != logarithm(other, digits):
            return text
    return logarithm(value, 4)
