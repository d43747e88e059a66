import numpy as np
import pytest
from student_code import STYLES, function

from autograder.judging import oracle
from helpers.asking.seminar4 import questions
from helpers.checks import case
from helpers.checks.calling import call
from helpers.checks.cases import Truth
from helpers.checks.comparing import compare
from helpers.checks.rubric import SEMINAR4

SEEDS = [bytes([number]) * 16 for number in range(25)]


@pytest.fixture(scope="module", params=SEEDS, ids=lambda seed: f"seed{seed[0]}")
def asked(request):
    return {question.key: question for question in questions(request.param)}


def cost(inputs):
    return oracle.forward(inputs.log_probs, inputs.targets, inputs.blank)[1]


def test_the_same_seed_gives_the_same_inputs():
    for one, other in zip(questions(SEEDS[3]), questions(SEEDS[3]), strict=True):
        assert (one.key, one.group, one.title) == (other.key, other.group, other.title)
        assert one.inputs.log_probs.tobytes() == other.inputs.log_probs.tobytes()
        assert one.inputs.targets.tobytes() == other.inputs.targets.tobytes()
        assert one.inputs.blank == other.inputs.blank


def test_another_seed_gives_other_inputs_to_the_same_questions():
    seen: dict[str, set] = {}
    for seed in SEEDS:
        for question in questions(seed):
            seen.setdefault(question.key, set()).add(question.inputs.log_probs.tobytes())
    assert {key: len(inputs) for key, inputs in seen.items()} == {
        key: 1 if key == "cat" else len(SEEDS) for key in seen
    }


def test_the_first_question_is_the_public_example_and_gives_no_points():
    first = questions(SEEDS[0])[0]
    assert (first.key, first.group) == ("cat", "")
    assert (first.inputs.log_probs == case("cat").log_probs).all()


def test_every_rubric_item_has_questions(asked):
    groups = {question.group for question in asked.values()}
    assert groups - {""} == {item.inputs for exercise in SEMINAR4 for item in exercise.items}


def test_keys_are_unique_and_fit_for_file_names():
    keys = [question.key for question in questions(SEEDS[0])]
    assert len(set(keys)) == len(keys)
    assert all(key.replace("-", "").isalnum() and key.isascii() for key in keys)


def test_every_kind_of_input_is_asked(asked):
    def shape(key):
        return asked[key].inputs.log_probs.shape[0], len(asked[key].inputs.targets)

    assert shape("one-frame")[0] == 1
    assert shape("one-frame")[1] >= 2
    assert shape("one-node") == (1, 0)
    assert shape("no-labels")[0] > 1
    assert shape("no-labels")[1] == 0
    assert shape("more-labels")[1] > shape("more-labels")[0] > 1
    classes = asked["blank-inside"].inputs.log_probs.shape[2]
    assert asked["blank-first"].inputs.blank == 0
    assert 0 < asked["blank-inside"].inputs.blank < classes - 1
    assert -classes < asked["blank-negative"].inputs.blank < -1
    repeated = asked["small-2"].inputs.targets
    assert (repeated[1:] == repeated[:-1]).any()
    assert cost(asked["long"].inputs) > 200
    assert asked["peaky"].inputs.log_probs.min() < -50
    impossible = asked["impossible"].inputs
    assert np.isneginf(impossible.log_probs).sum() >= 3
    assert np.isfinite(cost(impossible))


def test_inputs_are_what_the_exercise_promises(asked):
    for key, question in asked.items():
        log_probs, targets = question.inputs.log_probs, question.inputs.targets
        classes = log_probs.shape[2]
        assert log_probs.dtype == np.float32, key
        assert targets.dtype == np.int64, key
        assert log_probs.shape[1] == len(targets) + 1, key
        assert question.inputs.blank % classes not in targets, key
        assert ((targets >= 0) & (targets < classes)).all(), key
        assert not np.isnan(log_probs).any(), key
        whole = np.isfinite(log_probs).all(axis=-1)
        total = np.exp(log_probs[whole].astype(np.float64)).sum(axis=-1)
        np.testing.assert_allclose(total, 1, atol=1e-5, err_msg=key)
        assert whole.all() or key == "impossible"


def test_some_node_is_impossible_for_forward_and_some_for_backward():
    unreachable = dead = 0
    for seed in SEEDS:
        inputs = next(question.inputs for question in questions(seed) if question.key == "impossible")
        unreachable += np.isneginf(oracle.forward(inputs.log_probs, inputs.targets, inputs.blank)[0]).any()
        dead += np.isneginf(oracle.backward(inputs.log_probs, inputs.targets, inputs.blank)[0]).any()
    assert unreachable >= 0.6 * len(SEEDS)
    assert dead >= 0.3 * len(SEEDS)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("exercise", ["forward", "backward"])
def test_no_seed_is_unfair_to_right_code_of_any_style(exercise, style):
    student = function(STYLES[style], exercise)
    for seed in SEEDS[:3]:
        for question in questions(seed):
            inputs = question.inputs
            truth = Truth(*getattr(oracle, exercise)(inputs.log_probs, inputs.targets, inputs.blank))
            found = compare(exercise, inputs, truth, call(exercise, student, inputs))
            assert found is None, (seed[0], question.key, found)
