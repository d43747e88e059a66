"""The command line: `python -m autograder release | collect | grade | feedback | report | demo`.

Only argparse is imported up front, so that `--help` is instant.
"""

import argparse
import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit code."""
    options = _parser().parse_args(arguments)
    from .errors import UserError

    try:
        return options.run(options)
    except UserError as error:
        print(f"autograder: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nautograder: stopped. What is done is kept; the same command goes on from here.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m autograder", description="Release, collect, grade, give feedback.")
    commands = parser.add_subparsers(required=True, metavar="command")

    def command(name: str, run, about: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=about, description=about)
        sub.add_argument("--course", type=Path, default=Path("course"), help="the course folder (default: ./course)")
        sub.set_defaults(run=run)
        return sub

    released = command("release", _release, "Make the student version of an assignment.")
    released.add_argument("assignment", metavar="ASSIGNMENT", help="for example seminar4")

    collected = command("collect", _collect, "Take in hand-ins: a folder of zips or notebooks, as downloaded.")
    collected.add_argument("inbox", type=Path, metavar="DIR", help="the folder they lie in; it is not changed")
    collected.add_argument("--strict", action="store_true", help="exit with 1 if a file was refused")

    graded = command("grade", _grade, "Grade what is new; what is unchanged is left alone.")
    graded.add_argument("assignment", metavar="ASSIGNMENT")
    graded.add_argument("--student", action="append", default=[], metavar="NAME", help="only this one; may be repeated")
    graded.add_argument("--again", action="store_true", help="grade unchanged submissions too")
    graded.add_argument("--workers", type=int, default=2, metavar="N", help="submissions at a time (default: 2)")
    graded.add_argument("--strict", action="store_true", help="exit with 1 unless every verdict is 'graded'")

    told = command("feedback", _feedback, "Write one HTML page for each student.")
    told.add_argument("assignment", metavar="ASSIGNMENT")

    reported = command("report", _report, "Print the grade table and write it as CSV.")
    reported.add_argument("assignment", metavar="ASSIGNMENT")

    shown = commands.add_parser(
        "demo", help="Do all of it on a sample class.", description="Do all of it on a sample class."
    )
    shown.add_argument("--course", type=Path, default=Path("build/demo"), help="where (default: build/demo; made anew)")
    shown.set_defaults(run=_demo)
    return parser


def _assignment(name: str):
    from .course import ASSIGNMENTS
    from .errors import UserError

    if name not in ASSIGNMENTS:
        raise UserError(f"There is no assignment {name!r}. There are: {', '.join(ASSIGNMENTS)}.")
    return ASSIGNMENTS[name]


def _course(options: argparse.Namespace):
    from .course import Course

    return Course(options.course)


def _release(options: argparse.Namespace) -> int:
    from .release import release

    assignment, course = _assignment(options.assignment), _course(options)
    folder = release(assignment, course)
    print(f"Released {assignment.title}. Hand out this folder: {folder}")
    return 0


def _collect(options: argparse.Namespace) -> int:
    from .console import intake_table, progress, show
    from .errors import UserError
    from .intake import collect

    if not options.inbox.is_dir():
        raise UserError(f"{options.inbox} is not a folder; give the folder that the hand-ins lie in.")
    with progress("Collecting", None) as advance:
        rows = collect(options.inbox, _course(options), lambda done, total, file: advance(file, total))
    show(intake_table(rows))
    return int(options.strict and any(row.status == "refused" for row in rows))


def _grade(options: argparse.Namespace) -> int:
    from .console import grade_line, progress, say
    from .errors import UserError
    from .marking import mark, submissions
    from .verdicts import Verdict

    assignment, course = _assignment(options.assignment), _course(options)
    if options.workers < 1:
        raise UserError("--workers takes a number from 1 up.")
    work = submissions(assignment, course, options.student)
    if not work:
        say("Nothing has been collected yet: run `python -m autograder collect DIR`.")
        return 0
    grades, fresh = [], 0
    with progress("Grading", len(work)) as advance:
        for grade, new in mark(assignment, course, work, options.again, options.workers):
            grades.append(grade)
            fresh += new
            advance(grade_line(grade))
    levels = ", ".join(sorted({grade.isolation for grade in grades}))
    say(f"{fresh} graded, {len(grades) - fresh} unchanged. Isolation: {levels}.")
    return int(options.strict and any(grade.verdict is not Verdict.GRADED for grade in grades))


def _feedback(options: argparse.Namespace) -> int:
    from .console import progress, say
    from .marking import all_stored
    from .reports import feedback

    assignment, course = _assignment(options.assignment), _course(options)
    grades = all_stored(assignment, course)
    with progress("Writing feedback", len(grades)) as advance:
        for grade in grades:
            path = feedback(assignment, course, grade)
            advance(grade.student)
    say(f"{len(grades)} pages, for example {path}")
    return 0


def _report(options: argparse.Namespace) -> int:
    from .console import grade_table, say, show
    from .gradebook import Ledger
    from .marking import all_stored
    from .reports import write_csv

    assignment, course = _assignment(options.assignment), _course(options)
    grades = all_stored(assignment, course)
    with Ledger(course) as ledger:
        scores = ledger.scores(assignment)
    show(grade_table(assignment, grades, scores))
    say(f"CSV: {write_csv(assignment, course, grades, scores)}")
    return 0


def _demo(options: argparse.Namespace) -> int:
    from .demo import run

    return run(options.course)
