"""Random wrong code: one small change to the syntax tree of right code, as a slip of the hand would make it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

SWAPPED_OPERATORS = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add, ast.Div),
    ast.Div: (ast.Mult,),
}
SWAPPED_COMPARISONS = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
SWAPPED_NAMES = {
    "logaddexp": ("maximum", "minimum", "add"),
    "logaddexp2": ("maximum",),
    "logsumexp": ("amax",),
    "argmax": ("argmin",),
    "max": ("min",),
    "min": ("max",),
    "relu": ("tanh", "sigmoid"),
    "ReLU": ("Tanh", "Identity"),
    "unsqueeze": ("squeeze",),
    "zeros": ("ones",),
    "log": ("log10",),
    "exp": ("abs",),
    "popleft": ("pop",),
}
DROPPED = (ast.Assign, ast.AugAssign, ast.Expr, ast.Continue, ast.Break, ast.If)


@dataclass(frozen=True)
class Mutant:
    """Right code with one change."""

    origin: str
    """Where the right code stands."""
    exercise: str
    change: str
    """In words, with the line."""
    source: str

    @property
    def name(self) -> str:
        """A name that survives from run to run."""
        return f"{self.origin} {self.exercise}, {self.change}"


@dataclass(frozen=True)
class Site:
    """A place where right code can be changed, and how. `made` is the mutant."""

    origin: str
    source: str
    exercise: str
    entry: str
    """The function or class that is asked for."""
    node: int
    """Number of the node, in the order of `_nodes`."""
    kind: int
    """Number of the change at that node, in the order of `_changes`."""
    change: str

    def made(self) -> Mutant | None:
        """The code with the change; None where that is the same code again."""
        tree = ast.parse(self.source)
        before = ast.unparse(tree)
        node = _nodes(tree, _reached(tree, self.entry))[self.node]
        _apply(tree, node, list(_changes(node))[self.kind][1])
        ast.fix_missing_locations(tree)
        after = ast.unparse(tree)
        return None if after == before else Mutant(self.origin, self.exercise, self.change, after)


def sites(origin: str, source: str, exercise: str, entry: str) -> list[Site]:
    """All places in what `entry`, a function or class of the source, is made of. Cheap: nothing is changed yet."""
    tree = ast.parse(source)
    return [
        Site(origin, source, exercise, entry, number, kind, f"line {node.lineno}: {change}")
        for number, node in enumerate(_nodes(tree, _reached(tree, entry)))
        for kind, (change, _) in enumerate(_changes(node))
    ]


def _reached(tree: ast.Module, entry: str) -> set[str]:
    """The top-level definitions that `entry` uses, directly or through others."""
    defined = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    reached, waiting = set(), [entry]
    while waiting:
        name = waiting.pop()
        if name in defined and name not in reached:
            reached.add(name)
            waiting += [node.id for node in ast.walk(defined[name]) if isinstance(node, ast.Name)]
    return reached


def _nodes(tree: ast.Module, names: set[str]) -> list[ast.AST]:
    """Statements and expressions inside those definitions, without signatures and docstrings, in a fixed order."""
    found: list[ast.AST] = []

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            for statement in body:
                visit(statement)
            return
        if isinstance(node, ast.stmt | ast.expr):
            found.append(node)
        for child in ast.iter_child_nodes(node):
            visit(child)

    for definition in tree.body:
        if isinstance(definition, ast.FunctionDef | ast.ClassDef) and definition.name in names:
            for child in definition.body if isinstance(definition, ast.ClassDef) else [definition]:
                visit(child)
    return found


def _changes(node: ast.AST) -> Iterator[tuple[str, tuple]]:
    """What can be changed at a node: in words, and for `_apply`."""
    shown = ast.unparse(node)
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    if isinstance(node, ast.BinOp):
        for operator in SWAPPED_OPERATORS.get(type(node.op), ()):
            yield f"{shown}: {type(node.op).__name__} to {operator.__name__}", ("op", operator())
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for operator in SWAPPED_COMPARISONS.get(type(node.ops[0]), ()):
            yield f"{shown}: {type(node.ops[0]).__name__} to {operator.__name__}", ("compare", operator())
    if isinstance(node, ast.BoolOp):
        yield f"{shown}: and/or swapped", ("op", ast.And() if isinstance(node.op, ast.Or) else ast.Or())
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield f"{shown} to {not node.value}", ("value", not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        for value in (node.value + 1, node.value - 1):
            yield f"{shown} to {value}", ("value", value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        yield f"{shown}: without its sign", ("become", node.operand)
    if isinstance(node, ast.IfExp):
        yield f"{shown}: branches swapped", ("branches",)
    if isinstance(node, ast.If | ast.While):
        yield f"condition `{ast.unparse(node.test)}` negated", ("negate",)
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        for place, part in enumerate(parts):
            if isinstance(part, ast.Name | ast.BinOp):
                yield f"{shown}: index {place} plus 1", ("shift", place, 1)
                yield f"{shown}: index {place} minus 1", ("shift", place, -1)
        if len(parts) > 1:
            yield f"{shown}: first two indices swapped", ("indices",)
    if isinstance(node, ast.Call):
        if len(node.args) > 1 and not any(isinstance(one, ast.Starred) for one in node.args[:2]):
            yield f"{shown}: first two arguments swapped", ("arguments",)
        if isinstance(node.func, ast.Name) and node.func.id == "reversed":
            yield f"{shown}: not reversed", ("become", node.args[0])
        for keyword in node.keywords:
            yield f"{shown}: without {keyword.arg}", ("keyword", keyword.arg)
    if isinstance(node, ast.Name | ast.Attribute):
        name = node.id if isinstance(node, ast.Name) else node.attr
        for other in SWAPPED_NAMES.get(name, ()):
            yield f"{shown} to {other}", ("name", other)
    if isinstance(node, DROPPED):
        yield f"`{shown.splitlines()[0]}` dropped", ("drop",)


def _apply(tree: ast.Module, node: ast.AST, kind: tuple) -> None:
    match kind:
        case ("op", operator):
            node.op = operator
        case ("compare", operator):
            node.ops = [operator]
        case ("value", value):
            node.value = value
        case ("become", _):
            inner = node.operand if isinstance(node, ast.UnaryOp) else node.args[0]
            _replace(tree, node, inner)
        case ("branches",):
            node.body, node.orelse = node.orelse, node.body
        case ("negate",):
            node.test = ast.UnaryOp(ast.Not(), node.test)
        case ("shift", place, by):
            parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            moved = ast.BinOp(parts[place], ast.Add() if by > 0 else ast.Sub(), ast.Constant(1))
            if isinstance(node.slice, ast.Tuple):
                parts[place] = moved
            else:
                node.slice = moved
        case ("indices",):
            parts = node.slice.elts
            parts[0], parts[1] = parts[1], parts[0]
        case ("arguments",):
            node.args[0], node.args[1] = node.args[1], node.args[0]
        case ("keyword", name):
            node.keywords = [keyword for keyword in node.keywords if keyword.arg != name]
        case ("name", other):
            setattr(node, "id" if isinstance(node, ast.Name) else "attr", other)
        case ("drop",):
            _replace(tree, node, ast.Pass())


def _replace(tree: ast.Module, old: ast.AST, new: ast.AST) -> None:
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, field, new)
                return
            if isinstance(value, list) and any(one is old for one in value):
                setattr(parent, field, [new if one is old else one for one in value])
                return
