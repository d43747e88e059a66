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
    _add_json(collected)

    asked = command("receipt", _receipt, "Tell whether the hand-in with this receipt has arrived.")
    asked.add_argument("code", metavar="CODE", help="as preflight printed it, for example sem4-7K3M-Q2XD")
    _add_json(asked)

    graded = command("grade", _grade, "Grade what is new; what is unchanged is left alone.")
    graded.add_argument("assignment", metavar="ASSIGNMENT")
    graded.add_argument("--again", action="store_true", help="grade unchanged submissions too")
    _add_grading(graded)
    graded.add_argument("--strict", action="store_true", help="exit with 1 unless every verdict is 'graded'")

    about = "After a check has changed: grade everything again and show who gains, who loses, and why."
    again = command("regrade", _regrade, about)
    again.add_argument("assignment", metavar="ASSIGNMENT")
    again.add_argument(
        "--against",
        default="",
        metavar="RUN",
        help="compare with the grades after this run (see `runs`), with those in a folder of result files, or with "
        "those that are `published` (default: with those in force)",
    )
    again.add_argument("--dry-run", action="store_true", help="only show it: no grade is changed")
    _add_grading(again)

    listed = command("runs", _runs, "List the runs that changed grades, for `regrade --against`.")
    _add_json(listed)

    told = command("feedback", _feedback, "Write one HTML page for each student.")
    told.add_argument("assignment", metavar="ASSIGNMENT")
    told.add_argument("--zip", choices=("moodle",), help="also pack the pages for this platform's bulk upload")

    reported = command("report", _report, "Print the grade table, write it as CSV, and a page about the class.")
    reported.add_argument("assignment", metavar="ASSIGNMENT")
    # The names of autograder.lms.FORMATS, which is not imported here.
    reported.add_argument(
        "--format",
        choices=("csv", "moodle", "canvas", "gradescope"),
        help="write what this platform imports, by roster.csv; naming a format counts as publishing the grades",
    )
    reported.add_argument("--per-question", action="store_true", help="a column for each exercise, too")
    reported.add_argument("--anonymous", action="store_true", help="lasting made-up names in the place of students'")
    _add_json(reported)

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


def _add_grading(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--student", action="append", default=[], metavar="NAME", help="only this one; may be repeated")
    parser.add_argument("--workers", type=int, metavar="N", help="submissions at a time (default: one a core)")
    parser.add_argument("--memory", type=float, metavar="GB", help="use no more than this (default: what is free)")
    parser.add_argument("--scheduler", metavar="tcp://...", help="grade on the Dask cluster behind this scheduler")
    parser.add_argument("--cold", action="store_true", help="a new jail and interpreter for each submission; slower")
    parser.add_argument("--allow-lower", action="store_true", help="a grade that was published may become lower")
    _add_min_isolation(parser)
    _add_json(parser)


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
    from helpers.units import size

    from .console import waiting
    from .locking import only_writer
    from .release import release

    assignment, course = _assignment(options)
    course.root.mkdir(parents=True, exist_ok=True)
    with only_writer(course), waiting(f"Releasing {assignment.title}"):
        folder = release(assignment, course)
    packed = folder.with_suffix(".zip").stat().st_size
    print(f"Released {assignment.title}. Hand out this folder: {folder}")
    print(f"The same as one file: {folder}.zip ({size(packed)})")
    return 0


def _wheel(options: argparse.Namespace) -> int:
    from .bundle import wheel
    from .console import waiting
    from .settings import settings

    assignment, course = _assignment(options)
    with waiting("Building the wheel"):
        built = wheel(assignment, options.to, settings(course).hints.cost)
    print(f"Built {built}")
    return 0


def _collect(options: argparse.Namespace) -> int:
    from dataclasses import asdict

    from .console import emit, for_machines, intake_table, progress, show
    from .errors import UserError
    from .intake import collect

    if not options.inbox.is_dir():
        raise UserError(f"{options.inbox} is not a folder; give the folder that the hand-ins lie in.")
    with for_machines(options.json):
        with progress("Collecting", None) as advance:
            rows = collect(options.inbox, _course(options), lambda done, total, file: advance(file, total))
        if options.json:
            emit({"collected": [asdict(row) for row in rows]})
        else:
            show(intake_table(rows))
    return int(options.strict and any(row.status == "refused" for row in rows))


def _receipt(options: argparse.Namespace) -> int:
    from helpers.preflight.manifest import code_of

    from .console import emit, for_machines, say
    from .course import ASSIGNMENTS
    from .errors import UserError
    from .intake.receipts import arrivals

    with for_machines(options.json):
        if code_of(options.code) is None:
            raise UserError(f"{options.code!r} is no receipt: they look like sem4-7K3M-Q2XD.")
        course = _course(options)
        found = arrivals(course, options.code)
        if options.json:
            emit({"arrived": [one.to_json() for one in found]})
            return int(not found)
        for one in found:
            standing = "the one that counts" if one.newest else "an earlier one; a newer hand-in took its place"
            say(f"{one.receipt} arrived: {ASSIGNMENTS[one.assignment].title} of {one.student}, {standing}.")
            say(f"    collected {one.collected:%Y-%m-%d %H:%M} UTC, packed {one.packed}; file {one.original}")
            for note in one.notes:
                say(f"    {note}")
        if not found:
            say(f"No hand-in with the receipt {options.code} has been collected in {course.root}.")
        return int(not found)


def _grade(options: argparse.Namespace) -> int:
    from .console import emit, for_machines

    with for_machines(options.json):
        document, all_graded = _graded(options)
        if options.json:
            emit(document)
    return int(options.strict and not all_graded)


def _graded(options: argparse.Namespace) -> tuple[dict, bool]:
    """Grade; what came of it, and whether every verdict is `graded`."""
    from collections import Counter
    from contextlib import closing

    from .console import grade_line, progress, say
    from .marking import Outcome, mark
    from .verdicts import Verdict

    assignment, work, place = _work(options)
    outcomes, levels, all_graded, rows = Counter(), set(), True, []
    # Closed at once when it is interrupted, so that no sandbox outlives the sentence that says so.
    marking = mark(work, place, options.again, allow_lower=options.allow_lower)
    with progress("Grading", len(work)) as advance, closing(marking) as marked:
        for grade, outcome in marked:
            outcomes[outcome] += 1
            rows.append(_row(grade, outcome.value))
            if outcome is Outcome.WITHDRAWN:
                continue
            levels.add(grade.isolation)
            all_graded = all_graded and grade.verdict is Verdict.GRADED
            advance(grade_line(grade))
    if not outcomes:
        say("Nothing has been collected yet: run `python -m autograder collect DIR`.")
    else:
        counts = [f"{outcomes[Outcome.GRADED]} graded, {outcomes[Outcome.UNCHANGED]} unchanged"]
        if gone := outcomes[Outcome.WITHDRAWN]:
            counts.append(f"{gone} withdrawn, because the hand-in is gone")
        say(f"{', '.join(counts)}. Isolation: {', '.join(sorted(levels - {''}))}.")
    if kept := sum(row["graded_again"] is not None for row in rows):
        say(f"{kept} keep their published grade, which is higher; --allow-lower takes the lower one.")
    return {"assignment": assignment.name, "grades": sorted(rows, key=lambda row: row["student"])}, all_graded


def _row(grade, outcome: str) -> dict:
    """A grade in a JSON document."""
    return {
        "student": grade.student,
        "outcome": outcome,
        "verdict": grade.verdict.value,
        "detail": grade.detail,
        "points": grade.points if grade.decided else None,
        "max_points": grade.max_points,
        "exercises": {one.key: one.points for one in grade.exercises} if grade.decided else None,
        "isolation": grade.isolation,
        "graded_again": grade.graded_again,
    }


def _work(options: argparse.Namespace):
    """What is to be graded, and the place to do it."""
    from .errors import UserError
    from .marking import Submissions

    assignment, course = _assignment(options)
    if options.workers is not None and options.workers < 1:
        raise UserError("--workers takes a number from 1 up.")
    policy = _policy(options, course)
    work = Submissions(assignment, course, options.student)
    place = _place(options, assignment, policy)
    _let_be_stopped()
    return assignment, work, place


def _regrade(options: argparse.Namespace) -> int:
    from dataclasses import asdict

    from . import regrading
    from .console import emit, for_machines, regrade_table, say, show
    from .history import grades_against

    with for_machines(options.json):
        assignment, work, place = _work(options)
        before = grades_against(work.course, assignment, options.against)
        if options.student:
            before = {name: grade for name, grade in before.items() if name in options.student}
        graded = _graded_again(options, work, place)
        changes = regrading.changes(before, graded, work.whole_class)
        path = regrading.write_csv(assignment, work.course, changes)
        if options.json:
            emit(
                {
                    "assignment": assignment.name,
                    "against": options.against or "in force",
                    "dry_run": options.dry_run,
                    "summary": regrading.summary(changes),
                    "students": [asdict(one) for one in changes],
                    "csv": str(path),
                }
            )
        else:
            show(regrade_table(assignment, changes))
            say(regrading.summary(changes))
            say(f"{'Nothing was changed. ' if options.dry_run else ''}CSV: {path}")
    return 0


def _graded_again(options: argparse.Namespace, work, place) -> list:
    """Of each student what grading again gave, and what counts."""
    from contextlib import closing

    from .console import grade_line, progress
    from .marking import Outcome, mark, rehearse

    found: list = []
    with progress("Grading again", len(work)) as advance:
        if options.dry_run:
            with closing(rehearse(work, place, options.allow_lower)) as pairs:
                for fresh, in_force in pairs:
                    found.append((fresh, in_force))
                    advance(grade_line(fresh))
            return found
        marking = mark(
            work,
            place,
            again=True,
            allow_lower=options.allow_lower,
            command="regrade",
            watch=lambda fresh, in_force: found.append((fresh, in_force)),
        )
        with closing(marking) as marked:
            for grade, outcome in marked:
                if outcome is not Outcome.WITHDRAWN:
                    advance(grade_line(grade))
    return found


def _runs(options: argparse.Namespace) -> int:
    from dataclasses import asdict

    from .console import emit, runs_table, say, show
    from .history import runs

    found = runs(_course(options), count=True)
    if options.json:
        emit({"runs": [asdict(one) for one in found]})
    elif found:
        show(runs_table(found))
    else:
        say(f"No run has changed a grade in {options.course} yet.")
    return 0


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
    from . import lateness
    from .console import progress, say
    from .feedback import feedback
    from .gradebook import Ledger
    from .marking import Stored
    from .publishing import publishing
    from .settings import settings

    assignment, course = _assignment(options)
    grades = Stored(assignment, course)
    with Ledger(course) as ledger:
        by_hand = ledger.by_hand(assignment)
        standings = lateness.apply(settings(course), assignment, ledger)
    with progress("Writing feedback", len(grades)) as advance, publishing(assignment, course) as publish:
        paths = 0
        for grade in grades:
            publish(grade)
            standing = standings.get(grade.student)
            late = standing.penalty if standing else 0.0
            path = feedback(assignment, course, grade, by_hand.get(grade.student), late)
            paths += 1
            advance(grade.student)
    say(f"{paths} pages, for example {path}")
    if options.zip:
        from .lms import moodle_feedback

        written = moodle_feedback(assignment, course, grades.students)
        say(f"For Moodle, 'Upload multiple feedback files in a zip': {written.path}")
        if written.missing:
            say(written.sentence)
    return 0


def _report(options: argparse.Namespace) -> int:
    from . import lateness, lms
    from .cohort import write as write_cohort
    from .console import emit, for_machines, grade_table, say, show, waiting
    from .gradebook import Ledger
    from .marking import all_stored
    from .settings import settings

    assignment, course = _assignment(options)
    if options.anonymous and options.format not in (None, "csv"):
        raise lms.NotAnonymous(options.format)
    chosen = settings(course)
    grades = all_stored(assignment, course)
    with for_machines(options.json), waiting("Opening the gradebook"), Ledger(course) as ledger:
        standings = lateness.apply(chosen, assignment, ledger)
    if options.anonymous:
        grades, standings = lms.anonymous(course, grades, standings)
    export = lms.Export(assignment, course, grades, standings, chosen.canvas.get(assignment.name), options.per_question)
    written = lms.write(options.format or "csv", export, anonymous=options.anonymous, publish=bool(options.format))
    with for_machines(options.json):
        if options.json:
            emit(lms.document(export, written))
        else:
            show(grade_table(assignment, grades, standings))
            say(f"{written.format}: {written.path}" if options.format else f"CSV: {written.path}")
        if not options.anonymous:
            scores = {student: one.score for student, one in standings.items()}
            say(f"The class on a page: {write_cohort(assignment, course, grades, scores)}")
        if written.missing:
            say(written.sentence)
    return 0


def _demo(options: argparse.Namespace) -> int:
    from .demo import run
    from .sandbox import Policy, choose

    choose(Policy(options.min_isolation or "limits"))
    return run(options.course, options.min_isolation)


def _doctor(options: argparse.Namespace) -> int:
    from .doctor import doctor

    return doctor(options.json)
