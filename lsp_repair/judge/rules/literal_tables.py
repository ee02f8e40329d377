"""Tables of literals in which a module looks something up: displays, JSON in a text, lists of pairs."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from lsp_repair.judge.rules.telling_values import InputSpecificBranch, made, parts
from lsp_repair.pycode.folding import Opaque, is_mapping, is_sequence, leaves
from lsp_repair.pycode.naming import Naming
from lsp_repair.pycode.nodes import defaults, name_of

_SEARCHING = frozenset({"min", "max", "sorted", "filter", "map", "enumerate", "reversed", "zip", "dict"})
_LOOKING_UP = frozenset({"get", "pop", "__getitem__", "setdefault", "__contains__", "index"})
_Display = ast.Dict | ast.Call | ast.List | ast.Tuple | ast.Constant
_MAX_LENGTH = 100_000
_DIGITS = 18
_PAIR = re.compile(r"(?:^|[\s,;|])([\w.-]+)\s?(?:[:=]|->)\s?([\w.-]+)(?=$|[\s,;|])")


@dataclass(frozen=True, slots=True)
class Position:
    """The key of an item that has none but its place."""

    number: int


def rows_of_tables(naming: Naming) -> Iterator[InputSpecificBranch]:
    """The rows of all tables of a module."""
    looked_up = set(_names_looked_up(naming))
    for node in naming.scopes.nodes:
        if isinstance(node, _Display):
            yield from _table(node, naming, looked_up)


def _table(node: _Display, naming: Naming, looked_up: set[str]) -> Iterator[InputSpecificBranch]:
    is_pairs = isinstance(node, ast.Constant) and len(pairs_in(node.value)) > 1
    is_json = isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value[:1] in "{["
    if isinstance(node, ast.Constant) and not (is_json or is_pairs):
        return
    if isinstance(naming.scopes.parents[node], ast.Dict | ast.List | ast.Tuple):
        return  # read with the display around it
    name = _table_name(node, naming, looked_up)
    if name is None and not is_pairs:
        return
    place = f"{naming.scopes.qualified(node)}:{name}"
    for line, key, outcomes in _rows(node, naming):
        yield InputSpecificBranch(line, place, "row", key, outcomes, is_row=True)


def _rows(node: ast.expr, naming: Naming) -> Iterator[tuple[int, object, tuple[object, ...]]]:
    """Line, key and what comes of it."""
    if isinstance(node, ast.Dict):
        for name, given in zip(node.keys, node.values, strict=True):
            if name is not None and not isinstance(known := made(name, naming), Opaque):
                yield name.lineno, known, parts(naming, given)
        return
    value = value_of_text(str(node.value)) if isinstance(node, ast.Constant) else naming.constant(node)
    if is_mapping(value):
        yield from ((node.lineno, key, (each, *leaves(each))) for key, each in value.items())
    elif is_sequence(value):
        for number, each in enumerate(value):
            if is_sequence(each) and len(each) > 1:
                key = each[0] if len(each) == 2 else tuple(each[:-1])
                yield node.lineno, key, (each[-1], *leaves(each[-1]))
            else:
                yield node.lineno, Position(number), (each,)


def _table_name(node: ast.expr, naming: Naming, looked_up: set[str]) -> str | None:
    """What a display is known by, if anything is looked up in it."""
    parent = naming.scopes.parents[node]
    match parent:
        case ast.Subscript(value, index) if value is node:
            return "" if isinstance(naming.constant(index), Opaque) else None
        case ast.Attribute(_, attribute) if attribute in _LOOKING_UP:
            return ""
        case ast.For(_, each) | ast.comprehension(_, each) if each is node:
            return "" if isinstance(node, ast.List | ast.Tuple) else None
        case ast.Call(function) if name_of(function) in {"dict", "loads", "iter"}:
            return ""
        case _:
            return next((name for name in _assigned(parent, node) if name in looked_up), None)


def _assigned(parent: ast.AST, node: ast.expr) -> list[str]:
    match parent:
        case ast.Assign(targets):
            return [name_of(target) for target in targets]
        case ast.AnnAssign(target) | ast.NamedExpr(target):
            return [name_of(target)]
        case ast.arguments():
            return [each.arg for each, value in defaults(parent) if value is node]
        case _:
            return []


def _names_looked_up(naming: Naming) -> Iterator[str]:
    for node in naming.scopes.nodes:
        match node:
            case ast.Subscript(value, index) if isinstance(naming.constant(index), Opaque):
                yield name_of(value)
            case ast.Attribute(value, attribute) if attribute in {*_LOOKING_UP, "items", "__iter__"}:
                yield name_of(value)
            case ast.Compare(_, kinds, others) if any(isinstance(kind, ast.In | ast.NotIn) for kind in kinds):
                yield from map(name_of, others)
            case ast.For(_, each) | ast.comprehension(_, each) | ast.Call(ast.Name("iter" | "next"), [each, *_]):
                yield name_of(each)
            case ast.Call(ast.Name(name) | ast.Attribute(_, name), given) if name in _SEARCHING:
                yield from (each.id for each in given if isinstance(each, ast.Name))
            case _:
                pass


def value_of_text(text: str) -> object:
    """What a text says as JSON or in pairs; an empty mapping where it says nothing."""
    try:
        return json.loads(text) if len(text) < _MAX_LENGTH else None
    except (ValueError, RecursionError):
        return pairs_in(text)


def pairs_in(text: object) -> dict[object, object]:
    """The pairs of a text, numbers as numbers."""
    found = _PAIR.findall(text) if isinstance(text, str) and len(text) < _MAX_LENGTH else []
    return {_word(key): _word(value) for key, value in found}


def _word(text: str) -> object:
    return int(text) if text.isdecimal() and len(text) <= _DIGITS else text
