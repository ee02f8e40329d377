"""Exceptions: which one is raised, which ones are caught."""

import ast
import builtins
from collections.abc import Iterator

from lsp_repair.pycode.nodes import last_line, name_of
from lsp_repair.search.templates.context import Change, Context, Rewrite, quoted, without
from lsp_repair.search.templates.statements.insertions import requested_errors

_RAISABLE = (
    *("ValueError", "TypeError", "KeyError", "IndexError", "AttributeError", "RuntimeError", "LookupError"),
    *("NotImplementedError", "ZeroDivisionError", "OSError", "FileNotFoundError", "PermissionError", "TimeoutError"),
    *("StopIteration", "UnicodeError", "OverflowError", "RecursionError", "ImportError"),
)

_CAUGHT = ("OSError", "UnicodeError", "OverflowError", "ImportError")


def proposals(context: Context, node: ast.stmt) -> Iterator[Change]:
    """Changes of a `raise` or of the handlers of a `try`."""
    if isinstance(node, ast.Raise) and node.exc is not None:
        yield from _raised(context, node, node.exc)
    if isinstance(node, ast.Try):
        for handler in node.handlers:
            yield from _caught(context, node, handler)


def _raised(context: Context, node: ast.Raise, raised: ast.expr) -> Iterator[Change]:
    kind = raised.func if isinstance(raised, ast.Call) else raised
    if not isinstance(kind, (ast.Name, ast.Attribute)):
        return
    old = context.text(kind)
    span = context.module.span(kind)
    prior = 0.5 if any(failure.error_type == name_of(kind) for failure in context.hints.failures) else 0.3
    for name in dict.fromkeys([*requested_errors(context), *_own_errors(context), *_RAISABLE]):
        if name != old:
            yield Rewrite(((*span, name),), node, "raise-type", prior, f"{quoted(old)} → {quoted(name)}")
    if node.cause is None:
        end = context.module.span(node)[1]
        for handler in context.module.ancestors(node):
            if isinstance(handler, ast.ExceptHandler) and handler.name:
                text = f" from {handler.name}"
                yield Rewrite(((end, end, text),), node, "raise-from", 0.2, f"add `{text.strip()}`")
                break
    for up in context.module.ancestors(node):
        if isinstance(up, ast.ExceptHandler):
            span = context.module.span(node)
            yield Rewrite(((*span, "raise"),), node, "reraise", 0.2, f"{quoted(context.module.text(*span))} → `raise`")
            break


def _own_errors(context: Context) -> list[str]:
    defined = [each.name for each in context.ingredients.definitions if isinstance(each, ast.ClassDef)]
    known = {*_raised_or_caught(context)}
    names = [
        name
        for name in (*defined, *context.ingredients.imported)
        if name.endswith(("Error", "Exception", "Warning")) or name in known or _looks_like_a_class(name)
    ]
    return names[:12]


def _looks_like_a_class(name: str) -> bool:
    """`InsufficientFunds` is a common kind of name for an error; a class that is not an error only fails its test."""
    return name[:1].isupper() and not name.isupper()


def _raised_or_caught(context: Context) -> Iterator[str]:
    for node in context.module.below(context.module.tree):
        kind = node.exc if isinstance(node, ast.Raise) else node.type if isinstance(node, ast.ExceptHandler) else None
        kind = kind.func if isinstance(kind, ast.Call) else kind
        if isinstance(kind, ast.Name):
            yield kind.id


def _caught(context: Context, node: ast.Try, handler: ast.ExceptHandler) -> Iterator[Change]:
    if handler.type is None:
        return
    elements = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    texts = [context.text(each) for each in elements]
    span = context.module.span(handler.type)
    at = _place(context, node, handler)
    escaped = {failure.error_type for failure in context.hints.failures if hasattr(builtins, failure.error_type)}
    choices = dict.fromkeys(
        [*sorted(escaped - {"AssertionError"}), *_own_errors(context), *_RAISABLE[:7], *_CAUGHT, "Exception"]
    )
    for name in choices:
        if name in texts:
            continue
        prior = 0.7 if name in escaped else 0.1 if name == "Exception" else 0.2
        wider = f"({', '.join([*texts, name])})"
        yield Rewrite(((*span, wider),), at, "except-widen", prior, f"also catch `{name}`")
        title = f"catch `{name}` instead of {quoted(', '.join(texts))}"
        yield Rewrite(((*span, name),), at, "except-type", prior * 0.7, title)
    for index, dropped in enumerate(texts if len(texts) > 1 else ()):
        rest = without(texts, index)
        text = rest[0] if len(rest) == 1 else f"({', '.join(rest)})"
        yield Rewrite(((*span, text),), at, "except-narrow", 0.4, f"no longer catch {quoted(dropped)}")


def _place(context: Context, node: ast.Try, handler: ast.ExceptHandler) -> int:
    """The most suspicious line of the handler and the statements it guards."""
    lines: tuple[int, ...] = (handler.lineno, *range(node.lineno, last_line(node.body[-1]) + 1))
    return max(lines, key=lambda line: context.scores.get(line, 0))
