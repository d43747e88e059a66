"""Everything a student notebook imports. Nothing in here knows of the staff's side."""

__version__ = "0.1.0"
"""Of the whole project: pyproject.toml, the students' bundle and the wheel of helpers read it here."""

FORMAT = 1
"""Of the bundle: raised when earlier notebooks no longer run with these helpers, or are handed in in another way."""
