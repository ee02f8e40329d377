"""The definitions, imports and constants in a piece of code that a model wrote, however it is indented or shortened."""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass

from lsp_repair.models.answers.changes import indent_of, without_edges
from lsp_repair.models.answers.line_forms import is_elision, without_numbers
from lsp_repair.pycode.modules import tree_of
from lsp_repair.pycode.nodes import Definition, Function, assigned_names, first_line, is_docstring, last_line

_METHOD = re.compile(r"[ \t]+(?:async )?def \w+\((?:self|cls)\b")
_HEADER = re.compile(r"([ \t]*)(?:async )?(def|class) ([A-Za-z_]\w*)")


@dataclass(frozen=True, slots=True)
class Item:
    """One statement of a module or class body."""

    node: ast.stmt
    lines: tuple[str, ...]
    """As they were written, elisions included."""
    owner: str = ""
    """Name of the class around it."""

    @property
    def name(self) -> str:
        """What it defines; empty for other statements."""
        return name_of_statement(self.node)


def name_of_statement(node: ast.stmt) -> str:
    """What a statement defines or assigns; empty for other statements."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return node.name
        case _:
            names = assigned_names(node)
            return names[0] if len(names) == 1 else ""


def items_of(lines: Sequence[str]) -> list[Item] | None:
    """The statements of a piece of code; None where it is no code."""
    plain = without_numbers(lines)
    for each in (lines, plain) if plain is not None else (lines,):
        written = _with_places(_apart(_flush(each)))
        tree = _tree(written)
        if tree is not None and tree.body:
            return [Item(node, _lines_of(node, written)) for node in tree.body if not _is_dots(node)]
    return _shortened(_flush(lines))


def _flush(lines: Sequence[str]) -> tuple[str, ...]:
    """Without the indentation that all lines but elisions share."""
    inner = without_edges(lines)
    depth = min((len(indent_of(each)) for each in inner if each.strip() and not is_elision(each)), default=0)
    return tuple(each[depth:] if len(indent_of(each)) >= depth else each.lstrip() for each in inner)


def _shortened(lines: Sequence[str]) -> list[Item] | None:
    """Functions whose elisions leave lines of all depths behind: found by their headers."""
    if not any(map(is_elision, lines)):
        return None
    found = [each for each in scanned(lines) if not indent_of(lines[each[2]])]
    return [
        Item(pseudo_definition(name, 1, end - at, is_class=is_class), tuple(lines[at:end]))
        for name, is_class, at, end in found
        if not is_class
    ] or None


def members_of(item: Item) -> list[Item]:
    """The statements in a class's body."""
    assert isinstance(item.node, ast.ClassDef)
    first = first_line(item.node)
    return [
        Item(node, item.lines[first_line(node) - first : last_line(node) - first + 1], item.node.name)
        for node in item.node.body
        if not _is_dots(node) and not is_docstring(node)
    ]


def _lines_of(node: ast.stmt, written: Sequence[str]) -> tuple[str, ...]:
    return tuple(written[first_line(node) - 1 : last_line(node)])


def _tree(written: Sequence[str]) -> ast.Module | None:
    """The tree of code; elisions are statements for it."""
    text = "\n".join(
        f"{indent_of(each)}..." if is_elision(each) and not each.strip().startswith("...") else each for each in written
    )
    tree = tree_of(text)
    if tree is None and re.match(r"\s*(?:return|yield|break|continue)\b", text):
        return None
    return tree


def _with_places(lines: Sequence[str]) -> list[str]:
    """Elisions indented like the code around them, so that the whole can be parsed."""
    result = list(lines)
    for at, line in enumerate(result):
        if not is_elision(line):
            continue
        before = next((each for each in reversed(result[:at]) if each.strip()), "")
        after = next((each for each in result[at + 1 :] if each.strip() and not is_elision(each)), "")
        result[at] = _depth(line, before, after) + line.lstrip()
    return result


def _depth(line: str, before: str, after: str) -> str:
    here, outer, inner = indent_of(line), indent_of(before), indent_of(after)
    if before.rstrip().endswith(":") and not before.lstrip().startswith("#"):
        return inner if len(inner) > len(outer) else f"{outer}    "
    if after and len(inner) >= len(outer):
        return inner
    if here and len(inner) <= len(here) <= len(outer):
        return here
    return outer if len(here) > len(outer) else here


def _apart(lines: Sequence[str]) -> list[str]:
    """Methods that stand, indented, below a function they are not part of, on their own."""
    result = list(lines)
    done = 0
    for at, line in enumerate(lines):
        depth = len(indent_of(line))
        if at < done or not depth or not _METHOD.match(line):
            continue
        around = next((each for each in reversed(lines[:at]) if each.strip() and len(indent_of(each)) < depth), "")
        if not around.startswith(("def ", "async def ", "@")):
            continue
        first = at
        while first and lines[first - 1].startswith(f"{indent_of(line)}@"):
            first -= 1
        end = done = next(
            (
                index
                for index in range(at + 1, len(lines))
                if lines[index].strip() and len(indent_of(lines[index])) < depth
            ),
            len(lines),
        )
        result[first:end] = [each[depth:] for each in result[first:end]]
    return result


def _is_dots(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.value.value is ...


def is_header(line: str) -> bool:
    """Whether a line begins a definition."""
    return bool(_HEADER.match(line))


def is_stub(node: ast.stmt) -> bool:
    """Whether nothing is said about what a definition does."""
    return (
        isinstance(node, Function)
        and all(is_docstring(each) for each in node.body)
        and any(_is_dots(each) for each in node.body)
    )


def is_definition(node: ast.stmt) -> bool:
    """Whether it is a function or a class."""
    return isinstance(node, Definition)


def scanned(lines: Sequence[str]) -> list[tuple[str, bool, int, int]]:
    """Definitions in lines that do not parse: name, whether it is a class, and the indexes of its first line and its end."""
    found: list[tuple[str, bool, int, int]] = []
    for at, line in enumerate(lines):
        header = _HEADER.match(line)
        if header is None:
            continue
        depth, end, last = len(header[1]), at + 1, at
        while end < len(lines) and (
            not lines[end].strip() or len(indent_of(lines[end])) > depth or lines[end].lstrip().startswith((")", "]"))
        ):
            last = end if lines[end].strip() else last
            end += 1
        found.append((header[3], header[2] == "class", at, last + 1))
    return found


def pseudo_definition(name: str, first: int, last: int, *, is_class: bool) -> ast.stmt:
    """A node for a definition that could not be parsed; lines are 1-based."""
    where = {"lineno": first, "col_offset": 0, "end_lineno": last, "end_col_offset": 0}
    if is_class:
        return ast.ClassDef(name, [], [], [], [], **where)
    nothing = ast.arguments([], [], None, [], [], None, [])
    return ast.FunctionDef(name, nothing, [], [], None, None, **where)
