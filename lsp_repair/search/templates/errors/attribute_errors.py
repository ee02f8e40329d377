"""AttributeError: the attribute meant, what other languages call it, and values that are None."""

import ast
import collections
import re
from collections.abc import Iterator

from lsp_repair.pycode.nodes import first_line, last_line, parameters
from lsp_repair.pycode.precedence import Code, Level, binary, call, compared, conditional, fitted, negated, trailed
from lsp_repair.search.templates.context import (
    Change,
    Context,
    ErrorPlace,
    Replacement,
    Rewrite,
    loose_likeness,
    quoted,
)
from lsp_repair.search.templates.errors import known_modules as known
from lsp_repair.search.templates.expressions.attributes import renamed

_MESSAGE = re.compile(r"'(\w+)' object has no attribute '(\w+)'|type object '(\w+)' has no attribute '(\w+)'")
_MODULE_MESSAGE = re.compile(r"module '([\w.]+)' has no attribute '(\w+)'")
_BUILT_IN: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        *(list, dict, str, int, float, set, tuple, bytes, bool, frozenset),
        *(collections.deque, collections.defaultdict, collections.Counter, collections.OrderedDict),
    )
}
_INITIAL = (("None", 0.6), ("0", 0.6), ("[]", 0.6), ("{}", 0.5), ("False", 0.5), ('""', 0.4), ("set()", 0.3))


def proposals(context: Context, place: ErrorPlace) -> Iterator[Change]:
    """Changes for a missing attribute."""
    if place.failure.error_type != "AttributeError":
        return
    found = _MESSAGE.search(place.failure.message)
    in_module = _MODULE_MESSAGE.search(place.failure.message)
    owner = (found[1] or found[3]) if found else (place.failure.owner_type or "")
    name = (found[2] or found[4]) if found else in_module[2] if in_module else (place.failure.missing_name or "")
    for node in place.expressions:
        if isinstance(node, ast.Attribute) and node.attr == name:
            yield from _alike(context, node, _attributes(context, owner, in_module[1] if in_module else ""))
            yield from _foreign(context, node, owner)
            if owner == "NoneType":
                yield from _absent(context, node)


def _attributes(context: Context, owner: str, module: str) -> list[str]:
    if owner in _BUILT_IN:
        return [each for each in dir(_BUILT_IN[owner]) if not each.startswith("_")]
    if module:
        names = [name for name, home in known.HOME.items() if home == module]
        return names + [
            entry.partition(":")[2] for entry in context.hints.project_names if entry.startswith(module + ":")
        ]
    for node in context.module.below(context.module.tree):
        if isinstance(node, ast.ClassDef) and node.name == owner:
            return list(context.ingredients.members(node))
    return list(context.ingredients.attributes)


def _alike(context: Context, node: ast.Attribute, names: list[str]) -> Iterator[Change]:
    for other in dict.fromkeys(names):
        alike = loose_likeness(other, node.attr)
        if other and other != node.attr and alike > 0.45:
            yield renamed(context, node, other, "err:AttributeError-rename", 0.4 + 0.6 * alike)


def _called(context: Context, node: ast.Attribute) -> tuple[ast.expr, list[Code]]:
    """The call of the attribute with its arguments, or the attribute alone."""
    parent = context.parent(node)
    if isinstance(parent, ast.Call) and parent.func is node:
        return parent, [context.code(each) for each in parent.args]
    return node, []


def _foreign(context: Context, node: ast.Attribute, owner_type: str) -> Iterator[Change]:
    for index, other in enumerate(known.FOREIGN_METHODS.get(node.attr, ())):
        yield renamed(context, node, other, "err:AttributeError-alias", 1 - 0.1 * index)
    whole, arguments = _called(context, node)
    value, name = context.code(node.value), node.attr
    for code in _spellings(value, name, arguments):
        yield Replacement(whole, code, "err:AttributeError-alias", 1.0)
    if name in known.AS_FUNCTION and whole is not node:
        yield Replacement(whole, call(known.AS_FUNCTION[name], value), "err:AttributeError-to-builtin", 1.0)
    if name == "popleft":
        yield Replacement(whole, trailed(value, ".pop(0)"), "err:AttributeError-alias", 1.0)
    if name in {"get", "items", "keys", "values"} and owner_type == "list":
        yield Replacement(whole, call("enumerate", value), "err:unwrap", 0.6)
    yield from _by_owner(node, whole, value, owner_type)


def _by_owner(node: ast.Attribute, whole: ast.expr, value: Code, owner_type: str) -> Iterator[Change]:
    """What the type of the object says about how it should have been used."""
    name = node.attr
    if owner_type == "bytes":
        yield Replacement(node.value, trailed(value, ".decode()"), "err:decode", 0.8)
    if owner_type == "str" and name in {"isoformat", "strftime", "year", "date"}:
        yield Replacement(node.value, call("datetime.fromisoformat", value), "err:decode", 0.4)
    if owner_type in {"dict", "OrderedDict", "defaultdict"} and whole is node:
        yield Replacement(node, trailed(value, f'["{name}"]'), "err:attribute-to-key", 0.8)
    if owner_type in {"function", "method", "builtin_function_or_method"}:
        yield Replacement(node.value, trailed(value, "()"), "err:missing-call", 0.9)
    if owner_type == "coroutine":
        yield Replacement(node.value, Code(f"await {fitted(value, Level.ATOM)}", Level.AWAIT), "missing-await", 1.0)
    is_exact = name == "decode" and owner_type == "str"
    yield Replacement(whole, value, "err:unwrap", 1.0 if is_exact else 0.35)


def _spellings(value: Code, name: str, arguments: list[Code]) -> Iterator[Code]:
    """The Python spelling of another language's method."""
    if name in known.LENGTHS:
        yield call("len", value)
    if name in known.EMPTINESS:
        yield negated(value)
    if not arguments:
        return
    first = fitted(arguments[0], Level.LAMBDA)
    if name in known.MEMBERSHIP:
        yield compared(arguments[0], "in", value)
    if name in known.SUBSTRINGS:
        rest = fitted(arguments[1], Level.LAMBDA) if len(arguments) > 1 else ""
        yield trailed(value, f"[{first}:{rest}]")
    if name in known.ELEMENTS:
        yield trailed(value, f"[{first}]")


def _absent(context: Context, node: ast.Attribute) -> Iterator[Change]:
    whole, _ = _called(context, node)
    value = context.code(node.value)
    is_there = compared(value, "is not", Code("None"))
    yield Replacement(whole, conditional(context.code(whole), is_there, Code("None")), "err:None-guard", 0.7)
    for default in ('""', "[]", "{}", "0"):
        yield Replacement(node.value, binary(value, "or", Code(default)), "err:None-default", 0.5)


def uninitialised(context: Context, place: ErrorPlace) -> Iterator[Change]:
    """An assignment at the end of `__init__` for an attribute that the constructor forgot to set."""
    name, owner_name = place.failure.missing_name, place.failure.owner_type
    if place.failure.error_type != "AttributeError" or not name or not owner_name:
        return
    for owner in context.module.below(context.module.tree):
        if not isinstance(owner, ast.ClassDef) or owner.name != owner_name:
            continue
        for constructor in owner.body:
            if isinstance(constructor, ast.FunctionDef) and constructor.name == "__init__":
                yield from _assigned(context, constructor, name, place.line)


def _assigned(context: Context, constructor: ast.FunctionDef, name: str, line: int) -> Iterator[Change]:
    last = constructor.body[-1]
    indent = context.module.indent(last)
    if indent is None or first_line(last) == constructor.lineno:
        return
    start = context.module.starts[last_line(last)]
    is_unended = not context.module.body[:start].endswith((b"\n", b"\r"))
    given = {each.arg for each in parameters(constructor.args)}
    values = [(name, 1.0)] if name in given else []
    if name.lstrip("_") in given:
        values.append((name.lstrip("_"), 0.95))
    for value, prior in (*values, *_INITIAL):
        text = f"self.{name} = {value}"
        edit = (start, start, ("\n" if is_unended else "") + f"{indent}{text}\n")
        yield Rewrite((edit,), line, "err:missing-attribute", prior * 0.8, f"insert {quoted(text)} in `__init__`")
