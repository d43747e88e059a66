"""The command line: `python -m autograder release | collect | grade | ...`; `--help` lists the commands.

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

    built = command("wheel", _wheel, "Build helpers as a wheel, without what gives away the answers of an assignment.")
    built.add_argument("assignment", metavar="ASSIGNMENT", help="homework3 holds all of helpers")
    built.add_argument("--to", type=Path, default=Path("dist"), metavar="DIR", help="where (default: dist)")

    collected = command("collect", _collect, "Take in hand-ins: a folder of zips or notebooks, as downloaded.")
    collected.add_argument("inbox", type=Path, metavar="DIR", help="the folder they lie in; it is not changed")
    collected.add_argument("--strict", action="store_true", help="exit with 1 if a file was refused")

    graded = command("grade", _grade, "Grade what is new; what is unchanged is left alone.")
    graded.add_argument("assignment", metavar="ASSIGNMENT")
    graded.add_argument("--student", action="append", default=[], metavar="NAME", help="only this one; may be repeated")
    graded.add_argument("--again", action="store_true", help="grade unchanged submissions too")
    graded.add_argument("--workers", type=int, metavar="N", help="submissions at a time (default: one a core)")
    graded.add_argument("--memory", type=float, metavar="GB", help="use no more than this (default: what is free)")
    graded.add_argument("--scheduler", metavar="tcp://...", help="grade on the Dask cluster behind this scheduler")
    graded.add_argument("--cold", action="store_true", help="a new jail and interpreter for each submission; slower")
    _add_min_isolation(graded)
    graded.add_argument("--strict", action="store_true", help="exit with 1 unless every verdict is 'graded'")

    told = command("feedback", _feedback, "Write one HTML page for each student.")
    told.add_argument("assignment", metavar="ASSIGNMENT")

    reported = command("report", _report, "Print the grade table and write it as CSV.")
    reported.add_argument("assignment", metavar="ASSIGNMENT")

    shown = commands.add_parser(
        "demo", help="Do all of it on a sample class.", description="Do all of it on a sample class."
    )
    shown.add_argument("--course", type=Path, default=Path("build/demo"), help="where (default: build/demo; made anew)")
    _add_min_isolation(shown)
    shown.set_defaults(run=_demo)

    settled = command("settings", _settings, "Print what course.toml decides, and what is so without it.")
    settled.add_argument("--example", action="store_true", help="print a course.toml that explains every setting")
    _add_json(settled)

    about = "What this machine offers to isolate student code with, what is missing, and how to get it."
    examined = commands.add_parser("doctor", help=about, description=about)
    examined.add_argument("--json", action="store_true", help="the same for programs")
    examined.set_defaults(run=_doctor)
    return parser


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout, all else on stderr")


def _add_min_isolation(parser: argparse.ArgumentParser) -> None:
    # The names of autograder.sandbox.LEVELS, which is not imported here.
    parser.add_argument(
        "--min-isolation",
        choices=("limits", "kernel", "full"),
        help="do not run student code with less (default: the course.toml's, else limits); see SECURITY.md",
    )


def _course(options: argparse.Namespace):
    from .course import Course

    return Course(options.course)


def _assignment(options: argparse.Namespace):
    """The assignment as the course wants it, and the course."""
    from .course import ASSIGNMENTS
    from .errors import UserError
    from .settings import settings

    if options.assignment not in ASSIGNMENTS:
        raise UserError(f"There is no assignment {options.assignment!r}. There are: {', '.join(ASSIGNMENTS)}.")
    course = _course(options)
    return settings(course).of_course(ASSIGNMENTS[options.assignment]), course


def _settings(options: argparse.Namespace) -> int:
    from dataclasses import asdict

    from .console import emit, settings_table, show
    from .settings import example, in_force, settings

    if options.example:
        print(example(), end="")
        return 0
    found = list(in_force(settings(_course(options))))
    if options.json:
        emit({"settings": [asdict(one) for one in found]})
    else:
        show(settings_table(found))
    return 0


def _release(options: argparse.Namespace) -> int:
    from .locking import only_writer
    from .release import release

    assignment, course = _assignment(options)
    course.root.mkdir(parents=True, exist_ok=True)
    with only_writer(course):
        folder = release(assignment, course)
    size = folder.with_suffix(".zip").stat().st_size / 1e6
    print(f"Released {assignment.title}. Hand out this folder: {folder}")
    print(f"The same as one file: {folder}.zip ({size:.1f} MB)")
    return 0


def _wheel(options: argparse.Namespace) -> int:
    from .bundle import wheel

    assignment, _ = _assignment(options)
    print(f"Built {wheel(assignment, options.to)}")
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
    from collections import Counter
    from contextlib import closing

    from .console import grade_line, progress, say
    from .errors import UserError
    from .marking import Outcome, Submissions, mark
    from .verdicts import Verdict

    assignment, course = _assignment(options)
    if options.workers is not None and options.workers < 1:
        raise UserError("--workers takes a number from 1 up.")
    policy = _policy(options, course)
    work = Submissions(assignment, course, options.student)
    place = _place(options, assignment, policy)
    outcomes, levels, all_graded = Counter(), set(), True
    _let_be_stopped()
    # Closed at once when it is interrupted, so that no sandbox outlives the sentence that says so.
    with progress("Grading", len(work)) as advance, closing(mark(work, place, options.again)) as marked:
        for grade, outcome in marked:
            outcomes[outcome] += 1
            if outcome is Outcome.WITHDRAWN:
                continue
            levels.add(grade.isolation)
            all_graded = all_graded and grade.verdict is Verdict.GRADED
            advance(grade_line(grade))
    if not outcomes:
        say("Nothing has been collected yet: run `python -m autograder collect DIR`.")
        return 0
    counts = [f"{outcomes[Outcome.GRADED]} graded, {outcomes[Outcome.UNCHANGED]} unchanged"]
    if gone := outcomes[Outcome.WITHDRAWN]:
        counts.append(f"{gone} withdrawn, because the hand-in is gone")
    say(f"{', '.join(counts)}. Isolation: {', '.join(sorted(levels - {''}))}.")
    return int(options.strict and not all_graded)


def _policy(options: argparse.Namespace, course):
    """What is asked of the sandbox. UserError where this machine is to run it and cannot."""
    from .sandbox import LEVELS, Policy, choose
    from .settings import settings

    policy = Policy(options.min_isolation or settings(course).min_isolation, warm=not options.cold)
    # The lowest level is always there: then it is tried only when there is something to grade.
    if policy.minimum != LEVELS[0] and not options.scheduler:
        choose(policy)
    return policy


def _place(options: argparse.Namespace, assignment, policy):
    """Where to grade: a function that makes it."""
    from .console import say
    from .grading import LocalPool
    from .machine import workers

    if options.scheduler:
        from .cluster import Cluster

        return lambda expected, folder: Cluster(options.scheduler, policy)
    number, why = workers(assignment.memory_mb, options.workers, options.memory)
    if why:
        say(why)
    return lambda expected, folder: LocalPool(number, expected, folder, policy)


def _let_be_stopped() -> None:
    """End as after Ctrl-C also when a batch system or a closed terminal asks to."""
    import signal
    import threading

    def stop(*_) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        for name in ("SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), stop)


def _feedback(options: argparse.Namespace) -> int:
    from .console import progress, say
    from .marking import Stored
    from .reports import feedback

    assignment, course = _assignment(options)
    grades = Stored(assignment, course)
    with progress("Writing feedback", len(grades)) as advance:
        paths = 0
        for grade in grades:
            path, paths = feedback(assignment, course, grade), paths + 1
            advance(grade.student)
    say(f"{paths} pages, for example {path}")
    return 0


def _report(options: argparse.Namespace) -> int:
    from .console import grade_table, say, show
    from .gradebook import Ledger
    from .marking import all_stored
    from .reports import write_csv

    assignment, course = _assignment(options)
    grades = all_stored(assignment, course)
    with Ledger(course) as ledger:
        scores = ledger.scores(assignment)
    show(grade_table(assignment, grades, scores))
    say(f"CSV: {write_csv(assignment, course, grades, scores)}")
    return 0


def _demo(options: argparse.Namespace) -> int:
    from .demo import run
    from .sandbox import Policy, choose

    choose(Policy(options.min_isolation or "limits"))
    return run(options.course, options.min_isolation)


def _doctor(options: argparse.Namespace) -> int:
    from .doctor import doctor

    return doctor(options.json)
