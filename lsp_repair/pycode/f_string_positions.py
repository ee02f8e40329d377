"""True positions of the expressions in f-strings, which `ast` gives from Python 3.12 on only."""

import ast
import re
import sys
import warnings
from bisect import bisect_right

from lsp_repair.pycode.f_strings import Field, Part, fields_of, parts_of

_F_STRING = re.compile(rb"(?i)(?:f|fr|rf)['\"]")
ARE_TRUE = sys.version_info >= (3, 12)
"""Whether this Python's `ast` gives them."""

_Positioned = ast.expr | ast.keyword | ast.arg
_Point = tuple[int, int]


def corrected(body: bytes, starts: tuple[int, ...], tree: ast.Module) -> frozenset[ast.JoinedStr]:
    """Give the nodes in f-strings their positions in the text; the f-strings whose parts could not be found.

    `starts` holds the offset of each line of `body`. The expression of each field is parsed by itself, and must give the
    same tree.
    """
    if _F_STRING.search(body) is None:
        return frozenset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return frozenset(_Places(body, starts).corrected(tree))


class _Places:
    """Offsets of one text as lines and columns."""

    def __init__(self, body: bytes, starts: tuple[int, ...]) -> None:
        self._body = body
        self._starts = starts

    def corrected(self, tree: ast.Module) -> set[ast.JoinedStr]:
        unlocated: set[ast.JoinedStr] = set()
        waiting: list[ast.AST] = [tree]
        while waiting:
            node = waiting.pop()
            if not isinstance(node, ast.JoinedStr):
                waiting += ast.iter_child_nodes(node)
                continue
            parts = parts_of(self._body, self._offset(node.lineno, node.col_offset), self._end(node))
            if parts is not None and self._place_all(node, parts):
                waiting += _expressions(node)
            else:
                unlocated.add(node)
        return unlocated

    def _offset(self, line: int, column: int) -> int:
        return self._starts[line - 1] + column

    def _end(self, node: ast.expr) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._offset(node.end_lineno, node.end_col_offset)

    def _point(self, offset: int) -> _Point:
        line = bisect_right(self._starts, offset, hi=len(self._starts) - 1)
        return line, offset - self._starts[line - 1]

    def _place_all(self, node: ast.JoinedStr, parts: tuple[Part, ...]) -> bool:
        fields = fields_of(parts)
        values = [each for each in node.values if isinstance(each, ast.FormattedValue)]
        return len(fields) == len(values) and all(map(self._place, values, fields))

    def _place(self, node: ast.FormattedValue, field: Field) -> bool:
        _move(node, self._point(field.start), self._point(field.end))
        if not self._place_expression(node.value, field):
            return False
        if not isinstance(node.format_spec, ast.JoinedStr):
            return node.format_spec is None
        _move(node.format_spec, *map(self._point, field.specification))
        return self._place_all(node.format_spec, field.parts)

    def _place_expression(self, node: ast.expr, field: Field) -> bool:
        (start, end), line = map(self._point, field.expression), self._point(field.expression[0])[0]
        source = self._body[slice(*field.expression)].decode()
        if isinstance(node, ast.Name):
            _move(node, start, end)
            return node.id == source
        try:
            parsed = ast.parse(f"({source}\n)", mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
        is_bare = parsed.col_offset == 0  # it took the added parentheses for its own
        if ast.dump(parsed) != ast.dump(node) or (is_bare and isinstance(parsed, ast.GeneratorExp)):
            return False
        for mine, theirs in zip(ast.walk(node), ast.walk(parsed), strict=True):
            if isinstance(mine, _Positioned) and isinstance(theirs, _Positioned):
                _move(mine, *(self._moved(each, start, line) for each in _points(theirs)))
        if is_bare:
            _move(node, start, end)
        return True

    def _moved(self, point: _Point, start: _Point, line: int) -> _Point:
        row, column = point
        return (line, start[1] + column - 1) if row == 1 else (line + row - 1, column)


def _points(node: _Positioned) -> tuple[_Point, _Point]:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)


def _move(node: _Positioned, start: _Point, end: _Point) -> None:
    node.lineno, node.col_offset = start
    node.end_lineno, node.end_col_offset = end


def _expressions(node: ast.JoinedStr) -> list[ast.AST]:
    """The expressions of its fields and of the fields in their format specifications."""
    found: list[ast.AST] = []
    for each in node.values:
        if isinstance(each, ast.FormattedValue):
            found.append(each.value)
            if isinstance(each.format_spec, ast.JoinedStr):
                found += _expressions(each.format_spec)
    return found
