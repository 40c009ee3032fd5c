"""Mutants: all small changes of a module that its tests ought to notice. `scripts/mutate.py` runs the tests on them.

An operator becomes another, a number the next, `min` becomes `max`; signs, ends of slices and statements go.
Docstrings, annotations, decorators, texts of messages and imports for types stay, and so does what could never go
unnoticed, such as a statement whose absence is a NameError. An id is FILE:LINE:COLUMN:KIND.
"""

from __future__ import annotations

import ast
import difflib
import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

OPERATORS: dict[type[ast.AST], tuple[str, str]] = {
    ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="), ast.NotEq: ("!=", "=="), ast.Is: ("is", "is not"), ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"), ast.NotIn: ("not in", "in"), ast.And: ("and", "or"), ast.Or: ("or", "and"),
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*"), ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "//"), ast.Pow: ("**", "*"), ast.BitAnd: ("&", "|"), ast.BitOr: ("|", "&"), ast.BitXor: ("^", "&"),
    ast.LShift: ("<<", ">>"), ast.RShift: (">>", "<<"),
}  # fmt: skip
SIGNS: dict[type[ast.AST], tuple[str, str]] = {
    ast.Not: ("not", "not"), ast.USub: ("-", "minus"), ast.Invert: ("~", "inversion"),
}  # fmt: skip
PAIRS = "min max, minimum maximum, floor ceil, any all, argmin argmax, idxmin idxmax, logical_and logical_or"
SWAPPED = {a: b for pair in PAIRS.split(", ") for a, b in (pair.split(), reversed(pair.split()))}
UNTOUCHED = {"given", "made", "warn", "cast", "TypeVar"}  # types, and texts of warnings
GAP, SPACE = re.compile(rb"(?:[\s()\\]|#[^\n]*)*"), re.compile(rb"\s*")

Change = tuple[str, int, int, str]  # what kind, from which byte to which, and the new text


class Mutant(NamedTuple):
    """A piece of a file, from one byte to another, and what replaces it."""

    file: str
    name: str
    start: int
    end: int
    text: str

    def changed(self, source: bytes) -> bytes:
        """Return the changed source."""
        return source[: self.start] + self.text.encode() + source[self.end :]

    def diff(self, source: bytes) -> list[str]:
        """Return the lines that go, marked with -, and those that come, marked with +."""
        before, after = (text.decode().splitlines() for text in (source, self.changed(source)))
        return [
            line for line in difflib.unified_diff(before, after, n=0, lineterm="") if line[:2] not in ("--", "++", "@@")
        ]


def mutants_of(file: str, source: bytes) -> list[Mutant]:
    """Return the mutants of a module in the order of its text."""
    lines = [0]
    for line in source.splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    tree = ast.parse(source)
    nodes = list(ast.walk(tree))
    for node in nodes:
        if hasattr(node, "lineno"):
            start, end = lines[node.lineno - 1] + node.col_offset, lines[node.end_lineno - 1] + node.end_col_offset
            vars(node)["span"] = start, end
    for node in nodes:
        _strip(node)
    found = []
    for node in ast.walk(tree):
        for kind, start, end, text in _changes(node, source):
            line = source.count(b"\n", 0, start)
            name = f"{file}:{line + 1}:{start - lines[line] + 1}:{kind}"
            found.append(Mutant(file, name, start, end, text))
    return sorted(found, key=lambda mutant: (mutant.start, mutant.end))


def _strip(node: Any) -> None:  # noqa: C901 - a case a kind of node
    """Take out of a node what is not to be changed below it, and note what its statements need to know."""
    match node:
        case ast.FunctionDef():
            returned = re.search(r"\b(None|Any|bool)\b", ast.unparse(node.returns) if node.returns else "Any")
            known = {argument.arg: 0 for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}
            inside = sorted((one for one in ast.walk(node) if hasattr(one, "span")), key=lambda one: one.span)
            for one in inside:
                vars(one).update(known=known, returned=returned)
                if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
                    known.setdefault(one.id, one.span[0])
            node.decorator_list, node.returns = [], None
        case ast.ClassDef():
            node.decorator_list, node.bases, node.keywords = [], [], []
        case ast.arg() | ast.AnnAssign():
            node.annotation = ast.Pass()
        case ast.JoinedStr():
            node.values = []
        case ast.Raise():
            node.exc = node.cause = None
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            node.test, node.body = ast.Constant(None), []
        case ast.Call(func=ast.Name(id=name)) if name in UNTOUCHED:
            node.args, node.keywords = [], []
        case ast.Assign(targets=[ast.Name(id="msg")]) | ast.AugAssign(target=ast.Name(id="msg")):
            node.value = ast.Constant(None)
        case ast.Expr(value=ast.Constant()):
            node.value = ast.Constant(None)


def _changes(node: Any, source: bytes) -> Iterator[Change]:  # noqa: C901, PLR0912, PLR0915 - a case a kind of node
    """Yield the changes of one node."""

    def between(left: Any, operator: ast.AST, equals: str = "") -> Iterator[Change]:
        was, becomes = (text + equals for text in OPERATORS[type(operator)])
        gap = GAP.match(source, left.span[1])
        if gap:
            kind = type(operator).__name__.lower() + ("-assigned" if equals else "")
            yield kind, gap.end(), gap.end() + len(was), becomes

    def replaced(kind: str, part: Any, text: str) -> Change:
        return kind, *part.span, text

    def turned(test: Any) -> Iterator[Change]:
        if isinstance(test, ast.Name | ast.Attribute | ast.Call | ast.Subscript):
            yield replaced("negate", test, f"(not {source[slice(*test.span)].decode()})")

    match node:
        case ast.Compare():
            operands = [node.left, *node.comparators]
            for left, operator in zip(operands, node.ops, strict=False):
                yield from between(left, operator)
            for item in [item for operand in operands for item in getattr(operand, "elts", [operand])]:
                if isinstance(item, ast.Constant) and isinstance(item.value, str):
                    yield replaced("text", item, repr(f"{item.value}X"))
        case ast.BoolOp():
            for left in node.values[:-1]:
                yield from between(left, node.op)
        case ast.BinOp(left=left) if not isinstance(left, ast.JoinedStr | ast.List):
            yield from between(node.left, node.op)
        case ast.UnaryOp() if type(node.op) in SIGNS:
            sign, name = SIGNS[type(node.op)]
            gap = SPACE.match(source, node.span[0] + len(sign))
            yield f"drop-{name}", node.span[0], gap.end() if gap else 0, ""
        case ast.Subscript():
            for item in getattr(node.slice, "elts", [node.slice]):
                if isinstance(item, ast.Constant) and type(item.value) is int:
                    # the one before, as one beyond the end is always noticed
                    yield replaced("number", item, str(item.value - 1 if item.value else 1))
                    item.value = None
                elif isinstance(item, ast.Slice):
                    yield from (replaced("drop-end", end, "") for end in (item.lower, item.upper) if end)
        case ast.Constant(value=bool()):
            yield replaced("flip", node, str(not node.value))
        case ast.Constant(value=int() | float()):
            yield replaced("number", node, repr(node.value + 1))
        case ast.Call(func=ast.Name(id=name)) if name in SWAPPED:
            yield replaced(f"{name}-to-{SWAPPED[name]}", node.func, SWAPPED[name])
        case ast.Attribute() if node.attr in SWAPPED:
            start, end = node.span[1] - len(node.attr), node.span[1]
            yield f"{node.attr}-to-{SWAPPED[node.attr]}", start, end, SWAPPED[node.attr]
        case ast.Break():
            yield replaced("break-to-continue", node, "continue")
        case ast.Continue():
            yield replaced("continue-to-break", node, "break")
        case ast.Raise() | ast.Expr(value=ast.Call()):
            yield replaced("remove", node, "pass")
        case ast.AugAssign() if hasattr(node.value, "span"):
            yield replaced("remove", node, "pass")
            if not isinstance(node.value, ast.List | ast.ListComp):
                yield from between(node.target, node.op, "=")
        case ast.Assign() if hasattr(node, "known"):
            names = [one.id for target in node.targets for one in ast.walk(target) if isinstance(one, ast.Name)]
            if all(node.known.get(name, -1) < node.span[0] for name in names):
                yield replaced("remove", node, "pass")
        case ast.Return(value=ast.expr()) if node.returned and ast.unparse(node.value) != "None":
            yield replaced("return-none", node.value, "None")
        case ast.If() | ast.While() | ast.IfExp():
            yield from turned(node.test)
        case ast.comprehension():
            for test in node.ifs:
                yield from turned(test)
