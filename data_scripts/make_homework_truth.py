"""Make the numbers that the public checks of Homework 3 compare with, from the reference solution and the zoo.

python -m data_scripts.make_homework_truth            # write
python -m data_scripts.make_homework_truth --check    # exit 1 if the stored numbers are not what would be written
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from autograder.judging import homework3, homework3_zoo
from helpers.checks import probing, published
from helpers.checks.parts import PROBES

HELPERS = Path(__file__).resolve().parent.parent / "helpers"


def truth() -> dict[str, np.ndarray]:
    """All right arrays, named exercise/probe/array."""
    return {
        f"{exercise}/{probe}/{name}": np.ascontiguousarray(array)
        for exercise in PROBES
        for probe, arrays in homework3.truths(exercise, published.SEED).items()
        for name, array in arrays.items()
    }


def sketches() -> dict[str, dict]:
    """By exercise, mistake and probe: how it ends, and a sketch of the arrays."""
    return {
        exercise: {name: homework3.outline(exercise, wrong, published.SEED) for name, wrong in zoo.items()}
        for exercise, zoo in homework3_zoo.ZOO.items()
    }


def current() -> bool:
    """Whether what is stored is, up to rounding, what the code gives."""
    stored = published._arrays()
    made = truth()
    if stored.keys() != made.keys() or not all(
        stored[name].shape == made[name].shape and np.allclose(stored[name], made[name], 1e-4, 1e-4) for name in made
    ):
        return False
    for exercise, mistakes in sketches().items():
        if published.sketches(exercise).keys() != mistakes.keys():
            return False
        for name, probes in mistakes.items():
            for key, entry in probes.items():
                known = published.sketches(exercise)[name][key]
                if known["status"] != entry["status"]:
                    return False
                if "sketch" in entry and not probing.same_sketch(known["sketch"], entry["sketch"]):
                    return False
    return True


def main() -> int:
    """Write the files, or check that they are current."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only say whether the stored numbers are current")
    if parser.parse_args().check:
        fine = current()
        print("current" if fine else "out of date: run python -m data_scripts.make_homework_truth")
        return 0 if fine else 1
    save_file(truth(), HELPERS / published.TRUTH)
    text = json.dumps(sketches(), ensure_ascii=False, separators=(",", ":"))
    (HELPERS / published.SKETCHES).write_text(text + "\n", "utf-8")
    for name in (published.TRUTH, published.SKETCHES):
        print(f"{name}: {(HELPERS / name).stat().st_size / 1024:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
