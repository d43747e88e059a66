"""Reads `tests/attacks` and `tests/damaged`: hand-ins as data, for the tests and for `python -m benchmarks.scoreboard`.

An attack is one small file. Its head says, as `# key: value` lines,

    tries       what it tries, as a sentence about the attacker
    gain        what it would gain
    worth       the points that its honest part deserves (default 0)
    stopped by  the weakest level of isolation that stops it; `limits` where none is needed (default)
    verdict     what it may end in, where not every verdict of the list would be right
    only        the grader that it is made for (`ours`, `nbgrader`, `otter`), where it would mean nothing to the others
    assignment  seminar4 (default) or homework3

and then come its cells after `# %% NAME`: `setup` (the student's own, at the top), `forward`, `backward` (the answers;
zeros where there is none), `end` (at the bottom), `earlier` (the answer `forward` of a hand-in sent before this one).
In the homework every answer is right, and `NAME+` is added to the answer NAME.
Three more are ours and run here, not in the sandbox: `notebook` defines `change(notebook)`, `files` defines `files()`
(name and content of what lies beside the notebook), `zip` defines `pack(notebook)`, which returns the whole zip.

Words between @ signs stand for what a well-informed attacker knows, such as @course@: see `known` in the tests and in
`benchmarks/scoreboard`.
"""

import copy
import io
import json
import runpy
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.demo.hand_ins import samples
from autograder.sandbox.levels import LEVELS

HERE = Path(__file__).parent
SAVED_AT = (2026, 3, 2, 18, 30, 0)
MARK = "rnnt-attack"
"""Part of the name of every file, process argument and memory segment that an attack leaves, so that it is found."""
BROKE_OUT = "BROKE-OUT"
"""What an attack says when it managed something that no student may do."""

ZEROS = {
    name: f"def {name}(log_probs, targets, blank=-1):\n    return np.zeros(log_probs.shape[:2]), 0.0"
    for name in ("forward", "backward")
}
RIGHT = dict(samples("homework3")[0].cells)
TRUSTED = ("notebook", "files", "zip")


@dataclass(frozen=True)
class Attack:
    """One hostile hand-in."""

    name: str
    tries: str
    gain: str
    worth: float
    stopped_by: str
    verdicts: tuple[str, ...]
    graders: tuple[str, ...]
    assignment: str
    parts: Mapping[str, str]

    def fits(self, grader: str) -> bool:
        """Whether it means anything to that grader."""
        return grader in self.graders

    def is_stopped_at(self, level: str) -> bool:
        """Whether that level of isolation is enough to stop it."""
        return LEVELS.index(level) >= LEVELS.index(self.stopped_by)

    def notebook(self, released: dict, known: Mapping[str, str]) -> dict:
        """The released notebook with the attack in it."""
        own = {name: _knowing(source, known) for name, source in self.parts.items() if name not in TRUSTED}
        answers = dict(RIGHT if self.assignment == "homework3" else ZEROS)
        for name in own.keys() - {"setup", "end", "earlier"}:
            more = name.endswith("+")
            answers[name.rstrip("+")] = f"{answers[name[:-1]]}\n\n\n{own[name]}" if more else own[name]
        notebook = with_answers(released, answers, own.get("setup"), own.get("end"))
        if change := self._trusted("notebook", "change"):
            change(notebook)
        return notebook

    def earlier(self, released: dict, known: Mapping[str, str]) -> dict | None:
        """The notebook that was handed in before this one, if there was one."""
        if "earlier" not in self.parts:
            return None
        if self.assignment == "homework3":
            return with_answers(released, RIGHT)
        return with_answers(released, ZEROS | {"forward": _knowing(self.parts["earlier"], known)})

    def hand_in(self, notebook: dict) -> bytes:
        """The zip that arrives."""
        data = json.dumps(notebook, ensure_ascii=False).encode("utf-8", "surrogatepass")
        if pack := self._trusted("zip", "pack"):
            return pack(data)
        return packed({f"{self.assignment}.ipynb": data} | self.files())

    def files(self) -> dict[str, bytes]:
        """What lies beside the notebook."""
        make = self._trusted("files", "files")
        return make() if make else {}

    def _trusted(self, part: str, name: str) -> Callable | None:
        if part not in self.parts:
            return None
        names: dict = {"packed": packed}
        exec(compile(self.parts[part], f"{self.name}.py, part {part}", "exec"), names)
        return names[name]


def attacks() -> list[Attack]:
    """All of them, by name."""
    return [_attack(path) for path in sorted((HERE / "attacks").glob("*.py"))]


def _attack(path: Path) -> Attack:
    head, *parts = path.read_text("utf-8").split("\n# %% ")
    about = dict(line[2:].split(": ", 1) for line in head.splitlines() if line.startswith("# ") and ": " in line)
    cells = {name.strip(): source.strip("\n") for name, _, source in (part.partition("\n") for part in parts)}
    return Attack(
        path.stem,
        about.pop("tries"),
        about.pop("gain"),
        float(about.pop("worth", "0").split()[0]),
        about.pop("stopped by", "limits"),
        tuple(verdict.strip() for verdict in about.pop("verdict", "").split(",") if verdict.strip()),
        tuple(about.pop("only", "ours, nbgrader, otter").split(", ")),
        about.pop("assignment", "seminar4"),
        cells,
    )


def _knowing(source: str, known: Mapping[str, str]) -> str:
    for word, value in known.items():
        source = source.replace(f"@{word}@", str(value))
    return source


def with_answers(released: dict, answers: Mapping[str, str], setup: str | None = None, end: str | None = None) -> dict:
    """The released notebook with these answers, and two cells of the student's own."""
    notebook = json.loads(json.dumps(released))
    cells = notebook["cells"]
    for cell in cells:
        cell["source"] = "".join(cell["source"])
        if (name := grade_id(cell)) in answers:
            cell["source"] = answers[name]
    if setup:
        first = next((at for at, cell in enumerate(cells) if grade_id(cell) == "setup"), -1)
        cells.insert(first + 1, code_cell(setup, "own-setup"))
    if end:
        cells.append(code_cell(end, "own-end"))
    return notebook


def grade_id(cell: dict) -> str:
    """nbgrader's name of a cell; empty where it has none."""
    return cell["metadata"].get("nbgrader", {}).get("grade_id", "")


def code_cell(source: str, name: str) -> dict:
    """A cell of the student's own."""
    return {
        "cell_type": "code", "execution_count": None, "id": name, "metadata": {}, "outputs": [], "source": source,
    }  # fmt: skip


def packed(members: Mapping[str, bytes]) -> bytes:
    """A zip of these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, SAVED_AT), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


@dataclass(frozen=True)
class Damage:
    """One way in which an honest hand-in gets hurt. `tests/damaged/{outcome}-{name}.py` defines `damage(notebook)`.

    It gives the bytes of the file that arrives, and may use `named`, `own_cell` and `dumped` from here. The outcome is
    what collecting says: taken, repaired or refused. What was refused gives no points, the rest as many as intact.
    """

    name: str
    outcome: str
    by: str
    """What does this to files."""
    says: str
    """Words that the student's report has to contain; empty where there is nothing to report."""
    file: str
    """The name under which the file arrives; `{name}` stands for the name that it should have, without an ending."""
    damage: Callable[[dict], bytes]
    needs_torch: bool


def damages() -> list[Damage]:
    """All of them, by name."""
    return [_damage(path) for path in sorted((HERE / "damaged").glob("*.py"))]


def _damage(path: Path) -> Damage:
    outcome, name = path.stem.split("-", 1)
    given = {"copy": copy, "io": io, "json": json, "zipfile": zipfile, "named": named, "dumped": dumped}
    names = runpy.run_path(str(path), given | {"own_cell": lambda source, id="own": code_cell(source, id)})
    by = " ".join(names["__doc__"].split())
    file, torch = names.get("FILE", "{name}.ipynb"), names.get("NEEDS_TORCH", False)
    return Damage(name, outcome, by, names.get("SAYS", ""), file, names["damage"], torch)


def named(notebook: dict, name: str) -> dict:
    """The cell of that grade id."""
    return next(cell for cell in notebook["cells"] if grade_id(cell) == name)


def dumped(notebook: dict) -> bytes:
    """The file of a notebook."""
    return json.dumps(notebook, ensure_ascii=False, indent=1).encode()
