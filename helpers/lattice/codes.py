"""Arrays of shares as short text, which a script can read without unpacking anything.

A value in [0, 1] is rounded to one of 62 levels, a digit or a letter "0".."9", "a".."z", "A".."Z". A run of n >= 2
zeros is "-" and the character for n - 2, so at most 63 zeros a pair. Most shares of a trained lattice are zero: a frame
of a thousand nodes takes about two hundred characters.
"""

import numpy as np

LEVELS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TOP = len(LEVELS) - 1


def to_code(shares) -> str:
    """Text of an array of shares, in row order; shares outside [0, 1] are clipped, NaN is 0."""
    levels = np.rint(_TOP * np.clip(np.nan_to_num(np.asarray(shares, dtype=np.float64)), 0, 1)).astype(int).ravel()
    text, zeros = [], 0
    for level in [*levels.tolist(), -1]:
        if level == 0:
            zeros += 1
            continue
        while zeros:
            run = min(zeros, _TOP + 2)
            text.append("0" if run == 1 else "-" + LEVELS[run - 2])
            zeros -= run
        if level > 0:
            text.append(LEVELS[level])
    return "".join(text)


def from_code(text: str, shape: tuple[int, ...]) -> np.ndarray:
    """The array again, float64. ValueError when the text does not fill the shape."""
    levels: list[int] = []
    symbols = iter(text)
    for symbol in symbols:
        if symbol == "-":
            levels += [0] * (LEVELS.index(next(symbols)) + 2)
        else:
            levels.append(LEVELS.index(symbol))
    if len(levels) != np.prod(shape):
        raise ValueError(f"The text holds {len(levels)} shares, and shape {shape} needs {np.prod(shape)}.")
    return np.array(levels, dtype=np.float64).reshape(shape) / _TOP
