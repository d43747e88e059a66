"""The instructor's page about a whole class: `write` makes it, and a CSV file for everything that it shows."""

from .page import write

__all__ = ["write"]
