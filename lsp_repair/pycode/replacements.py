"""What a new text of a module replaces: functions, and statements of the module itself."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lsp_repair.domain.patches import SourceFile
from lsp_repair.pycode import nodes
from lsp_repair.pycode.modules import line_starts, parsed
from lsp_repair.pycode.nodes import Definition, assigned_names, first_line, last_line, names_in
from lsp_repair.pycode.units import Function, FunctionIndex, Unit

Key = tuple[str, ...]
"""The names of the classes around a function, and its own."""


@dataclass(frozen=True, slots=True)
class Replacements:
    """A new version of a module as a running process can take it on."""

    functions: tuple[Unit, ...]
    """Functions of the old text with their whole new text."""
    statements: tuple[str, ...]
    """Statements of the module that are new, or bind a name anew, in their order."""
    readers: tuple[Function, ...]
    """Unchanged functions that read a name which such a statement binds anew."""


def replacements(before: SourceFile, after: SourceFile) -> Replacements | None:
    """None where the new text cannot be had by replacing: a class that changes otherwise, a definition that is gone."""
    old, new = parsed(before.data), parsed(after.data)
    if old is None or new is None:
        return None
    classes = _classes(old.body)
    new_classes = [each for each in new.body if isinstance(each, ast.ClassDef) and each.name not in classes]
    other = [each for each in new.body if each not in new_classes]
    mine, theirs = (dict(_functions(each, ())) for each in (old.body, other))
    if not mine.keys() <= theirs.keys() or _rest_of_classes(old.body) != _rest_of_classes(other):
        return None
    at = {(*each.shells, each.name): each for each in FunctionIndex(before).functions}
    texts = _Text(before.data), _Text(after.data)
    changed = [key for key, node in mine.items() if texts[0].of(node) != texts[1].of(theirs[key])]
    added = [key for key in theirs if key not in mine]
    if any(key not in at for key in changed) or any(len(key) > 1 for key in added):
        return None
    text = texts[1]
    statements = list(_new_statements(old, new, mine))
    bound = {name for node in statements for name in _bound(node)}
    known = {name for node in old.body for name in _bound(node)}
    readers = [key for key, node in mine.items() if key in at and key not in changed and names_in(node) & bound & known]
    return Replacements(
        tuple(Unit(at[key], text.of(theirs[key])) for key in changed),
        tuple(text.of(node) for node in statements),
        tuple(at[key] for key in readers),
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


def _rest_of_classes(body: Sequence[ast.stmt]) -> list[str]:
    """All that classes hold besides functions."""
    found: list[str] = []
    for node in body:
        if isinstance(node, ast.ClassDef):
            found += [node.name, *map(ast.dump, (*node.bases, *node.keywords, *node.decorator_list))]
            for each in node.body:
                match each:
                    case ast.FunctionDef() | ast.AsyncFunctionDef():
                        pass
                    case ast.ClassDef():
                        found += _rest_of_classes([each])
                    case _ if not nodes.is_docstring(each):
                        found.append(ast.dump(each))
                    case _:
                        pass
    return found


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


def _bound(node: ast.stmt) -> list[str]:
    match node:
        case ast.Import(aliases) | ast.ImportFrom(names=aliases):
            return [(each.asname or each.name).partition(".")[0] for each in aliases]
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [node.name]
        case _:
            return assigned_names(node)
