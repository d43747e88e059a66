"""What the commands of this folder share: a mistake is one sentence on stderr, not a traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace


@contextmanager
def one_sentence() -> Iterator[SimpleNamespace]:
    """`.code` is the exit status when the block has ended: 0, 1 after an error, 130 after Ctrl-C."""
    from helpers.making.errors import CorpusError

    outcome = SimpleNamespace(code=0)
    try:
        yield outcome
    except (CorpusError, ValueError) as problem:
        print(problem, file=sys.stderr)
        outcome.code = 1
    except KeyboardInterrupt:
        print("Stopped. Run the same command again to continue.", file=sys.stderr)
        outcome.code = 130
