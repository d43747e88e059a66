"""This grader: all hand-ins in one class, among honest students, the whole road."""

import json
import os
import secrets
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

from autograder import grading
from autograder.course import ASSIGNMENTS, REPOSITORY, Course
from autograder.demo.hand_ins import TRAINED_RUN
from autograder.feedback import feedback
from autograder.gradebook import Ledger
from autograder.intake import collect
from autograder.marking import Submissions, mark
from autograder.release import release
from tests.untrusted import BROKE_OUT, RIGHT, Attack, Damage, packed, with_answers

from .exercise import ANSWERS
from .inside import listen
from .rivals import PORT, Outcome

WALL, CPU, CALL_SECONDS, CELL_SECONDS = 30, 15, 2, 5
"""Shorter than a course's, as they are for the others."""


def run(attacks: list[Attack], damages: list[Damage]) -> tuple[dict[str, Outcome], list[Outcome], str]:
    """Outcomes by name; of the classmates; and the level of isolation."""
    grading.CALL_SECONDS, grading.CELL_SECONDS = CALL_SECONDS, CELL_SECONDS
    hidden = [f"SECRET-{secrets.token_hex(8)}" for _ in range(3)]
    os.environ["TOKEN"] = hidden[0]
    threading.Thread(target=listen, args=(PORT, []), daemon=True).start()
    outcomes: dict[str, Outcome] = {}
    classmates: list[Outcome] = []
    with tempfile.TemporaryDirectory() as place:
        for name in ("homework3", "seminar4"):
            if name == "seminar4":
                ASSIGNMENTS[name] = replace(ASSIGNMENTS[name], wall_seconds=WALL, cpu_seconds=CPU)
            fought = [attack for attack in attacks if attack.assignment == name]
            hurt = damages if name == "seminar4" else []
            found, honest, level = _class(Path(place), name, fought, hurt, hidden)
            outcomes |= found
            classmates += honest
    return outcomes, classmates, level


def _class(root: Path, name: str, attacks: list[Attack], damages: list[Damage], hidden: list[str]):
    assignment, course = ASSIGNMENTS[name], Course(root / "course")
    release(assignment, course)
    solved = json.loads(course.source(assignment).read_text("utf-8"))
    solved["cells"][0]["source"] = f"# {hidden[1]}"
    course.source(assignment).write_text(json.dumps(solved), "utf-8")
    released = json.loads(course.release(assignment).read_text("utf-8"))
    known = {
        "course": course.root, "repository": REPOSITORY, "port": PORT, "address": "127.0.0.2", "socket": "/none",
        "feedback": "", "transcripts": "{}",
    }  # fmt: skip
    intact = with_answers(released, RIGHT if name == "homework3" else ANSWERS)
    own = with_answers(intact, {}, f"# {hidden[2]}")
    run_folder = (
        {f"run/{path.name}": path.read_bytes() for path in TRAINED_RUN.iterdir()} if name == "homework3" else {}
    )
    suffix = assignment.suffixes[0]
    inbox = root / f"inbox-{name}"
    inbox.mkdir()
    students = {}
    for attack in attacks:
        students[f"attack {attack.name}"] = student = f"{attack.name.replace('_', '-')}_attacker"
        (inbox / f"{student}_{suffix}.zip").write_bytes(attack.hand_in(attack.notebook(released, known)))
    for damage in damages:
        students[f"damage {damage.name}"] = student = f"{damage.name.replace('_', '-')}_hurt"
        file = damage.file.format(name=f"{student}_{suffix}")
        (inbox / file).write_bytes(damage.damage(json.loads(json.dumps(intact))))
    honest = [f"{first}_honest" for first in ("aaa", "mmm", "zzz")]
    for student in honest:
        members = {assignment.notebook: json.dumps(own).encode(), **run_folder}
        (inbox / f"{student}_{suffix}.zip").write_bytes(packed(members))
    collect(inbox, course)
    grades, told = {}, {}
    for grade, _ in mark(
        Submissions(assignment, course), lambda expected, folder: grading.LocalPool(2, expected, folder)
    ):
        grades[grade.student] = grade
        page = feedback(assignment, course, grade).read_text("utf-8")
        told[grade.student] = page + json.dumps(grade.to_json(), ensure_ascii=False)
    with Ledger(course) as ledger:
        scores = ledger.scores(assignment)

    def outcome(student: str) -> Outcome:
        grade = grades.get(student)
        points = scores[student] if grade and grade.decided else None
        leaked = any(secret in told.get(student, "") for secret in (*hidden, BROKE_OUT))
        return Outcome(points, [], leaked)

    full = [replace_points(outcome(student), assignment.points) for student in honest]
    return {key: outcome(student) for key, student in students.items()}, full, next(iter(grades.values())).isolation


def replace_points(outcome: Outcome, most: float) -> Outcome:
    """A classmate's points on the scale of 10, so that they can be compared with the others'."""
    return Outcome(None if outcome.points is None else 10 * outcome.points / most, [])
