"""Runs inside the container, with the Python of the other grader: one run of that grader, then what came of it.

`python inside.py FOLDER`: reads `FOLDER/order.json`, writes `FOLDER/outcome.json`. Standard library only.
"""

import json
import os
import socket
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

POINTS = """
select submitted_assignment.student_id, grade.auto_score, grade.manual_score from grade
join submitted_notebook on grade.notebook_id = submitted_notebook.id
join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id
"""


def listen(port: int, visited: list) -> None:
    """A service of the machine, as a database or a notebook server would be."""
    server = socket.socket()
    server.bind(("0.0.0.0", port))
    server.listen()
    while True:
        connection, _ = server.accept()
        visited.append("service")
        connection.close()


def run(command: list, folder: Path, seconds: float) -> tuple:
    """(exit code or None where it took too long, what it printed)."""
    with open(folder / "printed.txt", "ab") as printed:
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=printed, stderr=printed)
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            code = None
    with open(folder / "printed.txt", "rb") as printed:
        return code, printed.read(2_000_000).decode("utf-8", "replace")


def nbgrader(folder: Path, students: list, seconds: float) -> dict:
    """Autograde a class."""
    code, printed = run(["nbgrader", "autograde", "ps1"], folder, seconds)
    points = dict.fromkeys(students)
    with sqlite3.connect(folder / "gradebook.db") as book:
        for student, automatic, manual in book.execute(POINTS):
            score = automatic if manual is None else manual
            if score is not None:
                points[student] = (points[student] or 0) + score
    back = folder / "autograded" / "m-student"
    return {"points": points, "code": code, "handed_back": printed + contents(back)}


def otter(folder: Path, students: list, seconds: float) -> dict:
    """Otter grades file by file."""
    points, back, codes = {}, "", []
    for student in students:
        file = next(path for path in (folder / "submitted" / student).iterdir() if "ps1" in path.name)
        output = folder / "results" / student
        output.mkdir(parents=True)
        command = ["otter", "run", str(file), "-a", "autograder.zip", "-o", str(output), "--no-logo"]
        code, printed = run(command, folder, seconds)
        codes.append(code)
        try:
            tests = json.loads((output / "results.json").read_text())["tests"]
            points[student] = sum(test.get("score") or 0 for test in tests)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            points[student] = None
        if student == "m-student":
            back = printed + contents(output)
    return {"points": points, "code": codes[0], "handed_back": back}


def contents(folder: Path) -> str:
    """What lies in a folder, as text."""
    found = []
    for path in sorted(folder.rglob("*"))[:2000]:
        if path.is_file() and path.stat().st_size < 50_000_000:
            found.append(path.read_text("utf-8", errors="replace"))
    return "\n".join(found)


def main() -> None:
    """Do the order."""
    folder = Path(sys.argv[1])
    order = json.loads((folder / "order.json").read_text())
    visited = []
    threading.Thread(target=listen, args=(order["port"], visited), daemon=True).start()
    grade = {"nbgrader": nbgrader, "otter": otter}[order["grader"]]
    outcome = grade(folder / "course", order["students"], order["seconds"])
    told = outcome.pop("handed_back")
    outcome["seen"] = [secret for secret in order["secrets"] if secret in told]
    outcome["visited"] = bool(visited)
    (folder / "outcome.json").write_text(json.dumps(outcome))
    os._exit(0)


if __name__ == "__main__":
    main()
