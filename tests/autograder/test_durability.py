"""A grader that is killed or stopped anywhere, and the one that comes after it."""

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections import Counter
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder import cli
from autograder.course import ASSIGNMENTS, Course
from autograder.locking import only_writer
from autograder.marking import all_stored

SEMINAR = ASSIGNMENTS["seminar4"]
ROUNDS = 8


def command(course, *more) -> list[str]:
    return [sys.executable, "-m", "autograder", "grade", "seminar4", "--course", str(course.root), *more]


def start(course, *more, **settings) -> subprocess.Popen:
    temporary = course.root.parent / "temporary"
    temporary.mkdir(exist_ok=True)
    return subprocess.Popen(
        command(course, *more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(temporary)},
        **settings,
    )


def finish(course, *more) -> str:
    """Grade to the end; what it printed last."""
    process = start(course, *more)
    out, error = process.communicate(timeout=300)
    assert process.returncode == 0, error
    return out.strip().splitlines()[-1]


def on_file(course) -> dict[str, tuple]:
    """Which files of results there are: a file that is written again is another one."""
    return {path.stem: (path.stat().st_ino, path.stat().st_mtime_ns) for path in course.results(SEMINAR).glob("*.json")}


def everything(course) -> dict:
    """All that grading leaves, but for what differs between any two runs."""
    with sqlite3.connect(course.gradebook) as database:
        scores = database.execute(
            """SELECT submitted_assignment.student_id, submitted_assignment.timestamp, base_cell.name,
                      grade.auto_score, grade.manual_score, grade.needs_manual_grade
               FROM submitted_assignment
               JOIN submitted_notebook ON submitted_notebook.assignment_id = submitted_assignment.id
               JOIN grade ON grade.notebook_id = submitted_notebook.id
               JOIN base_cell ON base_cell.id = grade.cell_id ORDER BY 1, 3"""
        ).fetchall()
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    notebooks = {}
    for path in sorted(course.root.glob("autograded/*/seminar4/*")):
        notebook = json.loads(path.read_text("utf-8"))
        notebook["metadata"].pop("rnnt")
        notebooks[str(path.relative_to(course.root))] = notebook
    grades = [grade.to_json() | {"cpu_seconds": 0, "run": ""} for grade in all_stored(SEMINAR, course)]
    return {"grades": grades, "scores": scores, "notebooks": notebooks}


def temporary_files(course) -> list[str]:
    return [path.name for path in (course.root.parent / "temporary").iterdir() if path.name.startswith("rnnt-grading-")]


def children(pid: int) -> list[int]:
    """A process's descendants."""
    found = []
    for child in Path(f"/proc/{pid}/task").glob("*/children"):
        for one in child.read_text().split():
            found += [int(one), *children(int(one))]
    return found


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_until(true, seconds=60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# --- the whole command, killed with SIGKILL -----------------------------------------------------------------------


@pytest.mark.slow
def test_a_grader_killed_at_any_moment_loses_nothing_and_repeats_nothing(collected, course, tmp_path_factory):
    undisturbed = Course(tmp_path_factory.mktemp("undisturbed") / "course")
    shutil.copytree(collected.root, undisturbed.root)
    # The same key, or the fresh inputs would differ.
    began = time.monotonic()
    finish(undisturbed, "--workers", "1")
    lasted = time.monotonic() - began

    chance = random.Random(1)
    repeated, orphans = Counter(), set()
    for _ in range(ROUNDS):
        before = on_file(course)
        process = start(course, "--workers", "1")
        time.sleep(chance.uniform(0.3, 1.0) * lasted * 0.6)
        descendants = children(process.pid)
        process.kill()
        process.communicate()
        wait_until(lambda pids=descendants: not any(running(pid) for pid in pids), seconds=10)
        orphans |= {pid for pid in descendants if running(pid)}
        after = on_file(course)
        assert set(before) <= set(after), "a result was lost"
        repeated.update(name for name, file in before.items() if after[name] != file)
    before = on_file(course)
    said = finish(course, "--workers", "1")
    after = on_file(course)
    repeated.update(name for name, file in before.items() if after[name] != file)
    assert not repeated
    assert not orphans
    assert said.startswith(f"{len(on_file(undisturbed)) - len(before)} graded, {len(before)} unchanged")
    assert everything(course) == everything(undisturbed)
    assert temporary_files(course) == [], "the files of killed runs are removed by the next one"


@pytest.mark.slow
def test_ctrl_c_stops_at_once_says_how_to_go_on_and_leaves_no_process(course):
    process = start(course, "--workers", "1", start_new_session=True)
    wait_until(lambda: len(on_file(course)) >= 2)
    descendants = children(process.pid)
    assert descendants
    os.killpg(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=10)
    assert process.returncode == 130, error
    assert "the same command goes on from here" in error
    assert "Traceback" not in error
    assert not any(running(pid) for pid in descendants)
    assert temporary_files(course) == []
    before = on_file(course)
    assert not {grade.student for grade in all_stored(SEMINAR, course) if not grade.decided}
    assert f"{len(before)} unchanged" in finish(course)
    assert {name: file for name, file in on_file(course).items() if name in before} == before


@pytest.mark.slow
def test_a_batch_system_that_ends_the_job_is_as_good_as_ctrl_c(course):
    process = start(course, "--workers", "1")
    wait_until(lambda: len(on_file(course)) >= 1)
    process.terminate()
    _, error = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "goes on from here" in error


# --- one writer ---------------------------------------------------------------------------------------------------


def test_a_second_writer_gets_one_sentence(course, capsys):
    with only_writer(course):
        for arguments in (["grade", "seminar4"], ["release", "seminar4"]):
            assert cli.main([*arguments, "--course", str(course.root)]) == 2
            said = capsys.readouterr().err
            assert said.startswith("autograder: Another command is writing in ")
            assert f"process {os.getpid()} on " in said
            assert said.count("\n") == 1
    assert on_file(course) == {}


def test_a_writer_that_was_killed_holds_nobody_up(course):
    script = (
        "from autograder.locking import only_writer; from autograder.course import Course; import os, pathlib, sys\n"
    )
    script += "with only_writer(Course(pathlib.Path(sys.argv[1]))): os.kill(os.getpid(), 9)"
    done = subprocess.run([sys.executable, "-c", script, str(course.root)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert course.lock.exists()
    with only_writer(course) as writing:
        assert writing.left_behind is None


@pytest.mark.parametrize("note", ["", "{", "[]", '{"folder": "/etc", "host": "HOST"}', '{"folder": 3, "host": "HOST"}'])
def test_a_damaged_or_forged_lock_file_is_harmless(course, note, monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "HOST")
    course.lock.write_text(note)
    with only_writer(course) as writing:
        assert writing.left_behind is None


# --- killed between any two steps ---------------------------------------------------------------------------------

STEPS = textwrap.dedent(
    '''
    """Mark a class once for every step at which it could be killed. Grading itself is replaced: it is not the point.

    A step is whatever changes a file: opening one for writing, renaming, removing, every statement to the database.
    """
    import contextlib, json, os, re, shutil, signal, sqlite3, sys
    from pathlib import Path

    from autograder import gradebook, marking
    from autograder.course import ASSIGNMENTS, Course
    from autograder.grading import undecided
    from autograder.verdicts import ExerciseGrade, Grade, ItemGrade, Verdict
    from dataclasses import replace
    from concurrent.futures import Future
    from nbgrader.api import Gradebook

    SEMINAR = ASSIGNMENTS["seminar4"]
    WRITING = {"BEGIN", "INSERT", "UPDATE", "DELETE", "COMMIT"}
    sys.dont_write_bytecode = True

    class Instant:
        width = 1
        def __enter__(self):
            return self
        def __exit__(self, *error):
            pass
        def submit(self, bundle, key):
            graded = undecided(bundle, key, Verdict.GRADED, "", "none")
            worth = 4.0 if "# again" in str(bundle.steps) else 1.0
            exercises = [
                replace(one, items=[replace(item, points=worth / len(one.items)) for item in one.items])
                for one in graded.exercises
            ]
            future = Future()
            future.set_result(replace(graded, exercises=exercises))
            return future
        def stop(self):
            pass

    def mark(root):
        return list(marking.mark(marking.Submissions(SEMINAR, Course(root)), lambda *_: Instant()))

    # A kill loses nothing that was written, on disk or not; and waiting for disks is most of the time.
    os.fsync = lambda descriptor: None
    opened = gradebook.Ledger.__init__
    def opened_quickly(self, course):
        opened(self, course)
        self._db.execute("PRAGMA synchronous = OFF")
    gradebook.Ledger.__init__ = opened_quickly

    def counted(limit):
        """Kill this process at step `limit`; returns the list that the steps are noted in."""
        steps = []
        def step(what):
            steps.append(what)
            if len(steps) == limit:
                os.kill(os.getpid(), signal.SIGKILL)
        def hook(event, arguments):
            if event in {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "subprocess.Popen"}:
                step(event)
            elif event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wa+"):
                step(f"open {arguments[0]}")
        sys.addaudithook(hook)
        def traced(self, course):
            opened_quickly(self, course)
            self._db.set_trace_callback(lambda sql: step(sql) if sql.split()[0] in WRITING else None)
        gradebook.Ledger.__init__ = traced
        return steps

    def in_child(work):
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                os.write(writing, json.dumps(work()).encode())
                code = 0
            except BaseException:
                import traceback
                traceback.print_exc()
            finally:
                os._exit(code)
        os.close(writing)
        with open(reading, "rb") as pipe:
            said = pipe.read()
        _, status = os.waitpid(pid, 0)
        return status, said

    def shown(root):
        """Per student what nbgrader's own classes see: scores and time."""
        with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
            return {
                one.student_id: [str(one.timestamp), *sorted(
                    [grade.name, grade.auto_score, grade.manual_score] for grade in one.notebooks[0].grades
                )]
                for one in book.assignment_submissions("seminar4")
            }

    def rows(root):
        with contextlib.closing(sqlite3.connect(root / "gradebook.db")) as database:
            return database.execute(
                """SELECT student_id, timestamp, cell_id, auto_score, manual_score, needs_manual_grade
                   FROM submitted_assignment AS a JOIN submitted_notebook AS n ON n.assignment_id = a.id
                   JOIN grade ON grade.notebook_id = n.id ORDER BY 1, 3"""
            ).fetchall()

    def left(root):
        files = {
            str(path.relative_to(root)): re.sub(r'"run": "[^"]*"', '"run": ""', path.read_text("utf-8"))
            for name in ("results", "autograded") for path in sorted((root / name).rglob("*"))
            if path.is_file() and path.name != ".writing"
        }
        return {"files": files, "rows": rows(root)}

    def graded(root, *folders):
        """What every grade says that lies in one of the folders."""
        paths = [path for folder in folders for path in root.glob(folder) if path.name != "run.json"]
        return {Grade.from_json(json.loads(path.read_text("utf-8"))).digest for path in paths}

    start, work = Path(sys.argv[1]), Path(sys.argv[2])
    def fresh():
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(start, work)

    fresh()
    old, before = shown(work), graded(work, "results/*/*.json")
    # Imports and templates: once, and not again in every child.
    mark(work)
    fresh()
    status, said = in_child(lambda: (lambda steps: (mark(work), len(steps))[1])(counted(0)))
    assert status == 0
    total, wanted, new = json.loads(said), left(work), shown(work)
    troubles = []
    for limit in range(1, total + 1):
        fresh()
        status, _ = in_child(lambda: (counted(limit), mark(work), None)[2])
        if not os.WIFSIGNALED(status):
            troubles.append([limit, "was not killed"])
            continue
        seen = shown(work)
        for student, scores in seen.items():
            if scores not in (old.get(student), new.get(student)):
                troubles.append([limit, "half a submission in the gradebook", student, scores])
        for path in work.glob("results/*/*.json"):
            json.loads(path.read_text("utf-8"))
        for path in work.glob("autograded/*/*/*.ipynb"):
            json.loads(path.read_text("utf-8"))
        if not before <= graded(work, "results/*/*.json", "runs/*/*/*.json"):
            troubles.append([limit, "a replaced grade is lost"])
        status, _ = in_child(lambda: (mark(work), None)[1])
        if status or left(work) != wanted:
            troubles.append([limit, "the next run ends elsewhere"])
        if not before <= graded(work, "results/*/*.json", "runs/*/*/*.json"):
            troubles.append([limit, "a replaced grade is lost in the end"])
    print(json.dumps({"steps": total, "troubles": troubles, "old": old, "new": new}))
    '''
)


@pytest.mark.slow
def test_killed_at_any_step_of_writing_it_ends_the_same(course, tmp_path):
    script = tmp_path / "steps.py"
    script.write_text(STEPS, "utf-8")

    # One is new, one has a manual score and hands in again, one hand-in is gone, one stays as it is.
    def mark_quickly():
        code = script.read_text("utf-8").split("start, work =")[0] + "\nmark(Path(sys.argv[1]))"
        subprocess.run([sys.executable, "-c", code, str(course.root)], check=True)

    for folder in course.received(SEMINAR).iterdir():
        if folder.name not in {"abebe_selam", "larsson_elsa", "mehta_ravi"}:
            shutil.rmtree(folder)
    mark_quickly()
    with Gradebook(f"sqlite:///{course.gradebook}") as book:
        by_hand = book.find_grade("check-forward", "seminar4", "seminar4", "abebe_selam")
        by_hand.manual_score, by_hand.needs_manual_grade = 2.5, False
        book.db.commit()
    notebook = course.submitted(SEMINAR, "abebe_selam") / SEMINAR.notebook
    content = json.loads(notebook.read_text("utf-8"))
    next(cell for cell in content["cells"] if cell["id"] == "forward")["source"].append("\n# again")
    notebook.write_text(json.dumps(content), "utf-8")
    shutil.rmtree(course.received(SEMINAR, "mehta_ravi"))
    shutil.copytree(course.received(SEMINAR, "larsson_elsa"), course.received(SEMINAR, "brandt_jonas"))

    done = subprocess.run(
        [sys.executable, str(script), str(course.root), str(tmp_path / "work")],
        capture_output=True, text=True, check=False, timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["steps"] > 50
    assert told["troubles"] == []
    assert set(told["old"]) == {"abebe_selam", "larsson_elsa", "mehta_ravi"}
    assert set(told["new"]) == {"abebe_selam", "larsson_elsa", "brandt_jonas"}
    manual = [score for name, auto, score in told["new"]["abebe_selam"][1:]]
    assert 2.5 in manual
