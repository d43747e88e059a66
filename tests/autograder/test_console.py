"""What the command line shows on a terminal, through a pipe, and to those who want no colours."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COLOUR = re.compile(r"\x1b\[(?:[0-9;]*;)?(?:[34][0-7]|9[0-7]|10[0-7]|[34]8;[0-9;]*)(?:;[0-9;]*)?m")
STEPS = """
import time
from autograder.console import progress, say, waiting
with waiting("Opening the drawer"):
    time.sleep(0.3)
with progress("Counting spoons", 2) as advance:
    for spoon in ("first", "second"):
        advance(spoon)
say("Two spoons.")
"""

pty = pytest.importorskip("pty", reason="this system has no terminals to pretend")


def run(*arguments, terminal, **variables):
    """What a command writes, to a pretended terminal or into a pipe."""
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    environment = kept | {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLUMNS": "140"} | variables
    command = [sys.executable, *arguments]
    if not terminal:
        return subprocess.check_output(command, env=environment, stderr=subprocess.STDOUT, text=True)
    ours, theirs = pty.openpty()
    with open(ours, "rb", buffering=0) as screen:
        process = subprocess.Popen(command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        shown = bytearray()
        try:
            while piece := screen.read(65536):
                shown += piece
        except OSError:  # Linux's way to say that the other side is closed
            pass
    assert process.wait() == 0, shown
    return shown.decode()


def test_on_a_terminal_a_long_step_moves_and_is_named():
    shown = run("-c", STEPS, terminal=True)
    assert "Opening the drawer ..." in shown
    assert "Counting spoons" in shown
    assert "Two spoons." in shown


def test_through_a_pipe_there_is_no_code_of_a_terminal_and_no_spinner():
    written = run("-c", STEPS, terminal=False)
    assert "\x1b" not in written
    assert "\r" not in written
    assert "Opening the drawer" not in written
    assert written.count("Counting spoons") == 1  # once, when it is done
    assert written.endswith("Two spoons.\n")


def test_tables_are_coloured_on_a_terminal_only_and_never_against_the_user_s_will():
    doctor = ("-m", "autograder", "doctor")
    assert COLOUR.search(run(*doctor, terminal=True))
    assert not COLOUR.search(run(*doctor, terminal=True, NO_COLOR="1"))
    assert "\x1b" not in run(*doctor, terminal=True, TERM="dumb")
    assert "\x1b" not in run(*doctor, terminal=False)
