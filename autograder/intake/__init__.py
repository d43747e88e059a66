"""Hand-ins as students send them -> submissions that can be graded.

`names`, `notebooks` and `archives` each make one kind of untrusted input harmless; `filing` keeps originals and
records; `collecting` puts them together. Nothing of a student's is executed here.
"""

from autograder.intake.collecting import IntakeError, Row, collect
from autograder.intake.filing import Received, received
from autograder.intake.notebooks import Unreadable, read_notebook

__all__ = ["IntakeError", "Received", "Row", "Unreadable", "collect", "read_notebook", "received"]
