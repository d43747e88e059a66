import re
import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch
from student_code import LOOPS, STUB, STYLES, function

from autograder.judging import zoo
from helpers import checks
from helpers.checks.cases import Inputs, public_cases
from helpers.checks.misconceptions import MISCONCEPTIONS, known_as
from helpers.checks.rubric import SEMINAR4

EXERCISES = ("forward", "backward")
RIGHT = {exercise: function(LOOPS, exercise) for exercise in EXERCISES}
POINTS = re.compile(r"\d+\.\d+")


def check(exercise, student):
    return getattr(checks, exercise)(student)


def points(result) -> float:
    """What nbgrader would read."""
    assert POINTS.fullmatch(repr(result)), repr(result)
    value = float(repr(result))
    assert 0 <= value <= result.result.exercise.points
    return value


def altered(exercise, change):
    """The right function with `change(cells, cost)` done to what it returns."""
    return lambda log_probs, targets, blank=-1: change(*RIGHT[exercise](log_probs, targets, blank))


def finding(result, item="cells"):
    """The first finding under that item."""
    return next(one for one in result.result.items if one.item.key == item).wrong[0][1]


# --- what is right gets full points ------------------------------------------------------------------------------


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize("style", STYLES)
def test_right_code_in_any_style_gets_full_points(exercise, style):
    result = check(exercise, function(STYLES[style], exercise))
    assert points(result) == 5.0, result.text()
    assert "All right" in result.text()
    assert result.result.misconceptions == ()


WAYS_TO_RETURN = {
    "float64 arrays": lambda a, c: (a, c),
    "float32 arrays": lambda a, c: (a.astype(np.float32), np.float32(c)),
    "a list of two": lambda a, c: [a, c],
    "nested lists": lambda a, c: (a.tolist(), float(c)),
    "float32 tensors": lambda a, c: (torch.tensor(a, dtype=torch.float32), torch.tensor(c, dtype=torch.float32)),
    "tensors with gradients": lambda a, c: (torch.tensor(a, requires_grad=True), torch.tensor(c, requires_grad=True)),
    "a 0-d array": lambda a, c: (a, np.array(c)),
    "a cost of shape (1,)": lambda a, c: (a, torch.tensor([c])),
    "-1e30 for impossible": lambda a, c: (np.where(np.isneginf(a), -1e30, a), c),
    "a transposed view": lambda a, c: (np.ascontiguousarray(a.T).T, c),
    "lists of 0-d tensors": lambda a, c: ([[torch.tensor(x) for x in row] for row in a], torch.tensor(c)),
    "an array of objects": lambda a, c: (a.astype(object), c),
}


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize("way", WAYS_TO_RETURN)
def test_right_numbers_in_any_container_get_full_points(exercise, way):
    result = check(exercise, altered(exercise, WAYS_TO_RETURN[way]))
    assert points(result) == 5.0, result.text()


def test_the_costs_that_others_published_are_those_of_the_public_cases():
    published = {"warp": 5.09566688538, "two-labels": 4.2806528590890736, "one-label-twice": 3.9384369822503591}
    for key, cost in published.items():
        assert checks.case(key).cost == pytest.approx(cost, abs=1e-6)
    assert checks.case("warp").blank == -1
    assert checks.case("two-labels").blank == checks.case("one-label-twice").blank == 0


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_public_answers_are_those_of_a_plain_double_loop(exercise):
    for case in public_cases():
        cells, cost = RIGHT[exercise](case.log_probs, case.targets, case.blank)
        np.testing.assert_allclose(case.truth(exercise).cells, cells, rtol=1e-8, atol=1e-8, err_msg=case.key)
        assert case.cost == pytest.approx(cost, rel=1e-8), case.key


def test_the_public_cases_belong_to_the_items_of_the_rubric():
    groups = {case.item for case in public_cases()} - {""}
    for exercise in SEMINAR4:
        assert {item.inputs for item in exercise.items} == groups
        assert exercise.points == 5.0


# --- what is wrong loses points, and is named --------------------------------------------------------------------


def mistaken(exercise, name):
    """A student's function that makes this mistake."""

    def student(log_probs, targets, blank=-1):
        answer = zoo.answers(exercise, name, Inputs(log_probs.numpy(), targets.numpy(), blank))
        if answer is None:
            raise IndexError("index 3 is out of bounds for axis 1 with size 3")
        return answer.cells, answer.cost

    return student


ZOO = [(exercise, name) for exercise in EXERCISES for name in zoo.everything(exercise)]


@pytest.mark.parametrize(("exercise", "name"), ZOO)
def test_a_known_mistake_loses_points_and_is_named(exercise, name):
    result = check(exercise, mistaken(exercise, name))
    assert points(result) < 5.0
    names = result.result.misconceptions
    assert name in names
    assert len(names) <= 3, "a list of suspects that long helps nobody"
    for part in known_as(exercise, name):
        assert part.says in result.text()
    assert ("This is exactly what you get when" in result.text()) == (len(names) == 1)


def test_every_known_mistake_has_words_and_every_word_its_mistake():
    for exercise in EXERCISES:
        assert set(MISCONCEPTIONS[exercise]) == set(zoo.ZOO[exercise])


@pytest.mark.parametrize(
    ("exercise", "name", "expected"),
    [
        ("forward", "final-blank-dropped", 1.0),  # every cell is right, no cost is
        ("forward", "cost-not-negated", 1.0),
        ("backward", "cost-not-negated", 1.0),
        ("forward", "probabilities-returned", 1.0),  # only the cost of the small ones stands
        ("forward", "blank-always-last", 4.0),
        ("backward", "blank-always-last", 4.0),
        ("forward", "probability-domain", 4.0),
        ("backward", "probability-domain", 4.0),
        ("backward", "forward-returned", 1.0),
        ("forward", "best-path", 0.0),
    ],
)
def test_what_is_right_beside_a_mistake_keeps_its_points(exercise, name, expected):
    assert points(check(exercise, mistaken(exercise, name))) == expected


def test_code_that_is_right_nowhere_is_given_no_name():
    result = checks.forward(lambda log_probs, targets, blank=-1: (log_probs[:, :, blank] * 0 + 7, 3.0))
    assert points(result) == 0.0
    assert result.result.misconceptions == ()


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize("bias", [0.01, -0.01])
def test_a_cost_that_is_off_by_a_hundredth_fails(exercise, bias):
    result = check(exercise, altered(exercise, lambda a, c: (a, c + bias)))
    assert points(result) == 1.0  # the array
    assert "The array is right, so only the last step is off." in result.text()


@pytest.mark.parametrize("exercise", EXERCISES)
def test_cells_that_are_off_by_a_hundredth_fail(exercise):
    assert points(check(exercise, altered(exercise, lambda a, c: (a + 0.01, c)))) == 1.0  # the cost of the small ones


@pytest.mark.parametrize("exercise", EXERCISES)
def test_half_precision_fails(exercise):
    half = altered(exercise, lambda a, c: (a.astype(np.float16), np.float16(c)))
    assert points(check(exercise, half)) == 0.0


def test_tables_kept_in_half_precision_fail():
    source = LOOPS.replace("-np.inf)", "-np.inf, dtype=np.float16)", 1)
    assert points(checks.forward(function(source, "forward"))) < 2.0


@pytest.mark.parametrize("exercise", EXERCISES)
def test_a_probability_where_none_is_possible_fails(exercise):
    inputs = Inputs(np.log(np.full((3, 2, 2), 0.5, dtype=np.float32)), np.array([0]), 1)
    inputs.log_probs[0, 0, 1] = inputs.log_probs[2, 0, 0] = -np.inf
    # (1, 0) is not reachable, and from (2, 0) nothing leads to the end.
    cells, cost = RIGHT[exercise](*vars(inputs).values())
    from helpers.checks.calling import Answer
    from helpers.checks.cases import Truth
    from helpers.checks.comparing import compare

    assert np.isneginf(cells).any()
    truth = Truth(cells, cost)
    assert compare(exercise, inputs, truth, Answer("ok", cells=cells, cost=cost)) is None
    wrong = np.where(np.isneginf(cells), 0.0, cells)
    assert compare(exercise, inputs, truth, Answer("ok", cells=wrong, cost=cost)) is not None


@pytest.mark.parametrize(
    "exercise",
    [
        "forward",
        pytest.param(
            "backward",
        ),
    ],
)
def test_some_public_case_has_an_impossible_node(exercise):
    assert any(np.isneginf(case.truth(exercise).cells).any() for case in public_cases())


# --- where it is wrong -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize("planted", [(0, 0), (1, 0), (0, 2), (1, 1), (3, 3)])
def test_the_one_wrong_cell_is_found(exercise, planted):
    def change(cells, cost):
        if cells.shape == (4, 4):
            cells[planted] += 0.5
        return cells, cost

    found = finding(check(exercise, altered(exercise, change)))
    t, u = planted
    assert found.cell == planted
    assert f"t={t}, u={u}" in found.where
    assert "only this cell is off" in found.where
    right = checks.case("repeats").truth(exercise).cells[planted]
    assert f"[{t}, {u}]" in found.numbers
    assert f"{right:.5g}" in found.numbers
    assert f"{right + 0.5:.5g}" in found.numbers


@pytest.mark.parametrize(("exercise", "first"), [("forward", (0, 1)), ("backward", (2, 2))])
def test_of_many_wrong_cells_the_one_that_the_others_depend_on_is_told(exercise, first):
    def change(cells, cost):
        if cells.shape == (4, 4):
            for cell in [(0, 1), (1, 1), (2, 0), (2, 2), (1, 2)]:
                cells[cell] -= 1
        return cells, cost

    found = finding(check(exercise, altered(exercise, change)))
    assert found.cell == first
    assert "5 of 16 cells are off" in found.where


def test_an_error_that_spreads_is_traced_to_its_source():
    # In row 2 a wrong label is used, so everything at u >= 2 is wrong; (0, 2) is computed first.
    source = LOOPS.replace("y[u - 1]])", "y[u - 1] if u != 2 else y[0]])")
    found = finding(checks.forward(function(source, "forward")))
    assert found.cell == (0, 2)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda a, c: (np.where(a == a[1, 1], np.nan, a), c), "nan"),
        (lambda a, c: (np.where(a == a[1, 1], -np.inf, a), c), "-inf"),
        (lambda a, c: (np.where(a == a[1, 1], 0.0, a), c), "0, that is, probability 1"),
    ],
)
def test_a_wrong_cell_gets_a_likely_cause(change, why):
    def only_small(cells, cost):
        return change(cells, cost) if cells.shape == (2, 3) else (cells, cost)

    found = finding(checks.forward(altered("forward", only_small)))
    assert found.cell == (1, 1)
    assert why in found.why


# --- what cannot be compared -------------------------------------------------------------------------------------


class Liar:
    """Equal to everything, and every number."""

    shape, ndim, size, dtype = (4, 4), 2, 16, np.dtype(np.float64)

    def __eq__(self, other):
        return True

    __hash__ = None

    def __array__(self, dtype=None, copy=None):
        return np.zeros((2, 2))

    def __float__(self):
        return 4.0

    def __len__(self):
        return 2


class Trap:
    """Raises wherever it is touched."""

    def __getattribute__(self, name):
        raise RuntimeError("do not touch")


MALFORMED = {
    "nothing": (lambda a, c: None, "returned None"),
    "only the array": (lambda a, c: a, "a pair was expected"),
    "only the cost": (lambda a, c: c, "a pair was expected"),
    "three values": (lambda a, c: (a, a, c), "a pair was expected"),
    "a dictionary": (lambda a, c: {"cells": a, "cost": c}, "a pair was expected"),
    "a generator": (lambda a, c: (x for x in (a, c)), "a pair was expected"),
    "swapped": (lambda a, c: (c, a), "the cost first"),
    "words": (lambda a, c: ("log", "alpha"), "not an array of numbers"),
    "an array and a word": (lambda a, c: (a, "cost"), "not a number"),
    "ragged rows": (lambda a, c: ([[0.0], [0.0, 1.0]], c), "not an array of numbers"),
    "the array twice": (lambda a, c: (a, a if a.size > 1 else np.zeros(2)), "it should be one number"),
    "an empty cost": (lambda a, c: (a, []), "it should be one number"),
    "functions": (lambda a, c: (len, len), "not an array of numbers"),
    "a liar": (lambda a, c: Liar(), "a pair was expected"),
}


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize("what", MALFORMED)
def test_a_malformed_return_value_gives_one_sentence_and_no_points(exercise, what):
    change, sentence = MALFORMED[what]
    result = check(exercise, altered(exercise, change))
    assert points(result) == 0.0
    problem = finding(result).what
    assert sentence in problem
    assert exercise in problem
    assert "\n" not in problem
    assert "Traceback" not in result.text()


@pytest.mark.parametrize("change", [lambda a, c: (None, None), lambda a, c: (None, c), lambda a, c: (a, None)])
def test_a_none_in_the_pair_is_called_none(change):
    text = checks.forward(altered("forward", change)).text()
    assert "None" in text
    assert "underflowed" not in text


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda a, c: (a.T, c), "transposed"),
        (lambda a, c: (a[:, :-1], c), "U+1 entries"),
        (lambda a, c: (np.vstack([a, a[-1:]]), c), "one frame too many"),
        (lambda a, c: (a[None], c), ""),
        (lambda a, c: (a[:-1], c), ""),
        (lambda a, c: (0.0, c), ""),
    ],
)
@pytest.mark.parametrize("exercise", EXERCISES)
def test_a_wrong_shape_is_told_with_both_shapes_and_why(exercise, change, why):
    result = check(exercise, altered(exercise, change))
    assert points(result) < 5.0
    found = finding(result)
    assert "(2, 3), that is (T, U+1)" in found.what
    assert why in found.why


@pytest.mark.parametrize("kind", [Liar, Trap])
@pytest.mark.parametrize("place", ["array", "cost", "both"])
def test_an_object_that_lies_gains_nothing(kind, place):
    value = kind()

    def change(cells, cost):
        return value if place != "cost" else cells, value if place != "array" else cost

    result = checks.forward(altered("forward", change))
    assert points(result) <= 1.0
    assert result.text()
    assert result._repr_html_()


def test_an_array_subclass_that_lies_gains_nothing():
    class Lying(np.ndarray):
        def __array_ufunc__(self, *arguments, **more):
            return np.array(True)

        def __eq__(self, other):
            return np.array(True)

        __hash__ = None

    class LyingTensor(torch.Tensor):
        def numpy(self):
            return np.zeros(self.shape).view(Lying)

    for lie in (
        lambda a, c: (np.zeros(a.shape).view(Lying), np.zeros(()).view(Lying)),
        lambda a, c: (torch.zeros(a.shape).as_subclass(LyingTensor), torch.zeros(()).as_subclass(LyingTensor)),
    ):
        assert points(checks.forward(altered("forward", lie))) == 0.0


@pytest.mark.parametrize("student", [None, 3, "forward", [], torch.zeros(2)])
def test_what_is_no_function_gives_no_points(student):
    result = checks.forward(student)
    assert points(result) == 0.0
    assert "not callable" in result.text()


def test_a_function_with_other_parameters_is_told_so():
    result = checks.forward(lambda log_probs: (log_probs, 0.0))
    assert points(result) == 0.0
    assert "TypeError" in result.text()


# --- exceptions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_stub_gets_no_points_and_a_friendly_sentence(exercise):
    result = check(exercise, function(STUB, exercise))
    assert points(result) == 0.0
    for text in (result.text(), result._repr_html_()):
        assert f"{exercise} is not implemented yet" in text
        assert "✗" not in text
        assert "stopped with" not in text


def test_an_exception_is_one_sentence_with_its_line():
    def student(log_probs, targets, blank=-1):
        return log_probs[10_000], 0.0

    result = checks.forward(student)
    assert points(result) == 0.0
    assert "forward stopped with IndexError" in finding(result).what
    assert "log_probs[10_000]" in finding(result).what
    assert "Traceback" not in result.text()


def test_an_exception_on_one_kind_of_input_costs_only_that_item():
    def student(log_probs, targets, blank=-1):
        if len(targets) == 0:
            raise ZeroDivisionError
        return RIGHT["forward"](log_probs, targets, blank)

    result = checks.forward(student)
    assert points(result) == 4.0
    assert "ZeroDivisionError" in finding(result, "borders").what


class Unprintable(Exception):
    def __str__(self):
        raise ValueError("no words")


def raising(error):
    def student(log_probs, targets, blank=-1):
        raise error

    return student


@pytest.mark.parametrize(
    "error",
    [
        ValueError(""),
        ValueError("a\nb" * 10_000),
        RecursionError(),
        MemoryError(),
        StopIteration(),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "\ud800"),
        pytest.param(
            Unprintable(),
        ),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_is_raised_becomes_one_short_sentence(error):
    result = checks.forward(raising(error))
    assert points(result) == 0.0
    what = finding(result).what
    assert "\n" not in what
    assert len(what) < 500
    assert type(error).__name__ in what


def test_an_operation_that_torch_has_not_implemented_is_not_taken_for_the_stub():
    def student(log_probs, targets, blank=-1):
        log_alpha = torch.zeros(log_probs.shape[:2], dtype=torch.long)
        return torch.logaddexp(log_alpha, log_alpha), 0.0

    result = checks.forward(student)
    assert "not implemented yet" not in result.text()
    assert "logaddexp" in result.text()


def test_an_interrupt_passes_through():
    with pytest.raises(KeyboardInterrupt):
        checks.forward(raising(KeyboardInterrupt()))


# --- quiet and without traces ------------------------------------------------------------------------------------


def test_nothing_that_the_function_prints_or_warns_about_gets_out(capfd, recwarn):
    def student(log_probs, targets, blank=-1):
        print("frame by frame")
        print("oops", file=sys.stderr)
        sys.stderr.write("again")
        warnings.warn("deprecated", DeprecationWarning, stacklevel=1)
        np.log(np.zeros(1))
        np.array([np.inf]) - np.array([np.inf])
        torch.tensor(torch.zeros(1))  # torch warns about this one
        return RIGHT["forward"](log_probs, targets, blank)

    assert points(checks.forward(student)) == 5.0
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        np.log(np.zeros(1))  # numpy's own setting is back


def test_warnings_and_logs_that_the_function_insists_on_do_not_reach_stderr():
    # In a process of its own: pytest catches warnings and logs before they get to stderr.
    code = """
import logging, warnings
from helpers import checks
def student(log_probs, targets, blank=-1):
    warnings.simplefilter("always")
    warnings.warn("and again")
    logging.warning("logged")
    return None
result = checks.forward(student)
warnings.warn("mine", stacklevel=1)
print(repr(result))
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "0.0\n"
    assert ended.stderr.count("\n") <= 2, "the caller's own warning, shown as ever"
    assert "mine" in ended.stderr
    assert "again" not in ended.stderr
    assert "logged" not in ended.stderr


def test_a_progress_bar_costs_nothing(capfd):
    from tqdm import tqdm

    def student(log_probs, targets, blank=-1):
        for _ in tqdm(range(3)):
            pass
        return RIGHT["backward"](log_probs, targets, blank)

    assert points(checks.backward(student)) == 5.0
    assert capfd.readouterr() == ("", "")


def test_wrong_numbers_warn_nobody(capfd, recwarn):
    for value in (np.nan, np.inf, -np.inf, 1e308, -1e308):
        result = checks.forward(lambda lp, y, blank=-1, v=value: (np.full(lp.shape[:2], v), v))
        assert points(result) == 0.0
        result.text(), result._repr_html_()
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list


@pytest.mark.parametrize("exercise", EXERCISES)
def test_a_function_that_overwrites_its_inputs_spoils_nothing(exercise):
    def student(log_probs, targets, blank=-1):
        answer = RIGHT[exercise](log_probs.clone(), targets.clone(), blank)
        log_probs.fill_(0)
        targets.zero_()
        return answer

    assert points(check(exercise, student)) == 5.0
    assert points(check(exercise, student)) == 5.0
    assert points(check(exercise, RIGHT[exercise])) == 5.0


def test_a_public_case_that_was_overwritten_in_the_notebook_changes_no_check():
    mine = checks.case("warp")
    kept = mine.log_alpha.copy(), mine.log_probs.copy()
    try:
        mine.log_alpha[:] = 0
        mine.log_probs[:] = -1
        assert points(checks.forward(RIGHT["forward"])) == 5.0
    finally:
        mine.log_alpha[:], mine.log_probs[:] = kept


def test_functions_that_remember_their_answers_get_nothing_for_them():
    first = []

    def student(log_probs, targets, blank=-1):
        first.append(RIGHT["forward"](log_probs, targets, blank))
        return first[0]

    assert points(checks.forward(student)) == 0.0


# --- the page ----------------------------------------------------------------------------------------------------


def test_the_page_escapes_what_the_student_wrote():
    html = checks.forward(raising(ValueError("<script>alert('x')</script><img src=x onerror=y>")))._repr_html_()
    assert "&lt;script&gt;" in html
    assert "<script" not in html
    assert "<img" not in html

    class Tag:
        pass

    Tag.__name__ = "<b onclick=x>"
    html = checks.forward(lambda *a, **k: Tag())._repr_html_()
    assert "<b onclick" not in html


def test_the_page_and_the_text_say_the_points_and_the_rubric():
    result = checks.forward(mistaken("forward", "blank-always-last"))
    for text in (result.text(), result._repr_html_()):
        assert "4 of 5 points" in text
        for item in SEMINAR4[0].items:
            assert item.title in text
    assert float(result) == result.points == 4.0


def test_a_case_that_does_not_exist_is_answered_with_those_that_do():
    with pytest.raises(ValueError, match=r"no public case 'dog'.*cat, warp"):
        checks.case("dog")
