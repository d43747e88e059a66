"""Draw `docs/lattice.png`, the picture in the README: where a model places the letters of CATS over eight frames.

python -m data_scripts.make_readme_picture
"""

from pathlib import Path

import numpy as np

from autograder.judging import oracle
from helpers import lattice
from helpers.checks.cases import log_softmax

OUTPUT = Path(__file__).resolve().parent.parent / "docs" / "lattice.png"

BLANK = 0
SYMBOLS = ("∅", "C", "A", "T", "S")
SPOKEN_AT = (1.0, 2.6, 4.4, 6.2)
"""The frame around which each letter is heard."""


def scores() -> np.ndarray:
    """Log-probabilities (T, U+1, V): each letter is likely near its frame, and the next letter is the likely one."""
    frames, letters = np.arange(8.0), np.array(SPOKEN_AT)
    heard = 3.2 * np.exp(-((frames[:, None] - letters) ** 2) / 1.8)
    logits = np.zeros((8, 5, 5))
    logits[:, :, BLANK] = 1.2
    logits[:, :, 1:] = heard[:, None, :] - 1.6
    for u in range(4):
        logits[:, u, 1 + u] += 1.5
    return log_softmax(logits)


def main() -> None:
    """Write the picture."""
    log_probs, targets = scores(), np.array([1, 2, 3, 4])
    log_alpha, _ = oracle.forward(log_probs, targets, BLANK)
    log_beta, _ = oracle.backward(log_probs, targets, BLANK)
    cats = lattice.Lattice.from_log_probs(log_probs, targets, BLANK, symbols=SYMBOLS)
    lattice.occupancy(cats, log_alpha, log_beta).save(OUTPUT)
    print(OUTPUT.name)


if __name__ == "__main__":
    main()
