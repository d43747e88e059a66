"""Judge a training run by what it left behind: its log, and error rates measured with its weights."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from .comparing import Finding
from .rubric import Exercise, Item
from .scoring import ExerciseResult, decide

TRAIN_ROWS, EVALUATIONS = 10, 2
"""What makes a curve."""

AGREEMENT = 0.08
"""CER on dev, as logged at the end, and CER on other utterances of the same kind differ by less than this."""

LOG, WEIGHTS, PT_WEIGHTS = "log.jsonl", "weights.safetensors", "weights.pt"
"""The hand-in of a run: the log, and the weights in one of two formats. A .pt is read as tensors only."""
MOST_LOG_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Measured:
    """Error rates of the trained model, corpus level."""

    cer: float
    wer: float
    on: str
    """What it was measured on."""


def parse_log(data: bytes) -> tuple[list[dict], str]:
    """The rows of a run log, and a sentence where it cannot be read. A last line that was cut off is left out."""
    if len(data) > MOST_LOG_BYTES:
        return [], f"{LOG} is larger than {MOST_LOG_BYTES // 2**20} MB."
    rows = []
    lines = data.decode("utf-8", "replace").splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            if number == len(lines):
                break
            return [], f"{LOG} is damaged in line {number}."
        if isinstance(row, dict):
            rows.append(row)
    return rows, ""


def final_evaluation(rows: Sequence[dict]) -> Measured | None:
    """What the log says of the last evaluation."""
    for row in reversed(rows):
        if row.get("kind") == "final" and _rate(row.get("cer")) and _rate(row.get("wer")):
            return Measured(float(row["cer"]), float(row["wer"]), "dev, by your log")
    return None


def corpus_of(rows: Sequence[dict]) -> str:
    """The name of the corpus that was trained on; empty where the log does not say."""
    start = next((row for row in rows if row.get("kind") == "start"), {})
    return str(start.get("train_set", "")).split(" ")[0]


def agree(logged: Measured | None, measured: Measured | None) -> bool:
    """Whether both can be of one run."""
    return logged is not None and measured is not None and abs(logged.cer - measured.cer) <= AGREEMENT


def decide_run(
    exercise: Exercise, rows: Sequence[dict], problem: str, measured: Measured | None, trouble: str
) -> ExerciseResult:
    """Points for a run. `problem` is about the log, `trouble` about the weights; empty where there is none.

    The thresholds are the rubric's: corpus level (all errors over all reference characters or words), greedy decoding.
    """
    most = {item.key: item.at_most for item in exercise.items}
    checks = {
        "curves": lambda: _curves(rows, problem),
        "agreement": lambda: _agreement(final_evaluation(rows), measured, problem or trouble),
        "cer": lambda: _threshold("CER", measured and measured.cer, most["cer"], measured, trouble),
        "wer": lambda: _threshold("WER", measured and measured.wer, most["wer"], measured, trouble),
    }
    outcomes: dict[Item, list] = {item: [("the run", checks[item.key]())] for item in exercise.items}
    told = [] if problem or all(not findings[0][1] for findings in outcomes.values()) else recognise(rows, measured)
    return decide(exercise, outcomes, told)


# --- what the numbers of a run say of it ----------------------------------------------------------------------------

STILL_NOTHING_LEARNED = 2.0
"""Nats per character. Letters by their frequency alone cost about 2.9, a model that listens much less than 1."""
CLIPPED_LOSS, CLIPPED_CER = (0.2, 0.5), (0.18, 0.45)
"""Where runs with clipped scores come to rest: 0.30 nats and CER 0.25 to 0.36 (measured with a toy experiment)."""
AT_REST = 0.05
"""Relative change of the loss between the last two evaluations."""


def recognise(rows: Sequence[dict], measured: Measured | None) -> list[str]:
    """The known courses of a run that these numbers look like; names are those of `words.run`.

    Of weights that are not those of the log no more is said: the log is not about them.
    """
    train = [row for row in rows if row.get("kind") == "train"]
    seen = [row for row in rows if row.get("kind") in ("dev", "final")]
    logged = final_evaluation(rows)
    steps = [row["step"] for row in train if _number(row.get("step"))]
    if any(later <= earlier for earlier, later in pairwise(steps)):
        return ["two-runs-in-one-log"]
    if logged is None:
        return ["ended-early"] if train else []
    if measured is not None and not agree(logged, measured):
        return ["weights-untrained" if measured.cer >= 0.9 > logged.cer else "weights-of-another-run"]
    return _course(train, seen, logged)


def _course(train: Sequence[dict], seen: Sequence[dict], logged: Measured) -> list[str]:
    trained, heard = _numbers(train, "loss_per_char"), _numbers(seen, "loss_per_char")
    broken = any(isinstance(row.get("loss"), float) and not math.isfinite(row["loss"]) for row in train)
    if broken or (trained and trained[-1] > 1.5 * min(trained)):
        return ["diverged"]
    if not heard:
        return []
    ratio = (_numbers(seen, "length_ratio") or [1.0])[-1]
    last, best = heard[-1], min(heard)
    if last > STILL_NOTHING_LEARNED:
        return ["learned-too-little"]
    if ratio > 1.5:
        return ["writes-too-much"]
    if trained and last > 1.2 * best and trained[-1] < 0.5 * last:
        return ["learned-by-heart"]
    if last < 0.2 and logged.cer > 0.5:
        return ["decoding-disagrees"]
    if ratio < 0.5 and logged.cer > 0.5:
        return ["writes-almost-nothing"]
    rests = len(heard) > 1 and abs(heard[-2] - last) <= AT_REST * last
    if rests and CLIPPED_LOSS[0] < last < CLIPPED_LOSS[1] and CLIPPED_CER[0] < logged.cer < CLIPPED_CER[1]:
        return ["scores-clipped"]
    return []


def _numbers(rows: Sequence[dict], key: str) -> list[float]:
    return [float(row[key]) for row in rows if _number(row.get(key))]


def _curves(rows: Sequence[dict], problem: str) -> Finding | None:
    if problem:
        return Finding(what=problem)
    losses = [row for row in rows if row.get("kind") == "train" and _number(row.get("loss"))]
    seen = [row for row in rows if row.get("kind") in ("dev", "final")]
    seen = [row for row in seen if _rate(row.get("cer")) and _rate(row.get("wer"))]
    if len(losses) >= TRAIN_ROWS and len(seen) >= EVALUATIONS:
        return None
    return Finding(
        what=f"The log has {len(losses)} values of the loss and {len(seen)} evaluations with CER and WER.",
        next=f"It takes {TRAIN_ROWS} and {EVALUATIONS} to see a curve: train with helpers.training to the end.",
    )


def _agreement(logged: Measured | None, measured: Measured | None, trouble: str) -> Finding | None:
    if trouble:
        return Finding(what=trouble)
    if logged is None:
        return Finding(what="The log ends without a final evaluation.", next="Let the training run to its end.")
    if measured is None:
        return Finding(what="The weights could not be tried.")
    if agree(logged, measured):
        return None
    return Finding(
        what=f"The log ends with CER {logged.cer:.3f}; these weights reach {measured.cer:.3f} on {measured.on}.",
        why="The log and the weights may be of different runs.",
        next="Hand in the whole folder of one run.",
    )


def _threshold(name: str, rate: float | None, most: float, measured: Measured | None, trouble: str) -> Finding | None:
    if measured is None:
        return Finding(what=trouble or f"There is no {name} to look at.")
    if rate <= most:
        return None
    return Finding(
        what=f"{name} is {rate:.3f} on {measured.on}; at most {most:g} is asked.",
        next="Watch the loss per character and the length ratio: do they still improve when training ends?",
    )


def _number(value: object) -> bool:
    # A whole number of four hundred digits is JSON too, and no float.
    small = isinstance(value, float) or (isinstance(value, int) and abs(value) < 10**15)
    return small and not isinstance(value, bool) and math.isfinite(value)


def _rate(value: object) -> bool:
    return _number(value) and value >= 0
