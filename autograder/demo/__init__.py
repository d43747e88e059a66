"""`python -m autograder demo`: the whole road on a sample class, from release to report."""

import shutil
from pathlib import Path


def run(root: Path, min_isolation: str | None = None) -> int:
    """Release, build and collect the sample hand-ins, grade, write feedback and the report, in a fresh course."""
    from autograder import cli
    from autograder.console import say, waiting
    from autograder.course import ASSIGNMENTS, Course
    from autograder.errors import UserError

    from .hand_ins import add_strays, build

    # Only ever delete what a demo made.
    if root.exists() and any(root.iterdir()) and not (root / MARK).exists():
        raise UserError(f"{root} is not an earlier demo; name an empty or a new folder with --course.")
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    (root / MARK).write_text("Made by `python -m autograder demo`; the next demo deletes it.\n", "utf-8")
    course, inbox = Course(root), root / "inbox"

    for step, (title, commands) in enumerate(STEPS, start=1):
        say(f"\n{step}. {title}")
        if commands == COLLECT:
            with waiting("Making the hand-ins of the sample class"):
                for assignment in ASSIGNMENTS.values():
                    build(course.release(assignment), inbox)
                add_strays(inbox)
            commands = [["collect", str(inbox)]]
        for command in commands:
            command = [*command, "--course", str(root)]
            if command[0] == "grade" and min_isolation:
                command += ["--min-isolation", min_isolation]
            say(f"$ python -m autograder {' '.join(command)}")
            if code := cli.main(command):
                return code
    say(f"\nFeedback pages: {root / 'feedback'}/<student>/<assignment>/<assignment>.html")
    for name in BOTH:
        say(f"The class on a page: {course.reports() / name}.html")
    say(f"nbgrader's view of it: cd {root} && jupyter lab, then Nbgrader > Formgrader.")
    return 0


MARK = ".demo"
BOTH = ("seminar4", "homework3")
COLLECT: list[list[str]] = [["collect"]]

STEPS = [
    ("Release: strip the solutions, make the students' folders.", [["release", name] for name in BOTH]),
    ("Collect: take in the zips as the students sent them.", COLLECT),
    ("Grade: run each notebook in a sandbox, then judge what came out.", [["grade", name] for name in BOTH]),
    ("Feedback: one page for each student and assignment.", [["feedback", name] for name in BOTH]),
    ("Report: the tables.", [["report", name] for name in BOTH]),
]
