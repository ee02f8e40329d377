"""AttributeError for an attribute that the class's constructor forgot to set."""

import ast
from collections.abc import Iterator

from lsp_repair.pycode.nodes import first_line, last_line, parameters
from lsp_repair.search.changes import Change, Rewrite, quoted
from lsp_repair.search.templates.context import Context
from lsp_repair.search.templates.errors.error_place import ErrorPlace

_INITIAL = (("None", 0.6), ("0", 0.6), ("[]", 0.6), ("{}", 0.5), ("False", 0.5), ('""', 0.4), ("set()", 0.3))


def proposals(context: Context, place: ErrorPlace) -> Iterator[Change]:
    """An assignment to the missing attribute at the end of `__init__`."""
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
