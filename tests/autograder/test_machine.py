"""How many submissions at a time: by cores, by memory, by what is asked for."""

import pytest

from autograder import machine
from autograder.errors import UserError

GB = 2**30


@pytest.fixture
def control_groups(tmp_path, monkeypatch):
    """A pretended machine of 16 cores and 64 GB; the files say what a container may use of it."""
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: set(range(16)), raising=False)

    class Memory:
        available = 64 * GB

    monkeypatch.setattr("psutil.virtual_memory", lambda: Memory)
    return tmp_path


def test_cores_are_those_of_the_container(control_groups):
    assert machine.cores() == 16
    (control_groups / "cpu.max").write_text("max 100000\n")
    assert machine.cores() == 16
    (control_groups / "cpu.max").write_text("350000 100000\n")
    assert machine.cores() == 3
    (control_groups / "cpu.max").write_text("50000 100000\n")
    assert machine.cores() == 1


def test_memory_is_that_of_the_container(control_groups):
    assert machine.free_memory_mb() == 64 * 1024
    (control_groups / "memory.max").write_text("max\n")
    (control_groups / "memory.current").write_text(f"{GB}\n")
    assert machine.free_memory_mb() == 64 * 1024
    (control_groups / "memory.max").write_text(f"{4 * GB}\n")
    assert machine.free_memory_mb() == 3 * 1024


def test_an_older_kernels_groups_count_too(control_groups):
    (control_groups / "cpu").mkdir()
    (control_groups / "cpu" / "cpu.cfs_quota_us").write_text("-1\n")
    (control_groups / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert machine.cores() == 16
    (control_groups / "cpu" / "cpu.cfs_quota_us").write_text("200000\n")
    assert machine.cores() == 2


@pytest.mark.parametrize(
    ("wanted", "budget", "number"),
    [(None, None, 16), (4, None, 4), (40, None, 40), (None, 8, 3), (2, 8, 2), (40, 8, 3), (None, 2.6, 1)],
)
def test_the_number_of_workers(control_groups, wanted, budget, number):
    found, why = machine.workers(2048, wanted, budget)
    assert found == number
    assert bool(why) == (budget is not None and (wanted or 16) > number)


def test_a_small_machine_grades_one_at_a_time_and_a_small_budget_is_refused(control_groups):
    (control_groups / "memory.max").write_text(f"{2 * GB}\n")
    (control_groups / "memory.current").write_text(f"{GB}\n")
    number, why = machine.workers(2048)
    assert number == 1
    assert why.startswith("1 at a time: each may use 2.5 GB and there are 1.0 GB.")
    with pytest.raises(UserError, match=r"--memory 1 is too little: one submission may use 2\.5 GB"):
        machine.workers(2048, None, 1)
