"""`python -m helpers.preflight FOLDER`: the job in that folder, as the sandbox would do it, on public inputs.

Grading differs in what no student's machine has: walls, secret seeds, and held-out speech, for which the recordings of
the reference recogniser stand in here.
"""

import json
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType

REFERENCE = 6
"""Recordings that come with helpers."""


def main(folder: Path) -> None:
    """Do the job; leave `started.json`, `asked.json`, `used.json` and `public.json` beside its answers."""
    import torch

    import helpers

    torch.set_num_threads(1)
    job = json.loads((folder / "job.json").read_text("utf-8"))
    _leave_only_helpers(Path(helpers.__file__).resolve().parent.parent)
    _hide(job["withheld"])
    from helpers.asking.worker import QUESTIONS, work

    if job["assignment"] == "homework3" and any((folder / "run").iterdir()):
        _speech(folder / "heldout.safetensors")
    asked = {
        key: [_told(question) for question in QUESTIONS[job["assignment"]](key, bytes.fromhex(seed), folder)]
        for key, seed in job["seeds"].items()
    }
    _write(folder / "asked.json", asked)
    _limit(job["cpu_seconds"], job["memory_mb"])
    _write(folder / "started.json", {})
    cpu = time.process_time()
    notebook = work(folder)
    _write(folder / "used.json", {"cpu": round(time.process_time() - cpu, 2), "memory_mb": _memory_mb()})
    _lift()
    _write(folder / "public.json", _checked(job, notebook, folder))


def _told(question) -> tuple[str, str, str]:
    """Key, group and title of a question: a probe's, or its own."""
    probe = getattr(question, "probe", question)
    group = getattr(probe, "group", "run")
    return question.key, group, getattr(probe, "title", "the weights, on recordings that come with helpers")


def _leave_only_helpers(root: Path) -> None:
    """Forget the folder around helpers: a student's own module beside it is not there in grading either."""
    sys.path[:] = [place for place in sys.path if place and Path(place).resolve() != root]


def _hide(withheld: Sequence[str]) -> None:
    """As the sandbox does it: a file of helpers is absent, a package is empty."""
    for name in withheld:
        if name.endswith(".py"):
            sys.modules[f"helpers.{name[:-3]}"] = None
        else:
            empty = ModuleType(name)
            empty.__path__ = []
            sys.modules[name] = empty


def _speech(path: Path) -> None:
    """Held-out utterances that are public."""
    import torch
    from safetensors.torch import save_file

    from helpers.features import LogMel
    from helpers.model import reference_utterance

    log_mel = LogMel()
    features = [log_mel.of(reference_utterance(number)).half() for number in range(1, REFERENCE + 1)]
    save_file({"features": torch.cat(features), "lengths": torch.tensor([len(one) for one in features])}, path)


def _limit(cpu_seconds: int, memory_mb: int) -> None:
    """The kernel's limits, as in the sandbox. Elsewhere than on Linux and macOS there are none."""
    try:
        import resource
    except ImportError:
        return
    megabyte = 2**20
    wanted = {
        resource.RLIMIT_CPU: int(time.process_time() + cpu_seconds) + 1,
        resource.RLIMIT_FSIZE: 64 * megabyte,
        resource.RLIMIT_CORE: 0,
        # Not RLIMIT_AS: torch maps many gigabytes that it never touches.
        resource.RLIMIT_DATA: memory_mb * megabyte,
    }
    for which, value in wanted.items():
        _, hard = resource.getrlimit(which)
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        with suppress(ValueError, OSError):  # macOS refuses some
            resource.setrlimit(which, (value, hard))


def _lift() -> None:
    try:
        import resource
    except ImportError:
        return
    for which in (resource.RLIMIT_CPU, resource.RLIMIT_DATA):
        _, hard = resource.getrlimit(which)
        resource.setrlimit(which, (hard, hard))


def _memory_mb() -> float | None:
    """The most that was in memory at a time."""
    try:
        import resource
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most / (2**20 if sys.platform == "darwin" else 2**10), 1)


def _checked(job: dict, notebook, folder: Path) -> dict:
    """Points of the public checks, of what was answered."""
    from helpers import checks

    found = {}
    for key, name in job["names"].items():
        status = json.loads((folder / "answers" / f"{key}.json").read_text("utf-8"))["status"]
        written = notebook.get(name)
        if status != "answered" or not callable(written):
            continue
        try:
            if key == "training":
                result = checks.training(str(folder / "run"), written, notebook.get("greedy_decode"))
            else:
                result = getattr(checks, key)(written)
        except BaseException:  # a student's code may end in anything; then there is just no public check
            continue
        failed = [item.item.key for item in result.result.items if not item.passed]
        found[key] = {"points": float(result.points), "failed": failed, "note": result.note[:500]}
    return found


def _write(path: Path, content: object) -> None:
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(content), "utf-8")
    os.replace(draft, path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    # Threads and daemons of the notebook's are not waited for.
    os._exit(0)
