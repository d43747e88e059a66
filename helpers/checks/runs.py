"""Judge a training run by what it left behind: its log, and error rates measured with its weights."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

from .comparing import Finding
from .rubric import Exercise, Item
from .scoring import ExerciseResult, decide

CER, WER = 0.15, 0.30
"""Thresholds, "at most": corpus level (all errors over all reference characters or words), greedy decoding."""

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


def decide_run(
    exercise: Exercise, rows: Sequence[dict], problem: str, measured: Measured | None, trouble: str
) -> ExerciseResult:
    """Points for a run. `problem` is about the log, `trouble` about the weights; empty where there is none."""
    checks = {
        "curves": lambda: _curves(rows, problem),
        "agreement": lambda: _agreement(final_evaluation(rows), measured, problem or trouble),
        "cer": lambda: _threshold("CER", measured and measured.cer, CER, measured, trouble),
        "wer": lambda: _threshold("WER", measured and measured.wer, WER, measured, trouble),
    }
    outcomes: dict[Item, list] = {item: [("the run", checks[item.key]())] for item in exercise.items}
    return decide(exercise, outcomes)


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
    if abs(logged.cer - measured.cer) <= AGREEMENT:
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
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _rate(value: object) -> bool:
    return _number(value) and value >= 0
