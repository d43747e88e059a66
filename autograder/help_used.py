"""What a hand-in says of the help that was used: read from `help.json`, shown beside the grade, charged where it costs.

The file comes from the student's machine, which may have written anything into it, or nothing. So it decides no point
but those that a course takes for hints (`course.toml`, `[hints] cost`), and a hand-in without it pays nothing.
"""

from collections import Counter
from dataclasses import replace
from pathlib import Path

from helpers.checks import help_file
from helpers.checks.predictions import PREDICTIONS

from .course import Assignment
from .verdicts import ExerciseGrade

MOST_MINUTES = 60 * 24 * 7


def help_used(folder: Path, assignment: Assignment) -> dict:
    """The help of one hand-in, as `Grade.help` keeps it; {} where there is no file, or none that makes sense.

    Only what belongs to the assignment: another notebook in the same folder may have written of its own.

    {"hints": {exercise: revealed}, "checks": {exercise: runs}, "minutes": at work, pauses left out,
    "predictions": {"right": at the first try, "asked": answered at all}}
    """
    path = folder / help_file.NAME
    told = help_file.Help() if path.is_symlink() else help_file.read(folder)
    if told == help_file.Help():
        return {}
    exercises = {exercise.key for exercise in assignment.exercises}
    checks = {key: runs for key, runs in told.checks.items() if key in exercises}
    predicted = [one for one in told.predictions if one.question in PREDICTIONS[assignment.name]]
    minutes = round(sum(runs.seconds for runs in checks.values()) / 60)
    return {
        "hints": dict(Counter(hint.exercise for hint in told.hints if hint.exercise in exercises)),
        "checks": {key: runs.runs for key, runs in checks.items()},
        "minutes": min(minutes, MOST_MINUTES),
        "predictions": {"right": sum(one.first for one in predicted), "asked": len(predicted)},
    }


def hints_revealed(used: dict) -> int | None:
    """How many hints in all; None where nothing is known."""
    return sum(used["hints"].values()) if used else None


def charged(exercise: ExerciseGrade, used: dict, cost: float) -> ExerciseGrade:
    """The same with the price of its hints: never more than it gave."""
    revealed = used.get("hints", {}).get(exercise.key, 0)
    taken = min(exercise.points, round(revealed * cost, 6))
    return replace(exercise, hints_cost=taken) if taken else exercise


def in_words(used: dict) -> str:
    """One sentence for the student and whoever reads along; empty where nothing is known."""
    if not used:
        return ""
    runs, asked = sum(used["checks"].values()), used["predictions"]["asked"]
    hints = ", ".join(f"{count} for {exercise}" for exercise, count in used["hints"].items())
    parts = [
        f"hints revealed: {hints or 'none'}",
        f"runs of the checks: {runs}",
        f"minutes between them: {used['minutes']}",
    ]
    if asked:
        parts.append(f"predictions right at the first try: {used['predictions']['right']} of {asked}")
    return f"As your notebook noted it: {'; '.join(parts)}."
