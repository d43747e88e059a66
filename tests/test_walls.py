"""The wall between asking and judging, seen as a whole: what judging can reach, and what runs while it does."""

import ast
import json
import subprocess
import sys
import textwrap
from functools import cache
from pathlib import Path

import pytest
from student_code import LOOPS
from test_project import ROOT, imports

from autograder import grading
from autograder.sandbox import Sandbox
from autograder.verdicts import Verdict

OURS = ("autograder", "helpers")
GRADING_ROOM = ["autograder.judging.seminar4", "autograder.judging.homework3"]
RUNS_DATA = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "runpy", "code", "IPython"}
"""Modules that turn data into running code."""
RUNS_TEXT = {"eval", "exec", "compile", "__import__", "execfile"}
LOADERS = {
    ("torch", "load"),
    ("np", "load"),
    ("numpy", "load"),
    ("jit", "load"),
    ("torch", "hub"),
    ("pd", "read_pickle"),
}


@cache
def file_of(module: str) -> Path | None:
    """The file of one of our modules; None for a name that is not a module."""
    path = ROOT.joinpath(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def imported(path: Path) -> set[str]:
    """Our modules that a file imports, anywhere in it, with the packages around them, which Python runs too.

    Of a package's own file only what is imported with it: its functions are doors for notebooks, not for the grader.
    """
    found = set()
    for name in imports(path, in_functions=path.name != "__init__.py"):
        parts = name.split(".")
        if parts[0] in OURS:
            found |= {".".join(parts[:length]) for length in range(1, len(parts) + 1)}
    return {name for name in found if file_of(name)}


def reach(*start: str) -> set[str]:
    """All of our modules that these import, and those that they import, and so on."""
    seen, waiting = set(), list(start)
    while waiting:
        module = waiting.pop()
        if module not in seen:
            seen.add(module)
            waiting += imported(file_of(module))
    return seen


def offences(tree: ast.AST) -> list[str]:
    """Lines of a module that could turn data into code."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.split(".")[0] in RUNS_DATA]
        elif isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").split(".")[0] in RUNS_DATA:
            found.append(node.module)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RUNS_TEXT:
            found.append(f"{node.func.id}() in line {node.lineno}")
        elif isinstance(node, ast.Attribute):
            owner = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
            if (owner, node.attr) in LOADERS:
                found.append(f"{owner}.{node.attr} in line {node.lineno}")
    return found


@pytest.mark.parametrize(
    "source",
    [
        "import pickle", "from marshal import loads", "def f():\n    import dill.source", "eval(x)", "exec(y)",
        "torch.load(p)", "from x import y\ny = torch.jit.load", "np.load(p, allow_pickle=True)", "__import__('os')",
    ],
)  # fmt: skip
def test_the_search_finds_what_it_looks_for(source):
    assert offences(ast.parse(source))


def test_nothing_that_judging_can_reach_turns_data_into_code():
    reached = reach(*GRADING_ROOM)
    assert {"autograder.judging.reading", "helpers.checks.scoring"} <= reached
    found = {module: offences(ast.parse(file_of(module).read_text("utf-8"))) for module in sorted(reached)}
    assert not {module: told for module, told in found.items() if told}


def test_judging_reaches_no_code_that_runs_beside_students():
    rooms = ("helpers.asking", "autograder.sandbox")
    beside = {module for module in reach(*GRADING_ROOM) if module.startswith(rooms)}
    # The recipe of the seminar's inputs, and the empty package around it.
    assert beside == {"helpers.asking", "helpers.asking.seminar4"}
    package = ast.parse(file_of("helpers.asking").read_text("utf-8"))
    assert all(isinstance(node, ast.Expr) for node in package.body), "the package itself must import nothing"


def test_the_worker_reaches_nothing_that_knows_an_answer():
    reached = {module for module in reach("autograder.sandbox.inside.asking") if module.startswith("autograder.")}
    # The package of sandboxes is empty inside (sandbox/staging.py).
    assert {module for module in reached if not module.startswith("autograder.sandbox.inside")} <= {
        "autograder.sandbox"
    } | reach("autograder.sandbox")
    assert not {module for module in reached if module.startswith("autograder.judging")}


JUDGE = textwrap.dedent(
    """
    import contextlib, json, sys
    from pathlib import Path
    from types import SimpleNamespace

    from autograder.judging import homework3, reading, seminar4
    from helpers.checks.rubric import HOMEWORK3, SEMINAR4

    folder, told = Path(sys.argv[1]), []
    hand_in = SimpleNamespace(files=(), heldout=SimpleNamespace(texts=(), about="none", corpus="", keys=()))

    def judge():
        for exercise in SEMINAR4:
            seminar4.judge(exercise, bytes(16), folder)
        for exercise in HOMEWORK3:
            homework3.judge(exercise, bytes(16), folder, hand_in)
        with contextlib.suppress(reading.NotReadable):
            reading.read_json(folder, "errors")

    judge()  # whatever is imported late
    NEVER = {
        "exec", "compile", "code.__new__", "import", "pickle.find_class", "marshal.loads", "os.system", "os.exec",
        "os.posix_spawn", "os.fork", "subprocess.Popen", "socket.__new__", "socket.connect", "ctypes.dlopen",
    }
    WRITES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.symlink", "shutil.rmtree"}

    def hook(event, arguments):
        if event in NEVER | WRITES:
            told.append([event, str(arguments)[:200]])
        elif event == "open" and isinstance(arguments[2], int) and arguments[2] & 3:
            told.append(["open for writing", str(arguments[0])])

    sys.addaudithook(hook)
    judge()
    done = list(told)
    sys.stdout.write(json.dumps(done))
    """
)


@pytest.mark.slow
def test_judging_a_hostile_folder_runs_nothing_and_writes_nothing(tmp_path):
    """Python itself tells of everything that is run, imported, unpickled, opened or connected to."""
    import pickle

    class Evil:
        def __reduce__(self):
            return (print, ("run!",))

    evil = pickle.dumps(Evil())
    from helpers.asking.seminar4 import questions

    names = [f"{exercise}-{question.key}" for exercise in ("forward", "backward") for question in questions(bytes(16))]
    for name in names:
        (tmp_path / f"{name}.json").write_text('{"status": "ok", "problem": ""}', "utf-8")
        (tmp_path / f"{name}.safetensors").write_bytes(evil)
        (tmp_path / f"{name}.npz").write_bytes(evil)
        (tmp_path / f"{name}.pkl").write_bytes(evil)
        (tmp_path / f"{name}.py").write_text("raise SystemExit('run!')", "utf-8")
    for module in ("sitecustomize", "numpy", "torch", "conftest", "__init__"):
        (tmp_path / f"{module}.py").write_text("raise SystemExit('run!')", "utf-8")
    for name in ("forward", "training-decode", "encoder", "errors", "finished"):
        (tmp_path / f"{name}.json").write_bytes(evil)
    done = subprocess.run(
        [sys.executable, "-c", JUDGE, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout) == []


@pytest.mark.slow
def test_no_student_code_is_alive_when_points_are_decided(monkeypatch):
    """Neither a daemon, nor a thread, nor a job in the background of the notebook's shell."""
    mark = "86431"

    def alive() -> list[str]:
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = path.read_bytes().split(b"\0")
            except OSError:
                continue
            if mark.encode() in words:
                found.append(path.parent.name)
        return found

    seen, judge = [], grading._judge

    def watched(*arguments):
        seen.append(alive())
        return judge(*arguments)

    monkeypatch.setattr(grading, "_judge", watched)
    cell = f"""
        import os, subprocess, threading, time
        subprocess.Popen(["sleep", "{mark}"], start_new_session=True)
        subprocess.Popen(["sh", "-c", "trap '' TERM HUP INT; sleep {mark} & sleep {mark}", "{mark}"])
        get_ipython().system("sleep {mark} &")
        if os.fork() == 0:
            os.setsid()
            os.execvp("sleep", ["sleep", "{mark}"])
        threading.Thread(target=time.sleep, args=({mark},), daemon=True).start()
        time.sleep(0.5)
    """
    steps = ({"run": textwrap.dedent(cell), "name": "cell 1"}, {"run": LOOPS, "name": "cell 2"})
    work = grading.Bundle("eve", "seminar4", (*steps, {"ask": "forward"}, {"ask": "backward"}), frozenset(), "", ())
    with Sandbox() as sandbox:
        grade = grading.grade_submission(work, b"key", sandbox)
    assert (grade.points, grade.verdict) == (10.0, Verdict.GRADED), grade.to_json()
    assert seen == [[], []]
