"""One job: run a notebook's cells in order, and ask where its check cells stand."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from helpers.checks.probing import Reply

from . import homework3, seminar4
from .notebook import Notebook, TimeLimit, time_limit

QUESTIONS: dict[str, Callable[[str, bytes, Path], list]] = {
    "seminar4": lambda exercise, seed, folder: seminar4.questions(seed),
    "homework3": homework3.questions,
}

PATIENCE = 2
"""Calls of one function that may run into the time limit before the rest is skipped."""


def work(folder: Path) -> Notebook:
    """Do the job described in `folder/job.json`; leave answers in `folder/answers/`, one by one as they come.

    Returns the notebook as it stands then.
    """
    job = json.loads((folder / "job.json").read_text("utf-8"))
    # Inputs exist before the first line of student code runs, so that nothing it patches can change them.
    questions = {
        exercise: QUESTIONS[job["assignment"]](exercise, bytes.fromhex(seed), folder)
        for exercise, seed in job["seeds"].items()
    }
    answers = Answers(folder / "answers", job["names"], job["limits"]["call_seconds"])
    notebook = Notebook()
    unanswered = []
    for step in job["steps"]:
        if "ask" in step:
            if not answers.ask(step["ask"], notebook, questions[step["ask"]]):
                unanswered.append(step["ask"])
        elif error := notebook.run(step["name"], step["run"], job["limits"]["cell_seconds"]):
            answers.note_error(asdict(error))
    # Whoever wrote the function further down than its check did write it.
    for exercise in unanswered:
        answers.ask(exercise, notebook, questions[exercise])
    answers.finish()
    return notebook


def _too_slow(*arguments, **more):
    """Stands in for a function that ran into the time limit, so that later cells do not wait for it again."""
    raise TimeLimit


class Answers:
    """Files that leave the sandbox. `{exercise}-{key}.json` is written last, so that its presence means complete."""

    def __init__(self, folder: Path, names: dict[str, str], seconds: float):
        self._folder, self._names, self._seconds = folder, names, seconds
        self._errors: list[dict] = []

    def ask(self, exercise: str, notebook: Notebook, questions: list) -> bool:
        """Put all questions of one exercise. False where the function or class is absent or still the stub."""
        written = notebook.get(self._names[exercise])
        if not callable(written):
            self._write_json(f"{exercise}", {"status": "missing"})
            return False
        if not questions:
            self._write_json(f"{exercise}", {"status": "nothing to ask"})
            return True
        replies = []
        for question in questions:
            if sum(reply.status == "timeout" for reply in replies) >= PATIENCE:
                reply = Reply("timeout", f"{exercise} was too slow on other inputs already, so this was not asked.")
            else:
                reply = self._ask(exercise, written, question, notebook.get)
            replies.append(reply)
            self._write(f"{exercise}-{question.key}", reply)
        statuses = {reply.status for reply in replies}
        if "timeout" in statuses:
            notebook.set(self._names[exercise], _too_slow)
        stub = statuses == {"not implemented"}
        self._write_json(
            f"{exercise}", {"status": "not implemented" if stub else "timeout" if "timeout" in statuses else "answered"}
        )
        return not stub

    def _ask(self, exercise: str, written: Callable, question, get: Callable) -> Reply:
        seconds = getattr(question, "seconds", self._seconds)
        try:
            with time_limit(seconds):
                return question.ask(exercise, written, get)
        except TimeLimit:
            return Reply("timeout", f"{exercise} took longer than {seconds:g} s on these inputs.")
        except BaseException as error:  # SystemExit, KeyboardInterrupt: the next question is still asked
            return Reply("raised", f"{exercise} stopped with {type(error).__name__}.")

    def note_error(self, error: dict) -> None:
        """Remember an exception at the top level of a cell."""
        self._errors.append(error)
        self._write_json("errors", self._errors[:50])

    def finish(self) -> None:
        """All cells ran and all questions were asked."""
        self._write_json("finished", {})

    def _write(self, name: str, reply: Reply) -> None:
        if reply.arrays is not None:
            arrays = {key: np.ascontiguousarray(array) for key, array in reply.arrays.items()}
            save_file(arrays, self._folder / f"{name}.safetensors")
        self._write_json(name, {"status": reply.status, "problem": reply.problem})

    def _write_json(self, name: str, content: object) -> None:
        (self._folder / f"{name}.json").write_text(json.dumps(content), "utf-8")
