"""What a new text of a module replaces: functions, and statements of the module itself."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lsp_repair.domain.patches import SourceFile
from lsp_repair.pycode import nodes
from lsp_repair.pycode.modules import line_starts, parsed
from lsp_repair.pycode.nodes import Definition, assigned_names, bound_names, first_line, last_line, names_in
from lsp_repair.pycode.units import Function, FunctionIndex, Unit

Key = tuple[str, ...]
"""The names of the classes around a function, and its own."""


@dataclass(frozen=True, slots=True)
class ClassPart:
    """A new method of a class, or an attribute with a new value."""

    owner: Key
    """The names of the classes around it."""
    name: str
    text: str
    """The statement."""


@dataclass(frozen=True, slots=True)
class Replacements:
    """A new version of a module as a running process can take it on."""

    functions: tuple[Unit, ...]
    """Functions of the old text with their whole new text."""
    statements: tuple[str, ...]
    """Statements of the module that are new, or bind a name anew, in their order."""
    readers: tuple[Function, ...]
    """Unchanged functions that read a name which such a statement or part binds anew."""
    parts: tuple[ClassPart, ...] = ()


def replacements(before: SourceFile, after: SourceFile) -> Replacements | None:
    """None where the new text cannot be had by replacing: a class that changes otherwise, a definition that is gone."""
    old, new = parsed(before.data), parsed(after.data)
    if old is None or new is None:
        return None
    classes = _classes(old.body)
    new_classes = [each for each in new.body if isinstance(each, ast.ClassDef) and each.name not in classes]
    other = [each for each in new.body if each not in new_classes]
    mine, theirs = (dict(_functions(each, ())) for each in (old.body, other))
    old_text, text = _Text(before.data), _Text(after.data)
    parts = _parts(old.body, other, text)
    if not mine.keys() <= theirs.keys() or parts is None:
        return None
    at = {(*each.shells, each.name): each for each in FunctionIndex(before).functions}
    changed = [key for key, node in mine.items() if old_text.of(node) != text.of(theirs[key])]
    added = [key for key in theirs if key not in mine]
    added_to_classes = {(*each.owner, each.name) for each in parts}
    if any(key not in at for key in changed) or any(len(key) > 1 and key not in added_to_classes for key in added):
        return None
    statements = list(_new_statements(old, new, mine))
    bound = {name for node in statements for name in bound_names(node)}
    known = {name for node in old.body for name in bound_names(node)}
    anew = bound & known
    of_classes = {each.name for each in parts}
    readers = [
        key
        for key, node in mine.items()
        if key in at and key not in changed and (names_in(node) & anew or _attributes_in(node) & of_classes)
    ]
    return Replacements(
        tuple(Unit(at[key], text.of(theirs[key])) for key in changed),
        tuple(text.of(node) for node in statements),
        tuple(at[key] for key in readers),
        tuple(parts),
    )


class _Text:
    """The text of statements, decorators included."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._starts = line_starts(data)

    def of(self, node: ast.stmt) -> str:
        return self._data[self._starts[first_line(node) - 1] : self._starts[last_line(node)]].decode("utf-8", "replace")


def _functions(body: Sequence[ast.stmt], shells: Key) -> Iterator[tuple[Key, nodes.Function]]:
    """Functions of modules and classes; of several of one name the last, which is the one that counts."""
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield (*shells, node.name), node
            case ast.ClassDef():
                yield from _functions(node.body, (*shells, node.name))
            case _:
                pass


def _classes(body: Sequence[ast.stmt]) -> set[str]:
    return {each.name for each in body if isinstance(each, ast.ClassDef)}


def _attributes_in(node: ast.AST) -> set[str]:
    return {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}


def _parts(old: Sequence[ast.stmt], new: Sequence[ast.stmt], text: _Text, around: Key = ()) -> list[ClassPart] | None:
    """What is new in classes; None where they change otherwise."""
    mine, theirs = ({each.name: each for each in body if isinstance(each, ast.ClassDef)} for body in (old, new))
    if list(mine) != list(theirs):
        return None
    found: list[ClassPart] = []
    for name, before in mine.items():
        after, owner = theirs[name], (*around, name)
        inner = _parts(before.body, after.body, text, owner)
        if inner is None or _head(before) != _head(after):
            return None
        known, now = _attributes(before), _attributes(after)
        if not known.keys() <= now.keys() or _others(before) != _others(after):
            return None
        changed = [each for each, node in now.items() if each not in known or ast.dump(known[each]) != ast.dump(node)]
        methods = {each.name for each in before.body if isinstance(each, nodes.Function)}
        added = {
            each.name: each for each in after.body if isinstance(each, nodes.Function) and each.name not in methods
        }
        if changed and (before.decorator_list or before.keywords):
            return None  # its attributes are no plain ones
        found += inner
        found += [ClassPart(owner, each, text.of(now[each])) for each in changed]
        found += [ClassPart(owner, each, text.of(node)) for each, node in added.items()]
    return found


def _head(node: ast.ClassDef) -> list[str]:
    return [ast.dump(each) for each in (*node.bases, *node.keywords, *node.decorator_list)]


def _attributes(node: ast.ClassDef) -> dict[str, ast.stmt]:
    """Statements that give one name a value."""
    return {names[0]: each for each in node.body if len(names := assigned_names(each)) == 1}


def _others(node: ast.ClassDef) -> list[str]:
    """All that a class holds besides functions, classes, attributes and its docstring."""
    known = {id(each) for each in _attributes(node).values()}
    return [
        ast.dump(each)
        for each in node.body
        if not isinstance(each, Definition) and id(each) not in known and not nodes.is_docstring(each)
    ]


def _new_statements(old: ast.Module, new: ast.Module, mine: dict[Key, nodes.Function]) -> Iterator[ast.stmt]:
    """Those of the new module that the old one does not have; functions and classes by their names."""
    classes = _classes(old.body)
    known = {ast.dump(each) for each in old.body if not isinstance(each, Definition)}
    for node in new.body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                is_new = (node.name,) not in mine
            case ast.ClassDef():
                is_new = node.name not in classes
            case _:
                is_new = not nodes.is_docstring(node) and ast.dump(node) not in known
        if is_new:
            yield node
