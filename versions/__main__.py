"""`python -m versions matrix | future`: the tests with other Pythons and other releases than the pinned ones.

Environments are made in build/versions, several GB each; .venv is only read. The exit code is 1 if a test failed or
something could not be installed, 2 if nothing could be tried.
"""

import argparse
import sys

from rich.console import Console
from rich.table import Table

from . import future, matrix, suite
from .environments import Broken

WIDTH_WITHOUT_TERMINAL = 150


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit code."""
    options = _parser().parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL, highlight=False)
    try:
        return options.run(options, console)
    except Broken as sentence:
        print(f"versions: {sentence}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m versions", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    tried = commands.add_parser("matrix", help="oldest and newest Python and torch, all else as pinned")
    tried.add_argument("--pair", action="append", default=[], metavar="NAME", help="only this one; may be repeated")
    tried.add_argument("--core", action="store_true", help="a few minutes of tests each instead of the quick round")
    tried.set_defaults(run=_matrix)
    commands.add_parser("future", help="the newest release of every direct dependency").set_defaults(run=_future)
    return parser


def _matrix(options: argparse.Namespace, console: Console) -> int:
    known = {pair.name: pair for pair in matrix.pairs()}
    if unknown := [name for name in options.pair if name not in known]:
        raise Broken(f"There is no pair {unknown[0]}. There are: {', '.join(known)}.")
    chosen = [known[name] for name in options.pair or known]
    table = Table("Python", "torch", "torchaudio", "tests", "", title="Oldest to newest")
    rows = []
    for row in matrix.try_all(chosen, suite.CORE if options.core else suite.QUICK, _reporter(console)):
        rows.append(row)
        said = row.outcome.words if row.outcome else "not tried"
        color = "yellow" if not row.outcome else "green" if row.outcome.good else "red"
        table.add_row(row.pair.python, row.pair.torch, row.pair.torchaudio, f"[{color}]{said}[/]", row.note)
        _list(console, row.outcome.failed if row.outcome else {})
    console.print(table)
    tried = [row.outcome.good for row in rows if row.outcome]
    return 2 if not tried else int(not all(tried))


def _future(options: argparse.Namespace, console: Console) -> int:
    found = future.look(_reporter(console))
    table = Table("package", "pinned", "newest", "outcome", title=f"The newest of everything, Python {found.python}")
    for package in found.packages:
        color = "red" if package.failed else "green" if package.tried != package.pinned else "dim"
        table.add_row(package.name, package.pinned, package.newest, f"[{color}]{package.outcome}[/]")
    _list(console, found.outcome.failed)
    console.print(table)
    if found.unexplained:
        number = len(found.unexplained)
        console.print(f"{number} of the failures go{'es' * (number == 1)} with no single package.")
    console.print(f"Quick suite and both notebooks: {found.outcome.words}.")
    return int(not found.outcome.good)


def _list(console: Console, failed: dict[str, str]) -> None:
    for test, words in failed.items():
        console.print(f"{test}: {words}", markup=False, soft_wrap=True)


def _reporter(console: Console):
    """Shows what is being done: a line that moves on a terminal, elsewhere a line for each new thing."""
    if console.is_terminal:
        status = console.status("")
        status.start()
        return status.update
    seen = set()

    def report(words: str) -> None:
        what = words.partition(", ")[0]
        if what not in seen:
            seen.add(what)
            print(words, flush=True)

    return report


if __name__ == "__main__":
    sys.exit(main())
