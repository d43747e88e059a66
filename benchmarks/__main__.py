"""`python -m benchmarks [NAME ...]`: measure, print a table, write `benchmarks/results.json`.

All of it takes about half an hour, most of it training. With names only those are measured, and other rows stay.
What takes longer, or needs speech or a GPU that not everyone has, is measured by name only: train_mini_seed_recipe,
train_digits_cpu, overfit_librispeech, librispeech_epoch_gpu, first_five_minutes (installs 5 GB), scale_2000.

Figures are CPU time, but wall time for throughput, for a GPU, for what somebody waits for (import_helpers,
autograder_help, first_five_minutes) and for a browser (explorer_*). These stand, like bundle_size, beside what they
may be at most; elsewhere ours and the baseline are measured in the same run. ratio = baseline / ours: more is better.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from . import (
    beginning,
    checking,
    diagnosis,
    explorer,
    filming,
    gpu,
    grading,
    homework,
    lattice,
    sandbox,
    scale,
    throughput,
    training,
)
from .measuring import Result, Skipped

RESULTS = Path(__file__).with_name("results.json")
USUAL = (
    *beginning.BENCHMARKS,
    *lattice.BENCHMARKS,
    *explorer.BENCHMARKS,
    *grading.BENCHMARKS,
    *sandbox.BENCHMARKS,
    *throughput.BENCHMARKS,
    *checking.BENCHMARKS,
    *diagnosis.BENCHMARKS,
    *homework.BENCHMARKS,
    *training.BENCHMARKS,
    *filming.BENCHMARKS,
)
ON_REQUEST = (*training.ON_REQUEST, *gpu.ON_REQUEST, *beginning.ON_REQUEST, *scale.ON_REQUEST)


def names() -> list[str]:
    """What can be measured: each function is called as its row."""
    return [measure.__name__ for measure in (*USUAL, *ON_REQUEST)]


def main() -> None:
    """Run all benchmarks, or those named."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names()))
    wanted = parser.parse_args().names or [measure.__name__ for measure in USUAL]
    console = Console(width=150)
    if unknown := set(wanted) - set(names()):
        sys.exit(f"There is no benchmark {unknown.pop()}. There are: {', '.join(names())}.")
    table = Table("name", "ours", "baseline", "unit", "ratio", "what")
    for measure in (*USUAL, *ON_REQUEST):
        if measure.__name__ in wanted:
            try:
                with console.status(measure.__doc__.splitlines()[0]):
                    result = measure()
            except Skipped as reason:
                table.add_row(measure.__name__, "", "", "", "", f"skipped: {reason}")
            else:
                keep(asdict(result))
                table.add_row(*figures(result))
    console.print(table)


def figures(result: Result) -> list[str]:
    """The cells of a row."""
    ours, baseline = ("" if figure is None else f"{figure:.3g}" for figure in (result.ours, result.baseline))
    ratio = "" if result.ratio is None else f"{result.ratio:.1f}"
    return [result.name, ours, baseline, result.unit, ratio, result.what]


def keep(row: dict) -> None:
    """Put one row into the file, at once: a later benchmark may fail or be stopped."""
    rows = {old["name"]: old for old in json.loads(RESULTS.read_text("utf-8"))} if RESULTS.exists() else {}
    rows[row["name"]] = row
    RESULTS.write_text(json.dumps(list(rows.values()), indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
