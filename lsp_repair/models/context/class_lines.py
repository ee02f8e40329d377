"""Classes in a line each: head, attributes and the signatures of their methods, where they are not shown whole."""

import ast
from collections.abc import Callable, Iterable

from lsp_repair.models.context.definitions import At, Definitions
from lsp_repair.models.excerpts import Excerpt
from lsp_repair.pycode.nodes import Function, bound_names
from lsp_repair.pycode.outline import Kind, Outline, Part

_MAX_CLASSES = 4
_MAX_CHARACTERS = 700
_MAX_ARGUMENTS = 120


def class_lines(
    excerpts: Iterable[Excerpt], definitions: Definitions, shown: Callable[[str], set[int]]
) -> tuple[str, ...]:
    """Of the classes around the first excerpts; `shown` gives the lines of a file that are shown anyway."""
    found: dict[tuple[str, int], str] = {}
    for each in excerpts:
        within = definitions.outline(each.path)
        part = within.function_at(each.first) if each.name and each.suspiciousness > 0 else None
        for around in within.classes_around(part) if part is not None else ():
            if not shown(each.path).issuperset(range(around.first, around.last + 1)):
                found.setdefault((each.path, around.first), _line(At(each.path, around), within))
        if len(found) >= _MAX_CLASSES:
            break
    return tuple(found.values())[:_MAX_CLASSES]


def _line(at: At, within: Outline) -> str:
    assert isinstance(at.part.node, ast.ClassDef)
    bases = ", ".join(map(_text, at.part.node.bases))
    members = list(within.inside(at.part.name))
    methods = [f"{each.own_name}({_arguments(each)})" for each in members if each.kind is Kind.FUNCTION]
    attributes = dict.fromkeys(name for each in members if each.kind is Kind.ASSIGNMENT for name in each.binds)
    attributes |= dict.fromkeys(_set_in_init(within.named(f"{at.part.name}.__init__")))
    said = f"{at.path}: class {at.part.name}({bases})"
    if attributes:
        said += f"; attributes {', '.join(attributes)}"
    return f"{said}; methods {', '.join(methods)}"[:_MAX_CHARACTERS]


def _set_in_init(part: Part | None) -> list[str]:
    """The attributes that an instance gets when it is made."""
    targets = [each for each in (ast.walk(part.node) if part is not None else ()) if isinstance(each, ast.Attribute)]
    return [
        each.attr
        for each in targets
        if isinstance(each.ctx, ast.Store) and isinstance(each.value, ast.Name) and each.value.id == "self"
    ]


def _arguments(part: Part) -> str:
    return (
        _text(part.node.args)[:_MAX_ARGUMENTS] if isinstance(part.node, Function) else ", ".join(bound_names(part.node))
    )


def _text(node: ast.AST) -> str:
    try:
        return ast.unparse(node)
    except RecursionError:
        return "..."
