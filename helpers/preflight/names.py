"""Whose hand-in it is: the same rules for the name that preflight writes and for the one that `collect` reads."""

import re
import unicodedata

LONGEST_STUDENT = 80
"""Characters of a student id; in UTF-8 it may take twice as many bytes, and a path has more parts than this one."""

# Two words with one of these are a title, not somebody's name.
_TITLES = {"copy", "download", "downloads", "final", "group", "homework", "hw", "notebook", "notebooks", "sem"}
_TITLES |= {"seminar", "solution", "solutions", "submission", "submissions", "task", "untitled", "version"}
_NOT_FILLED_IN = {"last", "first", "last-name", "first-name", "lastname", "firstname", "name", "surname"}


def student_id(text: str) -> str | None:
    """`Last Name_First` -> `last-name_first`; None if there are no two names in it, or if they are too long."""
    parts = text.split("_")
    if len(parts) == 1:
        parts = text.split()  # `Last First sem4.zip`
    if len(parts) == 1:
        parts = text.split("-")
        if len(parts) > 2:  # `garcia-marquez-gabriel`: where does the last name end?
            return None
    clean = [part for part in map(clean_part, parts) if part]
    identity = unicodedata.normalize("NFC", "_".join(clean))
    if len(clean) < 2 or len(identity) > LONGEST_STUDENT or len(identity.encode()) > 2 * LONGEST_STUDENT:
        return None
    named = all(any(character.isalpha() for character in part) for part in clean[:2])
    return identity if named and not _TITLES & set(clean) else None


def clean_part(part: str) -> str:
    """One of the two names as it stands in a student id: lower case, with hyphens for blanks."""
    part = unicodedata.normalize("NFC", part).casefold()
    part = re.sub(r"[\s-]+", "-", part)
    # Letters, the marks that belong to them, digits, hyphens. Dots and quotes go: "J." is "j" and "o'brien" "obrien".
    kept = (character for character in part if character == "-" or unicodedata.category(character)[0] in "LMN")
    return re.sub("-+", "-", "".join(kept)).strip("-")


def filled_in(last: object, first: object) -> bool:
    """Whether these are names, and not what stood there before."""
    if not (isinstance(last, str) and isinstance(first, str)):
        return False
    given = {_part(last), _part(first)}
    return "" not in given and not given <= _NOT_FILLED_IN


def student_of(last: str, first: str) -> str:
    """`"Van der Berg", "Ada"` -> `van-der-berg_ada`. ValueError, with a sentence, where that cannot be read back."""
    wanted = unicodedata.normalize("NFC", f"{_part(last)}_{_part(first)}")
    if student_id(wanted) != wanted:
        raise ValueError(
            f"From {last!r} and {first!r} no file name can be made that says whose it is: give a last and a first "
            f"name with letters in them, together at most {LONGEST_STUDENT} characters."
        )
    return wanted


def _part(name: str) -> str:
    # An underscore stands between the two names, so there can be none inside.
    return clean_part(name.replace("_", " ").strip())
