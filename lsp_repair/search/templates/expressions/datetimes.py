"""Naive and aware times."""

import ast
from collections.abc import Iterator

from lsp_repair.search.templates.context import Change, Context, Rewrite
from lsp_repair.search.templates.expressions.keywords import added


def proposals(context: Context, node: ast.expr) -> Iterator[Change]:
    """Time zones given to or taken from a call of `datetime`."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return
    zone = _zone(context)
    if zone is None:
        return
    text, imports = zone
    start, end = context.module.span(node)
    function = context.text(node.func)
    if node.func.attr == "utcnow" and not node.args:
        now = function.removesuffix("utcnow") + f"now({text})"
        yield Rewrite(((start, end, now), *imports), node, "aware-time", 0.6, f"`utcnow()` → `now({text})`")
    if node.func.attr == "now" and not node.args and not node.keywords:
        yield Rewrite(((end - 1, end - 1, text), *imports), node, "aware-time", 0.5, f"`now()` → `now({text})`")
    if node.func.attr == "fromtimestamp" and len(node.args) == 1 and not node.keywords:
        change = added(context, node, f"tz={text}", 0.5, "aware-time")
        if isinstance(change, Rewrite):
            yield change._replace(edits=(*change.edits, *imports))
    if node.func.attr in {"now", "strptime", "fromisoformat", "fromtimestamp", "combine"}:
        aware = f".replace(tzinfo={text})"
        yield Rewrite(((end, end, aware), *imports), node, "aware-time", 0.4, f"add `{aware}`")
        yield Rewrite(((end, end, ".replace(tzinfo=None)"),), node, "aware-time", 0.3, "add `.replace(tzinfo=None)`")


def _zone(context: Context) -> tuple[str, tuple[tuple[int, int, str], ...]] | None:
    """How the module can write UTC, and the splice of the import this needs; None when it imports no datetime."""
    for node in context.module.tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "datetime" and not node.level:
            if any(each.name == "timezone" and each.asname is None for each in node.names):
                return "timezone.utc", ()
            end = context.module.span(node.names[-1])[1]
            return "timezone.utc", ((end, end, ", timezone"),)
        if isinstance(node, ast.Import):
            for each in node.names:
                if each.name == "datetime":
                    return f"{each.asname or 'datetime'}.timezone.utc", ()
    return None
