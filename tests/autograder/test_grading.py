"""Student code against the grader: asked in a sandbox, judged by numbers. One sandbox serves a whole test process."""

import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from student_code import LOOPS, STUB, STYLES, function

from autograder import grading
from autograder.judging import zoo
from autograder.judging.seminar4 import judge
from autograder.sandbox import Limits, Sandbox
from autograder.sandbox.levels import obstacle, rungs
from autograder.verdicts import Grade, Verdict
from helpers import checks
from helpers.asking.seminar4 import questions
from helpers.checks.comparing import close
from helpers.checks.rubric import SEMINAR4

KEY = b"a key for tests"
SECRET = "RNNT_TEST_SECRET"
ASK = ({"ask": "forward"}, {"ask": "backward"})
ZEROS = """
import numpy as np
def forward(log_probs, targets, blank=-1):
    return np.zeros(log_probs.shape[:2]), 0.0
backward = forward
"""


class Only:
    """Stands in for `grading.Sandboxes`: the one sandbox that a test has."""

    def __init__(self, sandbox):
        self._sandbox = sandbox

    def mine(self, policy=None):
        return self._sandbox


@pytest.fixture(scope="module")
def shared_sandbox():
    """Started once, with a secret in the grader's environment."""
    os.environ[SECRET] = "hunter2"
    with Sandbox() as sandbox:
        yield sandbox
    del os.environ[SECRET]


@pytest.fixture
def grade(shared_sandbox, monkeypatch):
    """Grade cells of code in the shared sandbox."""
    monkeypatch.setattr(grading, "_lasting", Only(shared_sandbox))
    return graded


@pytest.fixture
def grade_apart(monkeypatch):
    """The same in a sandbox of its own and of the lowest level, for code that damages it."""
    with Sandbox(rung=rungs()[-1]) as sandbox:
        monkeypatch.setattr(grading, "_lasting", Only(sandbox))
        yield graded


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Where sandboxes are made."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def bundled(*cells, student="ada", after=(), limits=None, given=()):
    """Cells, the two questions, and cells after them. A cell that is a dict stands for itself."""
    steps = [{"run": textwrap.dedent(cell), "name": f"cell {n}"} for n, cell in enumerate((*cells, *after), start=1)]
    steps[len(cells) : len(cells)] = ASK
    return grading.Bundle(student, "seminar4", tuple(steps), frozenset(given), "", (), limits=limits or Limits())


def graded(*cells, **more):
    return grading.grade_submission(bundled(*cells, **more), KEY)


def assert_unharmed(grade):
    """The next student is graded as ever."""
    after = grade(LOOPS, student="the next one")
    assert (after.points, after.verdict) == (10.0, Verdict.GRADED), after.sentence


def assert_verdict(result, *verdicts):
    assert result.decided, result.sentence
    assert result.verdict in verdicts, result.sentence
    assert 0 <= result.points <= result.max_points == 10.0
    assert result.sentence
    assert "Traceback" not in json.dumps(result.to_json())


def said(result) -> str:
    """What the last cell told by raising Exception(json)."""
    return json.loads(re.search(r"Exception: (.*?)( \(line \d+\))?$", result.errors[-1]).group(1))


# --- honest code -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
def test_right_code_in_any_style_gets_full_points(grade, style):
    result = grade(STYLES[style])
    assert result.points == 10.0, result.to_json()
    assert result.verdict is Verdict.GRADED
    assert result.errors == []
    assert [exercise.status for exercise in result.exercises] == ["answered", "answered"]
    assert not any(item.findings for exercise in result.exercises for item in exercise.items)


@pytest.mark.slow
@pytest.mark.parametrize("place", range(4))
def test_honest_code_is_not_disturbed_at_any_level(place, monkeypatch):
    rung = rungs()[place]
    if reason := obstacle(rung):
        pytest.skip(reason)
    cells = [
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nfigure = plt.figure()\nplt.plot([1, 2])",
        "figure.savefig('picture.png')\nplt.show()",
        "import pathlib, tempfile\nwith tempfile.NamedTemporaryFile() as file: file.write(b'x')",
        "import torch\ntorch.save(torch.ones(3), 'x.pt')\nassert torch.load('x.pt').sum() == 3",
        "import subprocess, sys\nassert subprocess.run(['echo', 'x'], capture_output=True).stdout == b'x\\n'",
        "import threading\nfor _ in range(9): threading.Thread(target=print).start()",
        "import sqlite3, decimal, zoneinfo, wave, html.parser, xml.dom, pandas",
        "from helpers import checks, lattice\nlattice.trellis(T=4, labels='CAT')",
        "import getpass, pathlib, platform\ngetpass.getuser(), pathlib.Path.home(), platform.node()",
        "x = torch.randn(300, 300) @ torch.randn(300, 300)",
        LOOPS,
    ]
    with Sandbox(rung=rung) as sandbox:
        monkeypatch.setattr(grading, "_lasting", Only(sandbox))
        result = graded(*cells)
    assert result.errors == []
    assert (result.points, result.isolation) == (10.0, rung.level)


def test_stubs_are_nothing_written(grade):
    result = grade(STUB)
    assert_verdict(result, Verdict.NOTHING_WRITTEN)
    assert result.points == 0.0
    assert not any(item.findings for exercise in result.exercises for item in exercise.items)


def test_half_of_the_work_gives_half_of_the_points(grade):
    result = grade(STUB, LOOPS.split("def backward")[0])
    assert_verdict(result, Verdict.GRADED)
    assert [exercise.points for exercise in result.exercises] == [5.0, 0.0]
    assert [exercise.status for exercise in result.exercises] == ["answered", "not implemented"]


def test_a_function_that_is_not_there_is_missing(grade):
    result = grade(LOOPS, "del backward")
    assert_verdict(result, Verdict.MISSING_ANSWER)
    assert result.points == 5.0
    assert "backward" in result.sentence
    result = grade(LOOPS, "backward = 3")
    assert_verdict(result, Verdict.MISSING_ANSWER)


def test_a_function_below_its_check_is_still_asked(grade):
    result = grade("pass", after=[LOOPS])
    assert_verdict(result, Verdict.GRADED)
    assert result.points == 10.0
    assert grade(STUB, after=[LOOPS]).points == 10.0


def test_a_function_is_asked_where_its_check_stands(grade):
    assert grade(LOOPS, after=[ZEROS]).points == 10.0


def test_cells_after_a_failing_one_still_run(grade):
    result = grade(
        "import numpy as np", "1 / 0", "undefined_name", LOOPS, "def f(:\n    pass", after=["raise ValueError"]
    )
    assert_verdict(result, Verdict.GRADED)
    assert result.points == 10.0
    kinds = [error.split(": ")[1] for error in result.errors]
    assert kinds == ["ZeroDivisionError", "NameError", "SyntaxError", "ValueError"]
    assert "cell 2" in result.errors[0]
    assert "(line 1)" in result.errors[0]


def test_an_error_in_a_given_cell_is_no_news(grade):
    result = grade(LOOPS, "1 / 0", given=["cell 2"])
    assert result.errors == []
    assert result.points == 10.0


def test_a_syntax_error_in_the_answer_is_told_with_its_line(grade):
    result = grade(LOOPS.replace("log_alpha[0, 0] = 0.0", "log_alpha[0, 0] = = 0.0"))
    assert_verdict(result, Verdict.MISSING_ANSWER)
    assert result.points == 0.0
    assert "SyntaxError" in result.sentence
    assert re.search(r"\(line \d+\)", result.errors[0])


def test_magics_and_shell_commands_run(grade):
    result = grade(
        "%matplotlib inline\n%config InlineBackend.figure_format = 'retina'",
        "%%time\nx = 1",
        "%%capture out\nprint(2)",
        "words = !echo one two",
        "!true\n%env",
        "%timeit -n1 -r1 1 + 1",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\ndisplay(plt.gcf())\nplt.gcf()",
        "await __import__('asyncio').sleep(0)",
        LOOPS,
        "assert x == 1 and out.stdout == '2\\n' and list(words) == ['one two']",
    )
    assert result.errors == []
    assert result.points == 10.0


def test_what_is_printed_or_warned_about_costs_nothing(grade):
    result = grade(
        LOOPS.replace("    T, U =", "    print('x' * 1_000_000)\n    import warnings; warnings.warn('w')\n    T, U ="),
        "import sys, os\nfor _ in range(50): print('y' * 1_000_000)\nprint('z' * 1_000_000, file=sys.stderr)",
        "for _ in range(50): os.write(1, b'y' * 1_000_000)",
        "!yes | head -c 500000",
        "from tqdm import tqdm\nfor _ in tqdm(range(100)): pass",
    )
    assert result.points == 10.0
    assert result.errors == []


# Each wrong beyond doubt: half precision would now and then hit a cost by luck, and the inputs are always new.
PARTIAL = {
    "no minus": LOOPS.replace("return log_alpha, -(", "return log_alpha, ("),
    "blank always last": LOOPS.replace("blank]", "-1]"),
    "no labels not handled": LOOPS.replace("    T, U =", "    assert len(y) > 0, 'no labels'\n    T, U ="),
    "max": LOOPS.replace("np.logaddexp", "np.maximum"),
    "only the array": LOOPS.replace("return log_beta,", "return log_beta  #"),
}


@pytest.mark.parametrize(
    "name",
    [
        *PARTIAL,
        pytest.param(
            "a stub for no labels",
        ),
    ],
)
def test_the_check_in_the_notebook_and_the_grader_give_the_same_points(grade, name):
    stub = LOOPS.replace("    T, U =", "    if len(y) == 0: raise NotImplementedError('later')\n    T, U =")
    source = PARTIAL.get(name, stub)
    result = grade(source)
    public = [getattr(checks, key)(function(source, key)).points for key in ("forward", "backward")]
    assert [exercise.points for exercise in result.exercises] == public
    assert sum(public) < 10
    assert result.verdict is Verdict.GRADED


def test_findings_tell_the_kind_of_input_and_no_number_of_it(grade):
    result = grade(LOOPS.replace("return log_alpha, -(", "return log_alpha + 0.5, -("))
    cells = next(item for item in result.exercises[0].items if item.key == "cells")
    assert cells.points == 0.0
    assert cells.findings[0]["inputs"] == "a small lattice"
    text = " ".join(cells.findings[0]["sentences"])
    assert "log_alpha is wrong" in text
    assert "should be" not in text
    assert "yours" not in text
    assert result.exercises[0].picture["wrong"] is not None


# --- fresh inputs ------------------------------------------------------------------------------------------------

SEEN = """
import hashlib
seen = []
def forward(log_probs, targets, blank=-1):
    seen.append(hashlib.sha256(log_probs.numpy().tobytes()).hexdigest()[:8])
    raise ValueError
backward = forward
"""
TELL = "import json; raise Exception(json.dumps(seen))"


def test_no_two_students_exercises_or_attempts_get_the_same_inputs(grade):
    ada, bob = (grade(SEEN, after=[TELL], student=name) for name in ("ada", "bob"))
    again = grade(SEEN, "# second attempt", after=[TELL])
    seen = [said(result) for result in (ada, bob, again)]
    count = len(questions(bytes(16)))
    assert all(len(one) == 2 * count for one in seen)
    example = seen[0][0]
    fresh = [{one for one in inputs if one != example} for inputs in seen]
    assert [len(one) for one in fresh] == [2 * (count - 1)] * 3
    assert len(set.union(*fresh)) == 3 * 2 * (count - 1)
    assert len({ada.fingerprint, bob.fingerprint, again.fingerprint}) == 3


def test_the_same_submission_gets_the_same_inputs_and_grade_again(grade):
    first, second = grade(SEEN, after=[TELL]), grade(SEEN, after=[TELL])
    assert said(first) == said(second)
    assert first.fingerprint == second.fingerprint


def test_another_course_key_gives_other_inputs(grade):
    work = bundled(SEEN, after=[TELL])
    one, other = grading.grade_submission(work, b"one"), grading.grade_submission(work, b"other")
    assert set(said(one)) & set(said(other)) == {said(one)[0]}


# --- code that ends or blocks the process ------------------------------------------------------------------------

ENDINGS = {
    "os._exit": ("import os; os._exit(0)", Verdict.CRASHED),
    "os._exit(3)": ("import os; os._exit(3)", Verdict.CRASHED),
    "SIGSEGV": ("import ctypes; ctypes.string_at(0)", Verdict.CRASHED),
    "SIGKILL": ("import os; os.kill(os.getpid(), 9)", Verdict.CRASHED),
    "abort": ("import os; os.abort()", Verdict.CRASHED),
    "exit code of the grader": ("import os; os._exit(77)", Verdict.OUT_OF_MEMORY),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_a_process_that_ends_early_gets_a_verdict_and_harms_nobody(grade, name):
    code, verdict = ENDINGS[name]
    result = grade(code, LOOPS)
    assert_verdict(result, verdict)
    assert result.points == 0.0
    assert [exercise.status for exercise in result.exercises] == ["not reached", "not reached"]
    # What was answered before counts.
    result = grade(LOOPS, after=[code])
    assert_verdict(result, verdict)
    assert result.points == 10.0
    assert_unharmed(grade)


@pytest.mark.parametrize(
    "code", ["import sys; sys.exit()", "raise SystemExit(1)", "exit()", "quit", "raise KeyboardInterrupt"]
)
def test_leaving_a_cell_leaves_only_the_cell(grade, code):
    result = grade(code, LOOPS, after=[code])
    assert_verdict(result, Verdict.GRADED)
    assert result.points == 10.0


@pytest.mark.parametrize("leave", ["import sys; sys.exit(0)", "raise KeyboardInterrupt", "raise GeneratorExit"])
def test_leaving_inside_the_function_costs_that_exercise_only(grade, leave):
    result = grade(LOOPS, f"def forward(log_probs, targets, blank=-1):\n    {leave}")
    assert_verdict(result, Verdict.GRADED)
    assert [exercise.points for exercise in result.exercises] == [0.0, 5.0]


def test_a_crash_inside_a_function_keeps_what_was_answered_before(grade):
    result = grade(LOOPS, "def backward(*a, **k):\n    import os; os._exit(1)")
    assert_verdict(result, Verdict.CRASHED)
    assert [exercise.points for exercise in result.exercises] == [5.0, 0.0]
    assert [exercise.status for exercise in result.exercises] == ["answered", "not reached"]


HUNGRY = {
    "numpy": "np.ones((1_000_000, 1_000_000))",
    "torch": "__import__('torch').ones(1_000_000, 1_000_000)",
    "bytes": "[bytes(10_000_000) for _ in range(100_000)]",
}


@pytest.mark.parametrize("name", HUNGRY)
def test_asking_for_more_memory_than_allowed_costs_that_exercise_at_most(grade, name):
    limits = Limits(memory_mb=1500)
    code = f"import numpy as np\ndef forward(log_probs, targets, blank=-1):\n    x = {HUNGRY[name]}"
    result = grade(LOOPS, code, limits=limits)
    assert_verdict(result, Verdict.GRADED, Verdict.OUT_OF_MEMORY, Verdict.CRASHED)
    assert result.exercises[0].points == 0.0
    assert result.exercises[1].points == 5.0
    at_top_level = grade(LOOPS, "import numpy as np\nx = " + HUNGRY[name], limits=limits)
    assert_verdict(at_top_level, Verdict.GRADED)
    assert at_top_level.points == 10.0
    assert_unharmed(grade)


def test_a_file_larger_than_allowed_cannot_be_written(grade):
    code = "with open('big', 'wb') as file:\n    for _ in range(10): file.write(bytes(1_000_000))"
    result = grade(LOOPS, code, limits=Limits(file_mb=2))
    assert_verdict(result, Verdict.GRADED)
    assert result.points == 10.0
    assert "OSError" in result.errors[0]


def test_a_function_that_never_ends_is_stopped_and_the_other_one_is_asked(grade, monkeypatch):
    monkeypatch.setattr(grading, "CALL_SECONDS", 1.0)
    result = grade(LOOPS, "def forward(*a, **k):\n    while True: pass", after=["forward(1, 2)"])
    assert_verdict(result, Verdict.TIMEOUT)
    assert [exercise.status for exercise in result.exercises] == ["timeout", "answered"]
    assert [exercise.points for exercise in result.exercises] == [0.0, 5.0]
    assert "forward" in result.sentence
    assert "1.0 s" in result.sentence
    told = [(found["inputs"], found["sentences"][0]) for item in result.exercises[0].items for found in item.findings]
    # The worked example and one more ran into the limit; the rest was not asked.
    assert {inputs for inputs, sentence in told if "took longer" in sentence} == {"a small lattice"}
    assert sum("was not asked" in sentence for _, sentence in told) > 10


def test_a_function_that_is_slow_on_long_lattices_keeps_its_other_points(grade, monkeypatch):
    monkeypatch.setattr(grading, "CALL_SECONDS", 1.0)
    slow = LOOPS.replace("    T, U =", "    import time; time.sleep(5 * (len(log_probs) > 50))\n    T, U =")
    result = grade(slow)
    assert_verdict(result, Verdict.TIMEOUT)
    assert [exercise.points for exercise in result.exercises] == [4.0, 4.0]


def test_a_cell_that_never_ends_is_stopped_and_the_next_ones_run(grade, monkeypatch):
    monkeypatch.setattr(grading, "CELL_SECONDS", 0.3)
    result = grade("while True: pass", "import time\ntime.sleep(100)", LOOPS)
    assert_verdict(result, Verdict.GRADED)
    assert result.points == 10.0
    assert [error.split(": ")[1] for error in result.errors] == ["TimeLimit", "TimeLimit"]


STUBBORN = """
import time
while True:
    try:
        while True:
            time.sleep({pause})
    except BaseException:
        pass
"""


@pytest.mark.slow
def test_code_that_swallows_every_interrupt_is_killed(grade, monkeypatch):
    monkeypatch.setattr(grading, "CELL_SECONDS", 0.2)
    started = time.monotonic()
    result = grade(LOOPS, after=[STUBBORN.format(pause=1)], limits=Limits(wall_seconds=5))
    assert time.monotonic() - started < 20
    assert_verdict(result, Verdict.TIMEOUT)
    assert result.points == 10.0, "what was answered before counts"
    assert_unharmed(grade)


def test_code_that_computes_too_long_is_killed(grade):
    code = "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True: pass"
    result = grade(code, LOOPS, limits=Limits(cpu_seconds=1))
    assert_verdict(result, Verdict.TIMEOUT)
    assert "1 s of computing" in result.sentence
    assert result.cpu_seconds < 4


# --- what code leaves behind -------------------------------------------------------------------------------------

DAEMONS = {
    "a program in its own session": """
        import subprocess
        subprocess.Popen(["sleep", TOKEN], start_new_session=True)
        """,
    "a fork of a fork": """
        import os, time
        end, start = os.pipe()
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.execvp("sleep", ["sleep", TOKEN])
            os._exit(0)
        os.wait()
        """,
    "many": """
        import subprocess
        command = ["sh", "-c", f"sleep {TOKEN} & sleep {TOKEN}"]
        for _ in range(10): subprocess.Popen(command, start_new_session=True)
        """,
}
RUNS = """
import pathlib, time
def running():
    commands = [path.read_bytes() for path in pathlib.Path("/proc").glob("[0-9]*/cmdline")]
    return any(command.startswith(b"sleep") and TOKEN.encode() in command for command in commands)
deadline = time.monotonic() + 10
while not running():
    assert time.monotonic() < deadline, "it was never started"
"""


@pytest.mark.parametrize("name", DAEMONS)
@pytest.mark.parametrize("ending", ["pass", "import os; os._exit(0)", "import os; os.kill(os.getpid(), 9)"])
def test_whatever_was_started_is_dead_when_the_grade_is_there(grade, name, ending):
    token = f"{secrets.randbelow(10**9)}.25"
    result = grade(f"TOKEN = {token!r}", DAEMONS[name], RUNS, LOOPS, after=[ending])
    assert result.errors == []
    assert result.points == 10.0, result.sentence
    assert commands_with(token) == []


def commands_with(token) -> list[int]:
    """Processes of this machine, dead ones that nobody collected yet apart, whose command line names the token."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if token.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            pass
    return found


def test_threads_are_no_hindrance(grade):
    code = "import threading, time\nfor _ in range(20): threading.Thread(target=time.sleep, args=(1000,)).start()"
    assert grade(LOOPS, code).points == 10.0


def test_files_of_one_student_are_gone_for_the_next(grade):
    assert grade("open('mine.txt', 'w').write('forward = ...')", LOOPS).points == 10.0
    result = grade("import os, json\nraise Exception(json.dumps(os.listdir('.') + os.listdir('../answers')))")
    assert set(said(result)) <= {"profile_default"}  # IPython's own


def test_globals_and_modules_of_one_student_are_gone_for_the_next(grade):
    grade(LOOPS, "import builtins, sys, types\nbuiltins.leak = 1\nsys.modules['leaked'] = types.ModuleType('leaked')")
    result = grade(
        "import json, sys\nraise Exception(json.dumps(['leak' in dir(__builtins__), 'leaked' in sys.modules]))"
    )
    assert said(result) == [False, False]
    assert_verdict(grade("leak", "forward"), Verdict.MISSING_ANSWER)


# --- what code can see -------------------------------------------------------------------------------------------


def test_no_answers_can_be_imported(grade):
    code = """
        import importlib, json, sys
        found = []
        for name in ("autograder.judging", "autograder.judging.oracle", "autograder.judging.zoo", "autograder.grading",
                     "autograder.sandbox.staging", "autograder.course", "data_scripts", "student_code"):
            try:
                importlib.import_module(name)
                found.append(name)
            except ImportError:
                pass
        loaded = [name for name in sys.modules if "judging" in name or name == "autograder.grading"]
        raise Exception(json.dumps([found, loaded, sys.path]))
        """
    found, loaded, path = said(grade(code))
    assert found == []
    assert loaded == []
    repository = str(grading.REPOSITORY)
    assert not [entry for entry in path if entry.startswith(repository) and "site-packages" not in entry]
    assert "" not in path


def test_the_files_beside_the_asking_code_hold_no_answers(grade):
    code = """
        import json, pathlib, autograder
        root = pathlib.Path(autograder.__file__).parent.parent
        raise Exception(json.dumps(sorted(str(p.relative_to(root)) for p in root.glob("autograder/*"))))
        """
    names = [name for name in said(grade(code)) if "__pycache__" not in name]
    assert names == ["autograder/__init__.py", "autograder/sandbox"]


def test_the_environment_of_the_grader_is_not_seen(grade):
    assert os.environ[SECRET] == "hunter2"
    code = f"""
        import json, os, pathlib
        shell = !env
        seen = " ".join([repr(dict(os.environ)), pathlib.Path("/proc/self/environ").read_text(), *shell])
        raise Exception(json.dumps(["{SECRET}" in seen, "hunter2" in seen, os.environ["HOME"] == os.getcwd()]))
        """
    assert said(grade(code)) == [False, False, True]


def test_no_input_waits(grade):
    code = """
        import json, sys
        try:
            input("name? ")
        except EOFError:
            raise Exception(json.dumps(sys.stdin.read()))
        """
    assert said(grade(code)) == ""


def test_no_file_of_the_grader_is_inherited(grade):
    code = """
        import json, os
        paths = ["/proc/self/fd/" + fd for fd in os.listdir("/proc/self/fd")]
        targets = [os.readlink(path) for path in paths if os.path.lexists(path)]
        inherited = [target for target in targets if target.startswith(("socket", "pipe")) or "worker.log" in target]
        raise Exception(json.dumps(inherited))
        """
    assert said(grade(code)) == []


# --- code that cheats --------------------------------------------------------------------------------------------

PATCHES = {
    "np.logaddexp": "import numpy as np\nnp.logaddexp = lambda a, b: 0.0",
    "np.zeros": "import numpy as np\nnp.zeros = np.full = np.empty = None",
    "np.array": "import numpy as np\nnp.array = np.ascontiguousarray = np.asarray = lambda *a, **k: 0",
    "torch.tensor": "import torch\ntorch.tensor = lambda *a, **k: None",
    "json.dumps": 'import json\njson.dumps = lambda *a, **k: \'{"status": "answered"}\'',
    "json.dumps raises": "import json\ndef boom(*a, **k): raise RuntimeError\njson.dumps = boom",
    "save_file": "import safetensors.numpy as s\ns.save_file = lambda *a, **k: None",
    "save_file of the worker": "import helpers.asking.worker as w\nw.save_file = lambda *a, **k: None",
    "call": "import helpers.asking.worker as w\nw.call = lambda *a: w.Answer('ok', cells=[[0.0]], cost=0.0)",
    "open": "import builtins, pathlib\nbuiltins.open = None\npathlib.Path.write_text = lambda *a, **k: 0",
    "close": "import helpers.checks.comparing as c\nc.close = lambda *a: True\nc.compare = lambda *a, **k: None",
    "questions": "import helpers.asking.seminar4 as s\ns.questions = lambda seed: []",
    "the shell": "get_ipython().run_cell = None\nget_ipython().ast_transformers.append(None)",
    "the cases": "from helpers import checks\nchecks.case('cat').log_probs[:] = 0",
    "isinstance": "import builtins\nbuiltins.isinstance = lambda *a: True",
    "the timer": "import signal\nsignal.setitimer = lambda *a: None",
}


@pytest.mark.parametrize("name", PATCHES)
def test_patching_what_the_worker_uses_gains_nothing_and_harms_only_oneself(grade, name):
    wrong = grade(PATCHES[name], ZEROS)
    assert_verdict(wrong, *set(Verdict) - {Verdict.GRADER_ERROR})
    assert wrong.points == 0.0
    right = grade(PATCHES[name], LOOPS)
    assert_verdict(right, *set(Verdict) - {Verdict.GRADER_ERROR})
    assert_unharmed(grade)


def test_objects_that_lie_about_being_equal_gain_nothing(grade):
    code = """
        import numpy as np
        class Liar(float):
            def __eq__(self, other): return True
            def __sub__(self, other): return 0.0
            __rsub__ = __abs__ = __float__ = lambda self, *a: 0.0
        class Array(np.ndarray):
            def __array_ufunc__(self, *a, **k): return np.array(True)
        def forward(log_probs, targets, blank=-1):
            return np.zeros(log_probs.shape[:2]).view(Array), Liar(0)
        backward = forward
        """
    result = grade(code)
    assert_verdict(result, Verdict.GRADED)
    assert result.points == 0.0


FORGE = """
import json, os, numpy as np
from safetensors.numpy import save_file
from helpers.asking.seminar4 import questions
job = json.load(open("../job.json"))
def forge():
    for exercise, seed in job["seeds"].items():
        for question in questions(bytes.fromhex(seed)):
            cells = np.zeros(question.inputs.shape)
            save_file({"cells": cells, "cost": np.zeros(1)}, f"../answers/{exercise}-{question.key}.safetensors")
            json.dump({"status": "ok", "problem": ""}, open(f"../answers/{exercise}-{question.key}.json", "w"))
        json.dump({"status": "answered", "points": 5, "passed": True}, open(f"../answers/{exercise}.json", "w"))
    json.dump({"points": 10}, open("../answers/finished.json", "w"))
"""


def test_forged_answers_are_judged_by_their_numbers(grade):
    result = grade(FORGE, ZEROS, after=["forge()", "os._exit(0)"])
    assert_verdict(result, Verdict.GRADED)
    assert result.points == 0.0
    early = grade(FORGE, "forge()\nos._exit(0)")
    assert_verdict(early, Verdict.GRADED)
    assert early.points == 0.0


def test_forged_answers_do_not_survive_the_real_ones(grade):
    result = grade(FORGE, "forge()", LOOPS)
    assert result.points == 10.0


BROKEN = "open('../answers/{name}', 'wb').write({content})"
DAMAGE = [
    BROKEN.format(name="errors.json", content="b'[' * 70000"),
    BROKEN.format(name="errors.json", content="b'nonsense'"),
    BROKEN.format(name="errors.json", content='b\'{"cell": "x"}\''),
    BROKEN.format(name="errors.json", content='b\'[3, null, {"cell": 1, "kind": [], "line": "x"}]\''),
    BROKEN.format(name="finished.json", content="bytes(100_000)"),
    BROKEN.format(name="forward.json", content="b'3'"),
    BROKEN.format(name="forward.json", content='b\'{"status": "graded"}\''),
    BROKEN.format(name="forward-cat.json", content="b'{}'"),
    BROKEN.format(name="forward-small-0.safetensors", content="bytes(5_000_000)"),
    BROKEN.format(name="forward-cat.safetensors", content="b'x'"),
    "os.unlink('../answers/forward-long.safetensors')",
    "os.unlink('../answers/forward-cat.json'); os.mkfifo('../answers/forward-cat.json')",
    "os.unlink('../answers/forward.json'); os.symlink('/dev/zero', '../answers/forward.json')",
    "import shutil; shutil.rmtree('../answers')",
    "import shutil; shutil.rmtree('..')",
    "import shutil; shutil.rmtree('../answers'); os.symlink('/', '../answers')",
    "os.chmod('../answers', 0)",
    pytest.param(BROKEN.format(name="errors.json", content="b'[{\"cell\": []}]'")),
    pytest.param(BROKEN.format(name="forward.json", content="b'{\"status\": []}'")),
    pytest.param(BROKEN.format(name="forward-cat.json", content="b'{\"status\": {}}'")),
    pytest.param(
        "os.unlink('../answers/forward.json'); os.mkdir('../answers/forward.json')",
    ),
]


@pytest.mark.parametrize("damage", DAMAGE, ids=range(len(DAMAGE)))
def test_damaged_answers_are_the_students_loss_and_never_a_grader_error(grade, damage):
    result = grade(LOOPS, after=[f"import os\n{damage}\nos._exit(0)"])
    assert_verdict(result, Verdict.GRADED, Verdict.CRASHED, Verdict.UNREADABLE_ANSWERS)
    assert_unharmed(grade)


def test_a_flood_of_forged_errors_is_cut(grade):
    damage = BROKEN.format(name="errors.json", content="b'[' + b','.join([b'{}'] * 20000) + b']'")
    result = grade(LOOPS, after=[f"import os\n{damage}\nos._exit(0)"])
    assert len(result.errors) <= 50


@pytest.mark.slow
def test_folders_nested_thousandfold_are_no_grader_error(temporary):
    work = bundled(LOOPS, after=["import os\nfor _ in range(2000):\n    os.mkdir('d')\n    os.chdir('d')"])
    try:
        (result,) = grading.grade_class([work], KEY)
        assert_verdict(result, Verdict.GRADED)
        assert result.points == 10.0
        assert list(temporary.iterdir()) == []
    finally:
        subprocess.run(["rm", "-rf", *temporary.iterdir()], check=True)


@pytest.mark.parametrize(
    "code",
    [
        "raise ValueError('\\ud800')",
        "raise ValueError('x' * 10_000_000)",
        "class E(Exception): __module__ = None\nraise E",
        pytest.param("class E(Exception):\n    def __str__(self): raise ValueError\nraise E"),
        pytest.param("raise SyntaxError"),
        pytest.param("x" + ".a" * 90_000, id="nested too deep for the compiler"),
    ],
)
def test_no_exception_at_the_top_level_ends_the_notebook(grade, code):
    result = grade(code, LOOPS)
    assert_verdict(result, Verdict.GRADED)
    assert result.points == 10.0
    assert len(result.errors) == 1
    assert len(result.errors[0]) < 1500


def test_names_that_the_worker_uses_are_free_for_students(grade):
    code = "json = np = torch = folder = answers = notebook = seminar4 = call = job = questions = 3"
    assert grade(code, LOOPS).points == 10.0


# --- faults of ours ----------------------------------------------------------------------------------------------


def test_a_fault_of_the_grader_is_no_zero(grade, monkeypatch):
    def broken(*arguments):
        raise RuntimeError("the judge is ill")

    with monkeypatch.context() as patch:
        patch.setattr("autograder.judging.seminar4.judge", broken)
        result = grade(LOOPS)
    assert result.verdict is Verdict.GRADER_ERROR
    assert not result.decided
    assert "RuntimeError: the judge is ill" in result.sentence
    assert result.max_points == 10.0
    assert_unharmed(grade)


def test_a_hand_in_without_a_notebook_needs_no_sandbox(monkeypatch):
    monkeypatch.setattr("autograder.sandbox._Worker", None)
    work = grading.Bundle("eve", "seminar4", (), frozenset(), "It is a picture.", ("note",))
    result = grading.grade_submission(work, KEY)
    assert_verdict(result, Verdict.UNREADABLE)
    assert "It is a picture." in result.sentence
    assert result.points == 0.0
    assert result.notes == ["note"]


def test_a_text_that_no_file_can_hold_stops_nobody(grade):
    assert grade("x = '\ud800'", LOOPS).verdict in Verdict


@pytest.mark.slow
def test_code_that_kills_its_worker_does_not_harm_the_next(grade_apart):
    result = grade_apart("import os; os.kill(os.getppid(), 9)", LOOPS)
    assert result.points == 0.0
    assert_unharmed(grade_apart)


@pytest.mark.slow
def test_code_that_changes_the_asking_code_does_not_harm_the_next(grade_apart):
    code = """
        import os, pathlib, helpers.asking.worker as worker
        path = pathlib.Path(worker.__file__)
        path.write_text(path.read_text() + "\\ndef work(folder): pass\\n")
        os.kill(os.getppid(), 9)
        """
    grade_apart(code)
    assert_unharmed(grade_apart)


@pytest.mark.slow
def test_nothing_goes_on_when_the_grader_is_killed(tmp_path):
    token = f"{secrets.randbelow(10**9)}.25"
    cell = f"import subprocess\nsubprocess.Popen(['sleep', {token!r}], start_new_session=True).wait()"
    script = (
        "from autograder.grading import Bundle, grade_submission\n"
        f"steps = ({{'run': {cell!r}, 'name': 'cell 1'}},)\n"
        "grade_submission(Bundle('eve', 'seminar4', steps, frozenset(), '', ()), b'key')"
    )
    # Not on its command line, where the grader itself would be found.
    (tmp_path / "script.py").write_text(script)
    grader = subprocess.Popen(
        [sys.executable, str(tmp_path / "script.py")],
        env=os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": str(grading.REPOSITORY)},
    )
    wait_until(lambda: commands_with(token))
    grader.kill()
    grader.wait()
    wait_until(lambda: not commands_with(token))


def wait_until(true, seconds=60):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# --- a class -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_class_is_graded_whoever_is_in_it_and_nothing_is_left(temporary):
    works = {
        "right": bundled(LOOPS),
        "stub": bundled(STUB),
        "crash": bundled("import os; os.abort()"),
        "wrong": bundled(ZEROS),
        "unreadable": grading.Bundle("", "seminar4", (), frozenset(), "Nothing in it.", ()),
        "also right": bundled(STYLES["torch"]),
    }
    works = [grading.Bundle(**{**vars(work), "student": name}) for name, work in works.items()]
    grades = {result.student: result for result in grading.grade_class(works, KEY, workers=2)}
    assert {name: (result.points, result.verdict.value) for name, result in grades.items()} == {
        "right": (10.0, "graded"),
        "stub": (0.0, "nothing written"),
        "crash": (0.0, "crashed"),
        "wrong": (0.0, "graded"),
        "unreadable": (0.0, "unreadable"),
        "also right": (10.0, "graded"),
    }
    assert list(temporary.iterdir()) == []


def test_an_empty_class_has_no_grades():
    assert list(grading.grade_class([], KEY)) == []


@pytest.mark.slow
def test_a_class_graded_meanwhile_does_not_take_ones_sandbox_away(temporary, monkeypatch):
    monkeypatch.setattr(grading, "_lasting", grading.Sandboxes())
    try:
        assert graded(LOOPS).points == 10.0
        unreadable = grading.Bundle("eve", "seminar4", (), frozenset(), "Nothing in it.", ())
        assert len(list(grading.grade_class([unreadable], KEY))) == 1
        assert graded(LOOPS).points == 10.0
    finally:
        grading._lasting.close()


# --- stored grades -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", [LOOPS, STUB, ZEROS, PARTIAL["max"], "1 / 0"])
def test_a_grade_survives_being_stored(grade, source):
    result = grade(source)
    text = json.dumps(result.to_json(), ensure_ascii=False)
    again = Grade.from_json(json.loads(text))
    assert json.dumps(again.to_json(), ensure_ascii=False) == text
    assert again.verdict is result.verdict
    assert (again.points, again.max_points, again.sentence) == (result.points, result.max_points, result.sentence)
    assert [exercise.points for exercise in again.exercises] == [exercise.points for exercise in result.exercises]


def test_the_fingerprint_changes_with_whatever_the_grade_depends_on():
    work = bundled(LOOPS)
    others = [
        bundled(LOOPS, student="bob"),
        bundled(LOOPS, "pass"),
        bundled(LOOPS, given=["cell 1"]),
        bundled(LOOPS, limits=Limits(cpu_seconds=7)),
        grading.Bundle(**{**vars(work), "notes": ("repaired",)}),
        grading.Bundle(**{**vars(work), "problem": "Empty."}),
    ]
    prints = {one.fingerprint(KEY) for one in (work, *others)} | {work.fingerprint(b"another key")}
    assert len(prints) == len(others) + 2
    assert bundled(LOOPS).fingerprint(KEY) == work.fingerprint(KEY)


# --- judging alone, without a sandbox ----------------------------------------------------------------------------


def judged(exercise, answer_to, folder):
    """Judge what `answer_to(inputs)` gives; None stands for a crash."""
    seed = bytes(range(16))
    for question in questions(seed):
        name = folder / f"{exercise.key}-{question.key}"
        answer = answer_to(question.inputs)
        if answer is not None:
            save_file(
                {"cells": np.ascontiguousarray(answer.cells), "cost": np.array([answer.cost])}, f"{name}.safetensors"
            )
        status = {"status": "raised", "problem": "IndexError"} if answer is None else {"status": "ok", "problem": ""}
        name.with_suffix(".json").write_text(json.dumps(status))
    return judge(exercise, seed, folder)


@pytest.mark.parametrize(
    ("exercise", "name"), [(exercise, name) for exercise in SEMINAR4 for name in zoo.everything(exercise.key)]
)
def test_the_judge_names_every_known_mistake(exercise, name, tmp_path):
    result, shown = judged(exercise, lambda inputs: zoo.answers(exercise.key, name, inputs), tmp_path)
    assert result.points < 5.0
    assert name in result.misconceptions
    assert len(result.misconceptions) <= 2
    shown_in_the_example = shown.picture is not None
    example = next(question.inputs for question in questions(bytes(16)) if question.key == "cat")
    wrong = zoo.answers(exercise.key, name, example)
    assert shown_in_the_example == (not close(wrong.cells, example.truth(exercise.key).cells).all())


def test_no_answers_at_all_give_no_points(tmp_path):
    for exercise in SEMINAR4:
        result, _ = judge(exercise, bytes(16), tmp_path)
        assert result.points == 0.0
        assert not result.written


@pytest.mark.slow
def test_helpers_that_would_give_the_seminar_away_cannot_be_imported_in_it(grade):
    result = grade("from helpers.loss import rnnt_loss", "forward = backward = rnnt_loss")
    assert result.points == 0.0
    assert "No module named 'helpers.loss'" in result.errors[0]
