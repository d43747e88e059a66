"""All of `tests/attacks` in one class with honest students, the whole road: collect, grade, feedback, gradebook.

Once by warm workers at the best level of isolation, and those that only walls can stop once more by cold ones. With
`RNNT_ATTACKS=all` in the environment the others too, and all of them at the levels below, which takes half an hour.
"""

import csv
import hashlib
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
from safetensors.torch import load
from student_code import LOOPS
from untrusted import BROKE_OUT, MARK, RIGHT, Attack, attacks, packed, with_answers

from autograder import grading
from autograder.course import ASSIGNMENTS, REPOSITORY, Assignment, Course
from autograder.demo.hand_ins import TRAINED_RUN
from autograder.feedback import feedback
from autograder.gradebook import Ledger
from autograder.intake import collect
from autograder.marking import Submissions, mark, stored
from autograder.release import release
from autograder.reports import write_csv
from autograder.sandbox import levels
from autograder.sandbox.levels import LEVELS, Policy, obstacle, rungs
from autograder.verdicts import SENTENCES, Verdict

pytestmark = pytest.mark.slow

ATTACKS = {attack.name: attack for attack in attacks() if attack.fits("ours")}
HONEST = {"aaa_honest": 10.0, "iii_honest": 10.0, "qqq_honest": 5.0, "zzz_honest": 10.0, "yyy_honest": 40.0}
"""Classmates whose work is looked at before, among and after the attacks, and what it is worth."""

INTAKE_SECONDS = 20
"""CPU time that one hand-in may cost where it is opened and repaired, outside any sandbox."""

EVERYTHING = os.environ.get("RNNT_ATTACKS") == "all"

WAYS = {"warm": Policy(), "cold": Policy(warm=False)} | ({"kernel": Policy(), "limits": Policy()} if EVERYTHING else {})
"""How submissions are graded, by name: by warm or cold workers at the best level, or at one below."""

WALL, CPU = 12, 8
"""Shorter limits than a course has, so that endless code is seen to be stopped without waiting for minutes."""


@dataclass
class Class:
    """What is left when everything has been graded."""

    course: Course
    way: str
    level: str
    secrets: list[str]
    grades: dict = field(default_factory=dict)
    intake_seconds: dict = field(default_factory=dict)
    scores: dict = field(default_factory=dict)
    visited: list = field(default_factory=list)
    left_behind: list = field(default_factory=list)
    tables: list[str] = field(default_factory=list)

    def handed_back(self, student: str) -> str:
        """All that the student gets to read, and what staff read about it."""
        pages = [path.read_text("utf-8") for path in (self.course.root / "feedback" / student).rglob("*.html")]
        return "\n".join([*pages, json.dumps(self.grades[student].to_json(), ensure_ascii=False)])


def student(attack: Attack) -> str:
    return f"{attack.name.replace('_', '-')}_attacker"


def file_of(attack: Attack) -> str:
    return f"{student(attack)}_{'hw3' if attack.assignment == 'homework3' else 'sem4'}.zip"


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
                if udp.recv(100):  # nothing comes when it is closed
                    visited.append("udp")
                else:
                    return

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


def faced(way: str) -> list[Attack]:
    """The attacks to make on graders of that way."""
    return [one for one in ATTACKS.values() if EVERYTHING or way == "warm" or one.stopped_by != LEVELS[0]]


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    """The class after everything, by the way in which it was graded."""
    done: dict[str, Class] = {}

    def taught(way: str) -> Class:
        if way not in done:
            done[way] = _attacked_class(way, tmp_path_factory.mktemp(way))
        return done[way]

    return taught


@pytest.fixture(params=WAYS)
def taught(request, classes) -> Class:
    """The class after everything."""
    return classes(request.param)


def _attacked_class(way: str, root: Path) -> Class:
    sandboxes = root / "sandboxes"
    sandboxes.mkdir()
    patch = pytest.MonkeyPatch()
    patch.setattr(tempfile, "tempdir", str(sandboxes))
    if way in LEVELS:
        lower = next((rung for rung in rungs() if rung.level == way and not obstacle(rung)), None)
        patch.setattr(levels, "best", lambda: lower or pytest.skip(f"this machine does not offer {way}"))
    hidden = [f"SECRET-{secrets.token_hex(8)}" for _ in range(3)]
    patch.setenv("RNNT_TOKEN", hidden[0])
    clean_up()
    try:
        with services(root) as (port, service, visited):
            taught = Class(Course(root / "course"), way, levels.best().level, hidden, visited=visited)
            known = {
                "course": taught.course.root, "repository": REPOSITORY, "port": port, "address": own_address(),
                "socket": service, "feedback": "", "transcripts": "{}",
            }  # fmt: skip
            _teach(taught, ASSIGNMENTS["homework3"], root / "homework", known)
            with patch.context() as short:
                short.setattr(grading, "CELL_SECONDS", 2)
                short.setattr(grading, "CALL_SECONDS", 1)
                seminar = replace(ASSIGNMENTS["seminar4"], wall_seconds=WALL, cpu_seconds=CPU)
                short.setitem(ASSIGNMENTS, "seminar4", seminar)
                _teach(taught, seminar, root / "seminar", known)
            taught.left_behind = litter(sandboxes)
        return taught
    finally:
        patch.undo()
        clean_up()


def _teach(taught: Class, assignment: Assignment, root: Path, known: dict) -> None:
    course = taught.course
    release(assignment, course)
    with course.source(assignment).open("r+", encoding="utf-8") as file:
        solved = json.load(file)
        solved["cells"][0]["source"] = f"# {taught.secrets[1]}"
        file.seek(0)
        json.dump(solved, file)
        file.truncate()
    released = json.loads(course.release(assignment).read_text("utf-8"))
    fought = [attack for attack in faced(taught.way) if attack.assignment == assignment.name]
    fought = [attack for attack in fought if attack.is_stopped_at(taught.level)]

    first, second = root / "first", root / "second"
    first.mkdir(parents=True)
    second.mkdir()
    for attack in fought:
        if (notebook := attack.earlier(released, known)) is not None:
            members = {assignment.notebook: json.dumps(notebook).encode(), **attack.files()}
            (first / file_of(attack)).write_bytes(packed(members))
    _grade(taught, assignment, first)
    learned = _transcripts(taught, assignment)

    for name, data in honest(released, assignment, taught.secrets[2]).items():
        (second / name).write_bytes(data)
    for attack in fought:
        told = taught.handed_back(student(attack)) if student(attack) in taught.grades else ""
        more = {"feedback": re.sub(r"[^\w.\- ]", " ", told), "transcripts": json.dumps(learned)}
        (second / file_of(attack)).write_bytes(attack.hand_in(attack.notebook(released, known | more)))
    _grade(taught, assignment, second)
    with Ledger(course) as ledger:
        standings = ledger.standings(assignment)
    taught.scores |= {name: one.score for name, one in standings.items()}
    mine = [grade for grade in taught.grades.values() if grade.assignment == assignment.name]
    taught.tables.append(write_csv(assignment, course, mine, standings).read_text("utf-8-sig"))


def honest(released: dict, assignment: Assignment, secret: str) -> dict[str, bytes]:
    """Hand-ins of those who did their work, and who have something that nobody else must see."""
    if assignment.name == "homework3":
        notebook = with_answers(released, RIGHT, f"# {secret}")
        run = {f"run/{path.name}": path.read_bytes() for path in TRAINED_RUN.iterdir()}
        return {"yyy_honest_hw3.zip": packed({"homework3.ipynb": json.dumps(notebook).encode(), **run})}
    answers = dict(zip(("forward", "backward"), LOOPS.split("\ndef backward"), strict=True))
    answers = {"forward": f"# {secret}\n{answers['forward']}", "backward": "def backward" + answers["backward"]}
    made = {}
    for name, points in HONEST.items():
        if name != "yyy_honest":
            notebook = with_answers(released, answers if points == 10 else answers | {"backward": "backward = None"})
            made[f"{name}_sem4.zip"] = packed({"seminar4.ipynb": json.dumps(notebook).encode()})
    return made


def _transcripts(taught: Class, assignment: Assignment) -> dict[str, str]:
    """What a patient attacker knows after one attempt: who said what in the speech that it was measured on."""
    learned = {}
    for submission in Submissions(assignment, taught.course) if taught.grades else ():
        said = submission.bundle.heldout
        if said and said.texts:
            spoken = load(said.features)
            parts = spoken["features"].split(spoken["lengths"].tolist())
            digests = [hashlib.sha256(part.contiguous().numpy().tobytes()).hexdigest() for part in parts]
            learned |= dict(zip(digests, said.texts, strict=True))
    return learned


def _grade(taught: Class, assignment: Assignment, inbox: Path) -> None:
    before = time.process_time()

    def advance(done: int, total: int, file: str) -> None:
        nonlocal before
        taught.intake_seconds[file.rsplit("_", 1)[0]] = time.process_time() - before
        before = time.process_time()

    collect(inbox, taught.course, advance)
    work = Submissions(assignment, taught.course)
    policy = WAYS[taught.way]
    for grade, _ in mark(work, lambda expected, folder: grading.LocalPool(2, expected, folder, policy)):
        taught.grades[grade.student] = grade
        feedback(assignment, taught.course, grade)


@pytest.fixture(params=[(way, attack.name) for way in WAYS for attack in faced(way)], ids="-".join)
def attacked(request, classes) -> tuple[Class, Attack]:
    way, name = request.param
    taught, attack = classes(way), ATTACKS[name]
    if not attack.is_stopped_at(taught.level):
        pytest.skip(f"needs isolation {attack.stopped_by}; this machine offers {taught.level}")
    return taught, attack


def test_there_are_attacks_of_every_kind():
    assert len(ATTACKS) >= 40
    for attack in ATTACKS.values():
        assert attack.tries
        assert attack.gain
        assert attack.stopped_by in LEVELS
        assert {Verdict(verdict) for verdict in attack.verdicts} <= set(Verdict)


def test_an_attack_gains_nothing(attacked):
    taught, attack = attacked
    grade = taught.grades[student(attack)]
    assert grade.verdict in set(Verdict) - {Verdict.GRADER_ERROR}, grade.sentence
    assert grade.points <= attack.worth, [
        item for exercise in grade.exercises for item in exercise.items if item.points
    ]
    assert taught.scores[student(attack)] == grade.points
    on_file = stored(ASSIGNMENTS[attack.assignment], taught.course, student(attack))
    assert (on_file.points, on_file.verdict) == (grade.points, grade.verdict)
    if attack.verdicts:
        assert grade.verdict.value in attack.verdicts, grade.sentence


def test_an_attack_learns_nothing_and_its_page_is_harmless(attacked):
    taught, attack = attacked
    told = taught.handed_back(student(attack))
    assert not [secret for secret in taught.secrets if secret in told]
    assert BROKE_OUT not in told, re.search(f"{BROKE_OUT}[^<]*", told)[0]
    assert len(told) < 3_000_000
    folder = taught.course.feedback(ASSIGNMENTS[attack.assignment], student(attack))
    page = (folder / f"{attack.assignment}.html").read_text("utf-8")
    # Those of our own drawings are in the page's policy, by hash; there is no other.
    assert page.lower().count("<script") == page.count("'sha256-")
    assert not re.search(r"<[^>]*\sonerror=", page)
    assert "\x1b" not in page


def test_an_attack_costs_no_more_than_its_limits(attacked):
    taught, attack = attacked
    most = CPU if attack.assignment == "seminar4" else ASSIGNMENTS[attack.assignment].cpu_seconds
    assert taught.grades[student(attack)].cpu_seconds <= most + 3
    assert taught.intake_seconds[student(attack)] <= INTAKE_SECONDS


@pytest.mark.parametrize("name", HONEST)
def test_classmates_get_what_their_work_is_worth(taught, name):
    grade = taught.grades[name]
    assert (grade.points, taught.scores[name]) == (HONEST[name], HONEST[name]), grade.sentence
    assert grade.verdict in {Verdict.GRADED, Verdict.MISSING_ANSWER}
    assert grade.errors == [] or HONEST[name] == 5.0


def test_nothing_is_left_behind(taught):
    assert taught.left_behind == []
    assert list(taught.course.root.rglob(f"*{MARK}*")) == []
    assert MARK not in (taught.course.root / "nbgrader_config.py").read_text("utf-8")


def test_nobody_was_reached(taught):
    allowed = set() if taught.level != "limits" else {"tcp", "udp", "path", "name"}
    assert set(taught.visited) <= allowed


def test_a_table_of_attackers_holds_no_formula(taught):
    for table in taught.tables:
        rows = list(csv.reader(table.splitlines()))
        assert len(rows) > 1
        assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "@"))]


def test_every_verdict_has_its_sentence(taught):
    assert {grade.verdict for grade in taught.grades.values()} <= set(SENTENCES)
