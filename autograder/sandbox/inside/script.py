"""A worker that runs a plain function instead of a notebook: to try out the walls, without waiting for torch."""

import json
from pathlib import Path

from .serving import serve


def work(folder: Path) -> None:
    """Call the function `look(job)` of the job's source; write down what it gives."""
    job = json.loads((folder / "job.json").read_text("utf-8"))
    space = {"__name__": "script", "__file__": __file__}
    exec(job["source"], space)
    found = space["look"](job)
    (folder / "answers" / "found.json").write_text(json.dumps(found), "utf-8")


if __name__ == "__main__":
    serve(work)
