"""Promises of the project as a whole: one list of pins, walls between the packages, a command line that starts fast."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from autograder.course import ASSIGNMENTS

ROOT = Path(__file__).resolve().parent.parent
WITHHELD = ("helpers.loss", "torchaudio")
"""Modules that hold the answer to some assignment, and are absent where that one is asked."""
HEAVY = {"numpy", "torch", "nbgrader", "nbformat", "rich", "jinja2", "IPython", "matplotlib"}


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def imports(path: Path, in_functions: bool = True) -> set[str]:
    """Absolute names of all modules that a file imports, wherever in the file or only when it is imported itself.

    What is only there for a type checker is never imported.
    """
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    found, waiting = set(), [ast.parse(path.read_text("utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if in_functions or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return found


def python_files(*folders: str) -> list[Path]:
    return [path for folder in folders for path in (ROOT / folder).rglob("*.py")]


def starts_with(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def test_every_dependency_is_pinned():
    extras = [pin for pins in project()["optional-dependencies"].values() for pin in pins]
    for pin in [*project()["dependencies"], *extras]:
        assert re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][0-9a-z.]*", pin), pin


def test_conda_installs_the_same_pins():
    listed = re.findall(r"^\s+- ([A-Za-z0-9_.-]+==\S+)$", (ROOT / "environment.yml").read_text("utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(project()["dependencies"])


def test_torch_and_torchaudio_are_one_pair():
    pins = dict(pin.split("==") for pin in project()["dependencies"])
    assert pins["torch"] == pins["torchaudio"] == "2.11.0"


def test_students_code_never_imports_the_staff():
    for path in python_files("helpers"):
        staff = {name for name in imports(path) if starts_with(name, "autograder", "data_scripts", "benchmarks")}
        assert not staff, f"{path.relative_to(ROOT)} imports {staff}"


def test_asking_can_see_no_answer():
    for path in python_files("helpers/asking", "autograder/sandbox/inside"):
        names = imports(path)
        staff = {name for name in names if starts_with(name, "autograder", "data_scripts", "benchmarks")}
        staff = {name for name in staff if not starts_with(name, "autograder.sandbox.inside")}
        assert not staff - {"autograder", "autograder.sandbox"}, f"{path.relative_to(ROOT)} imports {staff}"
        # Withheld in one assignment or another, because it would give the answer away (autograder/course.py).
        assert not {name for name in names if starts_with(name, *WITHHELD)}, path.relative_to(ROOT)


def test_asking_loads_nothing_that_is_withheld():
    code = (
        "import sys, helpers.asking.worker, helpers.asking.homework3, helpers.asking.training\n"
        f"found = set({WITHHELD!r}) & set(sys.modules)\n"
        "sys.exit(f'imports {found}' if found else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr


def test_all_that_is_withheld_is_watched():
    names = {name for assignment in ASSIGNMENTS.values() for name in assignment.withheld}
    assert {f"helpers.{name[:-3]}" if name.endswith(".py") else name for name in names} == set(WITHHELD)


def test_judging_evaluates_nothing():
    dangerous = {
        "pickle",
        "marshal",
        "shelve",
        "dill",
        "joblib",
        "importlib",
        "runpy",
        "subprocess",
        "IPython",
    }
    calls = {"eval", "exec", "compile", "__import__", "open_code"}
    for path in python_files("autograder/judging"):
        names = imports(path)
        assert not {name for name in names if name.split(".")[0] in dangerous}, path.name
        used = {
            node.func.id
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not used & calls, path.name
        assert not re.search(r"\b(?:torch|np|numpy)\.load\b|\bjit\b", path.read_text("utf-8")), path.name
        room = {name for name in names if starts_with(name, "autograder")}
        # From the other room only the recipe of the inputs, which is ours; nothing that ran beside a student.
        assert all(starts_with(name, "autograder.judging", "helpers.asking.seminar4") for name in room), room


@pytest.mark.parametrize(
    "command", ["", "release", "collect", "receipt", "grade", "feedback", "report", "demo", "doctor"]
)
def test_help_imports_nothing_heavy(command):
    code = (
        "import sys; from autograder.cli import main\n"
        f"try: main([*{command.split()!r}, '--help'])\n"
        "except SystemExit: pass\n"
        f"heavy = {HEAVY!r} & set(sys.modules)\n"
        "sys.exit(f'imports {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert "usage: python -m autograder" in done.stdout


def test_importing_helpers_is_light():
    code = (
        "import sys, helpers, helpers.checks, helpers.lattice\n"
        f"sys.exit(bool({HEAVY - {'numpy'}!r} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_the_commands_of_the_readme_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    readme = (ROOT / "README.md").read_text("utf-8") + (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert set(re.findall(r"\bmake ([a-z]+)`", readme)) <= targets


def test_links_in_the_documents_lead_somewhere():
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", document.read_text("utf-8")):
            assert (document.parent / link).exists(), f"{document.name} links to {link}"
