"""The public cases of Seminar 4: inputs that students may look at. `make_fingerprints` stores them with their answers.

The logits of the small cases are numbers that RNN-T implementations have published in their tests; the costs are ours,
from the oracle, and tests compare them with the published ones, with enumeration and with torchaudio.
"""

import numpy as np

from autograder.judging import oracle
from helpers.checks.cases import inputs_of

CAT_FRAMES = np.array([[0.2, 2.0, 0.1, -0.5], [1.0, 0.6, 0.7, -0.3], [0.4, -0.5, 1.8, 0.2], [0.5, -1.0, 0.3, 1.9]])
CAT_LABELS = np.array([[0.3, 0.9, -0.6, -0.8], [0.4, -0.9, 0.8, -0.4], [0.2, -0.8, -0.7, 1.0], [1.5, -0.6, -0.5, -0.4]])

WARP = np.array(
    [
        [[0.1, 0.6, 0.1, 0.1, 0.1], [0.1, 0.1, 0.6, 0.1, 0.1], [0.1, 0.1, 0.2, 0.8, 0.1]],
        [[0.1, 0.6, 0.1, 0.1, 0.1], [0.1, 0.1, 0.2, 0.1, 0.1], [0.7, 0.1, 0.2, 0.1, 0.1]],
    ]
)
TORCHAUDIO_PAIR = np.array(
    [
        0.065357, 0.787530, 0.081592, 0.529716, 0.750675, 0.754135, 0.609764, 0.868140, 0.622532,
        0.668522, 0.858039, 0.164539, 0.989780, 0.944298, 0.603168, 0.946783, 0.666203, 0.286882,
        0.094184, 0.366674, 0.736168, 0.166680, 0.714154, 0.399400, 0.535982, 0.291821, 0.612642,
        0.324241, 0.800764, 0.524106, 0.779195, 0.183314, 0.113745, 0.240222, 0.339470, 0.134160,
        0.505562, 0.051597, 0.640290, 0.430733, 0.829473, 0.177467, 0.320700, 0.042883, 0.302803,
        0.675178, 0.569537, 0.558474, 0.083132, 0.060165, 0.107958, 0.748615, 0.943918, 0.486356,
        0.418199, 0.652408, 0.024243, 0.134582, 0.366342, 0.295830, 0.923670, 0.689929, 0.741898,
        0.250005, 0.603430, 0.987289, 0.592606, 0.884672, 0.543450, 0.660770, 0.377128, 0.358021,
    ]
).reshape(2, 4, 3, 3)  # fmt: skip
K2_FRAMES = np.array([[0, 1, 2], [0, 0, 0], [0, 2, 4], [0, 3, 3]], dtype=np.float64)
K2_LABELS = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [2, 2, 0]], dtype=np.float64)


def additive(frames: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Logits of an additive joiner, (T, U+1, V)."""
    return frames[:, None, :] + labels[None, :, :]


def entry(key: str, item: str, title: str, source: str, targets: list[int], blank: int, **scores: object) -> dict:
    """One case; `scores` is `logits=array` or `random={...}`, and perhaps `impossible=[[t, u, k], ...]`."""
    if "logits" in scores:
        scores["logits"] = np.asarray(scores["logits"]).round(6).tolist()
    return {"key": key, "item": item, "title": title, "source": source, "targets": targets, "blank": blank, **scores}


def draw(seed: int, frames: int, labels: int, classes: int, scale: float = 1.5) -> dict:
    """The recipe of `helpers.checks.cases.random_log_probs`."""
    return {"seed": seed, "frames": frames, "labels": labels, "classes": classes, "scale": scale}


def cases() -> list[dict]:
    """All public cases, without their answers."""
    warp, torchaudio = "warp-transducer, torchaudio tests", "torchaudio tests"
    alphabet = [k % 29 for k in range(3, 108, 7)]  # many labels, none of them the blank 29
    return [
        entry("cat", "", "the worked example", "this project", [1, 2, 3], 0, logits=additive(CAT_FRAMES, CAT_LABELS)),
        # Everywhere but in "blank" the blank is the last class: who ignores the argument loses that item only.
        entry("warp", "small", "T=2, U=2", warp, [1, 2], -1, logits=WARP),
        entry("repeats", "small", "a label repeated", "this project", [1, 1, 2], -1, random=draw(10, 4, 3, 4)),
        entry("four-labels", "small", "T=5, U=4", "this project", [2, 0, 3, 1], -1, random=draw(11, 5, 4, 6)),
        # borders
        entry("one-frame", "borders", "T=1, U=2", "warp-rnnt tests", [1, 2], -1, logits=WARP[:1]),
        entry("one-node", "borders", "T=1, U=0", "warp-rnnt tests", [], -1, logits=WARP[:1, :1]),
        entry("no-labels", "borders", "T=5, U=0", "this project", [], -1, random=draw(12, 5, 0, 4)),
        entry("more-labels", "borders", "T=2, U=6", "this project", [1, 0, 2, 2, 1, 0], -1, random=draw(13, 2, 6, 4)),
        # blank
        entry("first-blank", "blank", "blank=0, T=2, U=2", warp, [1, 2], 0, logits=WARP),
        entry("two-labels", "blank", "blank=0, T=4, U=2", torchaudio, [1, 2], 0, logits=TORCHAUDIO_PAIR[0]),
        entry("one-label-twice", "blank", "blank=0, targets [1, 1]", torchaudio, [1, 1], 0, logits=TORCHAUDIO_PAIR[1]),
        entry("k2", "blank", "blank=2 of 3 classes", "k2 tests", [0, 1, 0], 2, logits=additive(K2_FRAMES, K2_LABELS)),
        entry("middle-blank", "blank", "blank=2 of 5 classes", "this project", [4, 0, 3], 2, random=draw(14, 4, 3, 5)),
        entry("third-last", "blank", "blank=-3", "this project", [4, 0, 1], -3, random=draw(15, 4, 3, 5)),
        # range
        entry("long", "range", "T=60, U=15, V=30", "this project", alphabet, -1, random=draw(16, 60, 15, 30, 1.0)),
        entry("peaky", "range", "peaky scores", "this project", [1, 2, 3, 1], -1, random=draw(17, 12, 4, 5, 150.0)),
        entry(
            "impossible", "range", "some scores are −∞", "this project", [1, 2, 0], -1, random=draw(18, 5, 3, 5),
            # One way is closed here and there, and still two ways meet in rows with an impossible blank.
            impossible=[[0, 0, 1], [3, 1, 4], [1, 2, 4], [4, 0, 1]],
        ),
    ]  # fmt: skip


def stored(array: np.ndarray, digits: int = 10) -> list:
    """Rounded, far below the tolerance of the checks; -inf and nan become null."""
    return [[float(f"{value:.{digits}g}") if np.isfinite(value) else None for value in row] for row in array]


def answered() -> list[dict]:
    """All public cases with their right answers."""
    entries = cases()
    for case in entries:
        inputs = inputs_of(case)
        log_alpha, cost = oracle.forward(inputs.log_probs, inputs.targets, inputs.blank)
        log_beta, _ = oracle.backward(inputs.log_probs, inputs.targets, inputs.blank)
        case |= {"log_alpha": stored(log_alpha), "log_beta": stored(log_beta), "cost": float(f"{cost:.12g}")}
    return entries
