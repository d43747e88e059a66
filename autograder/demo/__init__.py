"""`python -m autograder demo`: the whole road on a sample class, from release to report."""

import shutil
from pathlib import Path


def run(root: Path) -> int:
    """Release, build and collect the sample hand-ins, grade, write feedback and the report, in a fresh course."""
    from autograder import cli
    from autograder.console import say
    from autograder.course import ASSIGNMENTS, Course
    from autograder.errors import UserError

    from .hand_ins import build

    # Only ever delete what a demo made.
    if root.exists() and any(root.iterdir()) and not (root / MARK).exists():
        raise UserError(f"{root} is not an earlier demo; name an empty or a new folder with --course.")
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    (root / MARK).write_text("Made by `python -m autograder demo`; the next demo deletes it.\n", "utf-8")
    course = Course(root)
    place = ["--course", str(root)]

    for step, (title, arguments) in enumerate(STEPS, start=1):
        say(f"\n{step}. {title}")
        if arguments[0] == "collect":
            inbox = root / "inbox"
            build(course.release(ASSIGNMENTS["seminar4"]), inbox)
            arguments = [*arguments, str(inbox)]
        shown = " ".join(f"'{part}'" if " " in part else part for part in [*arguments, *place])
        say(f"$ python -m autograder {shown}")
        if code := cli.main([*arguments, *place]):
            return code
    say(f"\nFeedback pages: {root / 'feedback'}/<student>/seminar4/seminar4.html")
    say(f"nbgrader's view of it: cd {root} && jupyter lab, then Nbgrader > Formgrader.")
    return 0


MARK = ".demo"

STEPS = [
    ("Release: strip the solutions, make the students' folder.", ["release", "seminar4"]),
    ("Collect: take in the zips as the students sent them.", ["collect"]),
    ("Grade: run each notebook in a sandbox, then judge what came out.", ["grade", "seminar4"]),
    ("Feedback: one page for each student.", ["feedback", "seminar4"]),
    ("Report: the table.", ["report", "seminar4"]),
]
