"""NameError and UnboundLocalError: the name meant, a missing import, a variable never initialised."""

import ast
import builtins
import re
import sys
from collections.abc import Iterator

from lsp_repair.pycode.precedence import Code
from lsp_repair.search.templates.context import (
    Change,
    Context,
    ErrorPlace,
    Replacement,
    Rewrite,
    at_function_start,
    likeness,
    loose_likeness,
    new_import,
)
from lsp_repair.search.templates.errors.known_modules import FOREIGN_NAMES, HOME
from lsp_repair.search.templates.vocabulary import weighted

_MESSAGE = re.compile(r"name '(\w+)' is not defined|variable '(\w+)' (?:referenced before|where it is not)")
_INITIAL = weighted(
    '0 0.8 [] 0.7 None 0.6 "" 0.5 {} 0.5 1 0.4 set() 0.4 False 0.4 True 0.3 float("inf") 0.4 float("-inf") 0.3 -1 0.3'
)


def proposals(context: Context, place: ErrorPlace) -> Iterator[Change]:
    """Changes for a name that has no value."""
    if place.failure.error_type not in {"NameError", "UnboundLocalError"} or not place.expressions:
        return
    found = _MESSAGE.search(place.failure.message)
    name = (found[1] or found[2]) if found else place.failure.missing_name
    if not name:
        return
    yield from _renamed(context, place, name)
    yield from _imported(context, place, name)
    is_unbound = place.failure.error_type == "UnboundLocalError"
    for value, weight in _INITIAL:
        prior = weight * (0.95 if is_unbound else 0.6)
        yield from at_function_start(context, place, f"{name} = {value}", "err:init-variable", prior)
    yield from at_function_start(context, place, f"nonlocal {name}", "err:scope", 0.7)
    is_global = name in context.ingredients.own(context.module.tree)
    yield from at_function_start(context, place, f"global {name}", "err:scope", 0.7 if is_global else 0.4)


def _renamed(context: Context, place: ErrorPlace, name: str) -> Iterator[Change]:
    region: ast.AST = place.function or context.module.tree
    uses = [
        node
        for node in context.module.below(region)
        if isinstance(node, ast.Name)
        and node.id == name
        and isinstance(node.ctx, ast.Load)
        and not any(up in context.module.unlocated for up in context.module.ancestors(node))
    ]
    for other, weight in dict(_meant(context, place.expressions[0], name)).items():
        edits = tuple((*context.module.span(node), other) for node in uses)
        yield Rewrite(edits, place.line, "err:NameError-rename-all", weight, f"`{name}` → `{other}`")
        for node in uses:
            if node.lineno == place.line:
                yield Replacement(node, Code(other), "err:NameError-rename", weight * 0.9)


def _meant(context: Context, node: ast.expr, name: str) -> Iterator[tuple[str, float]]:
    """Names that could have been meant, with the weight of each."""
    visible = context.ingredients.names(node)
    top = [each.name for each in context.ingredients.definitions]
    known = [*visible, *top, *context.ingredients.own(context.module.tree), *context.ingredients.imported]
    for other in dict.fromkeys([*known, *(each for each in dir(builtins) if each.islower())]):
        alike = loose_likeness(other, name)
        if other != name and alike > 0.6:
            yield other, 0.5 + 0.5 * alike
        elif other != name and other in visible:
            yield other, 0.2 + 0.3 * alike
    owner = context.module.class_of(node)
    for member in context.ingredients.members(owner) if owner is not None else ():
        alike = likeness(member, name)
        if alike > 0.6:
            yield f"self.{member}", 1.0 if member == name else 0.5 * alike
    if name in FOREIGN_NAMES:
        yield FOREIGN_NAMES[name], 1.0


def _imported(context: Context, place: ErrorPlace, name: str) -> Iterator[Change]:
    if name in HOME:
        statement = f"from {HOME[name]} import {name}"
        yield new_import(context, place.line, statement, 1.0)
        yield from at_function_start(context, place, statement, "err:local-import", 0.6)
    if name in sys.stdlib_module_names:
        yield new_import(context, place.line, f"import {name}", 1.0)
        yield from at_function_start(context, place, f"import {name}", "err:local-import", 0.6)
    for entry in context.hints.project_names:
        module, _, defined = entry.partition(":")
        if defined == name:
            yield new_import(context, place.line, f"from {module} import {name}", 0.95)
        if not defined and module.rpartition(".")[2] == name:
            package = module.rpartition(".")[0]
            yield new_import(context, place.line, f"from {package} import {name}" if package else f"import {name}", 0.9)
