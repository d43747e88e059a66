"""The numbers of a view as JSON that a script can carry.

JSON has no infinity and no NaN, so those travel as {"~": "-inf"}. A large array of log-probabilities travels as whole
numbers of three or four digits to the base 64, less than half of what decimals take: 0 stands for -inf, k for
low + (k - 1) * step. `unpack` in core.js reads both.
"""

import json
from typing import Any

import numpy as np

DECIMALS = 7  # of a logarithm: what a learner sees has three or four digits
COARSEST = 2e-4  # step of a packed logarithm; an array with -1e9 for "impossible" is too wide for it and stays decimal
PACK_FROM = 100  # numbers in an array: below, decimals are as short and can be read in the page
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def to_json(spec: dict[str, Any]) -> str:
    """JSON that may stand inside a <script>: no "<", so neither "</script" nor "<!--" can occur."""
    text = json.dumps(_plain(spec), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign, code in (("<", "\\u003c"), (">", "\\u003e"), ("\u2028", "\\u2028"), ("\u2029", "\\u2029")):
        text = text.replace(sign, code)
    return text


def _plain(value: Any) -> Any:
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return _number(float(value))
    if value is None or isinstance(value, str):
        return value
    raise TypeError(f"a spec holds arrays, strings, numbers, lists and dicts, not a {type(value).__name__}")


def _array(array: np.ndarray) -> Any:
    if array.dtype.kind == "f" and array.ndim == 2 and array.size >= PACK_FROM:
        finite = np.isfinite(array)
        if (finite | (array == -np.inf)).all() and finite.any():
            width = next((n for n in (3, 4) if np.ptp(array[finite]) <= COARSEST * (64**n - 2)), None)
            if width:
                return _packed(array, finite, width)
    return [_plain(part) for part in array.tolist()]


def _packed(array: np.ndarray, finite: np.ndarray, width: int) -> dict[str, Any]:
    low, high = float(array[finite].min()), float(array[finite].max())
    step = (high - low) / (64**width - 2) or 1.0
    codes = np.where(finite, np.round((np.where(finite, array, low) - low) / step) + 1, 0).astype(np.int64)
    digits = codes.reshape(-1, 1) >> np.arange(6 * (width - 1), -1, -6) & 63
    data = np.frombuffer(DIGITS.encode("ascii"), dtype=np.uint8)[digits].tobytes().decode("ascii")
    return {"~": "packed", "shape": list(array.shape), "width": width, "low": low, "step": step, "data": data}


def _number(value: float) -> Any:
    if value != value:
        return {"~": "nan"}
    if value in (np.inf, -np.inf):
        return {"~": "inf" if value > 0 else "-inf"}
    rounded = round(value, DECIMALS)
    # Of a number near 0 (a probability, a gradient) decimals would leave nothing: keep its digits instead.
    return rounded if abs(value) >= 1 else float(f"{value:.{DECIMALS}g}")
