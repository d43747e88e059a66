"""The wall itself: code that tries to get out, on every rung of the ladder that this machine carries.

The code runs in a worker without torch, which starts at once. Where a rung promises less, the test says what is true.
"""

import contextlib
import inspect
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from pathlib import Path

import pytest

from autograder import cli
from autograder.course import REPOSITORY, Course
from autograder.errors import UserError
from autograder.sandbox import Limits, Policy, Sandbox, SandboxBroken, WorkerLost, choose, room
from autograder.sandbox.examining import examine
from autograder.sandbox.inside import landlock, seccomp
from autograder.sandbox.inside.job import Walls
from autograder.sandbox.inside.settling import WORKER_UID
from autograder.sandbox.levels import Rung, obstacle, rungs
from autograder.sandbox.probing import SCRIPT
from autograder.sandbox.staging import packages, shown_at
from autograder.settings import settings

LADDER = {"full": 0, "full and cold": 0, "kernel": 1, "kernel without namespaces": 2, "limits": 3}
WALLED = ("full", "full and cold", "kernel", "kernel without namespaces")
ENCLOSED = ("full", "full and cold", "kernel")
LIMITS = Limits(wall_seconds=30, cpu_seconds=20, memory_mb=1500)


def sandbox_of(name: str, **more) -> Sandbox:
    """A sandbox of a rung, with a worker that calls functions of this file."""
    rung = rungs()[LADDER[name]]
    if reason := obstacle(rung):
        pytest.skip(f"this machine does not carry it: {reason}")
    return Sandbox(rung=rung, module=SCRIPT, **{"policy": Policy(warm="cold" not in name), **more})


@pytest.fixture(scope="module")
def sandboxes():
    """One of each rung, started when it is first needed."""
    with contextlib.ExitStack() as stack:
        made = {}

        def sandbox(name: str) -> Sandbox:
            if name not in made:
                made[name] = stack.enter_context(sandbox_of(name))
            return made[name]

        yield sandbox


@pytest.fixture(params=LADDER)
def anywhere(request, sandboxes):
    return sandboxes(request.param)


@pytest.fixture(params=WALLED)
def walled(request, sandboxes):
    return sandboxes(request.param)


@pytest.fixture(params=ENCLOSED)
def enclosed(request, sandboxes):
    return sandboxes(request.param)


@pytest.fixture
def unwalled(sandboxes):
    return sandboxes("limits")


def run(sandbox, function, limits=LIMITS, **job):
    """How a function of this file ended inside, and what it returned there; None where nothing came back."""
    source = textwrap.dedent(inspect.getsource(function)) + f"\nlook = {function.__name__}"
    with sandbox.job() as folder:
        (folder / "job.json").write_text(json.dumps(job | {"source": source}), "utf-8")
        outcome = sandbox.run(folder, limits)
        found = folder / "answers" / "found.json"
        return outcome, json.loads(found.read_text("utf-8")) if found.exists() else None


def found(sandbox, function, limits=LIMITS, **job):
    """What a function returned that must run to its end."""
    outcome, value = run(sandbox, function, limits, **job)
    assert outcome.ending == "finished", outcome
    return value


def processes_with(token: str) -> list[int]:
    """Processes of this machine whose command line names the token."""
    pids = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if token.encode() in path.read_bytes():
                pids.append(int(path.parent.name))
    return pids


def wait_until(true, seconds=30):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# --- what can be read --------------------------------------------------------------------------------------------


@pytest.fixture
def public():
    """A folder that everybody may enter. Not pytest's, which it closes again and again."""
    with tempfile.TemporaryDirectory(prefix="rnnt-public-") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@pytest.fixture
def secrets_of_the_grader(public):
    """Files as they lie about on an instructor's machine, readable for everybody."""
    files = [public / name for name in ("gradebook.db", "course.key", "source/seminar4/seminar4.ipynb", "notes.txt")]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("secret")
    return [*map(str, files), str(REPOSITORY / "autograder/judging/oracle.py"), str(REPOSITORY / "README.md")]


def read_all(job):
    import os

    read = []
    for path in job["paths"]:
        for way in (path, "/proc/self/root" + path, "/proc/1/root" + path):
            try:
                with open(way, "rb") as file:
                    file.read(1)
                read.append(way)
            except OSError:
                pass
        try:
            os.link(path, "hard")
            read.append("a hard link to " + path)
        except OSError:
            pass
    return read


def test_no_file_of_the_grader_can_be_read(walled, secrets_of_the_grader):
    assert found(walled, read_all, paths=[*secrets_of_the_grader, "/etc/shadow", "/etc/hostname"]) == []


def test_on_the_lowest_level_files_can_be_read(unwalled, secrets_of_the_grader):
    assert set(secrets_of_the_grader) <= set(found(unwalled, read_all, paths=secrets_of_the_grader))


def list_folders(job):
    import contextlib
    import os

    seen = {}
    for folder in ("/", "/home", "/root", "/jobs", "/tmp", "/mnt", "/var", "/run", "/dev/shm", "/etc", "/job", "/opt"):
        with contextlib.suppress(OSError):
            seen[folder] = sorted(os.listdir(folder))
    return seen


def test_in_the_room_there_is_nothing_but_what_python_needs(sandboxes):
    seen = found(sandboxes("full"), list_folders)
    assert set(seen["/"]) <= {
        "bin", "sbin", "lib", "lib32", "lib64", "usr", "etc", "sys", "proc", "dev", "tmp", "code", "job", "jobs",
        *(path.parts[1] for path in (*room.interpreter(), *map(Path, map(shown_at, packages())))),
    }  # fmt: skip
    assert seen["/jobs"] == seen["/dev/shm"] == seen["/tmp"] == []
    assert set(seen["/job"]) == {"answers", "home", "job.json"}
    assert not {"shadow", "hostname", "hosts", "resolv.conf", "machine-id"} & set(seen["/etc"])


def import_it(job):
    import only_here

    return only_here.__file__


@pytest.mark.parametrize("name", LADDER)
def test_packages_are_found_where_the_project_lies_under_tmp(name, monkeypatch):
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        installed = Path(folder, "site-packages")
        installed.mkdir()
        (installed / "only_here.py").touch()
        for path in (Path(folder), installed):
            path.chmod(0o755)
        monkeypatch.syspath_prepend(str(installed))
        with sandbox_of(name) as sandbox:
            assert found(sandbox, import_it).endswith(str(installed / "only_here.py"))


def test_landlock_lets_nobody_look_around(sandboxes):
    for name in ("kernel", "kernel without namespaces"):
        seen = found(sandboxes(name), list_folders)
        assert not {"/", "/home", "/root", "/var", "/run", "/etc", "/tmp"} & set(seen)


def test_another_jobs_folder_is_out_of_reach(walled):
    with walled.job() as other:
        (other / "job.json").write_text("another student's")
        (other / "answers" / "forward.json").write_text("{}")
        names = ("job.json", "answers/forward.json")
        paths = [str(folder / name) for folder in (other, Path("/jobs") / other.name) for name in names]
        assert found(walled, read_all, paths=paths) == []


def environment(job):
    import contextlib
    import os
    import pathlib

    seen = [repr(dict(os.environ))]
    for pid in range(1, job["most"]):
        with contextlib.suppress(OSError):
            seen.append(pathlib.Path("/proc", str(pid), "environ").read_text())
    return [job["secret"] in one for one in seen]


def test_the_environment_of_nobody_shows_the_graders_secrets(monkeypatch):
    token = secrets.token_hex(8)
    monkeypatch.setenv("RNNT_SECRET", token)
    for name in WALLED:
        with sandbox_of(name) as sandbox:
            assert not any(found(sandbox, environment, secret=token, most=os.getpid() + 300)), name
    with sandbox_of("limits") as sandbox:
        # There the grader's own /proc/PID/environ is as open as to any program of this user.
        assert found(sandbox, environment, secret=token, most=os.getpid() + 300)[0] is False


def who(job):
    import os
    from pathlib import Path

    status = Path("/proc/self/status").read_text()
    return {
        "uid": os.getuid(),
        "rights": status.partition("CapEff:")[2].split()[0],
        "can be regained": status.partition("CapBnd:")[2].split()[0],
        "no new rights": status.partition("NoNewPrivs:")[2].split()[0],
        "filtered": status.partition("Seccomp:")[2].split()[0],
        "processes": sum(os.path.exists(f"/proc/{pid}") for pid in range(1, 5000)),
        "host": os.uname().nodename,
        "cwd": os.getcwd(),
        "home": os.environ["HOME"],
    }


def test_a_job_is_nobody_special_and_alone(enclosed):
    me = found(enclosed, who)
    assert me["uid"] == 1000
    assert me["processes"] == 2
    assert me["host"] == "grading"
    assert me["cwd"] == me["home"]


def test_a_job_has_no_rights_and_cannot_regain_any(walled):
    me = found(walled, who)
    assert int(me["rights"], 16) == 0
    assert me["no new rights"] == "1"
    assert me["filtered"] == "2"
    if walled.level == "full" or os.getuid() == 0:
        assert int(me["can be regained"], 16) == 0


# --- what can be reached -----------------------------------------------------------------------------------------


def connect(job):
    import socket

    reached = []

    def attempt(name, action):
        try:
            action()
            reached.append(name)
        except OSError:
            pass

    attempt("localhost", lambda: socket.create_connection(("127.0.0.1", job["port"]), 2))
    attempt("localhost over IPv6", lambda: socket.create_connection(("::1", job["port6"]), 2))
    attempt("the machine's address", lambda: socket.create_connection((job["address"], job["port"]), 2))
    attempt("abstract", lambda: socket.socket(socket.AF_UNIX).connect("\0" + job["abstract"]))
    attempt("path", lambda: socket.socket(socket.AF_UNIX).connect(job["path"]))
    attempt(
        "datagram", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", job["port"]))
    )
    attempt("netlink", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW))
    attempt("raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
    attempt("vsock", lambda: socket.socket(40, socket.SOCK_STREAM))
    return reached


@pytest.fixture
def listeners():
    """Sockets of other programs of this machine, open to everybody."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="listen-")))
        folder.chmod(0o755)
        everywhere = stack.enter_context(socket.create_server(("0.0.0.0", 0)))
        six = None
        with contextlib.suppress(OSError):
            six = stack.enter_context(socket.create_server(("::1", 0), family=socket.AF_INET6))
        name = f"rnnt-{secrets.token_hex(8)}"
        for address in (f"\0{name}", str(folder / "socket")):
            listener = stack.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(address)
            listener.listen()
        (folder / "socket").chmod(0o777)
        with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as outward:
            try:
                outward.connect(("192.0.2.1", 9))
                address = outward.getsockname()[0]
            except OSError:
                address = "127.0.0.1"
        yield {
            "port": everywhere.getsockname()[1],
            "port6": six.getsockname()[1] if six else 9,
            "address": address,
            "abstract": name,
            "path": str(folder / "socket"),
        }


def test_nothing_can_be_connected_to(walled, listeners):
    assert found(walled, connect, **listeners) == []


def test_on_the_lowest_level_the_network_is_open(unwalled, listeners):
    assert {"localhost", "abstract", "path"} <= set(found(unwalled, connect, **listeners))


def signal_outside(job):
    import contextlib
    import os
    import signal

    reached = []
    for name, pid in job["pids"].items():
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGCONT)
            reached.append(name)
    for number in range(1, 65):
        with contextlib.suppress(OSError):
            os.kill(os.getppid(), number)
    if job["all"]:
        with contextlib.suppress(OSError):
            os.kill(-1, signal.SIGKILL)
    return reached


def test_no_process_outside_can_be_signalled(walled):
    found(walled, who)
    worker = walled._worker
    pids = {"the grader": os.getpid()} | ({"the worker": worker._process.pid} if worker else {})
    # In a namespace of its own the same number may be a process of the job.
    if walled._rung.walls.namespaces:
        pids = {name: pid for name, pid in pids.items() if pid > 300}
    # As root, a wall with a hole must not end the machine that the test runs on.
    everybody = walled._rung.walls.namespaces or os.getuid() != 0
    assert found(walled, signal_outside, pids=pids, all=everybody) == []
    assert found(walled, who)
    assert walled._worker is worker, "the worker that served before serves on"


def kill_parent(job):
    import os

    os.kill(os.getppid(), 9)


def test_on_the_lowest_level_the_worker_can_be_killed_and_is_replaced():
    with sandbox_of("limits") as sandbox:
        with pytest.raises(WorkerLost):
            run(sandbox, kill_parent)
        assert found(sandbox, who)


def trace(job):
    import ctypes
    import os

    libc = ctypes.CDLL(None, use_errno=True)
    done = []
    for name, number in job["calls"].items():
        ctypes.set_errno(0)
        libc.syscall(ctypes.c_long(number), 0, 0, 0, 0, 0, 0)
        if ctypes.get_errno() not in (1, 38):
            done.append(name)
    for pid in (1, os.getppid()):
        for name in ("mem", "environ", "maps", "fd/2", "root/etc", "cwd"):
            try:
                if "/" in name:
                    os.stat(f"/proc/{pid}/{name}")
                else:
                    with open(f"/proc/{pid}/{name}", "rb") as file:
                        file.read(1)
                done.append(f"/proc/{pid}/{name}")
            except OSError:
                pass
    return done


def test_neither_memory_of_others_nor_dangerous_system_calls(walled):
    column = list(seccomp.ARCHITECTURES).index(seccomp.MACHINE)
    calls = {name: numbers[column] for name, numbers in seccomp._DENIED.items()}
    done = found(walled, trace, calls=calls)
    assert [one for one in done if not one.startswith("/proc")] == []
    assert done == []


def new_namespaces(job):
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    flags = {"user": 0x10000000, "mount": 0x20000, "pid": 0x20000000, "net": 0x40000000}
    unshared = [name for name, flag in flags.items() if libc.unshare(flag) == 0]
    # The raw call, as the C library's wrapper would want a stack.
    for name, flag in flags.items():
        pid = libc.syscall(ctypes.c_long(job["clone"]), ctypes.c_ulong(flag | 17), 0, 0, 0, 0)
        if pid == 0:
            libc._exit(0)
        if pid > 0:
            unshared.append(f"clone {name}")
    with open("/proc/self/status") as file:
        file.read()
    return unshared


def test_no_further_namespaces(walled):
    assert found(walled, new_namespaces, clone=seccomp._CLONE[seccomp.MACHINE]) == []


# --- what can be changed -----------------------------------------------------------------------------------------


def write_everywhere(job):
    import os
    from pathlib import Path

    written = []
    for folder in job["folders"]:
        try:
            path = Path(folder, "planted")
            path.write_text("x")
            path.unlink()
            written.append(folder)
        except OSError:
            pass
    for path in job["files"]:
        for name, change in {
            "append": lambda path: open(path, "ab").close(),
            "truncate": lambda path: os.truncate(path, 0),
            "chmod": lambda path: os.chmod(path, 0o777),
            "utime": lambda path: os.utime(path, (1, 1)),
            "rename": lambda path: os.rename(path, path + "x"),
            "unlink": os.unlink,
        }.items():
            try:
                before = os.stat(path)
                change(path)
                if name not in ("chmod", "utime") or tuple(before)[:9] != tuple(os.stat(path))[:9]:
                    written.append(f"{name} {path}")
            except OSError:
                pass
    return written


def test_the_code_that_a_job_runs_cannot_be_changed(walled):
    def look(job):
        import json
        import sys

        return [entry for entry in sys.path if entry] + [json.__file__, sys.executable]

    *folders, module, executable = found(walled, look)
    folders += ["/usr/lib", "/etc", "/", "/code", "/jobs", "/job", "/proc", "/dev", "/sys", "/var/tmp"]
    files = [f"{folders[0]}/autograder/sandbox/inside/script.py", "../job.json"]
    if os.getuid() != 0:
        # As root a hole would damage the machine that the test runs on.
        files += [module, executable]
    assert found(walled, write_everywhere, folders=folders, files=files) == []


def test_no_file_of_the_grader_can_be_changed(walled, public):
    file = public / "gradebook.db"
    file.write_text("marks")
    file.chmod(0o666)
    public.chmod(0o777)
    before = file.stat()
    assert found(walled, write_everywhere, folders=[str(public)], files=[str(file)]) == []
    assert file.read_text() == "marks"
    assert (file.stat().st_mode, file.stat().st_mtime) == (before.st_mode, before.st_mtime)


def leave_behind(job):
    import os
    from pathlib import Path

    left = []
    for folder in ("/tmp", "/dev/shm", "/var/tmp", "/dev", "/dev/mqueue", "/run", os.getcwd(), "/code", "/jobs"):
        path = Path(folder, job["token"])
        if path.exists():
            return "found what was left"
        try:
            path.write_text("x")
            left.append(folder)
        except OSError:
            pass
    return left


def test_nothing_is_left_for_the_next_job(walled):
    token = f"rnnt-{secrets.token_hex(8)}"
    assert found(walled, leave_behind, token=token)
    assert isinstance(found(walled, leave_behind, token=token), list)
    for folder in (tempfile.gettempdir(), "/dev/shm", "/var/tmp", "/tmp"):
        assert not Path(folder, token).exists()


def odd_answers(job):
    import os
    from pathlib import Path

    os.chdir("../answers")
    os.symlink("/etc/passwd", "link.json")
    os.symlink(job["victim"], "victim.json")
    os.mkfifo("pipe.json")
    os.mkdir("folder.json")
    Path("plain.json").write_text("3")
    os.link("plain.json", "hard.json")
    Path("large.json").write_bytes(bytes(50_000_000))
    Path("sparse.json").touch()
    os.truncate("sparse.json", 60_000_000)
    Path(b"\xff.json".decode("utf-8", "surrogateescape")).write_text("1")
    return True


def test_only_plain_files_of_bounded_size_come_out(enclosed, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("whole")
    source = textwrap.dedent(inspect.getsource(odd_answers)) + "\nlook = odd_answers"
    with enclosed.job() as folder:
        (folder / "job.json").write_text(json.dumps({"source": source, "victim": str(victim)}), "utf-8")
        assert enclosed.run(folder, LIMITS).ending == "finished"
        left = {path.name: path for path in (folder / "answers").iterdir()}
        assert all(path.is_file() and not path.is_symlink() for path in left.values())
        assert {"plain.json", "hard.json", "large.json", "sparse.json", "found.json"} <= set(left)
        assert not {"link.json", "victim.json", "pipe.json", "folder.json"} & set(left)
        assert sum(path.stat().st_size for path in left.values()) < 20_000_000
        assert list((folder / "home").iterdir()) == []
    assert victim.read_text() == "whole"


# --- how much can be used ----------------------------------------------------------------------------------------


def flood(job):
    import os

    count, number = 0, 0
    try:
        for folder in range(job["folders"]):
            os.mkdir(str(folder))
            for file in range(1000):
                os.close(os.open(f"{folder}/{file}", os.O_CREAT | os.O_WRONLY))
                count += 1
    except OSError as error:
        number = error.errno
        os.unlink("0/0")  # so that there is a place for the answer
    return [count, number]


def test_a_flood_of_files_ends_in_a_full_disk_of_its_own(enclosed):
    count, error = found(enclosed, flood, folders=30)
    assert count < 20_000
    assert error == 28
    assert found(enclosed, flood, folders=1) == [1000, 0], "the next job has its own"


def fill(job):
    import contextlib
    import os

    written = 0
    for number in range(30):
        with contextlib.suppress(OSError), open(f"{job['folder']}/{number}", "wb", buffering=0) as file:
            for _ in range(job["megabytes"]):
                written += file.write(bytes(1_000_000)) / 1_000_000
    os.unlink(f"{job['folder']}/0")  # so that there is a place for the answer
    return written


@pytest.mark.parametrize("folder", [".", "../answers", "/dev/shm"])
def test_all_files_together_have_a_limit(enclosed, folder):
    limits = Limits(wall_seconds=30, memory_mb=1500, disk_mb=100)
    assert found(enclosed, fill, limits, folder=folder, megabytes=30) <= 105


def test_one_file_has_a_limit(anywhere):
    written = found(anywhere, fill, Limits(wall_seconds=30, file_mb=1, disk_mb=100), folder=".", megabytes=2)
    assert 29 < written < 30 * 1.05


def take_memory(job):
    import mmap
    import os
    import time

    kept = []
    try:
        if job["how"] == "plain":
            for _ in range(80):
                kept.append(bytes(100_000_000))
        elif job["how"] == "shared":
            for _ in range(80):
                kept.append(mmap.mmap(-1, 100_000_000))
                for page in range(0, 100_000_000, 4096):
                    kept[-1][page] = 1
        elif job["how"] == "memfd":
            for _ in range(200):
                os.write(os.memfd_create("x"), bytes(50_000_000))
        else:
            for _ in range(8):
                if os.fork() == 0:
                    kept.append(b"x" * 800_000_000)
                    time.sleep(30)
                    os._exit(0)
            time.sleep(20)
    except (MemoryError, OSError) as error:
        return type(error).__name__
    return "took it all"


def test_eight_gigabytes_are_not_given(anywhere):
    outcome, told = run(anywhere, take_memory, how="plain")
    assert (outcome.ending, told) == ("finished", "MemoryError")


@pytest.mark.parametrize("how", ["shared", "many processes"])
def test_memory_that_no_limit_of_the_kernel_counts_is_watched(enclosed, how):
    outcome, told = run(enclosed, take_memory, how=how)
    assert told is None
    assert outcome.ending == "out of memory"
    assert "1500 MB" in outcome.detail
    assert found(enclosed, who), "the next job runs"


def test_memory_without_a_process_is_not_given(walled):
    assert found(walled, take_memory, how="memfd") == "PermissionError"


def fork_bomb(job):
    import os
    import time

    children = 0
    try:
        for _ in range(2000):
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)
            children += 1
    except OSError:
        pass
    return children


def bounded_as_root(sandbox) -> bool:
    return sandbox.level == "full" or os.getuid() != 0


def test_a_fork_bomb_is_bounded(enclosed):
    limits = Limits(wall_seconds=30, processes=60)
    outcome, children = run(enclosed, fork_bomb, limits)
    if bounded_as_root(enclosed):
        assert outcome.ending == "finished"
        assert 40 <= children <= 60
    else:
        # The kernel does not count root's processes; the supervisor does, ten times a second.
        assert outcome.ending == "crashed"
        assert "60 processes" in outcome.detail
    assert found(enclosed, who)


def fork_for_ever(job):
    import contextlib
    import os

    while True:
        with contextlib.suppress(OSError):
            os.fork()


def test_a_fork_bomb_that_spreads_ends_with_its_time(sandboxes):
    outcome, _ = run(sandboxes("full"), fork_for_ever, Limits(wall_seconds=20, cpu_seconds=3, processes=60))
    assert outcome.ending == "timeout"
    assert outcome.wall_seconds < 30
    assert found(sandboxes("full"), who)


def compute_in_many(job):
    import os

    for _ in range(8):
        if os.fork() == 0:
            while True:
                pass
    while True:
        pass


def test_computing_counts_for_all_processes_together(enclosed):
    outcome, _ = run(enclosed, compute_in_many, Limits(wall_seconds=60, cpu_seconds=3))
    assert outcome.ending == "timeout"
    assert "3 s of computing" in outcome.detail
    assert 3 <= outcome.cpu_seconds < 6


def wait_for_ever(job):
    import signal
    import time

    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    while True:
        time.sleep(10)


def test_time_ends_for_everybody(anywhere):
    started = time.monotonic()
    outcome, _ = run(anywhere, wait_for_ever, Limits(wall_seconds=1))
    assert outcome.ending == "timeout"
    assert 1 <= time.monotonic() - started < 10


# --- what survives -----------------------------------------------------------------------------------------------


def start_daemons(job):
    import os
    import subprocess
    import time

    command = ["sleep", job["token"]]
    subprocess.Popen(command, start_new_session=True)
    subprocess.Popen(["sh", "-c", f"trap '' HUP TERM INT; (setsid sleep {job['token']} &) ; sleep {job['token']}"])
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execvp("sleep", command)
        os._exit(0)
    os.wait()
    time.sleep(0.3)
    if job["end"] == "exit":
        os._exit(0)
    if job["end"] == "kill":
        os.kill(os.getpid(), 9)
    if job["end"] == "stop":
        os.kill(os.getpid(), 19)
    return True


@pytest.mark.parametrize("end", ["return", "exit", "kill", "stop"])
def test_no_process_outlives_its_job(anywhere, end):
    token = f"{secrets.randbelow(10**9)}.25"
    outcome, _ = run(anywhere, start_daemons, Limits(wall_seconds=3), token=token, end=end)
    assert outcome.ending == {"kill": "crashed", "stop": "timeout"}.get(end, "finished")
    assert processes_with(token) == []


def sleep_with(job):
    import subprocess

    subprocess.Popen(["sleep", job["token"]], start_new_session=True).wait()


@pytest.mark.parametrize("name", LADDER)
def test_stopping_a_sandbox_from_outside_leaves_nothing(name):
    token = f"{secrets.randbelow(10**9)}.25"
    with sandbox_of(name) as sandbox:
        failed = []

        def job():
            try:
                run(sandbox, sleep_with, token=token)
            except SandboxBroken:
                failed.append(True)

        thread = threading.Thread(target=job)
        thread.start()
        wait_until(lambda: processes_with(token))
        sandbox.stop()
        thread.join()
        assert failed
        wait_until(lambda: not processes_with(token))
        root = sandbox._root
    assert not root.exists()


@pytest.mark.parametrize("name", LADDER)
def test_nothing_outlives_a_grader_that_is_killed(name, tmp_path):
    token = f"{secrets.randbelow(10**9)}.25"
    script = tmp_path / "grader.py"
    script.write_text(
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import test_sandbox as t\n"
        "with t.sandbox_of(sys.argv[2]) as sandbox:\n"
        "    t.run(sandbox, t.sleep_with, token=open(sys.argv[3]).read())\n"
    )
    (tmp_path / "token").write_text(token)
    if reason := obstacle(rungs()[LADDER[name]]):
        pytest.skip(reason)
    command = [sys.executable, str(script), str(Path(__file__).parent), name, str(tmp_path / "token")]
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": os.pathsep.join([str(REPOSITORY), *sys.path])}
    grader = subprocess.Popen(command, env=environment)
    wait_until(lambda: processes_with(token))
    grader.kill()
    grader.wait()
    wait_until(lambda: not processes_with(token))


# --- a worker for many jobs, or one for each ---------------------------------------------------------------------


def remember(job):
    import sys

    seen = "left behind" in sys.modules
    sys.modules["left behind"] = sys
    return seen


@pytest.mark.parametrize("warm", [True, False])
def test_a_cold_sandbox_has_a_new_worker_for_every_job(warm):
    with sandbox_of("full", policy=Policy(warm=warm)) as sandbox:
        workers = []
        for _ in range(2):
            assert found(sandbox, remember) is False
            workers.append(sandbox._worker)
        assert (workers[0] is workers[1]) is warm or not any(workers)
        assert any(workers) is warm


def test_a_wall_that_cannot_be_put_up_is_our_fault_and_runs_nothing(tmp_path):
    note = tmp_path / "note"
    rung = Rung("kernel", Walls(namespaces=True, landlock=True, seccomp=True, readable=("/usr\0",)))

    def write(job):
        from pathlib import Path

        Path(job["note"]).write_text("x")

    with Sandbox(rung=rung, module=SCRIPT) as sandbox, pytest.raises(SandboxBroken):
        run(sandbox, write, note=str(note))
    assert not note.exists()


# --- choosing a level --------------------------------------------------------------------------------------------


@pytest.fixture
def without_bubblewrap(monkeypatch):
    monkeypatch.setattr(room, "bubblewrap", lambda: None)
    obstacle.cache_clear()
    yield
    obstacle.cache_clear()


@pytest.fixture
def bare(without_bubblewrap, monkeypatch):
    """A machine with nothing: as macOS or an old kernel."""
    monkeypatch.setattr(landlock, "abi", lambda: 0)


def test_the_best_rung_that_holds_is_taken():
    rung = choose(Policy())
    assert not obstacle(rung)
    better = rungs()[: rungs().index(rung)]
    assert all(obstacle(one) for one in better)


def test_without_bubblewrap_the_kernel_is_left(without_bubblewrap):
    assert choose(Policy()).level in {"kernel", "limits"}
    found = examine()
    assert found.rungs[0].obstacle == "bubblewrap is not installed"
    assert any("bubblewrap" in step for step in found.advice)


def test_without_anything_limits_are_left_and_it_says_why(bare):
    assert choose(Policy()).level == "limits"
    found = examine()
    assert [rung.holds for rung in found.rungs] == [False, False, False, True]
    assert all(rung.obstacle for rung in found.rungs[:3])
    assert any("Landlock" in step or "landlock" in step for step in found.advice)


def test_less_than_asked_for_is_refused_in_one_sentence(bare):
    for minimum in ("kernel", "full"):
        with pytest.raises(UserError, match=f"'{minimum}'.*doctor"):
            Sandbox(policy=Policy(minimum=minimum))
    with Sandbox(policy=Policy(minimum="limits")) as sandbox:
        assert sandbox.level == "limits"


def test_grading_below_the_least_level_does_not_begin(bare, tmp_path, capsys):
    for command in (
        ["grade", "seminar4", "--min-isolation", "full", "--course", str(tmp_path)],
        ["demo", "--min-isolation", "kernel", "--course", str(tmp_path / "demo")],
    ):
        assert cli.main(command) == 2
        told = capsys.readouterr().err
        assert "limits" in told
        assert "doctor" in told
        assert len(told.splitlines()) == 1
    assert not (tmp_path / "demo").exists()


def test_a_course_can_ask_for_a_level(bare, tmp_path, capsys):
    (tmp_path / "course.toml").write_text('min_isolation = "full"\n')
    assert cli.main(["grade", "seminar4", "--course", str(tmp_path)]) == 2
    assert "'full' is asked for" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "told"),
    [("min_isolation = 'most'", '"limits" or "kernel" or "full"'), ("isolation = 'full'", "no setting"), ("x", "read")],
)
def test_a_course_file_that_nobody_understands_is_a_sentence(tmp_path, text, told):
    (tmp_path / "course.toml").write_text(text)
    with pytest.raises(UserError, match=told):
        settings(Course(tmp_path))


def test_without_a_course_file_there_are_defaults(tmp_path):
    assert settings(Course(tmp_path)).min_isolation == "limits"


def test_doctor_says_what_there_is_for_people_and_programs(capsys):
    assert cli.main(["doctor"]) == 0
    told = capsys.readouterr().out
    assert "The ladder of isolation" in told
    assert f"level '{choose(Policy()).level}'" in told
    assert cli.main(["doctor", "--json"]) == 0
    as_json = json.loads(capsys.readouterr().out)
    assert as_json["level"] == choose(Policy()).level
    assert [rung["level"] for rung in as_json["rungs"]] == ["full", "kernel", "kernel", "limits"]
    assert as_json["facts"]["user"] in {"root", "an ordinary user"}


def test_doctor_says_how_to_get_more(bare, capsys):
    assert cli.main(["doctor"]) == 0
    told = capsys.readouterr().out
    assert "bubblewrap is not installed" in told
    assert "To get more: Install bubblewrap" in told
    assert "Traceback" not in told


# --- other machines and other users ------------------------------------------------------------------------------


def ordinary(command: list[str], folder: Path, *before: str) -> subprocess.CompletedProcess:
    """Run Python as somebody who is not root."""
    (folder / "home").mkdir(exist_ok=True)
    environment = {
        "HOME": str(folder / "home"), "TMPDIR": str(folder / "home"), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join([str(REPOSITORY), *room.packages()]), "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    python = str(Path(sys.executable).resolve())
    if os.getuid() == 0:
        os.chown(folder / "home", WORKER_UID, WORKER_UID)
        before = ("setpriv", f"--reuid={WORKER_UID}", f"--regid={WORKER_UID}", "--clear-groups", *before)
        # An interpreter in root's closed home is not for everybody; the distribution's is.
        same = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
        runs = "import os, sys, torch, autograder; os.stat(os.path.realpath(sys.executable))"
        python = next((one for one in (same, python) if _works([*before, one, "-c", runs], environment)), "")
        if not python:
            pytest.skip("an ordinary user may not read interpreter, packages or this project")
    return subprocess.run(
        [*before, python, *command], env=environment, cwd="/", capture_output=True, text=True, check=False
    )


def _works(command: list[str], environment: dict[str, str]) -> bool:
    try:
        return not subprocess.run(command, env=environment, cwd="/", capture_output=True, check=False).returncode
    except OSError:
        return False


def test_an_ordinary_user_reaches_the_same_level(public):
    done = ordinary(["-m", "autograder", "doctor", "--json"], public)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["facts"]["user"] == "an ordinary user"
    assert found["level"] == choose(Policy()).level, found["rungs"]


@pytest.mark.slow
def test_the_walls_hold_for_an_ordinary_user_too(public):
    if os.getuid() != 0:
        pytest.skip("the other tests of this file ran as one")
    tests = ["-k", "not ordinary and not forbidden and not killed and not course and not doctor and not left"]
    command = ["-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", str(Path(__file__)), *tests]
    done = ordinary(command, public)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert "test_no_file_of_the_grader_can_be_read[full]" in done.stdout
    assert "skipped" not in done.stdout.splitlines()[-1]


def test_where_namespaces_are_forbidden_landlock_is_left(public):
    if room.bubblewrap() is None or landlock.abi() < landlock.SIGNALS_ABI:
        pytest.skip("needs bubblewrap, to forbid them, and Landlock")
    jail = ["bwrap", "--dev-bind", "/", "/", "--unshare-user", "--disable-userns", "--"]
    done = ordinary(["-m", "autograder", "doctor", "--json"], public, *jail)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [rung["holds"] for rung in found["rungs"]] == [False, False, True, True]
    assert found["level"] == "kernel"
    assert found["advice"]
