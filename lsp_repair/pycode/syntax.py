"""A parsed source file: its tree with parents, and every node's place in bytes."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from lsp_repair.domain.candidates import SourceFile
from lsp_repair.domain.encoding import Encoding, decoded
from lsp_repair.pycode.precedence import Code, Level, bracketed, level_of

Function = ast.FunctionDef | ast.AsyncFunctionDef
Span = tuple[int, int]


@dataclass(frozen=True)
class Module:
    """One file, parsed. Positions are offsets into `body`, the text as UTF-8 without its byte order mark."""

    source: SourceFile
    body: bytes
    encoding: Encoding
    tree: ast.Module
    starts: tuple[int, ...]
    """Offset of each line, and of the end."""
    parents: dict[ast.AST, ast.AST]
    _codes: dict[ast.expr, Code] = field(default_factory=dict[ast.expr, Code])
    _below: dict[ast.AST, tuple[ast.AST, ...]] = field(default_factory=dict[ast.AST, tuple[ast.AST, ...]])

    @cached_property
    def newline(self) -> str:
        """The line end of the file's first line."""
        first = self.body[: self.starts[1]] if len(self.starts) > 1 else b""
        if first.endswith(b"\r\n"):
            return "\r\n"
        return "\r" if first.endswith(b"\r") else "\n"

    @cached_property
    def indent_unit(self) -> str:
        """One level of indentation as this file writes it."""
        for node in self.below(self.tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.If, ast.For)):
                outer, inner = self.indent(node), self.indent(node.body[0])
                if outer is not None and inner and inner.startswith(outer) and len(inner) > len(outer):
                    return inner[len(outer) :]
        return "    "

    @cached_property
    def function_names(self) -> dict[int, str]:
        """Name of the innermost function that each line belongs to; lines outside functions are absent."""
        names: dict[int, str] = {}
        for node in self.below(self.tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                names.update(dict.fromkeys(range(first_line(node), last_line(node) + 1), node.name))
        return names

    def function_around(self, start: int, end: int) -> tuple[int, int, str]:
        """Whole lines and indentation of the innermost function that holds both offsets; else the file and none."""
        around = 0, len(self.body), ""
        for first, last, indent in self._functions:
            if first <= start and end <= last:
                around = first, last, indent
        return around

    @cached_property
    def _functions(self) -> tuple[tuple[int, int, str], ...]:
        """Whole lines and indentation of each function, outer ones before inner ones."""
        functions = (
            node for node in self.below(self.tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        )
        found = ((*self.lines_span(node), self.indent(node)) for node in functions)
        return tuple((first, last, indent) for first, last, indent in found if indent is not None)

    def below(self, node: ast.AST) -> tuple[ast.AST, ...]:
        """The node and everything in it, walked once."""
        known = self._below.get(node)
        if known is None:
            known = self._below[node] = tuple(ast.walk(node))
        return known

    def parent(self, node: ast.AST) -> ast.AST:
        """The node around this one."""
        return self.parents.get(node, self.tree)

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around this one, innermost first."""
        current = self.parents.get(node)
        while current is not None:
            yield current
            current = self.parents.get(current)

    def function_of(self, node: ast.AST) -> Function | None:
        """The innermost function that holds the node (the node itself, where it is one)."""
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return node
        return next(
            (up for up in self.ancestors(node) if isinstance(up, (ast.FunctionDef, ast.AsyncFunctionDef))), None
        )

    def class_of(self, node: ast.AST) -> ast.ClassDef | None:
        """The innermost class around the node."""
        return next((up for up in self.ancestors(node) if isinstance(up, ast.ClassDef)), None)

    def span(self, node: ast.expr | ast.stmt | ast.excepthandler | ast.keyword | ast.arg | ast.alias) -> Span:
        """Start and end of the node."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.starts[node.lineno - 1] + node.col_offset, self.starts[node.end_lineno - 1] + node.end_col_offset

    def lines_span(self, node: ast.stmt) -> Span:
        """Start of the statement's first line (decorators included) and end of its last."""
        return self.starts[first_line(node) - 1], self.starts[last_line(node)]

    def text(self, start: int, end: int) -> str:
        """The source between two offsets."""
        return self.body[start:end].decode("utf-8", "replace")

    def code(self, node: ast.expr) -> Code:
        """The node's own source with its precedence."""
        known = self._codes.get(node)
        if known is None:
            known = self._codes[node] = self._read(node)
        return known

    def _read(self, node: ast.expr) -> Code:
        if isinstance(node, ast.Tuple):
            return bracketed("(", [self.code(each) for each in node.elts], ")")
        text = self.text(*self.span(node))
        is_joined_literal = isinstance(node, ast.Constant) and "\n" in text
        return Code(text, Level.TUPLE if is_joined_literal else level_of(node), "\n" in text)

    def indent(self, node: ast.stmt) -> str | None:
        """White space before the statement; None where something else stands before it on its line."""
        line = first_line(node)
        text = self.text(self.starts[line - 1], self.starts[line - 1] + node.col_offset)
        return None if text.strip() else text

    def block(self, statement: ast.stmt) -> list[ast.stmt]:
        """The list of statements this one stands in."""
        parent = self.parent(statement)
        for name in ("body", "orelse", "finalbody"):
            block: list[ast.stmt] | None = getattr(parent, name, None)
            if isinstance(block, list) and statement in block:
                return block
        return []

    def is_in_loop(self, node: ast.AST) -> bool:
        """Whether `break` would be allowed at the node."""
        for up in self.ancestors(node):
            if isinstance(up, (ast.For, ast.AsyncFor, ast.While)):
                return True
            if isinstance(up, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                return False
        return False

    def is_parenthesised(self, start: int, end: int) -> bool:
        """Whether the text between the offsets stands in parentheses of its own or of a call's."""
        before = self.body[max(0, start - 200) : start].rstrip()
        after = self.body[end : end + 200].lstrip()
        return before.endswith(b"(") and after.startswith(b")")


def first_line(node: ast.stmt) -> int:
    """1-based line of the statement's first decorator, or of itself."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(each.lineno for each in decorators)])


def last_line(node: ast.stmt | ast.expr) -> int:
    """1-based last line of the node."""
    return node.end_lineno or node.lineno


def is_docstring(node: ast.AST) -> bool:
    """Whether the statement is nothing but a string."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def parsed(source: SourceFile) -> Module | None:
    """The parsed file; None when it does not decode or parse."""
    read = decoded(source.data)
    if read is None:
        return None
    text, encoding = read
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    body = text.encode()
    return Module(source, body, encoding, tree, line_starts(body), _parents(tree))


def line_starts(body: bytes) -> tuple[int, ...]:
    """Offset of each line, and of the end."""
    starts = [0]
    for line in body.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return tuple(starts)


def _parents(tree: ast.Module) -> dict[ast.AST, ast.AST]:
    parents: dict[ast.AST, ast.AST] = {}
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            # Contexts and operators are shared instances: they have no single parent.
            if not isinstance(child, (ast.expr_context, ast.operator, ast.cmpop, ast.boolop, ast.unaryop)):
                parents[child] = node
    return parents
