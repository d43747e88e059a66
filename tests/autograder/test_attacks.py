"""All of `tests/attacks` in one class with honest students, down the whole road: collect, grade, feedback, gradebook."""

import json
import os
import re
import secrets
import socket
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from student_code import LOOPS
from untrusted import BROKE_OUT, MARK, RUNGS, Attack, attacks, packed, with_answers

from autograder import grading
from autograder.course import ASSIGNMENTS, REPOSITORY, Course
from autograder.gradebook import Ledger
from autograder.intake import collect
from autograder.marking import mark, stored, submissions
from autograder.release import release
from autograder.reports import feedback, write_csv
from autograder.sandbox import Sandbox
from autograder.verdicts import SENTENCES, Verdict

pytestmark = pytest.mark.slow

ATTACKS = {attack.name: attack for attack in attacks() if attack.fits("ours")}
HONEST = {"aaa_honest": 10.0, "iii_honest": 10.0, "qqq_honest": 5.0, "zzz_honest": 10.0}
"""Classmates whose work is looked at before, among and after the attacks, and what it is worth."""

INTAKE_SECONDS = 20
"""CPU time that one hand-in may cost where it is opened and repaired, outside any sandbox."""

WALL, CPU = 12, 8
"""Shorter limits than a course has, so that endless code is seen to be stopped without waiting for minutes."""


@dataclass
class Class:
    """What is left when everything has been graded."""

    course: Course
    level: str
    secrets: list[str]
    grades: dict = field(default_factory=dict)
    intake_seconds: dict = field(default_factory=dict)
    scores: dict = field(default_factory=dict)
    visited: list = field(default_factory=list)
    left_behind: list = field(default_factory=list)
    csv: str = ""

    def handed_back(self, student: str) -> str:
        """All that the student gets to read, and what staff read about it."""
        pages = [path.read_text("utf-8") for path in (self.course.root / "feedback" / student).rglob("*.html")]
        return "\n".join([*pages, json.dumps(self.grades[student].to_json(), ensure_ascii=False)])


def student(attack: Attack) -> str:
    return f"{attack.name.replace('_', '-')}_attacker"


@contextmanager
def services(folder: Path):
    """Services of this machine that an attack must not reach: what connected is in the list."""
    visited: list[str] = []
    tcp, udp = socket.socket(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    tcp.bind(("0.0.0.0", 0))
    port = tcp.getsockname()[1]
    udp.bind(("0.0.0.0", port))
    path, name = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    path.bind(str(folder / "service"))
    name.bind(f"\0{MARK}-{port}")
    os.chmod(folder / "service", 0o777)
    listening = {"tcp": tcp, "path": path, "name": name}
    for one in listening.values():
        one.listen()

    def listen(what: str, service: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = service.accept()
                visited.append(what)
                connection.close()

    def receive() -> None:
        with suppress(OSError):
            while True:
                udp.recv(100)
                visited.append("udp")

    for what, service in listening.items():
        threading.Thread(target=listen, args=(what, service), daemon=True).start()
    threading.Thread(target=receive, daemon=True).start()
    try:
        yield port, folder / "service", visited
    finally:
        for service in (*listening.values(), udp):
            with suppress(OSError):
                service.shutdown(socket.SHUT_RDWR)
            service.close()


def own_address() -> str:
    """An address of this machine that is not the loopback's."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
            return probe.getsockname()[0]
        except OSError:
            return "127.0.0.1"


def litter(sandboxes: Path) -> list[str]:
    """What attacks left on this machine: files, processes, shared memory."""
    places = [Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"), Path("/run"), Path.home(), REPOSITORY, sandboxes.parent]
    found = [str(path) for place in places for path in place.glob(f"*{MARK}*")]
    found += [str(path) for path in sandboxes.glob("*")]
    for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]:
        if int(line.split()[0]) == 0x726E6E74:
            found.append("System V shared memory")
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if f"{MARK}-" in words or str(sandboxes) in words:
                found.append(words)
    return found


def clean_up() -> None:
    """Whatever the test is about to find, the next run must not find it again."""
    for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]:
        if int(line.split()[0]) == 0x726E6E74:
            subprocess.run(["ipcrm", "-m", line.split()[1]], check=False)
    for place in ("/tmp", "/var/tmp", "/dev/shm", "/run", Path.home(), REPOSITORY):
        for path in Path(place).glob(f"*{MARK}*"):
            path.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    """The class after everything."""
    root = tmp_path_factory.mktemp("attacked")
    sandboxes = root / "sandboxes"
    sandboxes.mkdir()
    patch = pytest.MonkeyPatch()
    patch.setattr(tempfile, "tempdir", str(sandboxes))
    patch.setattr(grading, "CELL_SECONDS", 2)
    patch.setattr(grading, "CALL_SECONDS", 1)
    seminar = replace(ASSIGNMENTS["seminar4"], wall_seconds=WALL, cpu_seconds=CPU)
    patch.setitem(ASSIGNMENTS, "seminar4", seminar)
    hidden = [f"SECRET-{secrets.token_hex(8)}" for _ in range(3)]
    patch.setenv("RNNT_TOKEN", hidden[0])
    clean_up()
    try:
        with Sandbox() as sandbox, services(root) as (port, service, visited):
            course = Course(root / "course")
            release(seminar, course)
            taught = Class(course, sandbox.level, hidden, visited=visited)
            with course.source(seminar).open("r+", encoding="utf-8") as file:
                solved = json.load(file)
                solved["cells"][0]["source"] = f"# {hidden[1]}"
                file.seek(0)
                json.dump(solved, file)
                file.truncate()
            known = {
                "course": course.root, "repository": REPOSITORY, "port": port, "address": own_address(),
                "socket": service, "feedback": "",
            }  # fmt: skip
            _teach(taught, seminar, root, known)
            taught.left_behind = litter(sandboxes)
        yield taught
    finally:
        patch.undo()
        clean_up()


def _teach(taught: Class, seminar, root: Path, known: dict) -> None:
    course = taught.course
    released = json.loads(course.release(seminar).read_text("utf-8"))
    fought = [attack for attack in ATTACKS.values() if attack.stands_behind(taught.level)]
    fought = [attack for attack in fought if attack.assignment == "seminar4"]

    first = root / "first"
    first.mkdir()
    for attack in fought:
        if (notebook := attack.earlier(released, known)) is not None:
            zipped = packed({"seminar4.ipynb": json.dumps(notebook).encode()})
            (first / f"{student(attack)}_sem4.zip").write_bytes(zipped)
    _grade(taught, seminar, first)

    second = root / "second"
    second.mkdir()
    for name, points in HONEST.items():
        half = points == 5
        answers = dict(zip(("forward", "backward"), LOOPS.split("\ndef backward"), strict=True))
        answers["backward"] = "backward = None" if half else "def backward" + answers["backward"]
        answers["forward"] = f"# {taught.secrets[2]}\n{answers['forward']}"
        notebook = with_answers(released, answers)
        (second / f"{name}_sem4.zip").write_bytes(packed({"seminar4.ipynb": json.dumps(notebook).encode()}))
    for attack in fought:
        told = taught.handed_back(student(attack)) if student(attack) in taught.grades else ""
        notebook = attack.notebook(released, known | {"feedback": re.sub(r"[^\w.\- ]", " ", told)})
        (second / f"{student(attack)}_sem4.zip").write_bytes(attack.hand_in(notebook))
    _grade(taught, seminar, second)
    with Ledger(course) as ledger:
        taught.scores = ledger.scores(seminar)
    taught.csv = write_csv(seminar, course, list(taught.grades.values()), taught.scores).read_text("utf-8-sig")


def _grade(taught: Class, seminar, inbox: Path) -> None:
    before = time.process_time()

    def advance(done: int, total: int, file: str) -> None:
        nonlocal before
        taught.intake_seconds[file.removesuffix("_sem4.zip")] = time.process_time() - before
        before = time.process_time()

    collect(inbox, taught.course, advance)
    work = submissions(seminar, taught.course)
    for grade, _ in mark(seminar, taught.course, work, workers=2):
        taught.grades[grade.student] = grade
        feedback(seminar, taught.course, grade)


@pytest.fixture(params=ATTACKS)
def attacked(request, taught) -> tuple[Class, Attack]:
    attack = ATTACKS[request.param]
    if not attack.stands_behind(taught.level):
        pytest.skip(f"needs isolation {attack.stopped_by}; this machine offers {taught.level}")
    return taught, attack


def test_there_are_attacks_of_every_kind():
    assert len(ATTACKS) >= 40
    for attack in ATTACKS.values():
        assert attack.tries
        assert attack.gain
        assert attack.stopped_by in RUNGS
        assert {Verdict(verdict) for verdict in attack.verdicts} <= set(Verdict)


def test_an_attack_gains_nothing(attacked):
    taught, attack = attacked
    grade = taught.grades[student(attack)]
    assert grade.verdict in set(Verdict) - {Verdict.GRADER_ERROR}, grade.sentence
    assert grade.points <= attack.worth, [item for exercise in grade.exercises for item in exercise.items if item.points]
    assert taught.scores[student(attack)] == grade.points
    assert stored(ASSIGNMENTS["seminar4"], taught.course, student(attack)) == grade
    if attack.verdicts:
        assert grade.verdict.value in attack.verdicts, grade.sentence


def test_an_attack_learns_nothing_and_its_page_is_harmless(attacked):
    taught, attack = attacked
    told = taught.handed_back(student(attack))
    assert not [secret for secret in taught.secrets if secret in told]
    assert BROKE_OUT not in told, re.search(f"{BROKE_OUT}[^<]*", told)[0]
    assert len(told) < 3_000_000
    page = (taught.course.feedback(ASSIGNMENTS["seminar4"], student(attack)) / "seminar4.html").read_text("utf-8")
    assert "<script" not in page.lower()
    assert not re.search(r"<[^>]*\sonerror=", page)
    assert "\x1b" not in page


def test_an_attack_costs_no_more_than_its_limits(attacked):
    taught, attack = attacked
    assert taught.grades[student(attack)].cpu_seconds <= CPU + 3
    assert taught.intake_seconds[student(attack)] <= INTAKE_SECONDS


@pytest.mark.parametrize("name", HONEST)
def test_classmates_get_what_their_work_is_worth(taught, name):
    grade = taught.grades[name]
    assert (grade.points, taught.scores[name]) == (HONEST[name], HONEST[name]), grade.sentence
    assert grade.verdict in {Verdict.GRADED, Verdict.MISSING_ANSWER}
    assert grade.errors == [] or HONEST[name] == 5.0


def test_nothing_is_left_behind(taught):
    assert taught.left_behind == []
    assert not [path for path in taught.course.root.rglob(f"*{MARK}*")]
    assert MARK not in (taught.course.root / "nbgrader_config.py").read_text("utf-8")


def test_nobody_was_reached(taught):
    allowed = set() if taught.level != "limits" else {"tcp", "udp", "path", "name"}
    assert set(taught.visited) <= allowed


def test_a_table_of_attackers_holds_no_formula(taught):
    assert len(taught.grades) == taught.csv.count("\n") - 1 or '"' in taught.csv
    assert not re.search(r"(^|,)\"?[=+@]", taught.csv, re.MULTILINE)


def test_every_verdict_has_its_sentence(taught):
    assert {grade.verdict for grade in taught.grades.values()} <= set(SENTENCES)
