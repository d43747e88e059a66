"""What students get, and what they must not get."""

import ast
import re
import stat

import nbformat
import pytest

from autograder import cli
from autograder.course import ASSIGNMENTS, REPOSITORY, Course
from autograder.release import STUB

SEMINAR = ASSIGNMENTS["seminar4"]


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    root = tmp_path_factory.mktemp("release") / "course"
    assert cli.main(["release", "seminar4", "--course", str(root)]) == 0
    return Course(root)


@pytest.fixture(scope="module")
def handout(course):
    return course.root / "handout" / "seminar4"


def solution_lines() -> set[str]:
    """The lines between the solution marks of the source notebook that say something of their own."""
    source = nbformat.read(REPOSITORY / "notebooks" / "seminar4" / "seminar4.ipynb", as_version=4)
    lines = set()
    for cell in source.cells:
        for body in re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", cell.source, re.DOTALL):
            lines |= {line.strip() for line in body.splitlines() if len(line.strip()) > 30}
    return lines


def test_there_are_solutions_to_look_for():
    assert len(solution_lines()) >= 6


def test_the_students_folder_holds_no_solution_and_nothing_of_the_staff(handout):
    files = [path for path in handout.rglob("*") if path.is_file()]
    assert {"seminar4.ipynb"} <= {path.name for path in files}
    notebook = "\n".join(cell.source for cell in nbformat.read(handout / "seminar4.ipynb", as_version=4).cells)
    text = "\n".join(path.read_text("utf-8") for path in files if path.suffix in {".py", ".json"}) + notebook
    for line in solution_lines():
        assert line not in text
    for trace in ("BEGIN SOLUTION", "BEGIN HIDDEN TESTS", "def _forward_scan", "import autograder", "from autograder"):
        assert trace not in text
    assert not [path for path in files if "autograder" in path.parts[len(handout.parts) :]]


def test_no_function_in_the_students_folder_fills_a_lattice_from_its_neighbours(handout):
    """No assignment in helpers reads the array that it writes at a neighbouring index: that would be the recursion."""
    for path in handout.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Assign | ast.AugAssign):
                continue
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            written = {ast.unparse(target.value) for target in targets if isinstance(target, ast.Subscript)}
            for part in ast.walk(node.value):
                if isinstance(part, ast.Subscript) and ast.unparse(part.value) in written:
                    neighbour = any(isinstance(index, ast.BinOp) for index in ast.walk(part.slice))
                    assert not neighbour, f"{path.name}: {ast.unparse(node)}"


def test_the_loss_holds_the_answer_and_is_withheld_from_the_seminar(handout):
    assert "loss.py" in SEMINAR.withheld
    assert not (handout / "helpers" / "loss.py").exists()
    assert (REPOSITORY / "helpers" / "loss.py").exists()


def test_stubs_take_the_place_of_solutions(handout):
    cells = {cell.id: cell.source for cell in nbformat.read(handout / "seminar4.ipynb", as_version=4).cells}
    assert STUB in cells["forward"]
    assert STUB in cells["backward"]


def test_releasing_twice_is_harmless_and_keeps_the_course_key(course):
    key = course.key.read_text()
    assert cli.main(["release", "seminar4", "--course", str(course.root)]) == 0
    assert course.key.read_text() == key


def test_the_course_key_is_for_its_owner_only_and_not_handed_out(course, handout):
    assert stat.S_IMODE(course.key.stat().st_mode) == 0o600
    secret = course.key.read_bytes()
    assert all(secret not in path.read_bytes() for path in handout.rglob("*") if path.is_file())


def test_an_unknown_assignment_is_one_sentence(tmp_path, capsys):
    assert cli.main(["release", "seminar5", "--course", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "autograder: There is no assignment 'seminar5'. There are: seminar4, homework3.\n"
