"""Modules, parsed once for each content, however many rules and templates look at them."""

import ast
import warnings
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from lsp_repair.domain.encoding import Encoding, decoded
from lsp_repair.pycode import f_string_positions
from lsp_repair.pycode.f_strings import Field, Part, fields_of, parts_of
from lsp_repair.pycode.naming import Naming
from lsp_repair.pycode.nodes import Function, Positioned, first_line, last_line
from lsp_repair.pycode.precedence import Code, Level, bracketed, level_of
from lsp_repair.pycode.scopes import Scopes

_KEPT = 20
"""Versions of files that are kept: a search or a proof looks at the same ones several times."""
_MAX_NODES = 400_000
"""A module with more nodes is opaque."""

Span = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Module:
    """One version of a file, parsed; everything else is computed when it is first asked for.

    Positions are offsets into `body`.
    """

    data: bytes
    tree: ast.Module
    unlocated: frozenset[ast.JoinedStr] = frozenset()
    """F-strings whose parts have no true positions."""
    _codes: dict[ast.expr, Code] = field(default_factory=dict[ast.expr, Code])
    _below: dict[ast.AST, tuple[ast.AST, ...]] = field(default_factory=dict[ast.AST, tuple[ast.AST, ...]])

    @cached_property
    def scopes(self) -> Scopes:
        """What its names can mean."""
        return Scopes(self.tree)

    @cached_property
    def naming(self) -> Naming:
        """The full names of its expressions."""
        return Naming(self.scopes)

    @property
    def is_opaque(self) -> bool:
        """Whether it is too large to analyse."""
        return len(self.scopes.nodes) > _MAX_NODES

    @cached_property
    def _written(self) -> tuple[str, Encoding] | None:
        return decoded(self.data)

    @property
    def encoding(self) -> Encoding | None:
        """How its bytes stand for its text; None when its text does not encode to exactly these bytes."""
        return None if self._written is None else self._written[1]

    @cached_property
    def body(self) -> bytes:
        """The text as UTF-8 without its byte order mark."""
        return b"" if self._written is None else self._written[0].encode()

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Offset of each line, and of the end."""
        return line_starts(self.body)

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
        for node in self.scopes.nodes:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.If, ast.For)):
                outer, inner = self.indent(node), self.indent(node.body[0])
                if outer is not None and inner and inner.startswith(outer) and len(inner) > len(outer):
                    return inner[len(outer) :]
        return "    "

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        """All functions, outer ones before inner ones."""
        return tuple(node for node in self.scopes.nodes if isinstance(node, Function))

    @cached_property
    def function_names(self) -> dict[int, str]:
        """Name of the innermost function that each line belongs to; lines outside functions are absent."""
        names: dict[int, str] = {}
        for node in self.functions:
            names.update(dict.fromkeys(range(first_line(node), last_line(node) + 1), node.name))
        return names

    def function_around(self, start: int, end: int) -> tuple[int, int, str]:
        """Whole lines and indentation of the innermost function that holds both offsets; else the file and none."""
        around = 0, len(self.body), ""
        for first, last, indent in self._function_lines:
            if first <= start and end <= last:
                around = first, last, indent
        return around

    @cached_property
    def _function_lines(self) -> tuple[tuple[int, int, str], ...]:
        found = ((*self.lines_span(node), self.indent(node)) for node in self.functions)
        return tuple((first, last, indent) for first, last, indent in found if indent is not None)

    @cached_property
    def f_strings(self) -> dict[ast.JoinedStr, tuple[Part, ...]]:
        """The parts of each f-string that stands in no other one."""
        found: dict[ast.JoinedStr, tuple[Part, ...]] = {}
        for node in self.scopes.nodes:
            if isinstance(node, ast.JoinedStr) and not any(
                isinstance(up, ast.JoinedStr) for up in self.ancestors(node)
            ):
                found[node] = parts_of(self.body, *self.span(node)) or ()
        return found

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The fields of these f-strings in the order of the text."""
        fields = (each for parts in self.f_strings.values() for each in fields_of(parts))
        return tuple(sorted(fields, key=lambda each: each.start))

    def quotes_around(self, start: int, end: int) -> str | None:
        """The quotes of the f-strings with a field that holds both offsets; None where there is none."""
        index = bisect_right(self.fields, start, key=lambda each: each.start) - 1
        around = list(self.fields[index].around(start, end)) if index >= 0 else []
        return "".join(each.quote[0] for each in around) if around else None

    def is_part_of_f_string(self, node: ast.AST) -> bool:
        """Whether the node is a field or literal text of an f-string, which are no expressions of their own."""
        parent = self.parent(node)
        is_specification = isinstance(parent, ast.FormattedValue) and parent.format_spec is node
        return is_specification or isinstance(parent, ast.JoinedStr)

    def below(self, node: ast.AST) -> tuple[ast.AST, ...]:
        """The node and everything in it, walked once."""
        known = self._below.get(node)
        if known is None:
            known = self._below[node] = tuple(self.scopes.nodes if node is self.tree else ast.walk(node))
        return known

    def parent(self, node: ast.AST) -> ast.AST:
        """The node around this one."""
        return self.scopes.parents.get(node, self.tree)

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around this one, innermost first."""
        return self.scopes.around(node)

    def function_of(self, node: ast.AST) -> Function | None:
        """The innermost function that holds the node (the node itself, where it is one)."""
        return node if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) else self.scopes.function(node)

    def class_of(self, node: ast.AST) -> ast.ClassDef | None:
        """The innermost class around the node."""
        return next((up for up in self.ancestors(node) if isinstance(up, ast.ClassDef)), None)

    def span(self, node: Positioned) -> Span:
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

    def text_of(self, node: Positioned) -> str:
        """The source of a node."""
        return self.text(*self.span(node))

    def code(self, node: ast.expr) -> Code:
        """The node's own source with its precedence."""
        known = self._codes.get(node)
        if known is None:
            known = self._codes[node] = self._read(node)
        return known

    def _read(self, node: ast.expr) -> Code:
        if isinstance(node, ast.Tuple):
            return bracketed("(", [self.code(each) for each in node.elts], ")")
        text = self.text_of(node)
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


def line_starts(body: bytes) -> tuple[int, ...]:
    """Offset of each line, and of the end."""
    starts = [0]
    for line in body.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return tuple(starts)


@lru_cache(maxsize=_KEPT)
def read_module(data: bytes | None) -> Module | None:
    """A file as a module; None for what this Python cannot parse. A file that does not exist is an empty module."""
    tree = tree_of(data or b"")
    if tree is None:
        return None
    module = Module(data or b"", tree)
    if f_string_positions.ARE_TRUE or not module.body:
        return module
    return replace(module, unlocated=f_string_positions.corrected(module.body, module.starts, tree))


def parsed(data: bytes | None) -> ast.Module | None:
    """The syntax tree of a file; None for what this Python cannot parse. A file that does not exist is empty."""
    module = read_module(data)
    return None if module is None else module.tree


def tree_of(text: str | bytes) -> ast.Module | None:
    """The syntax tree of a text that is not looked at again; None for what this Python cannot parse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def error_line(text: str) -> int | None:
    """1-based line at which the parser gives up; None if the text parses, or no line can be named."""
    try:
        ast.parse(text)
    except SyntaxError as error:
        return error.lineno or 1
    except (ValueError, RecursionError):
        return None
    return None


def module_of(tree: ast.Module) -> Module:
    """A tree with its names, without a text."""
    return Module(b"", tree)


@lru_cache(maxsize=_KEPT)
def syntax_error(data: bytes) -> str | None:
    """What keeps a file from compiling, without its place; None when nothing does."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(data, "<patched>", "exec", dont_inherit=True)
    except SyntaxError as error:
        return error.msg
    except (ValueError, RecursionError, MemoryError) as error:
        return str(error) or type(error).__name__
    return None
