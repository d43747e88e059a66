"""The page docs/checks.md, from what `benchmarks.checkmate` measured."""

from pathlib import Path

from helpers.checks.scoring import ExerciseResult


def first_sentence(result: ExerciseResult) -> str:
    """The first thing that is said against an answer; empty where there is none."""
    found = [finding for item in result.items for _, finding in item.wrong]
    return found[0].what if found else ""


def write(content: dict, path: Path) -> None:
    """Write the page."""
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(_lines(content)) + "\n", "utf-8")


def _lines(content: dict) -> list[str]:
    summary = content["summary"]
    rate = summary["mutants_killed"] / max(summary["mutants"], 1)
    return [
        "# The checks, checked",
        "",
        f"Made by `{content['made_by']}` (or `make checkmate`), {content['cpu_seconds']} s of CPU. Every piece of "
        "code is checked twice: by the students' check on the public inputs, and by the grader's own asking, "
        "judging and scoring on fresh ones.",
        "",
        f"- Known mistakes: **{summary['zoo_killed']} of {summary['zoo']}** lose points in both (pairs of two "
        "mistakes included).",
        f"- Random mutants of right code: **{summary['mutants_killed']} of {summary['mutants']}** that change "
        "behaviour "
        f"lose points in both, {rate:.1%}.",
        f"- Right solutions in other styles: **{summary['alternatives_passed']} of {summary['alternatives']}** keep "
        "all points.",
        f"- False naming: **{summary['false_naming']:.2%}** of the mutants that change behaviour are called a "
        "mistake that they are not.",
        "",
        "## Known mistakes",
        "",
        "| exercise | mistakes | pairs | lose points | named, and nothing else with them |",
        "|:--|--:|--:|--:|--:|",
        *(
            f"| {key} | {row['mistakes']} | {row['pairs']} | {row['killed']} | {row['named_alone']} |"
            for key, row in content["zoo"].items()
        ),
        "",
        *_told_together(content),
        "## Mutants",
        "",
        "One change in the syntax tree: an operator, a comparison, a constant, an index, swapped arguments, a "
        "statement left out. *Same* are those that do what right code does, on many more inputs than any check asks. "
        "Differences that only show in training mode (dropout) are no differences here: every check runs in `eval` "
        "mode. Code that never ends is stopped and counts as failed.",
        "",
        "| exercise | mutants | same | wrong | fail the public check | fail the grader | fail both | named | wrongly |",
        "|:--|--:|--:|--:|--:|--:|--:|--:|--:|",
        *(
            f"| {key} | {row['made']} | {row['same']} | {row['changed']} | {row['killed_public']} | "
            f"{row['killed_fresh']} | {row['killed']} | {row['named']} | {row['falsely']} |"
            for key, row in content["mutants"].items()
        ),
        "",
        "### Survivors",
        "",
        *_survivors(content["survivors"]),
        *_false_names(content),
        "## Right solutions",
        "",
        "| solution | what is special | exercises | full points |",
        "|:--|:--|:--|:--|",
        *(
            f"| {one['name']} | {one['about']} | {', '.join(one['exercises'])} | {'yes' if one['full'] else '**no**'} |"
            for one in content["alternatives"]
        ),
        "",
        "A network is checked by putting known weights into it. So it must be made of `nn.LSTM` or `nn.LSTMCell`, "
        "`nn.Embedding` and one `nn.Linear`; weights kept as bare parameters are told apart in a sentence and get no "
        "points.",
    ]


def _survivors(survivors: dict[str, str]) -> list[str]:
    """By reason, each with the mutants that it spares."""
    lines = [] if survivors else ["None.", ""]
    for reason in dict.fromkeys(survivors.values()):
        spared = [name for name in survivors if survivors[name] == reason]
        lines += [f"{len(spared)} survive: {reason or 'no reason known'}.", ""]
        lines += [*(f"- ``{name}``" for name in spared), ""]
    return lines


def _told_together(content: dict) -> list[str]:
    told = [f"- {key}: {one}" for key, row in content["zoo"].items() for one in row["told_together"]]
    if not told:
        return ["All of them can be told apart, on the public inputs and on fresh ones.", ""]
    return ["Not told apart, or not named by both:", "", *told, ""]


def _false_names(content: dict) -> list[str]:
    wrong = [f"- {one}" for row in content["mutants"].values() for one in row["false_names"]]
    return ["### Wrongly named", "", *wrong, ""] if wrong else []
