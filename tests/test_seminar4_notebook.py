"""The seminar notebook: what a student opens, what an instructor releases, and what the text claims."""

import itertools
import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from helpers import checks
from helpers.checks import help_file
from helpers.checks.predictions import PREDICTIONS
from helpers.checks.rubric import SEMINAR4
from notebooks import FRIENDLY, cell, cells, defined, emptied, executed, outputs, printed, read
from notebooks import SEMINAR4 as NOTEBOOK


@pytest.fixture(scope="module")
def source():
    return read(NOTEBOOK)


@pytest.fixture(scope="module")
def solved_run(source, tmp_path_factory):
    return executed(source, tmp_path_factory.mktemp("solved"))


@pytest.fixture(scope="module")
def stub_run(source, tmp_path_factory):
    return executed(emptied(source), tmp_path_factory.mktemp("stub"))


def namespace(source, *grade_ids):
    return defined(source, {"np": np, "torch": torch, "math": math}, *grade_ids)


# The file


def test_only_the_two_answers_and_the_names_are_open_to_edits(source):
    answers = [cell.id for cell in source.cells if cell.metadata.nbgrader.solution]
    unlocked = [cell.id for cell in source.cells if not cell.metadata.nbgrader.locked]
    assert answers == [exercise.key for exercise in SEMINAR4]
    assert unlocked == [*answers, "preflight"]


def test_the_points_of_the_check_cells_are_the_rubric(source):
    graded = {cell.id: cell.metadata.nbgrader.points for cell in source.cells if cell.metadata.nbgrader.grade}
    assert graded == {f"check-{exercise.key}": exercise.points for exercise in SEMINAR4}


def test_the_points_told_to_students_are_the_rubric(source):
    assert [item.points for exercise in SEMINAR4 for item in exercise.items] == [1.0] * 10  # "One point each"
    told = cell(source, "forward-exercise").source.replace("`", "").lower()
    for item in SEMINAR4[0].items:
        assert item.title.lower() in told
    assert [item.key for item in SEMINAR4[1].items] == [item.key for item in SEMINAR4[0].items]  # "the same five"
    for exercise in SEMINAR4:
        assert f"`{exercise.key}` ({exercise.points:g} points)" in cell(source, f"{exercise.key}-exercise").source
    assert f"**{sum(exercise.points for exercise in SEMINAR4):g} points" in cell(source, "title").source


# Running it


@pytest.mark.slow
def test_with_solutions_every_cell_runs_without_an_error_or_a_word_on_stderr(solved_run):
    assert outputs(solved_run, "error") == []
    assert [(where, out.text) for where, out in outputs(solved_run, "stream") if out.name == "stderr"] == []
    assert all(code.execution_count for code in cells(solved_run, "code"))


@pytest.mark.slow
def test_solutions_earn_all_points(solved_run):
    for exercise in SEMINAR4:
        (result,) = cell(solved_run, f"check-{exercise.key}").outputs
        assert float(result.data["text/plain"]) == exercise.points


@pytest.mark.slow
def test_stubs_run_and_stop_only_with_the_friendly_sentence(stub_run):
    errors = outputs(stub_run, "error")
    assert {(out.ename, out.evalue) for _, out in errors} == {("NotImplementedError", FRIENDLY)}
    assert all(code.execution_count for code in cells(stub_run, "code"))


@pytest.mark.slow
def test_stubs_earn_no_points_and_cost_no_traceback(stub_run):
    for exercise in SEMINAR4:
        assert cell(stub_run, exercise.key).outputs == []
        (result,) = cell(stub_run, f"check-{exercise.key}").outputs
        assert float(result.data["text/plain"]) == 0.0


@pytest.mark.slow
def test_every_picture_has_a_text_for_those_who_cannot_see_it(solved_run):
    pictures = [cell for cell in cells(solved_run, "code") if cell.id.startswith("draw-")]
    assert len(pictures) >= 8
    for picture in pictures:
        data = [out.data for out in picture.outputs if out.output_type == "execute_result"]
        assert len(data) == 1, picture.id
        assert {"text/html", "image/png", "text/plain"} <= set(data[0]), picture.id
        assert "\n" not in data[0]["text/plain"]


@pytest.mark.slow
def test_each_question_before_coding_answers_in_the_page(solved_run):
    questions = [cell for cell in cells(solved_run, "code") if cell.id.startswith("predict-")]
    assert len(questions) == len(PREDICTIONS["seminar4"])
    for question in questions:
        (out,) = question.outputs
        assert "predict(document.currentScript" in out.data["text/html"]
        assert question.id.removeprefix("predict-") in out.data["text/plain"]


@pytest.mark.slow
def test_runs_of_the_checks_are_noted_beside_the_notebook(solved_run, stub_run):
    told = help_file.read(Path(solved_run.metadata.ran_in))
    assert {name: (runs.runs, runs.points) for name, runs in told.checks.items()} == {
        "forward": (1, 5.0),
        "backward": (1, 5.0),
    }
    assert (told.hints, told.predictions) == ((), ())
    told = help_file.read(Path(stub_run.metadata.ran_in))
    assert [runs.points for runs in told.checks.values()] == [0.0, 0.0]
    (result,) = cell(stub_run, "check-forward").outputs
    assert "checks.hint" in result.data["text/html"]


TO_DO = ("draw-walk", "draw-fill", "draw-xray-forward", "draw-xray-backward", "draw-cut", "draw-gradient")
BREAKING = ("draw-underflow", "draw-padding", "draw-fastemit")


@pytest.mark.slow
def test_every_picture_to_work_with_asks_one_question(solved_run):
    for grade_id in (*TO_DO, "draw-greedy-walk", *BREAKING):
        (out,) = cell(solved_run, grade_id).outputs
        assert out.data["text/html"].count("<div data-question>") == 1, grade_id
        assert "<script>" in out.data["text/html"]


@pytest.mark.slow
def test_the_xray_of_the_solutions_finds_every_cell_right(solved_run):
    for exercise in SEMINAR4:
        (out,) = cell(solved_run, f"draw-xray-{exercise.key}").outputs
        said = f"Your {exercise.key} fills its table in 16 steps, frame by frame"
        assert said in out.data["text/plain"]
        assert "Every cell is right." in out.data["text/plain"]


@pytest.mark.slow
def test_pictures_of_code_that_is_not_written_yet_say_so(stub_run):
    for grade_id in ("draw-xray-forward", "draw-xray-backward", "knobs", *BREAKING):
        (out,) = cell(stub_run, grade_id).outputs
        missing = "backward" if "backward" in grade_id else "forward"
        assert f"{missing} is not written yet. Write it, run its cell, then run this one." in out.data["text/plain"]


@pytest.mark.slow
def test_the_knobs_stand_still_in_a_saved_notebook(solved_run):
    sliders, still = cell(solved_run, "knobs").outputs
    assert "application/vnd.jupyter.widget-view+json" in sliders.data
    assert sliders.data["text/plain"].startswith("The sliders need a running kernel")
    assert "<svg" in still.data["text/html"]


@pytest.mark.slow
def test_enumeration_tables_and_autograd_agree_on_the_printed_page(solved_run):
    expected = checks.case("cat")
    assert f"cost = {expected.cost:.6f} nats" in printed(solved_run, "enumerate")
    assert printed(solved_run, "enumerate").count("%") == 20
    probability = f"{math.exp(-expected.cost):.6f}"
    assert printed(solved_run, "draw-your-alpha").count(probability) == 2
    assert printed(solved_run, "draw-your-beta").count(f"{expected.cost:.6f}") == 2
    assert re.search(r"anti-diagonals \[(1\.\s+){6}1\.\s*\]", printed(solved_run, "antidiagonals"))
    assert float(printed(solved_run, "gradient").rsplit(": ", 1)[1]) < 1e-6


# The numbers and formulas


def test_the_worked_example_is_the_public_case_cat(source):
    given, case = namespace(source, "build-table"), checks.case("cat")
    assert given["blank"] == case.blank
    assert given["targets"].tolist() == case.targets.tolist()
    np.testing.assert_allclose(given["log_probs"].numpy(), case.log_probs, rtol=1e-5)


LATTICES = [(4, 3, 4, 0), (3, 2, 5, 2), (5, 2, 3, -1), (1, 3, 4, 1), (4, 0, 3, 0), (1, 0, 2, -1), (2, 5, 6, -3)]


@pytest.mark.parametrize(("T", "U", "V", "blank"), LATTICES)
@pytest.mark.parametrize("impossible", [False, True])
def test_the_solutions_are_the_sums_over_paths_that_the_text_defines(source, T, U, V, blank, impossible):
    names = namespace(source, "forward", "backward")
    random = np.random.default_rng(T * 100 + U)
    scores = torch.log_softmax(torch.from_numpy(random.normal(size=(T, U + 1, V))), dim=-1)
    labels = [k for k in range(V) if k != blank % V]
    targets = torch.from_numpy(random.choice(labels, size=U)).long()
    if impossible:
        scores[0, 0, blank] = -math.inf
    ways_in, ways_out, total = sums_over_paths(scores.exp().tolist(), targets.tolist(), T, U, blank)
    for name, ways in (("forward", ways_in), ("backward", ways_out)):
        table, cost = names[name](scores, targets, blank=blank)
        np.testing.assert_allclose(np.exp(table), ways, rtol=1e-12)
        assert isinstance(cost, float)
        assert math.exp(-cost) == pytest.approx(total, rel=1e-12)


def sums_over_paths(p, targets, T, U, blank):
    """alpha, beta and P(y | x) by listing the paths into and out of every node: no recursion over the lattice."""

    def product(moves, t, u):
        result = 1.0
        for label in moves:
            result *= p[t][u][targets[u] if label else blank]
            t, u = (t, u + 1) if label else (t + 1, u)
        return result

    def orders(blanks, labels):
        for places in itertools.combinations(range(blanks + labels), labels):
            yield [place in places for place in range(blanks + labels)]

    nodes = np.zeros((T, U + 1)), np.zeros((T, U + 1))
    for t, u in itertools.product(range(T), range(U + 1)):
        nodes[0][t, u] = sum(product(moves, 0, 0) for moves in orders(t, u))
        nodes[1][t, u] = sum(product([*moves, False], t, u) for moves in orders(T - 1 - t, U - u))
    return *nodes, sum(product([*moves, False], 0, 0) for moves in orders(T - 1, U))


def test_the_solutions_survive_a_whole_sentence(source):
    names = namespace(source, "forward", "backward")
    T, U, V = 300, 60, 30
    scores = torch.full((T, U + 1, V), -math.log(V), dtype=torch.float64)
    targets = torch.arange(U) % (V - 1)
    uniform = (T + U) * math.log(V) - math.log(math.comb(T + U - 1, U))
    for name in ("forward", "backward"):
        assert names[name](scores, targets)[1] == pytest.approx(uniform, rel=1e-12)


def test_each_factor_of_the_worked_product_is_read_at_the_node_that_its_arc_leaves(source):
    factor = re.compile(r"P\(\\(?:mathrm (\w)|(varnothing)) \\mid (\d), (\d)\)")
    written = [
        (letter or "∅", int(t), int(u)) for letter, _, t, u in factor.findall(cell(source, "one-alignment").source)
    ]
    names = namespace(source, "build-table", "walk-one-alignment")
    assert written == [(names["symbols"][k], t, u) for t, u, k in names["steps"]("lbblblb")]
    assert written[1] == ("∅", 0, 1)


def test_the_recursions_in_the_text_read_the_right_label_at_the_right_node(source):
    def formulas(grade_id):
        return re.sub(r"\\,|\s", "", cell(source, grade_id).source)

    forward, backward = formulas("forward-variable"), formulas("backward-variable")
    assert r"\alpha(t-1,u)P(\varnothing\midt-1,u)+\alpha(t,u-1)P(y_{u-1}\midt,u-1)" in forward
    assert r"=\alpha(T-1,U)P(\varnothing\midT-1,U)" in forward
    assert r"P(\varnothing\midt,u)\beta(t+1,u)+P(y_u\midt,u)\beta(t,u+1)" in backward
    assert r"\beta(T-1,U)=P(\varnothing\midT-1,U)" in backward


def test_the_numbers_in_the_text_are_those_of_the_worked_example(source):
    case = checks.case("cat")
    p = np.exp(case.log_probs)
    waiting = math.exp(case.log_alpha[1, 0] + case.log_beta[1, 0] + case.cost)
    reading = cell(source, "gradient-reading").source
    assert f"says blank {100 * p[0, 0, 0]:.0f}% of the time" in reading
    assert f"{100 * waiting:.0f}% would be right" in reading


def test_the_numbers_of_the_long_sentence_are_right(source):
    T, U, V = 835, 158, 30
    paths = math.comb(T + U - 1, U)
    assert f"their number has {len(str(paths))} digits" in cell(source, "title").source
    uniform = (T + U) * math.log(V) - math.log(paths)
    assert rf"\approx {uniform:.0f}$ nats" in cell(source, "logs").source
    assert f"$T = {T}$ frames, $U = {U}$ characters" in cell(source, "too-many-text").source
