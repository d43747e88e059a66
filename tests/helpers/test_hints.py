"""Hints: what they say, in which order they come, and what is kept of it."""

import json
import math
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import torch
from arithmetic import shown, sums, value

from autograder.judging import homework3_zoo, micro, zoo
from helpers import checks
from helpers.checks import help_file, hinting, session, smallest
from helpers.checks.cases import Inputs
from helpers.checks.help_file import EXERCISES, LEVELS, Help
from helpers.checks.misconceptions import MISCONCEPTIONS
from helpers.checks.report import CheckResult
from helpers.checks.rubric import HOMEWORK3, SEMINAR4
from helpers.checks.scoring import decide
from helpers.checks.session import Session
from helpers.checks.words.exercises import EXERCISES as ON_THE_WHOLE
from helpers.text import tokenizer
from notebooks import HOMEWORK3 as HOMEWORK_NOTEBOOK
from notebooks import SEMINAR4 as SEMINAR_NOTEBOOK
from notebooks import cells, read

KNOWN = [
    (exercise, name, text) for exercise, known in MISCONCEPTIONS.items() for name in known for text in known[name].hints
]
WHOLE = [(exercise, "", text) for exercise, hints in ON_THE_WHOLE.items() for text in hints]


# --- the words


def test_every_exercise_has_three_hints_on_the_whole():
    assert list(ON_THE_WHOLE) == [exercise.key for exercise in (*SEMINAR4, *HOMEWORK3)]
    for hints in ON_THE_WHOLE.values():
        assert len(hints) == LEVELS
        assert hints.question.endswith("?"), "the first hint asks back"
        assert "?" not in hints.concept
        assert "T=2" in hints.example
        assert "U=1" in hints.example
        assert max(map(len, hints)) < 520
        assert len(hints.question) < len(hints.concept)


@pytest.mark.parametrize("exercise", ON_THE_WHOLE)
def test_sums_in_the_hints_are_right(exercise):
    for text in ON_THE_WHOLE[exercise]:
        for expression, number, digits in sums(text):
            assert value(expression) == pytest.approx(number, abs=0.51 * 10**-digits), expression


def solution_lines():
    """The lines between the marks of both notebooks, but those that any program has."""
    for path in (SEMINAR_NOTEBOOK, HOMEWORK_NOTEBOOK):
        for code in cells(read(path), "code"):
            for region in re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", code.source, re.DOTALL):
                lines = (re.sub(r"\s|[`,]", "", line) for line in region.splitlines())
                yield from (line for line in lines if len(line) > 12)


def test_no_hint_holds_a_line_of_a_solution():
    lines = set(solution_lines())
    assert len(lines) > 40
    for exercise, name, text in (*KNOWN, *WHOLE):
        plain = re.sub(r"\s|[`,]", "", text)
        assert not [line for line in lines if line in plain], (exercise, name)


def test_no_hint_assigns_loops_or_returns():
    code = re.compile(r"\breturn \w+,|\bdef \w+\(|for \w+ in |\w+\[[a-z][^\]]*\] = |self\.\w+ = |\bnn\.\w+\(.*=")
    for exercise, name, text in (*KNOWN, *WHOLE):
        assert not code.search(text), (exercise, name)


@pytest.mark.parametrize("exercise", ["forward", "backward"])
def test_the_lattice_examples_are_those_of_the_example_lattice(exercise):
    truth, numbers = micro.right(exercise), shown(ON_THE_WHOLE[exercise].example)
    assert {round(math.exp(cell), 3) for cell in truth.cells.flat} | {round(math.exp(-truth.cost), 3)} <= numbers
    assert {0.5, 0.6, 0.2, 0.8, 0.3, 0.7} <= numbers


def test_the_network_examples_are_those_of_such_networks():
    numbers = shown(ON_THE_WHOLE["encoder"].example)
    padded, heard = micro.encoder("", (1.0, 0.0), 1), micro.encoder("padding-read", (1.0, 0.0), 1)
    assert {round(padded[0], 4), round(heard[0], 4)} <= numbers
    assert padded[0] == pytest.approx(micro.encoder("", (1.0,), 1)[0])
    assert padded[1] == 0
    numbers = shown(ON_THE_WHOLE["decoder"].example)
    assert {*(round(g, 4) for g in micro.decoder()), round(micro.decoder("state-ignored")[1], 4)} <= numbers
    assert micro.decoder() == pytest.approx(micro.decoder(steps=False))


def test_the_transducer_example_is_what_the_right_one_does():
    example, read_first = ON_THE_WHOLE["transducer"].example, []
    model = micro.part("transducer")(30, 4, 1, 1, 3, 3, 3)
    model.decoder.register_forward_pre_hook(lambda module, given: read_first.extend(given))
    lengths = torch.tensor([1])
    scores = model(torch.zeros(1, 2, 4), torch.tensor([2]), torch.tensor([[2]]), lengths)
    assert str(read_first[0].tolist()[0]) in example
    assert f"length {int(read_first[1])}" in example
    assert str(tuple(scores.shape)) in example
    assert lengths.tolist() == [1]


def test_the_walk_of_the_example_asks_as_often_as_it_says():
    c, asked, read_labels = tokenizer.get_symbol_index("c"), [], []
    model = smallest.Scripted({(0, 0, tokenizer.bos): c})
    model.joiner.register_forward_pre_hook(lambda module, given: asked.append(given))
    model.decoder.register_forward_pre_hook(lambda module, given: read_labels.append(int(given[0])))
    labels = micro.part("greedy")(model, torch.arange(2.0)[:, None].repeat(1, 2), max_steps=20)
    assert tokenizer.indices_to_text(labels.tolist()) == "c"
    assert (len(asked), read_labels) == (3, [tokenizer.bos, c])
    assert {3.0, 2.0} <= shown(ON_THE_WHOLE["greedy"].example)


def test_the_costs_of_the_training_example_are_those_of_equal_symbols():
    parts = 3 * math.log(30), math.log(2)
    assert {round(parts[0], 2), round(parts[1], 2), round(parts[0] - parts[1], 2)} <= shown(
        ON_THE_WHOLE["training"].example
    )


# --- the order they come in


def outcome(exercise="forward", *mistakes, missing=True, written=True):
    """What a check found, without running one."""
    known = EXERCISES[exercise]
    findings = {item: [("x", None)] for item in known.items}
    if missing:
        from helpers.checks.comparing import Finding

        findings[known.items[0]] = [("x", Finding("It is wrong."))]
    return decide(known, findings, mistakes, written)


@pytest.fixture
def at_work(tmp_path):
    return Session(tmp_path)


def levels(shown_hint):
    return [level.number for level in shown_hint.levels]


def test_one_level_at_a_time_and_then_all_without_counting_anew(at_work):
    at_work.checked(outcome("forward", "best-path"))
    seen = [hinting.hint("forward", of=at_work) for _ in range(5)]
    assert [levels(one) for one in seen] == [[1], [1, 2], [1, 2, 3], [1, 2, 3], [1, 2, 3]]
    assert [text for level in seen[-1].levels for _, text in level.texts] == [
        *MISCONCEPTIONS["forward"]["best-path"].hints
    ]
    assert [one.level for one in at_work.help.hints] == [1, 2, 3]
    assert "hint 2" in repr(seen[0])
    assert "Hint 1 of 3" in repr(seen[0])
    assert 'checks.hint("forward")' in repr(seen[1])
    assert "all there are" in repr(seen[3])


def test_another_mistake_starts_at_its_first_level_and_the_old_one_goes_on_where_it_was(at_work):
    at_work.checked(outcome("forward", "best-path"))
    hinting.hint("forward", of=at_work)
    at_work.checked(outcome("forward", "logs-added"))
    assert levels(hinting.hint("forward", of=at_work)) == [1]
    at_work.checked(outcome("forward", "best-path"))
    assert levels(hinting.hint("forward", of=at_work)) == [1, 2]


def test_what_was_revealed_survives_a_restart(tmp_path, at_work):
    at_work.checked(outcome("forward", "best-path"))
    hinting.hint("forward", of=at_work)
    later = Session(tmp_path)
    assert "Run the check first: checks.forward(forward)" in repr(hinting.hint("forward", of=later))
    later.checked(outcome("forward", "best-path"))
    assert levels(hinting.hint("forward", of=later)) == [1, 2]
    assert later.help.checks["forward"].runs == 2


def test_without_a_known_mistake_hints_are_about_the_exercise(at_work):
    for written in (True, False):
        at_work.checked(outcome("greedy", written=written))
        assert [text for _, text in hinting.hint("greedy", of=at_work).levels[-1].texts] == [
            ON_THE_WHOLE["greedy"][0 if written else 1]
        ]


def test_of_a_pair_both_are_hinted_at_and_of_a_tie_each_by_number(at_work):
    first, second = (MISCONCEPTIONS["forward"][name].question for name in ("best-path", "cost-not-negated"))
    at_work.checked(outcome("forward", "best-path+cost-not-negated"))
    assert [text for _, text in hinting.hint("forward", of=at_work).levels[0].texts] == [first, second]
    at_work.checked(outcome("forward", "best-path", "cost-not-negated"))
    tied = hinting.hint("forward", of=at_work)
    assert [text for _, text in tied.levels[0].texts] == [first, second]
    assert "(2) If ln P(y | x) is returned" in repr(tied)
    many = list(MISCONCEPTIONS["forward"])[:4]
    at_work.checked(outcome("forward", *many))
    assert hinting.hint("forward", of=at_work).levels[0].texts[0][1] == ON_THE_WHOLE["forward"].question


def test_where_all_points_are_there_nothing_is_revealed(at_work):
    at_work.checked(outcome(missing=False))
    assert "nothing left to hint at" in repr(hinting.hint("forward", of=at_work))
    assert at_work.help.hints == ()


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=lambda one: one.key)
def test_an_exercise_is_named_by_its_key_or_by_what_was_written(exercise, at_work):
    def written():
        pass

    written.__name__ = exercise.name
    key = "transducer" if exercise.key == "training" else exercise.key  # both ask for RNNTransducer
    at_work.checked(outcome(key))
    assert levels(hinting.hint(written, of=at_work)) == [1]
    at_work.checked(outcome(exercise.key))
    assert hinting.hint(exercise.key, of=at_work).levels
    assert exercise.key in hinting.check_call(exercise)


@pytest.mark.parametrize("asked", ["forwards", None, 3, "", lambda: 0])
def test_what_is_no_exercise_is_told_which_there_are(asked, at_work):
    assert "There are for forward, backward" in repr(hinting.hint(asked, of=at_work))


def test_a_hint_is_a_box_in_a_notebook_with_its_text_escaped(at_work):
    at_work.checked(outcome("greedy", "repeats-merged"))
    html = hinting.hint("greedy", of=at_work)._repr_html_()
    assert "Hint 1 of 3" in html
    assert "var(--jp-ui-font-color1,inherit)" in html
    assert "<BOS>" not in html


def test_the_report_of_a_check_mentions_hints_only_where_points_are_missing(monkeypatch):
    missing, full = CheckResult(outcome()), CheckResult(outcome(missing=False))
    assert 'checks.hint("forward")' in missing.text()
    assert "checks.hint" in missing._repr_html_()
    assert "hint" not in full.text() + full._repr_html_()
    assert "points." not in missing.text()
    monkeypatch.setattr(hinting, "cost", lambda: 0.5)
    assert "Each costs 0.5 points." in missing.text()


def test_a_real_check_leads_to_the_hints_of_its_mistake(at_work, monkeypatch):
    def forward(log_probs, targets, blank=-1):
        found = zoo.answers("forward", "best-path", Inputs(log_probs.numpy(), targets.numpy(), blank))
        return found.cells, found.cost

    monkeypatch.setattr(session, "_current", [at_work])
    checks.forward(forward)
    assert MISCONCEPTIONS["forward"]["best-path"].question in repr(checks.hint(forward))
    checks.joiner(homework3_zoo.wrong("joiner", "activation-after-linear"))
    assert MISCONCEPTIONS["joiner"]["activation-after-linear"].question in repr(checks.hint("joiner"))
    assert set(at_work.help.checks) == {"forward", "joiner"}


# --- what is kept


def test_nothing_is_kept_where_no_person_works(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(session, "_current", [])
    session.current().checked(outcome("forward", "best-path"))
    assert levels(checks.hint("forward")) == [1]
    assert levels(checks.hint("forward")) == [1, 2]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_costs_one_quiet_sentence(tmp_path, capsys):
    unwritable = Session(tmp_path / "gone")
    unwritable.checked(outcome("forward", "best-path"))
    assert capsys.readouterr() == ("", "")
    seen = [hinting.hint("forward", of=unwritable) for _ in range(2)]
    assert [levels(one) for one in seen] == [[1], [1, 2]]
    assert sum("cannot be written" in note for note in seen[0].notes) == 1


class ZMQInteractiveShell:
    """Stands in for a notebook's shell, by its name."""


class Subclass(ZMQInteractiveShell):
    """Colab's."""


@pytest.mark.parametrize(("shell", "works"), [(ZMQInteractiveShell(), True), (Subclass(), True), (object(), False)])
def test_a_person_works_in_a_notebook_but_not_in_the_graders_shell(shell, works, monkeypatch):
    import IPython

    monkeypatch.setattr(IPython, "get_ipython", lambda: shell)
    assert session.person_at_work() is works
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert not session.person_at_work()


def test_the_file_is_small_plain_json_and_reads_back(tmp_path):
    clock = iter(datetime(2026, 3, 2, 18, minute, tzinfo=UTC) for minute in range(0, 60, 5))
    work = Session(tmp_path, lambda: next(clock))
    work.checked(outcome("forward", "best-path"))
    hinting.hint("forward", of=work)
    work.predicted("alpha-1-0", False)
    work.checked(outcome(missing=False))
    content = json.loads((tmp_path / "help.json").read_bytes())
    assert content["version"] == 1
    assert content["hints"] == [
        {"exercise": "forward", "level": 1, "mistake": "best-path", "at": "2026-03-02T18:05:00+00:00"}
    ]
    first, last = "2026-03-02T18:00:00+00:00", "2026-03-02T18:15:00+00:00"
    assert content["checks"] == {"forward": {"runs": 2, "first": first, "last": last, "points": 5.0, "seconds": 600.0}}
    assert content["predictions"][0]["question"] == "alpha-1-0"
    assert help_file.read(tmp_path) == work.help
    assert [path.name for path in tmp_path.iterdir()] == ["help.json"]


def test_a_night_between_two_runs_is_no_work(tmp_path):
    moments = [datetime(2026, 3, 2, 18, tzinfo=UTC) + timedelta(minutes=minutes) for minutes in (0, 4, 900, 907, 800)]
    clock = iter(moments)
    work = Session(tmp_path, lambda: next(clock))
    for _ in moments:
        work.checked(outcome())
    assert work.help.checks["forward"].seconds == (4 + 7) * 60


HOSTILE = {
    "nothing": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "deep": b"[" * 100_000,
    "too large": b" " * (help_file.MOST_BYTES + 1) + b"{}",
    "wrong types": json.dumps({"hints": {"a": 1}, "checks": [1], "predictions": "x"}).encode(),
    "wrong entries": json.dumps(
        {
            "hints": [
                None, [], {"exercise": []}, {"exercise": "forward", "level": 4, "mistake": "", "at": "2026-03-02"},
                {"exercise": "forward", "level": True, "mistake": "", "at": "2026-03-02T18:00:00+00:00"},
                {"exercise": "forward", "level": 1, "mistake": "x" * 301, "at": "2026-03-02T18:00:00+00:00"},
                {"exercise": "other", "level": 1, "mistake": "", "at": "2026-03-02T18:00:00+00:00"},
                {"exercise": "forward", "level": 1, "mistake": "", "at": "0001-01-01T00:00:00+14:00"},
            ],
            "checks": {
                "forward": {"runs": -1}, "backward": {"runs": 10**9, "first": "now", "last": "now"},
                "greedy": {"runs": 1e400}, "<script>": {"runs": 1},
            },
            "predictions": [{"question": 3}, {"question": "x", "tries": 0}],
        }
    ).encode(),
    "not a number": b'{"checks": {"forward": {"runs": NaN, "first": "", "last": ""}}}',
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_file_of_nonsense_says_nothing_and_stops_nothing(kind, tmp_path):
    assert help_file.parse(HOSTILE[kind]) == Help()
    (tmp_path / "help.json").write_bytes(HOSTILE[kind])
    work = Session(tmp_path)
    work.checked(outcome("forward", "best-path"))
    assert levels(hinting.hint("forward", of=work)) == [1]
    assert help_file.read(tmp_path).checks["forward"].runs == 1


def test_points_and_seconds_of_nonsense_are_zero_and_doubled_hints_are_one():
    at = "2026-03-02T18:00:00+00:00"
    hint = {"exercise": "forward", "level": 1, "mistake": "", "at": at}
    runs = {"runs": 3, "first": at, "last": at, "points": "five", "seconds": -1}
    told = help_file.parse(json.dumps({"hints": [hint] * 50, "checks": {"forward": runs}}).encode())
    assert len(told.hints) == 1
    assert (told.checks["forward"].points, told.checks["forward"].seconds) == (0.0, 0.0)


def test_where_hints_cost_running_the_notebook_again_buys_none(at_work, monkeypatch):
    monkeypatch.setattr(hinting, "cost", lambda: 0.5)
    at_work.checked(outcome("forward", "best-path"))
    seen = [hinting.hint("forward", of=at_work) for _ in range(3)]
    assert [levels(one) for one in seen] == [[1]] * 3
    assert 'checks.hint("forward", 2)' in repr(seen[-1])
    assert "0.5 points" in repr(seen[-1])
    assert [levels(hinting.hint("forward", 2, of=at_work)) for _ in range(2)] == [[1, 2]] * 2
    assert levels(hinting.hint("forward", of=at_work)) == [1, 2], "what was paid for stays to be read"
    assert len(at_work.help.hints) == 2


def test_what_a_hint_costs_is_free_unless_the_release_says_so(monkeypatch, tmp_path):
    assert hinting.cost() == 0.0
    (tmp_path / "assets").mkdir()
    (tmp_path / hinting.COST).write_text('{"cost": 0.25}')
    monkeypatch.setattr(hinting.resources, "files", lambda package: Path(tmp_path))
    assert hinting.cost() == 0.25
