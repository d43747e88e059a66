"""X-ray of your code: what the recorder sees of functions in many styles, and that it changes none of their numbers."""

import itertools

import numpy as np
import pytest
import torch
from student_code import LOOPS, STUB, STYLES, alternative, function

from autograder.judging.zoo import ZOO, answers
from helpers import checks
from helpers.lattice.playback import play
from helpers.lattice.recording import record
from helpers.lattice.xray import UNSEEN, xray

# More ways to fill a table in place, each right, each a different road past the recorder.
CHAINED = LOOPS.replace("[t - 1, u]", "[t - 1][u]").replace("[t, u]", "[t][u]")
FROM_IMPORT = LOOPS.replace("import numpy as np", "import numpy as np\nfrom numpy import full, inf").replace(
    "np.full", "full"
)
IMPORT_INSIDE = LOOPS.replace("    log_alpha = np.full", "    import numpy\n    log_alpha = numpy.full").replace(
    "    log_beta = np.full", "    import numpy\n    log_beta = numpy.full"
)
HELPER = LOOPS.replace("np.full((T, U + 1), -np.inf)", "make(T, U)").replace(
    "import numpy as np", "import numpy as np\n\ndef make(T, U):\n    return np.full((T, U + 1), -np.inf)\n"
)
TRANSPOSED = """
import numpy as np

def forward(log_probs, targets, blank=-1):
    p, y = log_probs.numpy().astype(np.float64), targets.tolist()
    T, U = p.shape[0], len(y)
    by_label = np.zeros((U + 1, T)) - 0.0
    by_label = np.full((U + 1, T), -np.inf)
    by_label[0, 0] = 0.0
    for u in range(U + 1):
        row = by_label[u]
        if u:
            row += 0.0
            row[:] = by_label[u - 1] + p[:, u - 1, y[u - 1]]
        for t in range(1, T):
            row[t] = np.logaddexp(row[t], row[t - 1] + p[t - 1, u, blank])
    table = by_label.T
    return table, -float(table[-1, -1] + p[-1, -1, blank])
"""
OUT = """
import numpy as np

def forward(log_probs, targets, blank=-1):
    p, y = np.array(log_probs, dtype=float), np.array(targets)
    T, U = len(p), len(y)
    log_alpha = np.full((T, U + 1), -np.inf)
    log_alpha[0, 0] = 0
    for t in range(T):
        if t:
            np.add(log_alpha[t - 1], p[t - 1, :, blank], out=log_alpha[t])
        for u in range(1, U + 1):
            log_alpha[t, u] = np.logaddexp(log_alpha[t, u], log_alpha[t, u - 1] + p[t, u - 1, y[u - 1]])
    return log_alpha, -(log_alpha[-1, -1] + p[-1, -1, blank])
"""
TORCH_INPLACE = """
import torch

def forward(log_probs, targets, blank=-1):
    T, U = log_probs.size(0), len(targets)
    blanks = log_probs[:, :, blank]
    labels = log_probs[:, :U].gather(2, targets.view(1, U, 1).expand(T, U, 1)).squeeze(2)
    log_alpha = log_probs.new_full((T, U + 1), float("-inf"))
    log_alpha[0, 0] = 0.0
    for t in range(T):
        if t > 0:
            log_alpha[t].copy_(log_alpha[t - 1] + blanks[t - 1])
        for u in range(1, U + 1):
            log_alpha[t, u] = torch.logaddexp(log_alpha[t, u], log_alpha[t, u - 1] + labels[t, u - 1])
    return log_alpha.numpy(), -(log_alpha[-1, -1] + blanks[-1, -1]).item()
"""
FLOATS = LOOPS.replace(
    "np.logaddexp(log_alpha[t, u], log_alpha[t - 1, u] + log_probs[t - 1, u, blank])",
    "np.logaddexp(float(log_alpha[t, u]), log_alpha.item(t - 1, u) + float(log_probs[t - 1, u, blank]))",
)
WATCHABLE = {
    "loops": LOOPS, "torch": alternative("seminar4", "torch"),
    "diagonals": alternative("seminar4", "diagonals"), "chained": CHAINED, "from import": FROM_IMPORT,
    "import inside": IMPORT_INSIDE, "helper": HELPER, "transposed": TRANSPOSED, "out": OUT,
    "torch in place": TORCH_INPLACE,
}  # fmt: skip
FORWARD_ONLY = ("transposed", "out", "torch in place")
ROADS = [
    (name, way) for name in WATCHABLE for way in ("forward", "backward") if name not in FORWARD_ONLY or way[0] == "f"
]


def random_inputs(T, U, V=5, blank=0, seed=0):
    logits = 2 * np.random.default_rng(seed).normal(size=(T, U + 1, V))
    log_probs = torch.log_softmax(torch.tensor(logits, dtype=torch.float32), dim=-1)
    return log_probs, torch.tensor([1 + u % (V - 1) for u in range(U)], dtype=torch.long), blank


def neighbours(way, t, u, T, U):
    step = -1 if way == "forward" else 1
    found = {(t + step, u), (t, u + step)}
    return {(a, b) for a, b in found if 0 <= a < T and 0 <= b <= U}


@pytest.mark.parametrize(("name", "way"), ROADS)
@pytest.mark.parametrize(("T", "U"), [(4, 3), (1, 2), (5, 0), (3, 5)])
def test_watching_changes_no_bit(name, way, T, U):
    plain = function(WATCHABLE[name], way)
    log_probs, targets, blank = random_inputs(T, U)
    table, cost = plain(log_probs.clone(), targets.clone(), blank=blank)
    recording = record(plain, log_probs, targets, blank)
    assert recording.problem == ""
    assert type(recording.returned[0]) is type(table)
    np.testing.assert_array_equal(np.asarray(recording.returned[0]), np.asarray(table))
    assert np.asarray(recording.returned[1]).item() == np.asarray(cost).item()
    # What the diary says of the last write to a cell is what stands there.
    written = {}
    for step in play(recording, (T, U + 1)).steps:
        written.update(dict(step.writes))
    for node, value in written.items():
        assert value == np.asarray(table)[node]


CELL_BY_CELL = [road for road in ROADS if road[0] not in ("diagonals", *FORWARD_ONLY)]


@pytest.mark.parametrize(("name", "way"), ROADS)
def test_a_right_function_reads_nothing_too_early_and_misses_no_neighbour(name, way):
    T, U = 4, 3
    playback = play(record(function(WATCHABLE[name], way), *random_inputs(T, U)), (T, U + 1))
    assert playback.early is None
    known = set()
    for step in playback.steps:
        seen, own = {read.node for read in step.reads}, {node for node, _ in step.writes}
        assert seen - own <= known
        known |= own
    assert known == set(itertools.product(range(T), range(U + 1)))


@pytest.mark.parametrize(("name", "way"), CELL_BY_CELL)
def test_cell_by_cell_each_step_reads_exactly_the_neighbours(name, way):
    T, U = 4, 3
    playback = play(record(function(WATCHABLE[name], way), *random_inputs(T, U)), (T, U + 1))
    filling = [step for step in playback.steps if step.writes]
    assert len(filling) == T * (U + 1)
    for step in filling:
        ((node, _),) = step.writes
        assert {read.node for read in step.reads} == neighbours(way, *node, T, U), node


@pytest.mark.parametrize(("name", "way"), ROADS)
def test_the_scores_that_it_looks_up_are_those_of_the_arcs(name, way):
    T, U = 4, 3
    log_probs, targets, blank = random_inputs(T, U)
    playback = play(record(function(WATCHABLE[name], way), log_probs, targets, blank), (T, U + 1))
    seen = {place for step in playback.steps for place in step.scores}
    blanks = {(t, u, blank) for t in range(T) for u in range(U + 1) if t < T - 1 or u == U}
    labels = {(t, u, int(targets[u])) for t in range(T) for u in range(U)}
    assert seen >= blanks | labels if (name, way) not in CELL_BY_CELL else seen == blanks | labels


def test_lines_are_the_students_own():
    recording = record(function_in_a_file(LOOPS, "forward"), *random_inputs(4, 3))
    playback = play(recording, (4, 4))
    for step in playback.steps:
        assert "log_alpha[" in recording.source[step.line]
    assert "logaddexp" in recording.source[playback.steps[5].line]


def function_in_a_file(source, way):
    """The function as a notebook would define it: its lines can be had."""
    import linecache

    name = f"<cell {hash(source)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    names = {}
    exec(compile(source, name, "exec"), names)
    return names[way]


# ---- mistakes


def test_an_order_that_reads_before_it_writes_is_caught_at_the_first_such_step():
    bug = LOOPS.replace("for t in range(T):", "for t in reversed(range(T)):", 1)
    figure = xray(function(bug, "forward"), *random_inputs(4, 3))
    early = figure.spec["early"]
    assert early["node"] == [2, 0]
    assert figure.spec["steps"][early["step"]]["writes"][0][:2] == [3, 0]
    assert "reads [2, 0] before it is filled" in figure.alt


def test_an_index_that_wraps_around_is_named():
    bug = LOOPS.replace("            if t > 0:\n", "            if True:\n", 1)
    figure = xray(function(bug, "forward"), *random_inputs(4, 3))
    assert figure.spec["early"]["node"] == [3, 0]
    assert "an index below 0 counts from the other end" in figure.alt


def test_the_first_wrong_cell_has_both_numbers():
    bug = LOOPS.replace(
        "log_alpha[t - 1, u] + log_probs[t - 1, u, blank]", "log_alpha[t - 1, u] + log_probs[t, u, blank]"
    )
    case = checks.case("cat")
    figure = xray(function(bug, "forward"), case.log_probs, case.targets, case.blank)
    wrong = figure.spec["wrong"]
    assert wrong["node"] == [1, 0]
    assert wrong["should"] == pytest.approx(case.log_alpha[1, 0], abs=1e-6)
    assert wrong["yours"] == pytest.approx(case.log_probs[1, 0, 0], abs=1e-6)
    assert "You wrote −0.961; from your neighbours it would be −2.530." in figure.alt
    assert figure.scene.find("ring-1-0")


def test_an_inherited_error_is_not_blamed():
    """(1, 1) is spoilt on purpose; (2, 1), (1, 2) and all behind them inherit that and are wrong, too."""
    bug = LOOPS.replace(
        "            if u > 0:",
        "            if t == u == 1:\n                log_alpha[t, u] = -3.0\n            elif u > 0:",
        1,
    )
    case = checks.case("cat")
    figure = xray(function(bug, "forward"), case.log_probs, case.targets, case.blank)
    assert (np.abs(figure.spec["log_alpha"] - case.log_alpha) > 1e-3).sum() > 3
    assert figure.spec["wrong"]["node"] == [1, 1]
    assert figure.spec["wrong"]["should"] == pytest.approx(case.log_alpha[1, 1])


def test_on_inputs_without_a_published_answer_nothing_here_tells_right_from_wrong():
    """Students have this code, in the sandbox too: a judge of any input would be the answer."""
    bug = LOOPS.replace("log_probs[t - 1, u, blank]", "log_probs[t, u, blank]")
    figure = xray(function(bug, "forward"), *random_inputs(4, 3))
    assert not figure.spec["judged"]
    assert figure.spec["wrong"] is None
    assert figure.spec["said"] == ["Your forward fills its table in 16 steps, frame by frame."]


def test_a_published_case_is_known_by_its_numbers():
    case = checks.case("cat")
    arguments = case.log_probs, case.targets, case.blank
    assert xray(function(LOOPS, "forward"), *arguments).spec["judged"]
    turned = torch.tensor(case.log_probs), torch.tensor(case.targets), case.blank - case.log_probs.shape[2]
    assert xray(function(LOOPS, "forward"), *turned).spec["judged"]
    other = case.log_probs.copy()
    other[2, 1] = np.log([0.4, 0.3, 0.2, 0.1])
    assert not xray(function(LOOPS, "forward"), other, *arguments[1:]).spec["judged"]


@pytest.mark.parametrize("way", ["forward", "backward"])
def test_every_known_mistake_is_shown_as_wrong(way):
    """Cells or cost: no mistake of the zoo passes for right, and the right answer does."""
    inputs = checks.case("cat")
    arguments = inputs.log_probs, inputs.targets, inputs.blank
    right = xray(function(LOOPS, way), *arguments)
    assert right.spec["wrong"] is None
    assert "of-wrong" not in classes(right)
    array = {"forward": "log_alpha", "backward": "log_beta"}[way]
    shown = 0
    for name in ZOO[way]:
        truth = answers(way, name, inputs)
        if truth is None:
            continue  # crashes on this input
        figure = xray(lambda p, y, blank, truth=truth: (truth.cells, truth.cost), *arguments, exercise=way)
        cells_differ = not np.allclose(figure.spec[array], right.spec[array], atol=1e-4)
        assert (figure.spec["wrong"] is not None) == cells_differ, name
        differs = cells_differ or not np.isclose(truth.cost, expected_cost(right, way), atol=1e-4)
        assert ("of-wrong" in classes(figure)) == differs, name
        shown += differs
    assert shown >= 12


def classes(figure):
    return {name for item in figure.scene.items for name in item.classes}


def expected_cost(figure, way):
    spec = figure.spec
    return -(spec["log_alpha"][-1, -1] + spec["blank"][-1, -1]) if way == "forward" else -spec["log_beta"][0, 0]


# ---- what cannot be watched


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (alternative("seminar4", "lists"), "Python lists"),
        (alternative("seminar4", "recursion"), "put together at the end"),
    ],
    ids=["lists", "recursion"],
)
def test_a_table_that_is_not_filled_in_place_is_still_judged_and_says_why_nothing_plays(source, said):
    case = checks.case("cat")
    figure = xray(function(source, "forward"), case.log_probs, case.targets, case.blank)
    assert said in figure.alt
    assert figure.spec["steps"] == []
    assert "Every cell is right." in figure.alt


def test_a_function_that_minds_being_watched_is_left_alone():
    proud = LOOPS.replace("import numpy as np", "import numpy as np\nkind = None").replace(
        "    log_alpha[0, 0] = 0.0\n", "    log_alpha[0, 0] = 0.0 if type(log_alpha) is np.ndarray else 1.0\n"
    )
    log_probs, targets, blank = random_inputs(4, 3)
    figure = xray(function(proud, "forward"), log_probs, targets, blank)
    np.testing.assert_array_equal(figure.spec["log_alpha"], function(proud, "forward")(log_probs, targets, blank)[0])
    assert "without disturbing it" in figure.alt
    assert figure.spec["steps"] == []


def test_an_assignment_that_goes_unseen_leaves_no_wrong_story():
    sly = LOOPS.replace("    log_alpha[0, 0] = 0.0\n", "    np.ndarray.__setitem__(log_alpha, (0, 0), 0.0)\n")
    case = checks.case("cat")
    figure = xray(function(sly, "forward"), case.log_probs, case.targets, case.blank)
    assert figure.spec["said"] == [UNSEEN, "Every cell is right."]
    assert figure.spec["steps"] == []


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (STUB, "forward is not written yet"),
        ("def forward(a, b, blank):\n    return 1 / 0\n", "forward stopped with ZeroDivisionError"),
        ("def forward(a, b, blank):\n    pass\n", "forward returned None"),
        (
            "def forward(a, b, blank):\n    return a[0], 1.0\n",
            "Your table has shape (4, 5), expected is (T, U+1) = (4, 4)",
        ),
    ],
)
def test_a_function_without_a_table_gets_one_sentence(source, sentence):
    figure = xray(function(source, "forward"), *random_inputs(4, 3))
    assert sentence in figure.alt
    assert figure.scene.find("node-0-0")
    assert "\n" not in repr(figure)


def test_numpy_and_torch_are_themselves_again_afterwards():
    before = {
        (m.__name__, n): getattr(m, n)
        for m in (np, torch)
        for n in ("full", "zeros", "asarray", "empty")
        if hasattr(m, n)
    }
    xray(function(LOOPS, "forward"), *random_inputs(4, 3))
    xray(
        function(
            "import numpy as np\ndef forward(a, b, blank):\n    np.full((2, 2), 0.0)\n    raise KeyError\n", "forward"
        ),
        *random_inputs(4, 3),
    )
    for (module, name), value in before.items():
        assert getattr({"numpy": np, "torch": torch}[module], name) is value


def test_a_real_utterance_is_refused_in_one_sentence():
    with pytest.raises(ValueError, match="too many to follow"):
        xray(function(LOOPS, "forward"), *random_inputs(60, 10))


def test_all_styles_are_watched_or_say_why():
    for source in STYLES.values():
        figure = xray(function(source, "forward"), *random_inputs(4, 3))
        assert figure.spec["steps"] or "only an array that your function fills in place can be watched" in figure.alt
