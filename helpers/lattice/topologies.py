"""CTC, RNN-T and monotonic RNN-T over the same scores: what each allows, how many alignments, what they add up to.

All three read one table P(k | t), so that nothing but their rules differs; it stands in for a joiner whose answer does
not depend on what is written. Sums go alignment by alignment.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, combinations_with_replacement, groupby, pairwise, product

import numpy as np

from .figure import Figure
from .lattice import BLANK_TEXT
from .numerals import probability
from .panel import Footer
from .scene import Circle, Grid, Line, Polyline, Primitive, Scene, Text

WORDS, FRAMES = ("CAT", "BEE"), (2, 3, 4, 5)
KINDS = {
    "ctc": ("CTC", "one symbol a frame; repeats merge, ∅ keeps them apart"),
    "rnnt": ("RNN-T", "∅ takes a frame, a label takes none"),
    "mono": ("monotonic RNN-T", "∅ and a label both take a frame"),
}
_DX, _DY, _R = 40, 34, 9
_TOP, _LEFT, _BETWEEN = 46, 46, 30


@dataclass(frozen=True)
class Alignments:
    """All alignments of one kind, the most probable first.

    Attributes:
        spelled: what is read off along each, such as "C∅AT".
        walks: the nodes that each visits, as (column, row) pairs.
        shares: each one's probability.
    """

    spelled: tuple[str, ...]
    walks: tuple[tuple[tuple[int, int], ...], ...]
    shares: tuple[float, ...]

    @property
    def total(self) -> float:
        """P(y | x) of this kind of model."""
        return float(sum(self.shares))


def topologies(word: str = "CAT", T: int = 4) -> Figure:
    """The three lattices of a word side by side, each with its best alignment.

    word: "CAT" or "BEE", whose double letter CTC has to keep apart; T: 2 to 5 frames.
    """
    if word not in WORDS or T not in FRAMES:
        raise ValueError(f"There are the words {' and '.join(WORDS)} with {FRAMES[0]} to {FRAMES[-1]} frames.")
    drawn, grids, width, height = _panels(word, T)
    footer = Footer(0, height, width)
    found = {kind: align(kind, word, T) for kind in KINDS}
    footer.key()
    for kind, (title, _) in KINDS.items():
        footer.sentence(f"{title}: {_told(found[kind])}", "of-film")
    spec = {
        "word": word,
        "T": T,
        "words": list(WORDS),
        "frames": list(FRAMES),
        "kinds": {kind: list(texts) for kind, texts in KINDS.items()},
        "cases": {f"{one}-{n}": _case(one, n) for one in WORDS for n in FRAMES},
    }
    alt = f"Three lattices of {word} over T = {T} frames with the same scores. " + " ".join(
        f"{title}: {_told(found[kind])}" for kind, (title, _) in KINDS.items()
    )
    items = [*drawn, *footer.items]
    figure = Figure("topologies", Scene(round(width), round(footer.y + 12), tuple(items), grids), alt, spec)
    return figure.ask(
        "Only two frames for the three letters of CAT. Who can still write it?",
        ("RNN-T alone", "RNN-T and monotonic RNN-T", "All three"),
        0,
        "A label of an RNN-T takes no frame, so two frames hold any number of labels. The others write at most one "
        "label a frame.",
    )


def scores(word: str, T: int) -> dict[str, np.ndarray]:
    """P(k | t), shape (T,), for the blank and each letter of the word: letters come up one after the other."""
    letters = sorted(set(word))
    t = (np.arange(T) + 0.5) / T
    places = (np.arange(len(word)) + 0.5) / len(word)
    bumps = [(letter, np.exp(-((t - place) ** 2) / 0.03)) for letter, place in zip(word, places, strict=True)]
    heard = {letter: np.max([bump for other, bump in bumps if other == letter], axis=0) for letter in letters}
    weights = {BLANK_TEXT: np.full(T, 0.55), **{k: 0.05 + heard[k] for k in letters}}
    total = sum(weights.values())
    return {k: v / total for k, v in weights.items()}


def align(kind: str, word: str, T: int) -> Alignments:
    """Every alignment of a kind ("ctc", "rnnt" or "mono") one by one."""
    table = scores(word, T)
    walks = {"ctc": _ctc, "rnnt": _rnnt, "mono": _mono}[kind](word, T)
    rows = []
    for spelled, frames, nodes in walks:
        share = float(np.prod([table[symbol][t] for symbol, t in zip(spelled, frames, strict=True)]))
        rows.append((spelled, nodes, share))
    rows.sort(key=lambda row: -row[2])
    columns = tuple(zip(*rows, strict=True)) or ((), (), ())
    return Alignments(*map(tuple, columns))


Walks = Iterator[tuple[str, list[int], tuple[tuple[int, int], ...]]]
"""(symbols, the frame that each is read from, nodes)."""


def _rnnt(word: str, T: int) -> Walks:
    for frames in combinations_with_replacement(range(T), len(word)):
        spelled, read, nodes, u = "", [], [(0, 0)], 0
        for t in range(T):
            while u < len(word) and frames[u] == t:
                spelled, read, u = spelled + word[u], [*read, t], u + 1
                nodes.append((t, u))
            spelled, read = spelled + BLANK_TEXT, [*read, t]
            nodes.append((t + 1, u))
        yield spelled, read, tuple(nodes)


def _mono(word: str, T: int) -> Walks:
    for frames in combinations(range(T), len(word)):
        spelled = "".join(word[frames.index(t)] if t in frames else BLANK_TEXT for t in range(T))
        yield spelled, list(range(T)), tuple((t, sum(f < t for f in frames)) for t in range(T + 1))


def _ctc(word: str, T: int) -> Walks:
    states = [BLANK_TEXT, *(symbol for letter in word for symbol in (letter, BLANK_TEXT))]
    for spelled in product(sorted({*word, BLANK_TEXT}), repeat=T):
        if "".join(key for key, _ in groupby(spelled) if key != BLANK_TEXT) != word:
            continue
        row, nodes = 0, []
        for t, symbol in enumerate(spelled):
            # A repeated symbol stays in its state; another one is the next state with that symbol.
            if t == 0 or symbol != spelled[t - 1]:
                row = next(s for s in range(row if t == 0 else row + 1, len(states)) if states[s] == symbol)
            nodes.append((t, row))
        yield "".join(spelled), list(range(T)), tuple(nodes)


def _told(found: Alignments) -> str:
    if not found.spelled:
        return "no alignment at all, P = 0."
    n = len(found.spelled)
    return f"{n} alignment{'s' * (n > 1)}, P = {probability(np.log(found.total), 2)}, the best is {found.spelled[0]}."


# ---- drawing


def _panels(word: str, T: int) -> tuple[list[Primitive], dict[str, Grid], float, float]:
    """The three lattices; their grids by prefix; width and height."""
    rows = {"ctc": 2 * len(word) + 1, "rnnt": len(word) + 1, "mono": len(word) + 1}
    columns = {"ctc": T, "rnnt": T + 1, "mono": T + 1}
    height = _TOP + (rows["ctc"] - 1) * _DY + 52
    items: list[Primitive] = []
    grids: dict[str, Grid] = {}
    left = 12.0
    for kind, (title, _) in KINDS.items():
        prefix, x0, y0 = f"{kind}-", left + _LEFT, height - 46.0
        grids[prefix] = Grid(columns[kind], rows[kind] - 1, x0, y0, _DX, _DY, _R, _R, 0.9 * _DX)
        items.append(Text(f"{prefix}heading", left, 14, title, ("text", "heading"), "start"))
        items += _lattice(kind, word, T, grids[prefix], prefix)
        left = max(x0 + (columns[kind] - 1) * _DX + _R, left + 130) + _BETWEEN
    return items, grids, max(left, 560.0), height


def _lattice(kind: str, word: str, T: int, g: Grid, prefix: str) -> list[Primitive]:
    used_nodes, used_arcs = set(), set()
    found = align(kind, word, T)
    for nodes in found.walks:
        used_nodes |= set(nodes)
        used_arcs |= set(pairwise(nodes))
    best = [(g.x(c), g.y(r)) for c, r in (found.walks[0] if found.walks else [(0, 0), (0, 0)])]
    items: list[Primitive] = [Polyline(f"{prefix}best", tuple(best), ("halo", "halo-0"))]
    for n, (a, b) in enumerate(sorted(used_arcs)):
        items.append(_arc(f"{prefix}arc-{n}", kind, a, b, g))
    for c in range(g.T):
        for r in range(g.U + 1):
            faint = () if (c, r) in used_nodes else ("faint",)
            items.append(Circle(f"{prefix}spot-{c}-{r}", g.x(c), g.y(r), _R, ("node", *faint)))
    states = [BLANK_TEXT, *(symbol for letter in word for symbol in (letter, BLANK_TEXT))]
    for r in range(g.U + 1):
        text, y = (states[r], g.y(r)) if kind == "ctc" else (word[r - 1], g.y(r - 0.5)) if r else ("", g.y(r))
        if text:
            look = ("text", "axis") if text == BLANK_TEXT else ("text", "symbol")
            items.append(Text(f"{prefix}row-{r}", g.x(0) - _R - 10, y, text, look, "end", 13))
    for t in range(T):
        # A frame is a column of CTC, and the step between two columns of the others.
        x = g.x(t) if kind == "ctc" else g.x(t + 0.5)
        items.append(Text(f"{prefix}frame-{t}", x, g.y(0) + _R + 14, str(t), ("text", "tick")))
    middle = g.x((g.T - 1) / 2)
    items.append(Text(f"{prefix}axis", middle, g.y(0) + _R + 30, "frame t →", ("text", "axis")))
    return items


def _arc(id: str, kind: str, a: tuple[int, int], b: tuple[int, int], g: Grid) -> Line:
    (x1, y1), (x2, y2) = (g.x(a[0]), g.y(a[1])), (g.x(b[0]), g.y(b[1]))
    length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
    dx, dy = (x2 - x1) / length, (y2 - y1) / length
    # In CTC the symbol is at the node that an arc leads to, even rows are blanks; elsewhere it is the arc itself.
    is_blank = b[1] % 2 == 0 if kind == "ctc" else a[1] == b[1]
    look = ("arc", "blank" if is_blank else "label")
    return Line(id, x1 + dx * _R, y1 + dy * _R, x2 - dx * (_R + 1), y2 - dy * (_R + 1), look, 5, 1.3)


def _case(word: str, T: int) -> dict:
    """All that a script needs to draw and tell one word with one number of frames."""
    drawn, grids, width, height = _panels(word, T)
    case: dict = {"items": [_plain(item) for item in drawn], "width": round(width), "height": round(height)}
    for kind in KINDS:
        found = align(kind, word, T)
        grid = grids[f"{kind}-"]
        case[kind] = {
            "spelled": list(found.spelled),
            "share": [float(f"{share:.3g}") for share in found.shares],
            "total": float(f"{found.total:.3g}"),
            "points": [" ".join(f"{grid.x(c):g},{grid.y(r):g}" for c, r in nodes) for nodes in found.walks],
        }
    return case


def _plain(item: Primitive) -> list:
    """A primitive as a short list: kind, classes, numbers, text."""
    look = " ".join(item.classes)
    if isinstance(item, Line):
        return ["l", look, *(round(v, 1) for v in (item.x1, item.y1, item.x2, item.y2))]
    if isinstance(item, Circle):
        return ["c", look, round(item.x, 1), round(item.y, 1), item.r]
    if isinstance(item, Text):
        return ["t", f"{look} at-{item.anchor}", round(item.x, 1), round(item.y, 1), item.text, item.size or 0]
    return ["p", item.id]
