"""Bring a student's notebook back into the shape of the released one, without losing a line that the student wrote.

Students delete cells, copy them, split and merge them, turn them into text, and move them through editors that lose
nbgrader's metadata. A copied answer cell aborts nbgrader's run of the whole class (jupyter/nbgrader#1083), and a
deleted check cell silently keeps an old score. Here every cell of the released notebook, the *template*, is found
again (by grade id, then cell id, text, the names it defines, similarity) and is there exactly once afterwards.

Nothing here knows which assignment it is, and nothing of the student's is executed.
"""

import ast
import copy
import difflib
import hashlib
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbformat import NotebookNode

# Two cells are taken for the same from this share of equal tokens on. An edited stub keeps its signature, docstring
# and comments (0.65 and more in practice); two different cells of one notebook share mostly punctuation (below 0.45).
SIMILAR = 0.6
# A given cell that still defines the right names may have been edited more heavily.
SIMILAR_WITH_NAMES = 0.4
# Bounds on the work that a hostile notebook can ask for. Seminar 4 with every mark lost and every cell edited needs
# comparisons over 150,000 pairs of equal tokens, and 0.1 s.
_MOST_TOKENS = 800
_MOST_PAIRS = 500_000
_MOST_CANDIDATES = 20
_MOST_PASSES = 6
_LONGEST_PARSED = 1_000_000

_FLAGS = ("grade", "solution", "locked", "task", "points", "schema_version")
_CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Repair:
    """What became of one submission."""

    notebook: "NotebookNode"
    """The template's cells, each exactly once, with the student's answers and the student's own cells between them."""
    notes: list[str]
    """One plain sentence for each thing that was put right, to be read by the student. Plain text, not HTML."""
    recognised: int
    """How many of the template's cells were found in the submission. 0: it is another notebook altogether."""
    answered: int
    """How many answer cells hold something else than the released stub."""


def repair(template: "NotebookNode", submission: "NotebookNode") -> Repair:
    """Put the student's answers into the template's frame.

    Both are notebooks of format 4.5 (`intake.read_notebook` makes one of nearly anything). Neither is changed.
    Repairing a repaired notebook gives the same notebook and no notes.
    """
    result = _Repairer(template, submission).run()
    # Putting one thing right can show another: a merged cell that was a copy of one answer may then count for a second.
    for _ in range(_MOST_PASSES):
        again = _Repairer(template, result.notebook).run()
        if not again.notes and again.notebook == result.notebook:
            break
        notes = result.notes + [note for note in again.notes if note not in result.notes]
        result = Repair(again.notebook, notes, result.recognised, again.answered)
    return result


# --- what a piece of source defines ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Names:
    """Top-level names of a piece of Python."""

    functions: frozenset[str] = frozenset()
    """Functions and classes."""
    values: frozenset[str] = frozenset()
    """Assigned variables."""
    imports: frozenset[str] = frozenset()

    @property
    def all(self) -> frozenset[str]:
        """Everything that the cell adds to the notebook's namespace."""
        return self.functions | self.values | self.imports


def defined_names(source: str) -> Names:
    """Names that a cell defines at top level. Magics are skipped; in a cell that is not Python, `def name` counts."""
    tree = _parsed(source)
    if tree is not None:
        return _names_in(tree.body)
    # Unfinished or hostile code: the pattern is enough to recognise it.
    return Names(functions=frozenset(re.findall(r"^(?:async[ \t]+def|def|class)[ \t]+(\w+)", source, re.MULTILINE)))


def _parsed(source: str) -> ast.Module | None:
    if len(source) > _LONGEST_PARSED:
        return None
    # `%time x`, `!pip ...` and `%%time` are IPython, not Python; an indented one may be the only line of a block.
    plain = re.sub(r"^([ \t]*)[%!?].*$", r"\1pass", source, flags=re.MULTILINE)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a student's "\d" is no business of ours
            return ast.parse(plain)
    except (SyntaxError, ValueError, MemoryError, RecursionError, OverflowError):
        return None


def _only_raises(statements: Iterable[ast.stmt]) -> bool:
    """Whether all that happens is `raise NotImplementedError`, perhaps inside functions and classes."""
    raises, waiting = False, list(statements)
    while waiting:
        match waiting.pop():
            case ast.FunctionDef(body=body) | ast.AsyncFunctionDef(body=body) | ast.ClassDef(body=body):
                waiting.extend(body)
            case ast.Raise(exc=ast.Name(id="NotImplementedError") | ast.Call(func=ast.Name(id="NotImplementedError"))):
                raises = True
            case ast.Expr(value=ast.Constant()) | ast.Pass():
                pass
            case _:
                return False
    return raises


def _names_in(statements: Iterable[ast.stmt]) -> Names:
    functions, values, imports = set(), set(), set()
    for statement in _top_level(statements):
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                functions.add(statement.name)
            case ast.Assign():
                values.update(name for target in statement.targets for name in _targets(target))
            case ast.AnnAssign() | ast.AugAssign():
                values.update(_targets(statement.target))
            case ast.Import() | ast.ImportFrom():
                imports.update((alias.asname or alias.name).split(".")[0] for alias in statement.names)
    return Names(frozenset(functions), frozenset(values), frozenset(imports))


def _top_level(statements: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run in the notebook's own namespace, also under `if`, `try`, `with` and loops."""
    waiting = list(statements)[::-1]
    while waiting:
        statement = waiting.pop()
        yield statement
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for block in ("body", "orelse", "finalbody"):
                waiting.extend(getattr(statement, block, []))
            for handler in getattr(statement, "handlers", []):
                waiting.extend(handler.body)


def _targets(target: ast.expr) -> Iterator[str]:
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Tuple | ast.List):
        for element in target.elts:
            yield from _targets(element)
    elif isinstance(target, ast.Starred):
        yield from _targets(target.value)


# --- cells ----------------------------------------------------------------------------------------------------------


def _normal(source: str) -> str:
    """The text without differences that mean nothing: line endings, trailing blanks, blank lines around it."""
    return "\n".join(line.rstrip() for line in source.splitlines()).strip("\n")


class _Text:
    """A cell's text, and what is derived from it, computed once and only when asked for."""

    def __init__(self, type_: str, source: str):
        self.type = type_
        self.source = source

    @cached_property
    def text(self) -> str:
        return _normal(self.source)

    @cached_property
    def names(self) -> Names:
        return defined_names(self.source) if self.type == "code" else Names()

    @cached_property
    def only_a_stub(self) -> bool:
        """Whether it is code that does nothing but raise NotImplementedError."""
        tree = _parsed(self.source) if self.type == "code" else None
        return tree is not None and _only_raises(tree.body)

    @cached_property
    def tokens(self) -> list[str]:
        return re.findall(r"\w+|[^\w\s]", self.text[: 20 * _MOST_TOKENS])[:_MOST_TOKENS]

    @cached_property
    def counts(self) -> Counter:
        return Counter(self.tokens)

    def similarity_bound(self, other: "_Text") -> float:
        """No less than `similarity`, and far cheaper: the order of the tokens is left out."""
        both = len(self.tokens) + len(other.tokens)
        small, large = sorted((self.counts, other.counts), key=len)
        return 2 * sum(min(count, large[token]) for token, count in small.items()) / both if both else 1.0

    def pairs(self, other: "_Text") -> int:
        """How many pairs of equal tokens there are: the work of `similarity`."""
        small, large = sorted((self.counts, other.counts), key=len)
        return len(self.tokens) + sum(count * large[token] for token, count in small.items())

    def similarity(self, other: "_Text") -> float:
        """Share of tokens in common, in order: 0 nothing, 1 the same."""
        return difflib.SequenceMatcher(None, self.tokens, other.tokens, autojunk=False).ratio()


class _Expected(_Text):
    """One cell of the template."""

    def __init__(self, index: int, cell: Any):
        super().__init__(cell["cell_type"], _source(cell))
        self.index = index
        self.cell = cell
        settings = _settings(cell)
        self.grade_id = settings.get("grade_id") or None
        self.label = _label(self.grade_id or cell.get("id") or f"number {index + 1}")
        if settings.get("solution"):
            self.kind = "answer"
        elif settings.get("grade"):
            self.kind = "check"
        elif settings.get("locked") or settings.get("task"):
            self.kind = "given"
        else:
            self.kind = "free"  # not under nbgrader: the student may write what they like

    @property
    def keeps_students_text(self) -> bool:
        return self.kind in ("answer", "free")


@dataclass(eq=False)
class _Piece:
    """One cell of the student's, on its way into the result."""

    words: _Text
    id: str | None = None
    settings: dict = field(default_factory=dict)
    expected: _Expected | None = None
    """The template's cell that it stands for, or that it belongs to as a further copy."""
    carries: bool = False
    """It is the one cell that gets the template's metadata."""
    dropped: bool = False

    @property
    def grade_id(self) -> str | None:
        grade_id = self.settings.get("grade_id")
        return grade_id if isinstance(grade_id, str) and grade_id else None

    def has_settings_of(self, expected: _Expected) -> bool:
        return expected.grade_id is not None and self.grade_id == expected.grade_id


def _source(cell: Any) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def _settings(cell: Any) -> dict:
    settings = cell.get("metadata", {}).get("nbgrader")
    return settings if isinstance(settings, dict) else {}


def _label(text: str) -> str:
    """A student's string in a sentence of ours: short and printable."""
    text = "".join(character if character.isprintable() else "?" for character in str(text))
    return text if len(text) <= 40 else text[:39] + "…"


def _unfence(source: str) -> str:
    """Code that was put between ``` fences when its cell became text."""
    match = re.fullmatch(r"\s*(?:```|~~~)[^\n]*\n(.*?)\n?(?:```|~~~)\s*", source, re.DOTALL)
    return match.group(1) if match else source


def _some(labels: list[str]) -> str:
    shown = ", ".join(labels[:6])
    return shown if len(labels) <= 6 else f"{shown} and {len(labels) - 6} more"


# --- the repair -----------------------------------------------------------------------------------------------------


class _Repairer:
    """One repair. The steps run in the order of `run`; each leaves the pieces in a state that the next relies on."""

    def __init__(self, template: Any, submission: Any):
        self.template = template
        self.expected = [_Expected(index, cell) for index, cell in enumerate(template["cells"])]
        self.pieces = [
            _Piece(_Text(cell["cell_type"], _source(cell)), cell.get("id"), _settings(cell))
            for cell in submission["cells"]
        ]
        self.notes: list[str] = []
        self.changed: list[_Expected] = []
        self.pairs_left = _MOST_PAIRS
        self.by_text: dict[str, list[_Expected]] = {}
        for expected in self.expected:
            self.by_text.setdefault(expected.text, []).append(expected)
        self.by_function = {
            name: expected
            for expected in reversed(self.expected)
            if expected.kind == "answer"
            for name in expected.names.functions
        }

    def run(self) -> Repair:
        self.claim_by_grade_id()
        self.claim_by_cell_id()
        self.claim_by_text()
        self.claim_by_names()
        self.claim_by_similarity()
        recognised = len(self.claimed())
        self.note_lost_settings()
        self.settle_given_cells()
        answered = self.settle_answers()
        self.note_foreign_settings()
        order = self.put_back_missing()
        if not recognised and self.expected:
            self.notes = ["No cell of the released notebook was recognised in this one: it is another notebook."]
        return Repair(self.assemble(order), self.notes, recognised, answered)

    def similarity(self, piece: _Piece, expected: _Expected) -> float:
        """Share of tokens in common; only its upper bound when the notebook has used up its share of work."""
        if piece.words.text == expected.text:
            return 1.0
        pairs = piece.words.pairs(expected)
        if pairs > self.pairs_left:
            return piece.words.similarity_bound(expected)
        self.pairs_left -= pairs
        return piece.words.similarity(expected)

    # Finding the template's cells

    def claimed(self) -> set[int]:
        return {piece.expected.index for piece in self.pieces if piece.expected}

    def open_expected(self) -> list[_Expected]:
        claimed = self.claimed()
        return [expected for expected in self.expected if expected.index not in claimed]

    def open_pieces(self) -> list[_Piece]:
        return [piece for piece in self.pieces if piece.expected is None]

    def corrected(self, piece: _Piece, expected: _Expected) -> _Expected | None:
        """Where a piece belongs that carries this cell's id: a copied cell brings its id along to another task."""
        if piece.words.text != expected.text and any(
            other is not expected for other in self.by_text.get(piece.words.text, ())
        ):
            return None  # word for word another cell; the step by text will find it
        if expected.kind == "answer":
            words = piece.words if piece.words.type == "code" else _Text("code", _unfence(piece.words.source))
            functions = words.names.functions
            if functions and not functions & expected.names.functions:
                return next((self.by_function[name] for name in sorted(functions & self.by_function.keys())), expected)
        return expected

    def claim_by_grade_id(self) -> None:
        by_grade_id = {expected.grade_id: expected for expected in self.expected if expected.grade_id}
        for piece in self.pieces:
            if piece.grade_id in by_grade_id:
                piece.expected = self.corrected(piece, by_grade_id[piece.grade_id])

    def claim_by_cell_id(self) -> None:
        by_id = {expected.cell["id"]: expected for expected in self.open_expected() if expected.cell.get("id")}
        for piece in self.open_pieces():
            if piece.id in by_id:
                piece.expected = self.corrected(piece, by_id[piece.id])

    def claim_by_text(self) -> None:
        for same_type in (True, False):
            pieces = self.open_pieces()
            for expected in self.open_expected():
                for piece in pieces:
                    fits = piece.expected is None and piece.words.text == expected.text != ""
                    if fits and (piece.words.type == expected.type or not same_type):
                        piece.expected = expected
                        break

    def claim_by_names(self) -> None:
        for expected in self.open_expected():
            pieces = [piece for piece in self.open_pieces() if piece.words.type == "code"]
            if expected.kind == "answer" and expected.names.functions:
                for piece in pieces:
                    if piece.words.names.functions & expected.names.functions:
                        piece.expected = expected
                continue
            wanted = expected.names.functions | expected.names.values
            candidates = []
            for position, piece in enumerate(pieces if wanted else ()):
                found = piece.words.names.functions | piece.words.names.values
                share = len(found & wanted) / len(found | wanted)
                bound = piece.words.similarity_bound(expected) if share >= 0.5 else 0.0
                if bound >= SIMILAR_WITH_NAMES:
                    candidates.append((share, bound, -position, piece))
            best, best_score = None, (0.0, 0.0)
            for share, _, _, piece in sorted(candidates, reverse=True, key=lambda row: row[:3])[:_MOST_CANDIDATES]:
                score = (share, self.similarity(piece, expected))
                if score > best_score and score[1] >= SIMILAR_WITH_NAMES:
                    best, best_score = piece, score
            if best:
                best.expected = expected

    def claim_by_similarity(self) -> None:
        near = sorted(
            (-bound, expected.index, position)
            for expected in self.open_expected()
            for position, piece in enumerate(self.pieces)
            if piece.expected is None and expected.text and piece.words.text
            if (bound := piece.words.similarity_bound(expected)) >= SIMILAR
        )
        scored = []
        for _, index, position in near:
            piece, expected = self.pieces[position], self.expected[index]
            scored.append((-self.similarity(piece, expected), piece.words.type != expected.type, index, position))
        taken = set()
        for score, _, index, position in sorted(scored):
            piece = self.pieces[position]
            free = index not in taken and piece.expected is None
            if -score >= SIMILAR and free and self.corrected(piece, self.expected[index]) is self.expected[index]:
                piece.expected = self.expected[index]
                taken.add(index)

    # Notes about metadata

    def note_lost_settings(self) -> None:
        lost = {
            piece.expected.index
            for piece in self.pieces
            if piece.expected and piece.expected.grade_id and not piece.has_settings_of(piece.expected)
        } - {piece.expected.index for piece in self.pieces if piece.expected and piece.has_settings_of(piece.expected)}
        if len(lost) == 1:
            self.notes.append("1 cell had lost the mark of the grading system; it was recognised by other signs.")
        elif lost:
            self.notes.append(
                f"{len(lost)} cells had lost the mark of the grading system; they were recognised by other signs."
            )

    def note_foreign_settings(self) -> None:
        for piece in self.pieces:
            if piece.dropped:
                continue
            if piece.carries and piece.has_settings_of(piece.expected):
                wanted = _settings(piece.expected.cell)
                if any(key in piece.settings and piece.settings[key] != wanted.get(key) for key in _FLAGS):
                    self.notes.append(
                        f"The grading settings of cell {piece.expected.label} had been changed; they were set back."
                    )
            elif piece.expected is None and piece.settings.get("grade"):
                label = _label(piece.grade_id or "without a name")
                self.notes.append(f"Cell {label} is not part of the assignment; it was kept, but it gives no points.")

    # Check cells, given cells and free cells: one of each

    def settle_given_cells(self) -> None:
        for expected in self.expected:
            group = [piece for piece in self.pieces if piece.expected is expected]
            if expected.kind == "answer" or not group:
                continue
            # A check belongs under the answer, so of equals the last one counts; for given cells it is the first.
            ordered = group[::-1] if expected.kind == "check" else group
            chosen = max(ordered, key=lambda piece: self.similarity(piece, expected))
            chosen.carries = True
            for piece in group:
                if piece is not chosen:
                    self.release_or_drop(piece, expected)
            if expected.keeps_students_text:
                self.set_type(chosen, expected)
            else:
                self.restore(chosen, expected)
        for single in (cell.label for cell in self.changed if cell.kind == "check"):
            self.notes.append(f"Cell {single} had been changed; the original was put back.")
        given = [cell.label for cell in self.changed if cell.kind != "check"]
        if len(given) == 1:
            self.notes.append(f"Cell {given[0]} had been changed; the original was put back.")
        elif given:
            self.notes.append(
                f"{len(given)} given cells had been changed; the originals were put back: {_some(given)}."
            )

    def release_or_drop(self, piece: _Piece, expected: _Expected) -> None:
        """A further copy of a cell that is not an answer: what the student wrote into it stays, a mere copy goes."""
        piece.expected = None
        piece.settings = {}
        if piece.words.text in expected.text or (piece.words.type == "code" and not self.adds_names(piece, expected)):
            piece.dropped = True
            self.notes.append(f"Cell {expected.label} was there more than once; one was kept.")
        else:
            self.notes.append(f"A changed copy of cell {expected.label} was kept as an ordinary cell.")

    @staticmethod
    def adds_names(piece: _Piece, expected: _Expected) -> bool:
        return bool(piece.words.names.all - expected.names.all)

    def restore(self, piece: _Piece, expected: _Expected) -> None:
        """The template's text will stand in the cell. Code that the student added there moves to a cell beside it."""
        turned = piece.words.type != expected.type
        changed = piece.words.text != expected.text
        if changed and piece.words.type == "code" and self.adds_names(piece, expected):
            own = _Piece(piece.words)
            position = self.pieces.index(piece)
            # Added code must run before a check and, to have the effect that it had, after a given cell.
            self.pieces.insert(position if expected.kind == "check" else position + 1, own)
            self.notes.append(
                f"Cell {expected.label} had been changed; the original was put back, and your version was kept in a "
                "cell beside it."
            )
        elif turned:
            self.notes.append(f"Cell {expected.label} had been turned into a {piece.words.type} cell; it was restored.")
        elif changed:
            self.changed.append(expected)

    def set_type(self, piece: _Piece, expected: _Expected) -> None:
        if piece.words.type != expected.type:
            self.notes.append(
                f"Cell {expected.label} had been turned into a {piece.words.type} cell; it is a {expected.type} cell "
                "again, with your text."
            )
            source = _unfence(piece.words.source) if expected.type == "code" else piece.words.source
            piece.words = _Text(expected.type, source)

    # Answer cells: all that the student wrote, and one that carries the mark

    def settle_answers(self) -> int:
        answers = [expected for expected in self.expected if expected.kind == "answer"]
        for expected in answers:
            self.settle_type_of_answer(expected)
        for piece in self.open_pieces():
            # A function that is written in a new cell answers the task as well as one written over the stub.
            if not piece.dropped and piece.words.type == "code":
                functions = piece.words.names.functions & self.by_function.keys()
                if functions:
                    piece.expected = min((self.by_function[name] for name in functions), key=lambda cell: cell.index)
        return sum(self.settle_answer(expected) for expected in answers)

    def settle_type_of_answer(self, expected: _Expected) -> None:
        for piece in self.pieces:
            if piece.expected is not expected or piece.words.type == expected.type:
                continue
            as_code = _Text("code", _unfence(piece.words.source))
            if expected.type != "code" or as_code.names.all or as_code.text == expected.text:
                self.set_type(piece, expected)
            else:  # prose: as code it would only be a syntax error
                piece.expected = None
                piece.settings = {}
                self.notes.append(f"Cell {expected.label} held text instead of code; the text was kept beside it.")

    def settle_answer(self, expected: _Expected) -> bool:
        """Choose which cell stands for the answer. True if it is more than the stub."""
        group = [piece for piece in self.pieces if piece.expected is expected]
        written = [piece for piece in group if piece.words.text != expected.text]
        if not group:
            return False
        # Beside an answer, whatever only raises NotImplementedError is a stub as well, however it is worded.
        begun = [piece for piece in written if not piece.words.only_a_stub]
        written = begun or written
        if not written:
            chosen = group[0]
        else:
            defining = [piece for piece in written if piece.words.names.functions & expected.names.functions]
            chosen = (defining or written)[-1]  # in a notebook the last definition is the one that counts
        chosen.carries = True
        stubs = [piece for piece in group if piece not in written and piece is not chosen]
        for stub in stubs:
            stub.dropped = True
        copies = [piece for piece in written if piece is not chosen]
        if stubs and written:
            self.notes.append(
                f"An empty copy of cell {expected.label} was removed, because it could have hidden your answer."
            )
        elif stubs:
            self.notes.append(f"Cell {expected.label} was there more than once, without an answer; one was kept.")
        if any(piece.has_settings_of(expected) for piece in copies):
            self.notes.append(
                f"Cell {expected.label} was there {len(written)} times; all were kept in their order, and the last "
                "definition counts."
            )
        for piece in copies:
            piece.settings = {}
        return bool(begun)

    # What is missing, and the order of everything

    def put_back_missing(self) -> list[_Piece]:
        order = [piece for piece in self.pieces if not piece.dropped]
        given = []
        for expected in self.expected:
            present = next((piece for piece in order if piece.expected is expected and piece.carries), None)
            empty = present is None or present.words.text == expected.text or present.words.only_a_stub
            if expected.kind == "answer" and empty and self.move_before_definition(order, present, expected):
                continue
            if present is None:
                order.insert(self.place_for(expected, order), _Piece(expected, expected=expected, carries=True))
                if expected.kind == "check":
                    self.notes.append(f"Cell {expected.label} had been deleted; it was put back.")
                elif expected.kind == "answer":
                    self.notes.append(f"Cell {expected.label} had been deleted; it was put back without an answer.")
                else:
                    given.append(expected.label)
        if len(given) == 1:
            self.notes.append(f"Cell {given[0]} had been deleted; it was put back.")
        elif given:
            self.notes.append(f"{len(given)} given cells had been deleted and were put back: {_some(given)}.")
        return order

    def move_before_definition(self, order: list[_Piece], stub: _Piece | None, expected: _Expected) -> bool:
        """A stub below the student's function of the same name would hide it: it goes above. True if it was moved.

        This happens when two answers are merged into one cell.
        """
        first = next(
            (
                position
                for position, piece in enumerate(order)
                if piece.expected is not expected
                and (piece.expected is None or piece.expected.kind == "answer")
                and piece.words.names.functions & expected.names.functions
            ),
            None,
        )
        if first is None or (stub in order and order.index(stub) < first):
            return False
        if stub in order:
            order.remove(stub)
        order.insert(first, stub or _Piece(expected, expected=expected, carries=True))
        self.notes.append(
            f"The answer to {expected.label} is written in another cell; the empty cell was moved above it, so that "
            "it does not hide your answer."
        )
        return True

    def place_for(self, expected: _Expected, order: list[_Piece]) -> int:
        """Where a missing cell goes: a check directly under its answers, everything else under its predecessor."""
        last: dict[int, int] = {}
        for position, piece in enumerate(order):
            if piece.expected is not None:
                last[piece.expected.index] = position
        before = self.expected[: expected.index]
        if expected.kind == "check":
            answers = []
            for earlier in reversed(before):
                if earlier.kind == "check":
                    break
                if earlier.kind == "answer":
                    answers.append(earlier.index)
            if answers:
                # With what stands between the last answer and the check in the template.
                wanted = {*answers, *range(max(answers), expected.index)}
                places = [last[index] for index in wanted if index in last]
                if places:
                    return max(places) + 1
        for earlier in reversed(before):
            if earlier.index in last:
                return last[earlier.index] + 1
        return 0

    def assemble(self, order: list[_Piece]) -> "NotebookNode":
        node = type(self.template)
        notebook = copy.deepcopy(node({key: value for key, value in self.template.items() if key != "cells"}))
        notebook["nbformat"] = 4
        notebook["nbformat_minor"] = max(5, self.template.get("nbformat_minor", 5))
        used = {expected.cell["id"] for expected in self.expected if expected.cell.get("id")}
        cells = []
        for piece in order:
            if piece.carries:
                cell = copy.deepcopy(piece.expected.cell)
                if piece.expected.keeps_students_text:
                    cell["source"] = piece.words.source
                cell.setdefault("id", _fresh_id(cell["source"], used))
            else:
                identity = piece.id if _is_cell_id(piece.id) and piece.id not in used else None
                identity = identity or _fresh_id(piece.words.source, used)
                cell = node(cell_type=piece.words.type, id=identity, metadata=node(), source=piece.words.source)
            used.add(cell["id"])
            if cell["cell_type"] == "code":
                cell["execution_count"] = None
                cell["outputs"] = []
            cells.append(cell)
        notebook["cells"] = cells
        return notebook


def _is_cell_id(value: Any) -> bool:
    return isinstance(value, str) and _CELL_ID.fullmatch(value) is not None


def _fresh_id(source: str, used: set[str]) -> str:
    """A cell id that depends on the text only, so that the same hand-in always gives the same notebook."""
    stem = "own-" + hashlib.sha256(source.encode("utf-8", "replace")).hexdigest()[:8]
    number, identity = 1, stem
    while identity in used:
        number += 1
        identity = f"{stem}-{number}"
    return identity
