"""`python -m benchmarks [NAME ...]`: measure, print a table, write `benchmarks/results.json`.

All of it takes a quarter of an hour, most of it training. With names only those are measured, and other rows stay.
What takes longer still is measured by name only: scale_2000 (most of an hour).

Every figure is CPU time, but that throughput is wall time. Ours and the baseline are measured in the same run;
ratio = baseline / ours, so more is better.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from . import grading, homework, lattice, sandbox, scale, throughput

RESULTS = Path(__file__).with_name("results.json")


def main() -> None:
    """Run all benchmarks, or those named."""
    console = Console(width=150)
    usual = (
        *lattice.BENCHMARKS,
        *grading.BENCHMARKS,
        *sandbox.BENCHMARKS,
        *throughput.BENCHMARKS,
        *homework.BENCHMARKS,
    )
    everything = (*usual, *scale.ON_REQUEST)
    wanted = sys.argv[1:] or [measure.__name__ for measure in usual]
    if unknown := set(wanted) - {measure.__name__ for measure in everything}:
        sys.exit(f"There is no benchmark {unknown.pop()}. There are: {', '.join(m.__name__ for m in everything)}.")
    rows = {row["name"]: row for row in json.loads(RESULTS.read_text("utf-8"))} if RESULTS.exists() else {}
    table = Table("name", "ours", "baseline", "unit", "ratio", "what")
    for measure in everything:
        if measure.__name__ in wanted:
            with console.status(measure.__doc__.splitlines()[0]):
                result = measure()
            rows[result.name] = asdict(result)
            figures = (f"{figure:.3g}" for figure in (result.ours, result.baseline))
            table.add_row(result.name, *figures, result.unit, f"{result.ratio:.1f}", result.what)
    console.print(table)
    RESULTS.write_text(json.dumps(list(rows.values()), indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
