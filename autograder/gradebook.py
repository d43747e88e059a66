"""The bridge to nbgrader: scores into gradebook.db, graded notebooks where formgrader looks for them."""

import os
import sys
import warnings
from pathlib import Path

from .course import ASSIGNMENTS, Assignment, Course
from .verdicts import Grade


class Ledger:
    """nbgrader's gradebook, open for writing. One writer at a time: nbgrader itself gives up on a locked database."""

    def __init__(self, course: Course):
        from nbgrader.api import Gradebook

        os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        self._book = Gradebook(f"sqlite:///{course.gradebook.resolve()}", course_id="rnnt")

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *error) -> None:
        self._book.close()

    def record(self, grade: Grade, timestamp: str | None = None) -> None:
        """Write the scores of one submission. All check cells are written, so nothing stale can stay behind.

        A score that a person gave by hand is kept; nbgrader lets it win, and the cell is marked for another look.
        """
        assignment = ASSIGNMENTS[grade.assignment]
        notebook = Path(assignment.notebook).stem
        more = {"timestamp": timestamp} if timestamp else {}
        with warnings.catch_warnings():
            # SQLAlchemy tells nbgrader, for each new submission, what nbgrader means to do.
            warnings.filterwarnings("ignore", message="Object of type .* not in session")
            last, _, first = (part.title() for part in grade.student.partition("_"))
            self._book.update_or_create_student(grade.student, last_name=last, first_name=first)
            self._book.update_or_create_submission(assignment.name, grade.student, **more)
        for exercise in grade.exercises:
            cell = self._book.find_grade(f"check-{exercise.key}", notebook, assignment.name, grade.student)
            cell.auto_score = exercise.points if grade.decided else None
            cell.needs_manual_grade = cell.manual_score is not None or not grade.decided
        self._book.db.commit()

    def scores(self, assignment: Assignment) -> dict[str, float]:
        """What nbgrader shows for each student, manual scores included."""
        return {
            submission.student_id: submission.score for submission in self._book.assignment_submissions(assignment.name)
        }


def write_graded_notebook(course: Course, grade: Grade, notebook) -> None:
    """Put the submission where formgrader shows it, with our findings as the outputs of its check cells."""
    import nbformat

    from .reports import exercise_html

    assignment = ASSIGNMENTS[grade.assignment]
    by_cell = {f"check-{exercise.key}": exercise for exercise in grade.exercises}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.outputs, cell.execution_count = [], None
        exercise = by_cell.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
        if exercise:
            data = {"text/plain": f"{exercise.points}", "text/html": exercise_html(exercise)}
            cell.outputs = [nbformat.v4.new_output("execute_result", data, execution_count=None)]
    folder = course.autograded(assignment, grade.student)
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, folder / assignment.notebook)
