"""Run all of it; see the package's docstring. `--only` and `--hand-in` run a part; what is left out stays as it was."""

import argparse
import json
import platform
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime

from rich.console import Console
from rich.progress import track
from rich.table import Table

from autograder.course import REPOSITORY
from tests.untrusted import Attack, Damage, attacks, damages

from . import ours
from .rivals import INSTALLED, Outcome, Rival

GRADERS = ("ours", "nbgrader", "otter")
BUILD = REPOSITORY / "build" / "scoreboard"
RESULTS = REPOSITORY / "benchmarks" / "scoreboard.json"
PAGE = REPOSITORY / "docs" / "scoreboard.md"

COUNTS = {
    "attacks": "attacks run",
    "damaged": "damaged hand-ins run",
    "points_gained": "attacks that gained points unjustly",
    "points_lost": "damaged but complete hand-ins that lost points",
    "leaks": "attacks that learned a secret or reached a service",
    "classmates_changed": "hand-ins that changed a classmate's points",
    "no_verdict": "hand-ins left without any score",
    "class_aborted": "hand-ins that ended the run for those after them",
}


def main() -> None:
    """Run, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scoreboard", description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=GRADERS, action="append", help="one grader; may be repeated")
    parser.add_argument("--hand-in", action="append", metavar="NAME", help="one file of tests; may be repeated")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="runs of the other graders at a time")
    options = parser.parse_args()
    if sys.platform != "linux" or shutil.which("bwrap") is None:
        sys.exit("The scoreboard runs hostile code under other graders: it needs Linux and bubblewrap.")
    BUILD.mkdir(parents=True, exist_ok=True)
    known = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    details_file = BUILD / "details.json"
    details = json.loads(details_file.read_text("utf-8")) if details_file.exists() else {}
    for grader in options.only or GRADERS:
        known[grader], details[grader] = run(grader, options.jobs, options.hand_in or [], details.get(grader, {}))
        details_file.write_text(json.dumps(details, indent=1) + "\n", "utf-8")
        RESULTS.write_text(
            json.dumps({name: known[name] for name in GRADERS if name in known}, indent=1) + "\n", "utf-8"
        )
    show(known)
    if set(known) == set(GRADERS) == set(details):
        PAGE.write_text(page(known, details), "utf-8")


def run(grader: str, jobs: int, wanted: list[str], before: dict) -> tuple[dict[str, int], dict]:
    """The counts of one grader, and what every hand-in came to. `before`: of the last run."""
    fought = [attack for attack in attacks() if attack.fits(grader)]
    hurt = damages()
    if grader != "ours":
        fought = [attack for attack in fought if attack.assignment == "seminar4" and "zip" not in attack.parts]
        hurt = [damage for damage in hurt if not damage.file.endswith(".zip") and not damage.needs_torch]
    chosen = [[one for one in group if not wanted or one.name in wanted] for group in (fought, hurt)]
    outcomes = {name: Outcome(**told) for name, told in before.get("hand-ins", {}).items()} if wanted else {}
    classmates = [Outcome(**told) for told in before.get("classmates", [])] if wanted else []
    if grader == "ours":
        found, beside, level = ours.run(*chosen)
        classmates += beside
    else:
        found, level = others(grader, *chosen, jobs), "none of its own"
    outcomes |= found
    counts = count(fought, hurt, outcomes)
    counts["classmates_changed"] += sum(one.points not in (None, 10.0) for one in classmates)
    counts["class_aborted"] += sum(one.points is None for one in classmates)
    stored = {name: asdict(outcome) for name, outcome in outcomes.items()}
    return counts, {"isolation": level, "hand-ins": stored, "classmates": [asdict(one) for one in classmates]}


def others(grader: str, fought: list[Attack], hurt: list[Damage], jobs: int) -> dict[str, Outcome]:
    """Run another grader, a class for every hand-in."""
    rival = Rival(grader, BUILD)
    rival.prepare()

    def attacked(attack: Attack) -> Outcome:
        notebook = json.dumps(attack.notebook(rival.released, rival.known())).encode("utf-8", "surrogatepass")
        return rival.grade({"ps1.ipynb": notebook, **attack.files()})

    with ThreadPoolExecutor(jobs) as pool:
        futures = {f"attack {attack.name}": pool.submit(attacked, attack) for attack in fought}
        found = {name: future.result() for name, future in track(futures.items(), description=grader)}
    files = {f"damage {one.name}": {one.file.format(name="ps1"): one.damage(rival.intact())} for one in hurt}
    return found | rival.grade_all(files)


def count(fought: list[Attack], hurt: list[Damage], outcomes: dict[str, Outcome]) -> dict[str, int]:
    """The numbers of one grader."""
    attacked = [(attack.worth, outcomes[f"attack {attack.name}"]) for attack in fought]
    complete = [outcomes[f"damage {damage.name}"] for damage in hurt if damage.outcome != "refused"]
    return {
        "attacks": len(fought),
        "damaged": len(hurt),
        "points_gained": sum((outcome.points or 0) > worth for worth, outcome in attacked),
        "points_lost": sum((outcome.points or 0) < 10 for outcome in complete),
        "leaks": sum(outcome.leaked for _, outcome in attacked),
        "classmates_changed": sum(any(one not in (None, 10.0) for one in o.classmates) for o in outcomes.values()),
        "no_verdict": sum(outcome.points is None for outcome in outcomes.values()),
        "class_aborted": sum(None in outcome.classmates for outcome in outcomes.values()),
    }


def show(known: dict) -> None:
    """The table."""
    table = Table("", *[f"{name} {version(name)}" for name in known])
    for key, what in COUNTS.items():
        table.add_row(what, *[str(counts[key]) for counts in known.values()])
    Console(width=120).print(table)


def version(grader: str) -> str:
    """Of what was installed."""
    return "" if grader == "ours" else INSTALLED[grader][0].partition("==")[2]


def page(known: dict, details: dict) -> str:
    """The document."""
    rows = [
        f"| {what} | " + " | ".join(str(known[name][key]) for name in GRADERS) + " |" for key, what in COUNTS.items()
    ]
    return TEXT.format(
        date=datetime.now(UTC).strftime("%Y-%m-%d"),
        python=platform.python_version(),
        level=details["ours"]["isolation"],
        nbgrader=version("nbgrader"),
        otter=version("otter"),
        rows="\n".join(rows),
        list="\n".join(_lines(details)),
    )


def _lines(details: dict):
    for attack in attacks():
        key = f"attack {attack.name}"
        shown = [_shown(details[grader]["hand-ins"].get(key), 0.0, attack.worth) for grader in GRADERS]
        yield f"| {attack.tries} | " + " | ".join(shown) + " |"
    for damage in damages():
        key = f"damage {damage.name}"
        worth = 10.0 if damage.outcome != "refused" else 0.0
        shown = [_shown(details[grader]["hand-ins"].get(key), worth, worth) for grader in GRADERS]
        yield f"| *damaged:* {damage.by} | " + " | ".join(shown) + " |"


def _shown(outcome: dict | None, least: float, most: float) -> str:
    if outcome is None:
        return "–"
    points, others = outcome["points"], outcome["classmates"]
    words = ["no score" if points is None else f"{points:g}"]
    words += ["leak"] * outcome["leaked"] + ["class aborted"] * (None in others)
    words += ["classmates changed"] * any(one not in (None, 10.0) for one in others)
    fine = len(words) == 1 and points is not None and least <= points <= most
    return words[0] if fine else f"**{', '.join(words)}**"


TEXT = """# Scoreboard

The same hostile and damaged hand-ins through three graders. Written on {date} by `make scoreboard`, with Python
{python}.

| | this grader | nbgrader {nbgrader} | otter-grader {otter} |
|---|---|---|---|
{rows}

## How it was done

- The hand-ins are those of [tests/attacks](../tests/attacks) and [tests/damaged](../tests/damaged). Each attack says
  what its honest part is worth, mostly nothing; a damaged hand-in is complete and worth 10 of 10, unless it was cut off
  or is no notebook.
- **This grader** graded all of them in one class, homework included, among three honest students in each assignment,
  at isolation level `{level}`.
- **The others** got the same two functions as an exercise in their own form, with public and hidden tests that use
  `numpy.testing` on plain arrays, and limits of time wherever they have them. For nbgrader, each attack ran in a
  class of its own between two honest students, and the damaged files in one class; where a file ended the run, the
  rest was run again without it. `otter run` grades one file at a time: each attack, and then an honest student. They
  ran in a container without network, with 4 GB of memory for a process and four minutes for a run, so that this
  machine came to no harm: without the container some attacks would have done more.
- Attacks that speak to this grader's own parts, zips, the homework and a notebook that needs torch were not put to
  the others; attacks on otter's own parts only to otter. A dash below says so.
- A leak: a secret planted in the solutions, the environment, a classmate's notebook or the hidden tests turned up in
  what goes back to the student or was printed, or a service on the machine was reached. What a grader shows to every
  honest student as well (plain nbgrader shows the hidden tests in its feedback) is not counted.
- A hand-in can count in several rows: one that ends the class run has no score itself, either. A run that had to be
  stopped after its four minutes left no score.
- Otter is mostly used with its container image, which limits what the machine suffers, not what happens between tests
  and student code, which share a process there too.

## Hand-in by hand-in

Points of 10 (homework: 40), as each grader's own record says at the end. Bold: not what the hand-in is worth, or a
leak, or harm to others.

| hand-in | this grader | nbgrader | otter |
|---|---|---|---|
{list}
"""


if __name__ == "__main__":
    main()
