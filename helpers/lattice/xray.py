"""X-ray of your code: your own `forward` or `backward` at work, cell by cell, in its own order."""

import ast
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from helpers.checks import calling
from helpers.checks.cases import Case, Inputs
from helpers.checks.comparing import close, largest

from .figure import Figure
from .lattice import Lattice, as_array
from .live import Question
from .numerals import logarithm
from .panel import Footer, Panel
from .playback import Early, Playback, Step, Wrong, arithmetic, first_wrong, play, published
from .recording import Recording, record
from .views import _LEAST_WIDTH, _count, _size, assemble, log_levels

MOST_CELLS = 150  # nodes that still have their numbers inside; more steps nobody follows
UNSEEN = "Some of your assignments go past this X-ray, so only the result is shown."
_ORDERS = {
    "frame by frame": lambda t, u: (t, u),
    "frame by frame, labels downward": lambda t, u: (t, -u),
    "label by label": lambda t, u: (u, t),
    "label by label, frames backward": lambda t, u: (u, -t),
    "along anti-diagonals": lambda t, u: (t + u,),
}

QUESTIONS = {
    "forward": Question(
        "You have two loops, over t and over u. Swap the inner and the outer one. What changes?",
        ("Every number", "The order of the steps, but no number", "The code reads cells that are still empty"),
        1,
        "A cell needs the one to its left and the one below. In both orders these two are filled by then.",
    ),
    "backward": Question(
        "Which order would break backward?",
        (
            "From the last frame to the first",
            "From the last label down to the first",
            "From the first frame to the last",
        ),
        2,
        "A cell reads (t+1, u) and (t, u+1), so the next frame has to be there before this one.",
    ),
}


def xray(
    function: Callable, log_probs, targets, blank: int = 0, symbols: Sequence[str] | None = None, exercise: str = ""
) -> Figure:
    """Runs `function(log_probs, targets, blank=blank)` and shows how it filled its table.

    The function's numbers are its own: it also runs unwatched, and only that result is shown.

    Args:
        function: `forward` or `backward`, or anything that returns (table, cost) like one of them.
        log_probs: (T, U+1, V) of one utterance, at most 150 nodes (t, u).
        targets: (U,) classes.
        blank: class of the blank.
        symbols: text of every class, for the axes.
        exercise: "forward" or "backward"; without it the function's name decides.
    """
    cat = Lattice.from_log_probs(log_probs, targets, blank, symbols)
    if cat.T * (cat.U + 1) > MOST_CELLS:
        raise ValueError(
            f"T × (U+1) = {cat.T * (cat.U + 1):,} nodes are too many to follow: take at most {MOST_CELLS}."
        )
    name = getattr(function, "__name__", "your function")
    exercise = exercise or ("backward" if "backward" in name or "beta" in name else "forward")
    if exercise not in calling.ARRAY_NAMES:
        raise ValueError(f'exercise is "{exercise}": write "forward" or "backward".')
    inputs = Inputs(as_array(log_probs, "log_probs"), as_array(targets, "targets").astype(np.int64), int(blank))
    try:
        recording, table, cost = _run(function, exercise, log_probs, targets, blank)
    except calling.Malformed as error:
        return unwritten(cat, str(error))
    except Exception as error:
        if calling.is_stub(error):
            return unwritten(cat, f"{name} is not written yet. Write it, run its cell, then run this one.")
        return unwritten(cat, calling.raised(name, error))
    if table.shape != inputs.shape:
        sentence = f"Your table has shape {table.shape}, expected is (T, U+1) = {inputs.shape}: nothing to play back."
        return unwritten(cat, sentence)
    classes = list(symbols) if symbols is not None else [f"class {k}" for k in range(inputs.log_probs.shape[2])]
    playback = play(recording, inputs.shape)
    if not recording.problem and not playback.gives(table):
        recording, playback = replace(recording, problem=UNSEEN), Playback(table, (), None)
    figure = _figure(cat, inputs, exercise, recording, table, cost, playback)
    figure = replace(figure, spec={**figure.spec, "classes": classes})
    return replace(figure, question=QUESTIONS[exercise]) if figure.spec["steps"] else figure


def _run(function, exercise, log_probs, targets, blank) -> tuple[Recording, np.ndarray, float]:
    import torch

    scores, y = (torch.as_tensor(values).detach().cpu() for values in (log_probs, targets))
    with calling.quiet():
        recording = record(function, scores, y, blank)
        return recording, *calling.plain(exercise, recording.returned)


def unwritten(cat: Lattice, sentence: str) -> Figure:
    """The empty trellis with a sentence, for a function that has no table to show."""
    panel = Panel(cat.T, cat.symbols)
    panel.arcs(faint=True)
    panel.nodes(index=True)
    footer = Footer(0, panel.bottom, max(panel.right, _LEAST_WIDTH))
    footer.sentence(sentence)
    scene = assemble([panel], footer, max(panel.right, _LEAST_WIDTH))
    return Figure("unwritten", scene, f"Empty trellis of {_size(cat.T, cat.symbols)}. {sentence}", {})


def _figure(
    cat: Lattice,
    inputs: Inputs,
    exercise: str,
    recording: Recording,
    table: np.ndarray,
    cost: float,
    playback: Playback,
) -> Figure:
    array = calling.ARRAY_NAMES[exercise]
    case = published(inputs)
    wrong = first_wrong(exercise, case, table, playback.steps) if case else None
    said = _sentences(exercise, inputs, case, recording, table, cost, playback, wrong)
    finite = np.where(np.isfinite(table), table, -np.inf)
    levels, _, _ = log_levels(finite)
    panel = Panel(cat.T, cat.symbols)
    panel.arcs(faint=True)
    texts = [[logarithm(value) for value in row] for row in table.tolist()]
    tips = [
        [f"{array}[{t}, {u}] = {logarithm(value, 4)}" for u, value in enumerate(row)]
        for t, row in enumerate(table.tolist())
    ]
    panel.nodes(texts, levels, tips)
    if wrong:
        panel.ring(*wrong.node)
    footer = Footer(0, panel.bottom, max(panel.right, _LEAST_WIDTH))
    footer.key()
    crop = footer.y
    for sentence, *classes in said:
        footer.sentence(sentence, *classes)
    scene = assemble([panel], footer, max(panel.right, _LEAST_WIDTH))
    alt = f"Your {array} over a lattice of {_size(cat.T, cat.symbols)}. {' '.join(sentence for sentence, *_ in said)}"
    spec = {
        "T": cat.T,
        "symbols": list(cat.symbols),
        "blank": cat.blank,
        "label": cat.label,
        "exercise": exercise,
        array: table,
        "levels": levels.round(2),
        "crop": crop,
        "start": playback.start,
        "steps": [_step_spec(step, cat, inputs) for step in playback.steps],
        "early": playback.early
        and {
            "node": list(playback.early.node),
            "step": playback.early.step,
            "sentence": _of_early(playback.early),
        },
        "wrong": wrong
        and {
            "node": list(wrong.node),
            "step": wrong.step,
            "yours": wrong.yours,
            "should": wrong.should,
            "sentence": _of_wrong(array, wrong),
        },
        "source": _shown(recording.source),
        "judged": case is not None,
        "said": [sentence for sentence, *_ in said],
    }
    return Figure("xray", scene, alt, spec)


def _shown(source: list[str]) -> list[list]:
    """(line, text) of the function, without its docstring and what stands before its `def`."""
    try:
        (function,) = ast.parse(textwrap.dedent("\n".join(source))).body
        first, *_ = function.body
    except (SyntaxError, ValueError, AttributeError):
        return [[i, text] for i, text in enumerate(source)]
    is_text = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    hidden = range(first.lineno, first.end_lineno + 1) if is_text and len(function.body) > 1 else ()
    return [[i, text] for i, text in enumerate(source) if i + 1 >= function.lineno and i + 1 not in hidden]


def _step_spec(step: Step, cat: Lattice, inputs: Inputs) -> dict:
    """A step for the script. A look at a cell that is filled is [t, u]; the script knows what stands there."""
    return {
        "writes": [[t, u, value] for (t, u), value in step.writes],
        "reads": [
            list(read.node) if read.state == "ready" else [*read.node, read.value, read.state] for read in step.reads
        ],
        "arcs": [_arc(inputs, *place) for place in step.scores],
        "line": step.line,
    }


def _arc(inputs: Inputs, t: int, u: int, k: int) -> list:
    """A score by the arc that it belongs to: "b", "l", or "x" with the class that leads nowhere from that node."""
    if k == inputs.blank % inputs.log_probs.shape[2]:
        return ["b", t, u]
    return ["l", t, u] if u < len(inputs.targets) and k == inputs.targets[u] else ["x", t, u, k]


def _sentences(exercise, inputs, case: Case | None, recording, table, cost, playback: Playback, wrong) -> list[tuple]:
    """What is to be said under the drawing, each with the classes of its text."""
    array = calling.ARRAY_NAMES[exercise]
    said: list[tuple] = []
    if recording.problem:
        said.append((recording.problem,))
    elif playback.steps:
        filling = [step for step in playback.steps if step.writes]
        said.append((f"Your {exercise} fills its table in {_count(len(filling), 'step')}, {_order(filling)}.",))
    if playback.early:
        said.append((_of_early(playback.early), "of-wrong"))
    if wrong:
        return [*said, (_of_wrong(array, wrong), "of-wrong")]
    if case:
        said.append(("Every cell is right.",))
    blank = float(inputs.log_probs[-1, -1, inputs.blank])
    should = -(table[-1, -1] + blank) if exercise == "forward" else -table[0, 0]
    if not close(cost, should, largest(table)):
        formula = "log_alpha[T-1, U] and the final blank give" if exercise == "forward" else "log_beta[0, 0] gives"
        said.append((f"Your cost is {logarithm(cost, 4)}; {formula} {logarithm(float(should), 4)}.", "of-wrong"))
    return said


def _of_early(early: Early) -> str:
    t, u = early.node
    why = " (an index below 0 counts from the other end)" if early.wrapped else ""
    held = "nothing in particular" if np.isnan(early.value) else logarithm(early.value)
    return f"Step {early.step + 1} reads [{t}, {u}] before it is filled{why}: it held {held} then."


def _of_wrong(array: str, wrong: Wrong) -> str:
    t, u = wrong.node
    digits = next(d for d in (3, 5, 8, 12) if logarithm(wrong.yours, d) != logarithm(wrong.should, d) or d == 12)
    right = logarithm(wrong.should, digits)
    sum_ = arithmetic(wrong, digits)
    numbers = right if sum_.startswith(right) else f"{sum_} = {right}"
    verb = "You wrote" if wrong.step is not None else "Your code leaves"
    return (
        f"The first wrong cell is {array}[{t}, {u}]. {verb} {logarithm(wrong.yours, digits)}; "
        f"from your neighbours it would be {numbers}."
    )


def _order(steps: Sequence[Step]) -> str:
    nodes = [node for step in steps for node, _ in step.writes]
    for name, key in _ORDERS.items():
        keys = [key(*node) for node in nodes]
        if keys == sorted(keys):
            return name
        if keys == sorted(keys, reverse=True):
            return f"{name}, from the end"
    return "in an order of its own"
