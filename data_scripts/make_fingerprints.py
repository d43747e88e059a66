"""Make all numbers that the students' checks compare with: public cases, right answers, fingerprints of known mistakes.

    python -m data_scripts.make_fingerprints            # write
    python -m data_scripts.make_fingerprints --check    # exit 1 where a stored number is not what the code gives

Three files in helpers/assets: the cases of Seminar 4 with what each known mistake gives on them, the right arrays of
Homework 3, and sketches of the arrays that its known mistakes give. Numbers only: no wrong code and no right code.
"""

import argparse
import json
import sys
from collections.abc import Collection, Iterable
from pathlib import Path

import numpy as np
from safetensors.numpy import load, save
from tqdm.auto import tqdm

from autograder.judging import homework3, homework3_zoo, zoo
from helpers.checks import probing, published
from helpers.checks.cases import inputs_of
from helpers.checks.parts import PROBES
from helpers.units import size

from . import public_cases

HELPERS = Path(__file__).resolve().parent.parent / "helpers"
LATTICE = "assets/seminar4_cases.json"

FINGERPRINTED = (
    "cat", "warp", "repeats", "one-frame", "one-node", "no-labels", "more-labels", "first-blank", "middle-blank",
    "peaky", "impossible",
)  # fmt: skip
OF_PAIRS = ("cat", "repeats", "one-frame", "no-labels", "middle-blank", "impossible")
ONLY_THERE = {"probability-domain", "sums-through-float32-exp"}
"""Mistakes that show on the long lattice, which is stored for them alone."""


def lattice() -> str:
    """The text of the file about Seminar 4."""
    cases = public_cases.answered()
    fingerprints = {
        exercise: {name: _fingerprint(exercise, name, cases) for name in _watched(zoo.everything(exercise), exercise)}
        for exercise in zoo.ZOO
    }
    content = {
        "made_by": "python -m data_scripts.make_fingerprints",
        "cases": cases,
        "fingerprints": {
            exercise: {name: one for name, one in known.items() if one} for exercise, known in fingerprints.items()
        },
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return text.replace('{"key"', '\n{"key"').replace('}},"', '}},\n"') + "\n"


def _fingerprint(exercise: str, name: str, cases: list[dict]) -> dict[str, dict]:
    """By case: the array and the cost. Empty where a pair of mistakes gives what a single one gives."""
    stored = OF_PAIRS if probing.PAIR in name else FINGERPRINTED
    found = {}
    for case in cases:
        if case["key"] not in stored and not (case["key"] == "long" and name in ONLY_THERE):
            continue
        answer = zoo.answers(exercise, name, inputs_of(case))
        if answer is None or np.isnan(answer.cells).any() or np.isposinf(answer.cells).any():
            continue
        cost = float(f"{answer.cost:.7g}")
        cells = public_cases.stored(answer.cells, digits=7)
        found[case["key"]] = {"cells": cells, "cost": cost if np.isfinite(cost) else str(cost)}
    return found


def truth() -> dict[str, np.ndarray]:
    """All right arrays of Homework 3, named exercise/probe/array."""
    return {
        f"{exercise}/{probe.key}/{name}": np.ascontiguousarray(array)
        for exercise, probes in PROBES.items()
        for probe in probes
        for name, array in homework3.truth(exercise, probe.key, published.SEED).items()
    }


def sketches() -> dict[str, dict[str, dict]]:
    """By exercise, mistake and probe of Homework 3: how it ends, and a sketch of the arrays."""
    return {
        exercise: {
            name: {
                probe.key: homework3.outline(exercise, name, probe.key, published.SEED)
                for probe in PROBES[exercise]
                if probing.PAIR not in name or probe.key not in _LARGE
            }
            for name in _watched(homework3_zoo.everything(exercise), exercise)
        }
        for exercise in homework3_zoo.ZOO
    }


_LARGE = {"transcripts", "reference"}
"""Probes with many arrays. Of two mistakes made at once the others tell enough."""


def _watched(names: Collection[str], exercise: str) -> Iterable[str]:
    return tqdm(names, desc=exercise, unit="mistake", leave=False, disable=None)  # None: only on a terminal


def _rounded(value: object) -> object:
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_rounded(inner) for inner in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def out_of_date() -> list[str]:
    """The files whose numbers are, beyond rounding, not what the code gives."""
    found = []
    path = HELPERS / LATTICE
    if not path.exists() or path.read_text("utf-8") != lattice():
        found.append(LATTICE)
    stored, made = _stored_truth(), truth()
    if stored.keys() != made.keys() or not all(
        stored[name].shape == made[name].shape and np.allclose(stored[name], made[name], 1e-4, 1e-4) for name in made
    ):
        found.append(published.TRUTH)
    if not _same_sketches(_stored_sketches(), sketches()):
        found.append(published.SKETCHES)
    return found


def _stored_truth() -> dict[str, np.ndarray]:
    path = HELPERS / published.TRUTH
    return load(path.read_bytes()) if path.exists() else {}


def _stored_sketches() -> dict:
    path = HELPERS / published.SKETCHES
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def _same_sketches(stored: dict, made: dict) -> bool:
    """Up to rounding: floats of networks may differ in their last digits between machines."""
    if isinstance(made, dict) and "status" in made:
        return (
            isinstance(stored, dict)
            and stored.get("status") == made["status"]
            and ("sketch" in stored) == ("sketch" in made)
            and ("sketch" not in made or probing.same_sketch(stored["sketch"], made["sketch"]))
        )
    return stored.keys() == made.keys() and all(_same_sketches(stored[key], made[key]) for key in made)


def write() -> None:
    """Write the three files and say how large they are."""
    (HELPERS / "assets").mkdir(parents=True, exist_ok=True)
    (HELPERS / LATTICE).write_text(lattice(), "utf-8")
    (HELPERS / published.TRUTH).write_bytes(save(truth()))
    sketched = json.dumps(_rounded(sketches()), ensure_ascii=False, separators=(",", ":")).replace('}},"', '}},\n"')
    (HELPERS / published.SKETCHES).write_text(sketched + "\n", "utf-8")
    for name in (LATTICE, published.TRUTH, published.SKETCHES):
        print(f"{name}: {size((HELPERS / name).stat().st_size)}")


def main() -> int:
    """Write the files, or check that they are current."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only say whether the stored numbers are current")
    if not parser.parse_args().check:
        write()
        return 0
    old = out_of_date()
    print(f"{', '.join(old)}: out of date, run python -m data_scripts.make_fingerprints" if old else "current")
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main())
