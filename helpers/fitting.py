"""Whether a notebook and the helpers, or a hand-in and the grader, come from the same release of the course."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Release:
    """What a bundle, or a notebook out of one, is marked with."""

    version: str
    """Such as "0.1.0"."""
    format: int
    """A higher one is made for other helpers and graders than a lower one."""

    def __str__(self) -> str:
        return f"helpers {self.version}"

    @property
    def order(self) -> tuple[int, ...]:
        """Sorts releases from the oldest to the newest."""
        return (self.format, *(int(part) if part.isdigit() else 0 for part in self.version.split(".")))


def this_release() -> Release:
    """The release that this folder of helpers is."""
    from helpers import FORMAT, __version__

    return Release(__version__, FORMAT)


def mismatch(notebook: Release, beside: Release) -> str:
    """A sentence on a notebook and the folder `helpers` that it found; empty where both are of one release."""
    if notebook == beside:
        return ""
    said = f"This notebook was released with {notebook}, the folder beside it is {beside.version}: "
    if notebook.format == beside.format:
        return said + "they work together, only a picture or a message may differ from the text."
    if notebook.format < beside.format:
        return said + "the notebook is too old for it. Take both from the newest zip of your course."
    return said + "the folder is too old for it. Take both from the zip that the notebook came in."


def graded_as(hand_in: Release, course: Release) -> str:
    """A sentence on a hand-in and the release that it is graded by; empty where both are the same."""
    if hand_in == course:
        return ""
    older = hand_in.order < course.order
    said = f"The notebook was released with {hand_in}, {'an older' if older else 'a newer'} release"
    said += f" than the course's, which has {course.version}"
    if hand_in.format == course.format:
        return f"{said}: it is graded as it is, and given cells that have changed since are put back."
    if older:
        return (
            f"{said}, and of another format: answers are found by their cells' names; look at the grade, or ask for "
            "the answers in the new notebook."
        )
    return f"{said}, and of a format that this grader does not know: update the grader before you trust the grade."
