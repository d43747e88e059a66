"""`python -m autograder doctor`: how well this machine isolates student code, and how to get more."""

import json

from .console import isolation_tables, say, show, waiting
from .sandbox.examining import examine


def doctor(as_json: bool) -> int:
    """Print the examination; 0, whatever it finds."""
    with waiting("Trying each level of isolation"):
        found = examine()
    if as_json:
        print(json.dumps(found.to_json(), indent=1))
        return 0
    for table in isolation_tables(found):
        show(table)
    say(f"Student code runs here at level '{found.level}'. What each level guarantees: SECURITY.md.")
    for step in found.advice:
        say(f"To get more: {step}")
    return 0
