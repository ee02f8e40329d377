"""ImportError and ModuleNotFoundError: the module or name meant, or the definition that was renamed."""

import ast
import re
import sys
from collections.abc import Iterator

from lsp_repair.domain.runs import Failure
from lsp_repair.search.templates.context import Change, Context, Rewrite, loose_likeness
from lsp_repair.search.templates.errors.known_modules import HOME

_NO_MODULE = re.compile(r"No module named '([\w.]+)'")
_NO_NAME = re.compile(r"cannot import name '(\w+)' from '([\w.]+)'|cannot import name '(\w+)'")


def imports(context: Context, failure: Failure) -> Iterator[Change]:
    """Other modules and names in this module's import statements."""
    no_module, no_name = _NO_MODULE.search(failure.message), _NO_NAME.search(failure.message)
    for node in context.module.below(context.module.tree):
        if no_module and isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from _other_module(context, node, no_module[1])
        if no_name and isinstance(node, ast.ImportFrom):
            yield from _other_name(context, node, no_name[1] or no_name[3])


def _other_module(context: Context, node: ast.Import | ast.ImportFrom, requested: str) -> Iterator[Change]:
    names = [each.name for each in node.names] if isinstance(node, ast.Import) else [node.module or ""]
    for name in names:
        if not (name == requested or requested.endswith("." + name) or name.startswith(requested + ".")):
            continue
        start, end = context.module.span(node)
        at = context.module.body.find(name.encode(), start, end)
        for other, prior in _modules(context, name, node):
            title = f"import `{other}` instead of `{name}`"
            edit = at, at + len(name), other
            yield Rewrite((edit,), node.lineno, "err:misspelled-import", prior, title, is_certain=False)
        if isinstance(node, ast.ImportFrom) and not node.level:
            title = f"import from `.{name}`"
            yield Rewrite(((at, at, "."),), node.lineno, "err:relative-import", 0.6, title)


def _modules(context: Context, name: str, node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, float]]:
    project = {entry.partition(":")[0] for entry in context.hints.project_names}
    for other in sorted(project | set(sys.stdlib_module_names)):
        alike = loose_likeness(other, name)
        if other != name and (
            alike > 0.7 or (other in project and other.rpartition(".")[2] == name.rpartition(".")[2])
        ):
            yield other, 0.5 + 0.5 * alike
    imported = [each.name for each in node.names] if isinstance(node, ast.ImportFrom) else []
    for entry in context.hints.project_names:
        module, _, defined = entry.partition(":")
        if defined in imported:
            yield module, 0.9
    if imported and imported[0] in HOME and HOME[imported[0]] != name:
        yield HOME[imported[0]], 0.8


def _other_name(context: Context, node: ast.ImportFrom, requested: str) -> Iterator[Change]:
    for each in node.names:
        if each.name != requested:
            continue
        start = context.module.span(each)[0]
        span = start, start + len(requested.encode())
        for entry in context.hints.project_names:
            module, _, defined = entry.partition(":")
            alike = loose_likeness(defined, requested)
            is_near = bool(node.module) and module.endswith(node.module or "")
            if is_near and defined != requested and alike > 0.6:
                text = defined if each.asname else f"{defined} as {requested}"
                for new, weight in ((defined, 0.9), (text, 1.0)):
                    title = f"import `{new}` instead of `{requested}`"
                    yield Rewrite(((*span, new),), node.lineno, "err:misspelled-import", weight * alike, title)
        start, end = context.module.span(node)
        if len(node.names) == 1 and HOME.get(requested, node.module) != node.module:
            title = f"import `{requested}` from `{HOME[requested]}`"
            text = f"from {HOME[requested]} import {requested}"
            yield Rewrite(((start, end, text),), node.lineno, "err:misspelled-import", 0.9, title)


def definitions(context: Context, failure: Failure) -> Iterator[Change]:
    """A function or class renamed to the name that another module tries to import."""
    found = _NO_NAME.search(failure.message)
    if found is None:
        return
    requested, module = found[1] or found[3], found[2] or ""
    path = context.source.path
    is_here = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".").endswith(module)
    if not module or not is_here:
        return
    for node in context.ingredients.definitions:
        alike = loose_likeness(node.name, requested)
        if alike > 0.6:
            keyword = context.module.span(node)[0]
            at = context.module.body.find(node.name.encode(), keyword)
            title = f"rename `{node.name}` to `{requested}`"
            edit = at, at + len(node.name), requested
            yield Rewrite((edit,), node.lineno, "err:renamed-definition", 0.7 * alike, title)
            end = len(context.module.body)
            gap = "" if context.module.body.endswith((b"\n", b"\r")) else "\n"
            alias = f"{requested} = {node.name}"
            edit = end, end, f"{gap}\n{alias}\n"
            yield Rewrite((edit,), node.lineno, "err:missing-alias", 0.6 * alike, f"insert `{alias}`")
