"""Predict, then fill: the learner says what a cell reads, or its number, before the cell shows it."""

from dataclasses import replace

from .figure import Figure
from .lattice import Lattice
from .live import Question
from .panel import density_for
from .views import _lattice, alpha, beta, log_levels

_DIRECTIONS = {"forward": alpha, "backward": beta}

ANY_ORDER = Question(
    "You can fill frame by frame, label by label or along anti-diagonals. In which of them does a cell read one that "
    "is still empty?",
    ("Frame by frame", "Label by label", "Along anti-diagonals", "In none of them"),
    3,
    "The two cells that a cell reads are filled before it in all three. Along an anti-diagonal no cell reads another, "
    "so a GPU fills it in one go.",
)


def fill(cat: Lattice, table, exercise: str = "forward", *, question: Question | None = ANY_ORDER) -> Figure:
    """The lattice with empty cells, filled one by one: the learner names the cells it reads, or types the number.

    Typed numbers may be written in any usual way ("0.104", "1.04e-1", "10.4 %", "ln −2.26", "0.2*0.3 + 0.1*0.4").
    The numbers that appear are those of `table`; one that does not follow from its neighbours is marked.

    Args:
        cat: the lattice, at most 150 nodes and 18 frames.
        table: log_alpha, or log_beta for exercise="backward"; (T, U+1).
        exercise: "forward" or "backward".
        question: what stands under the drawing; None for nothing.
    """
    if exercise not in _DIRECTIONS:
        raise ValueError(f'exercise is "{exercise}": write "forward" or "backward".')
    if not density_for(_lattice(cat).T, cat.U).node_numbers:
        raise ValueError(
            f"T = {cat.T} and U = {cat.U} leave no room for a number in each node: "
            "take at most 150 nodes and 18 frames."
        )
    whole = _DIRECTIONS[exercise](cat, table)
    name = "log_alpha" if exercise == "forward" else "log_beta"
    levels, _, _ = log_levels(whole.spec[name])
    # Where no script runs, the filled lattice is the picture.
    return replace(
        whole, view="fill", spec={**whole.spec, "exercise": exercise, "levels": levels.round(2)}, question=question
    )
