"""`python -m benchmarks`: measure, print a table, write `benchmarks/results.json`.

Every figure is CPU time. Ours and the baseline are measured in the same run; ratio = baseline / ours, so more is
better.
"""

import json
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from . import grading, lattice

RESULTS = Path(__file__).with_name("results.json")


def main() -> None:
    """Run all benchmarks."""
    console = Console(width=150)
    results = []
    for measure in (*lattice.BENCHMARKS, *grading.BENCHMARKS):
        with console.status(measure.__doc__.splitlines()[0]):
            results.append(measure())
    table = Table("name", "ours", "baseline", "unit", "ratio", "what")
    for result in results:
        table.add_row(
            result.name, f"{result.ours:.3g}", f"{result.baseline:.3g}", result.unit, f"{result.ratio:.1f}", result.what
        )
    console.print(table)
    RESULTS.write_text(json.dumps([asdict(result) for result in results], indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
