"""Checks that a student runs under an exercise. They say what is wrong, where, why (probably) and what to do next."""

from typing import TYPE_CHECKING

from .cases import Case, case

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from helpers.preflight.report import Report

    from .hinting import Shown
    from .predicting import Question, Reply
    from .report import CheckResult

__all__ = [
    "Case",
    "backward",
    "case",
    "course",
    "decoder",
    "encoder",
    "forward",
    "greedy",
    "hint",
    "joiner",
    "predict",
    "preflight",
    "training",
    "transducer",
]


def course(points: "Mapping[str, Mapping[str, float]]", at_most: "Mapping[str, float] | None" = None) -> None:
    """Take this course's points, by exercise and item, and thresholds. Its released notebooks call it where needed."""
    from .chosen import choose

    choose(points, at_most or {})


def forward(function: "Callable") -> "CheckResult":
    """Check `forward(log_probs, targets, blank=-1) -> (log_alpha, cost)` on the public cases."""
    return _noted(_check_lattice("forward", function))


def backward(function: "Callable") -> "CheckResult":
    """Check `backward(log_probs, targets, blank=-1) -> (log_beta, cost)` on the public cases."""
    return _noted(_check_lattice("backward", function))


def encoder(cls: type) -> "CheckResult":
    """Check the class EncoderRNNT: its layers, its numbers, utterances of different lengths."""
    return _noted(_check_part("encoder", cls))


def decoder(cls: type) -> "CheckResult":
    """Check the class DecoderRNNT, the prediction network: whole sequences and step by step."""
    return _noted(_check_part("decoder", cls))


def joiner(cls: type) -> "CheckResult":
    """Check the class Joiner: Linear(ReLU(f + g)) for every frame with every label."""
    return _noted(_check_part("joiner", cls))


def transducer(cls: type) -> "CheckResult":
    """Check the class RNNTransducer: <BOS>, shapes, and the logits of a batch."""
    return _noted(_check_part("transducer", cls))


def greedy(function: "Callable") -> "CheckResult":
    """Check `greedy_decode(model, encoder_output, max_steps=2000) -> labels` on models that write down their calls."""
    return _noted(_check_part("greedy", function))


def training(folder: str, transducer: type | None = None, greedy_decode: "Callable | None" = None) -> "CheckResult":
    """Check the folder that a training run left: its log, and its weights, which decode some utterances of dev.

    transducer, greedy_decode: by default the class RNNTransducer and the function of the notebook that is running.
    The grader measures again, on utterances that nobody has seen.
    """
    return _noted(_check_run(folder, transducer, greedy_decode))


def hint(exercise: "str | Callable", number: int | None = None) -> "Shown":
    """The next hint for an exercise, `hint("forward")` or `hint(forward)`: about the mistake that its check named.

    There are three levels: a question back, the idea, a small example. What was shown is noted in `help.json`. Where a
    course takes points for hints, the second and third are asked for by `number`.
    """
    from .hinting import hint

    return hint(exercise, number)


def predict(question: str, answer: "float | str | None" = None) -> "Question | Reply":
    """A question to answer before the next cell runs, such as `predict("alpha-1-0")`.

    It answers to the mouse, without a kernel. `predict("alpha-1-0", -1.2)` tries a number (`"a"` the first of several
    options); such tries are noted in `help.json`, and cost nothing.
    """
    from .predicting import predict

    return predict(question, answer)


def _noted(outcome: "CheckResult") -> "CheckResult":
    """The same, after it was noted what hints and the hand-in need to know."""
    from . import session

    session.current().checked(outcome.result)
    return outcome


def _check_run(folder: str, transducer: type | None, greedy_decode: "Callable | None") -> "CheckResult":
    from pathlib import Path

    from .calling import Malformed
    from .chosen import exercise as as_chosen
    from .report import CheckResult
    from .runs import LOG, agree, decide_run, final_evaluation, parse_log
    from .trying import NotTried, try_run

    exercise = as_chosen("training")
    try:
        rows, problem = parse_log((Path(folder) / LOG).read_bytes())
    except OSError:
        rows, problem = [], f"There is no {LOG} in {folder}: train first."
    logged = final_evaluation(rows)
    if problem or logged is None:
        return CheckResult(decide_run(exercise, rows, problem, logged, ""))
    try:
        tried = try_run(Path(folder), rows, transducer, greedy_decode)
    except Malformed as trouble:
        return CheckResult(decide_run(exercise, rows, problem, None, str(trouble)))
    except NotTried as reason:
        return CheckResult(
            decide_run(exercise, rows, problem, logged, ""), f"{reason} The figures are those of the log."
        )
    if not agree(logged, tried):
        return CheckResult(decide_run(exercise, rows, problem, tried, ""))
    note = f"Tried on {tried.on}: your weights reach CER {tried.cer:.3f}; by your log it is {logged.cer:.3f} on all."
    return CheckResult(decide_run(exercise, rows, problem, logged, ""), note)


def preflight(
    last: str = "",
    first: str = "",
    *,
    notebook: "str | os.PathLike | None" = None,
    folder: str = "run",
    anyway: bool = False,
) -> "Report":
    """Before handing in: run the saved notebook afresh as the grader will, on public inputs, and write the zip.

    last, first: your names; the zip is called `{last}_{first}_sem4.zip` or `_hw3.zip` and lies beside the notebook.
    notebook: its file, where it is not found by itself.
    folder: what training left.
    anyway: go on although the notebook seems not to be saved.
    """
    from helpers.preflight.flight import preflight

    return preflight(last, first, notebook, folder, anyway)


def _check_lattice(key: str, function: "Callable") -> "CheckResult":
    from .calling import call
    from .cases import fingerprints, public_cases
    from .chosen import exercise as as_chosen
    from .misconceptions import recognise
    from .report import CheckResult
    from .scoring import Asked, score

    exercise = as_chosen(key)
    asked = [
        Asked(case.key, case.item, case.title, case, case.truth(key), call(key, function, case))
        for case in public_cases()
    ]
    known = fingerprints(key)
    names = recognise(
        {question.key: question.answer for question in asked},
        {question.key: question.truth for question in asked},
        known,
        lambda name, case: known[name].get(case),
    )
    return CheckResult(score(exercise, asked, names))


def _check_part(key: str, written: object) -> "CheckResult":
    from . import probing, published
    from .chosen import exercise as as_chosen
    from .parts import PROBES
    from .report import CheckResult
    from .scoring import decide_probes

    exercise = as_chosen(key)
    replies = {probe.key: probing.ask(exercise.name, written, probe, published.SEED) for probe in PROBES[key]}
    truth = published.truths(key)
    known = published.sketches(key)
    names = probing.recognise(replies, truth, known, lambda name, probe: known[name].get(probe))
    result = decide_probes(exercise, PROBES[key], replies, truth, names)
    if result.points < exercise.points:
        return CheckResult(result)

    from .on_gpu import advice

    return CheckResult(result, advice(key, exercise.name, written))
