"""The bridge to nbgrader: scores into gradebook.db, graded notebooks where formgrader looks for them.

nbgrader's own classes commit after every step, so that a kill in between leaves half a submission, and importing them
costs a second. Here each submission is one transaction of the database that nbgrader made.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from uuid import uuid4

from .course import ASSIGNMENTS, Assignment, Course
from .errors import UserError
from .files import write_whole
from .lateness import Standing
from .verdicts import Grade

SCHEMA = "e43177bfe90b"
"""nbgrader's name for the layout of its tables; 0.9.6 and several versions before have this one."""

PATIENCE = 60
"""Seconds to wait for another program, formgrader say, that is writing."""

SCORE = """CASE WHEN grade.manual_score IS NOT NULL THEN grade.manual_score + COALESCE(grade.extra_credit, 0)
                WHEN grade.auto_score IS NOT NULL THEN grade.auto_score + COALESCE(grade.extra_credit, 0) END"""
"""nbgrader's rule, but that it takes a score which nobody has given yet for 0."""


class Ledger:
    """nbgrader's gradebook, open for writing. UserError where it is not what nbgrader made."""

    def __init__(self, course: Course):
        self._path = course.gradebook
        if not self._path.exists():
            raise UserError(f"{self._path} is missing: run `python -m autograder release` for each assignment again.")
        address = f"{self._path.resolve().as_uri()}?mode=rw"
        self._db = sqlite3.connect(address, uri=True, timeout=PATIENCE, isolation_level=None)
        try:
            self._check_version(course)
        except BaseException:
            self._db.close()
            raise
        self._layouts: dict[str, _Layout] = {}

    def _check_version(self, course: Course) -> None:
        with self._explained():
            row = self._db.execute("SELECT version_num FROM alembic_version").fetchone()
        if row != (SCHEMA,):
            raise UserError(
                f"{self._path} is of another version of nbgrader: run `nbgrader db upgrade` in {course.root}."
            )

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *error) -> None:
        self._db.close()

    def record(self, grade: Grade, handed_in: datetime | None = None, another_look: bool = True) -> None:
        """Write the scores of one submission, all or none. All cells are written, so nothing stale can stay behind.

        A score or comment that a person gave is kept; nbgrader lets the score win. `another_look`: the person should
        see it again, because what it was given for has changed.
        """
        layout = self._layout(ASSIGNMENTS[grade.assignment])
        points = {f"check-{one.key}": one.points if grade.decided else None for one in grade.exercises}
        with self._transaction():
            notebook = self._submitted_notebook(layout, grade.student, handed_in)
            for name, cell in layout.graded.items():
                self._db.execute(
                    """UPDATE grade SET auto_score = :score, needs_manual_grade = CASE
                         WHEN manual_score IS NULL THEN :score IS NULL
                         WHEN auto_score IS NOT :score OR :look THEN 1
                         ELSE needs_manual_grade END
                       WHERE notebook_id = :notebook AND cell_id = :cell""",
                    {"score": points.get(name), "look": another_look, "notebook": notebook, "cell": cell},
                )

    def shows(self, grade: Grade, handed_in: datetime | None) -> bool:
        """Whether the gradebook says what `record` would write."""
        layout = self._layout(ASSIGNMENTS[grade.assignment])
        wanted = dict.fromkeys(layout.graded) | {
            f"check-{one.key}": one.points if grade.decided else None for one in grade.exercises
        }
        with self._explained():
            rows = self._db.execute(
                f"SELECT base_cell.name, grade.auto_score, submitted_assignment.timestamp {GRADES_OF_A_SUBMISSION}",
                (layout.assignment, grade.student),
            ).fetchall()
        return {name: score for name, score, _ in rows} == wanted and all(row[2] == _stored(handed_in) for row in rows)

    def withdraw(self, assignment: Assignment, student: str) -> None:
        """Take back a submission that is no longer there. What a person wrote on it is kept, without our scores."""
        layout = self._layout(assignment)
        with self._transaction():
            found = self._db.execute(FIND_SUBMISSION, (layout.assignment, student)).fetchone()
            if not found:
                return
            notebooks = "notebook_id IN (SELECT id FROM submitted_notebook WHERE assignment_id = ?)"
            self._db.execute(f"UPDATE grade SET auto_score = NULL, needs_manual_grade = 1 WHERE {notebooks}", found)
            by_hand = self._db.execute(
                f"""SELECT 1 FROM grade WHERE (manual_score IS NOT NULL OR extra_credit IS NOT NULL) AND {notebooks}
                    UNION SELECT 1 FROM comment WHERE manual_comment IS NOT NULL AND {notebooks}""",
                found * 2,
            ).fetchone()
            if not by_hand:
                for table in ("grade", "comment"):
                    self._db.execute(f"DELETE FROM {table} WHERE {notebooks}", found)
                self._db.execute("DELETE FROM submitted_notebook WHERE assignment_id = ?", found)
                self._db.execute("DELETE FROM submitted_assignment WHERE id = ?", found)

    def scores(self, assignment: Assignment) -> dict[str, float]:
        """What nbgrader shows for each student, manual scores included. Nobody is in it without any score."""
        with self._explained():
            rows = self._db.execute(
                f"""SELECT submitted_assignment.student_id, SUM({SCORE}) FROM submitted_assignment
                    JOIN submitted_notebook ON submitted_notebook.assignment_id = submitted_assignment.id
                    JOIN grade ON grade.notebook_id = submitted_notebook.id
                    WHERE submitted_assignment.assignment_id = ? GROUP BY submitted_assignment.student_id""",
                (self._layout(assignment).assignment,),
            ).fetchall()
        return {student: score for student, score in rows if score is not None}

    def standings(self, assignment: Assignment) -> dict[str, Standing]:
        """Scores, lateness and penalties as nbgrader has them, by student. Nobody is in it without any score."""
        layout = self._layout(assignment)
        with self._explained():
            deadline = self._deadline(layout)
            rows = self._db.execute(
                f"""SELECT submitted_assignment.student_id, submitted_assignment.timestamp,
                           submitted_assignment.extension, submitted_notebook.late_submission_penalty,
                           base_cell.name, {SCORE}
                    FROM submitted_assignment
                    JOIN submitted_notebook ON submitted_notebook.assignment_id = submitted_assignment.id
                    JOIN grade ON grade.notebook_id = submitted_notebook.id
                    JOIN base_cell ON base_cell.id = grade.cell_id
                    WHERE submitted_assignment.assignment_id = ?""",
                (layout.assignment,),
            ).fetchall()
        found: dict[str, Standing] = {}
        for student, handed_in, extension, penalty, cell, score in rows:
            known = found.setdefault(student, Standing(0.0, _late(handed_in, deadline, extension), penalty or 0.0, {}))
            if score is not None:
                found[student] = replace(known, score=known.score + score, cells=known.cells | {cell: score})
        return {student: one for student, one in found.items() if one.cells}

    def set_deadline(self, assignment: Assignment, deadline: datetime | None) -> None:
        """Write when an assignment is due; None leaves what somebody set in nbgrader."""
        layout = self._layout(assignment)
        if deadline is None or self._deadline(layout) == _stored(deadline):
            return
        with self._transaction():
            self._db.execute("UPDATE assignment SET duedate = ? WHERE id = ?", (_stored(deadline), layout.assignment))

    def extend(self, assignment: Assignment, longer: Mapping[str, timedelta]) -> None:
        """Write extensions, by student; whoever is not named keeps what somebody gave in nbgrader."""
        layout = self._layout(assignment)
        with self._explained():
            rows = self._db.execute(
                "SELECT student_id, extension FROM submitted_assignment WHERE assignment_id = ?", (layout.assignment,)
            ).fetchall()
        wanted = {
            student: _stored(EPOCH + longer[student]) if longer[student] else None
            for student, _ in rows
            if student in longer
        }
        changed = [
            (wanted[student], layout.assignment, student)
            for student, known in rows
            if student in wanted and wanted[student] != known
        ]
        if changed:
            with self._transaction():
                self._db.executemany(
                    "UPDATE submitted_assignment SET extension = ? WHERE assignment_id = ? AND student_id = ?", changed
                )

    def penalise(self, assignment: Assignment, penalties: Mapping[str, float]) -> None:
        """Write penalties for being late, by student."""
        layout = self._layout(assignment)
        with self._transaction():
            self._db.executemany(
                """UPDATE submitted_notebook SET late_submission_penalty = ? WHERE assignment_id =
                   (SELECT id FROM submitted_assignment WHERE assignment_id = ? AND student_id = ?)""",
                [(points or None, layout.assignment, student) for student, points in penalties.items()],
            )

    def _deadline(self, layout: "_Layout") -> str | None:
        with self._explained():
            return self._db.execute("SELECT duedate FROM assignment WHERE id = ?", (layout.assignment,)).fetchone()[0]

    def by_hand(self, assignment: Assignment) -> dict[str, "ByHand"]:
        """What a person gave in formgrader, by student. Nobody is in it without points or a comment by hand."""
        one = (self._layout(assignment).assignment,)
        with self._explained():
            points = self._db.execute(
                f"""SELECT submitted_assignment.student_id, base_cell.name, {SCORE} {CELLS_BY_HAND.format("grade")}
                    AND (grade.manual_score IS NOT NULL OR COALESCE(grade.extra_credit, 0) != 0)""",
                one,
            ).fetchall()
            comments = self._db.execute(
                f"""SELECT submitted_assignment.student_id, base_cell.name, comment.manual_comment
                    {CELLS_BY_HAND.format("comment")} AND TRIM(COALESCE(comment.manual_comment, '')) != ''""",
                one,
            ).fetchall()
        found: dict[str, ByHand] = {}
        for student, cell, score in points:
            if score is not None:
                found.setdefault(student, ByHand()).points[cell.removeprefix("check-")] = score
        for student, cell, text in comments:
            found.setdefault(student, ByHand()).comments[cell] = text.strip()
        return found

    def _submitted_notebook(self, layout: "_Layout", student: str, handed_in: datetime | None) -> str:
        """The id of the submission's notebook, with a row for each cell, as nbgrader lays them out."""
        add = self._db.execute
        last, _, first = (part.title() for part in student.partition("_"))
        add("INSERT OR IGNORE INTO student (id, first_name, last_name) VALUES (?, ?, ?)", (student, first, last))
        add(
            "INSERT OR IGNORE INTO submitted_assignment (id, assignment_id, student_id) VALUES (?, ?, ?)",
            (_new_id(), layout.assignment, student),
        )
        (submission,) = add(FIND_SUBMISSION, (layout.assignment, student)).fetchone()
        add("UPDATE submitted_assignment SET timestamp = ? WHERE id = ?", (_stored(handed_in), submission))
        add(
            "INSERT OR IGNORE INTO submitted_notebook (id, assignment_id, notebook_id, flagged) VALUES (?, ?, ?, 0)",
            (_new_id(), submission, layout.notebook),
        )
        (notebook,) = add(
            "SELECT id FROM submitted_notebook WHERE assignment_id = ? AND notebook_id = ?",
            (submission, layout.notebook),
        ).fetchone()
        for cell in layout.graded.values():
            add(
                "INSERT OR IGNORE INTO grade (id, notebook_id, cell_id, needs_manual_grade) VALUES (?, ?, ?, 1)",
                (_new_id(), notebook, cell),
            )
        for cell in layout.commented:
            add(
                "INSERT OR IGNORE INTO comment (id, notebook_id, cell_id) VALUES (?, ?, ?)",
                (_new_id(), notebook, cell),
            )
        return notebook

    def _layout(self, assignment: Assignment) -> "_Layout":
        if assignment.name not in self._layouts:
            with self._explained():
                rows = self._db.execute(
                    """SELECT assignment.id, notebook.id, base_cell.id, base_cell.name, base_cell.type FROM assignment
                       JOIN notebook ON notebook.assignment_id = assignment.id
                       JOIN base_cell ON base_cell.notebook_id = notebook.id
                       WHERE assignment.name = ? AND notebook.name = ?""",
                    (assignment.name, Path(assignment.notebook).stem),
                ).fetchall()
            cells = {name for _, _, _, name, _ in rows}
            if missing := {f"check-{exercise.key}" for exercise in assignment.exercises} - cells:
                raise UserError(
                    f"The gradebook does not know {' and '.join(sorted(missing))}: run `python -m autograder release "
                    f"{assignment.name}` again."
                )
            self._layouts[assignment.name] = _Layout(tuple(rows))
        return self._layouts[assignment.name]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._explained():
            # Waits for its turn here, not in the middle.
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise UserError(
                    f"{self._path} has been locked by another program for {PATIENCE} s: close it and give the command "
                    "again; what is graded is kept."
                ) from error
            raise UserError(f"{self._path} cannot be used: {error}.") from error
        except sqlite3.DatabaseError as error:
            raise UserError(f"{self._path} is damaged ({error}): put a backup back, or release again.") from error


FIND_SUBMISSION = "SELECT id FROM submitted_assignment WHERE assignment_id = ? AND student_id = ?"
GRADES_OF_A_SUBMISSION = """FROM submitted_assignment
    JOIN submitted_notebook ON submitted_notebook.assignment_id = submitted_assignment.id
    JOIN grade ON grade.notebook_id = submitted_notebook.id JOIN base_cell ON base_cell.id = grade.cell_id
    WHERE submitted_assignment.assignment_id = ? AND submitted_assignment.student_id = ?"""
CELLS_BY_HAND = """FROM submitted_assignment
    JOIN submitted_notebook ON submitted_notebook.assignment_id = submitted_assignment.id
    JOIN {0} ON {0}.notebook_id = submitted_notebook.id JOIN base_cell ON base_cell.id = {0}.cell_id
    WHERE submitted_assignment.assignment_id = ?"""


@dataclass(frozen=True)
class ByHand:
    """What a person gave one submission in formgrader."""

    points: dict[str, float] = field(default_factory=dict)
    """By exercise, extra credit included; they stand in the place of ours."""
    comments: dict[str, str] = field(default_factory=dict)
    """By the name of the cell that they were written under."""


@dataclass(frozen=True)
class _Layout:
    """What nbgrader's release wrote down about an assignment's notebook."""

    rows: tuple[tuple[str, str, str, str, str], ...]
    """Ids of assignment, notebook and cell; the cell's name and nbgrader's class for it."""

    @property
    def assignment(self) -> str:
        return self.rows[0][0]

    @property
    def notebook(self) -> str:
        return self.rows[0][1]

    @cached_property
    def graded(self) -> dict[str, str]:
        """Name and id of the cells that get a score, from us or by hand."""
        return {name: cell for _, _, cell, name, kind in self.rows if kind in {"GradeCell", "TaskCell"}}

    @cached_property
    def commented(self) -> tuple[str, ...]:
        """Ids of the cells that a person may comment."""
        return tuple(cell for _, _, cell, _, kind in self.rows if kind in {"SolutionCell", "TaskCell"})


def _new_id() -> str:
    return uuid4().hex


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""SQLAlchemy stores a length of time in SQLite as the moment that long after this one."""


def _late(handed_in: str | None, deadline: str | None, extension: str | None) -> float:
    """Seconds after the deadline, with the extension, by nbgrader's rule."""
    if not (handed_in and deadline):
        return 0.0
    longer = datetime.fromisoformat(extension) - EPOCH.replace(tzinfo=None) if extension else timedelta()
    over = datetime.fromisoformat(handed_in) - datetime.fromisoformat(deadline) - longer
    return max(0.0, over.total_seconds())


def _stored(moment: datetime | None) -> str | None:
    """A moment as nbgrader stores it."""
    return moment and f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"


def write_graded_notebook(course: Course, grade: Grade, notebook) -> None:
    """Put the submission where formgrader shows it, with our findings as the outputs of its check cells."""
    import nbformat

    from .feedback import exercise_html

    by_cell = {f"check-{exercise.key}": exercise for exercise in grade.exercises}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.outputs, cell.execution_count = [], None
        exercise = by_cell.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
        if exercise:
            data = {"text/plain": f"{exercise.points}", "text/html": exercise_html(exercise)}
            cell.outputs = [nbformat.v4.new_output("execute_result", data, execution_count=None)]
    notebook.metadata[MARK] = {"grade": grade.digest}
    write_whole(_graded_notebook(course, grade), nbformat.writes(notebook) + "\n")


def graded_notebook_shows(course: Course, grade: Grade) -> bool:
    """Whether the notebook that formgrader shows is the one of this grade."""
    try:
        shown = json.loads(_graded_notebook(course, grade).read_bytes())
        return shown["metadata"][MARK]["grade"] == grade.digest
    except (OSError, ValueError, KeyError, TypeError):
        return False


MARK = "rnnt"
"""Where our metadata lies in a notebook."""


def _graded_notebook(course: Course, grade: Grade) -> Path:
    assignment = ASSIGNMENTS[grade.assignment]
    return course.autograded(assignment, grade.student) / assignment.notebook
