"""Signatures, first statements and class bodies: defaults, decorators, constructors, shared mutable attributes."""

import ast
from collections.abc import Iterator

from lsp_repair.pycode.nodes import Function, defaults, first_line, is_docstring, last_line, names_in, parameters
from lsp_repair.search.templates.context import Change, Context, Rewrite, function_start, import_line

_DECORATORS = (("staticmethod", 0.2), ("classmethod", 0.2), ("property", 0.25))
_MUTABLE = (ast.List, ast.Dict, ast.Set)


def proposals(context: Context, node: ast.stmt) -> Iterator[Change]:
    """Changes of a function's signature, decorators and first statements."""
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or context.module.indent(node) is None:
        return
    line = most_suspicious(context, node)
    if context.scores.get(line, 0) <= 0:
        return
    yield from _mutable_defaults(context, node, line)
    yield from _dropped_decorators(context, node, line)
    yield from _more_accepted(context, node, line)
    owner = context.parent(node)
    if isinstance(owner, ast.ClassDef):
        yield from _added_decorators(context, node, line)
        yield from _first_parameter(context, node, line)
        if node.name == "__init__" and owner.bases and "super" not in names_in(node):
            yield from _super_call(context, node, line)
    if isinstance(node, ast.FunctionDef) and any(isinstance(each, ast.Await) for each in ast.walk(node)):
        start = context.module.span(node)[0]
        yield Rewrite(((start, start, "async "),), line, "missing-async", 0.4, f"make `{node.name}` async")


def most_suspicious(context: Context, node: ast.stmt) -> int:
    """The most suspicious line of the statement."""
    lines = range(first_line(node), last_line(node) + 1)
    return max(lines, key=lambda line: context.scores.get(line, 0))


def _mutable_defaults(context: Context, node: Function, line: int) -> Iterator[Change]:
    """`def f(x=[])` to `def f(x=None)` and `if x is None: x = []`."""
    found = function_start(context, node)
    if found is None or all(map(is_docstring, node.body)):
        return
    place, indent = found
    for parameter, default in defaults(node.args):
        text = context.text(default)
        match default:
            case ast.List() | ast.Dict() | ast.Set() | ast.Call(ast.Name("list" | "dict" | "set")):
                pass
            case _:
                continue
        unit = context.module.indent_unit
        guard = f"{indent}if {parameter.arg} is None:\n{indent}{unit}{parameter.arg} = {text}\n"
        edits = ((*context.module.span(default), "None"), (place, place, guard))
        title = f"create a new `{text}` for `{parameter.arg}` in each call of `{node.name}`"
        yield Rewrite(edits, line, "mutable-default", 0.8, title)


def _more_accepted(context: Context, node: Function, line: int) -> Iterator[Change]:
    """`**kwargs` for what is given beyond the parameters, and None for a last parameter that is not given."""
    given = [*node.args.posonlyargs, *node.args.args]
    if not given or node.args.kwarg is not None:
        return
    ends = [context.module.span(each)[1] for each in parameters(node.args)]
    place = max([*ends, *(context.module.span(each)[1] for _, each in defaults(node.args))])
    edit = (place, place, ", **kwargs")
    yield Rewrite((edit,), line, "signature", 0.15, f"accept `**kwargs` in `{node.name}`", is_certain=False)
    if not node.args.defaults and given[-1].arg not in {"self", "cls"}:
        place = context.module.span(given[-1])[1]
        text = "=None" if given[-1].annotation is None else " = None"
        title = f"`{given[-1].arg}{text}` in `{node.name}`"
        yield Rewrite(((place, place, text),), line, "signature", 0.15, title, is_certain=False)


def _dropped_decorators(context: Context, node: Function, line: int) -> Iterator[Change]:
    for decorator in node.decorator_list:
        start = context.module.starts[decorator.lineno - 1]
        end = context.module.starts[decorator.end_lineno or decorator.lineno]
        title = f"drop `@{context.text(decorator)[:30]}` of `{node.name}`"
        yield Rewrite(((start, end, ""),), line, "decorator-drop", 0.2, title, is_certain=False)


def _added_decorators(context: Context, node: Function, line: int) -> Iterator[Change]:
    present = {context.text(each) for each in node.decorator_list}
    arguments = [each.arg for each in parameters(node.args)]
    place = context.module.starts[first_line(node) - 1]
    indent = context.module.indent(node) or ""
    for name, prior in _DECORATORS:
        if present & {"staticmethod", "classmethod", "property"}:
            continue
        fits = {
            "property": arguments == ["self"],
            "classmethod": arguments[:1] == ["cls"],
            "staticmethod": arguments[:1] not in (["self"], ["cls"]),
        }[name]
        if fits:
            weight = prior if name == "property" else 0.7
            title = f"add `@{name}` to `{node.name}`"
            yield Rewrite(((place, place, f"{indent}@{name}\n"),), line, "decorator-add", weight, title)


def _first_parameter(context: Context, node: Function, line: int) -> Iterator[Change]:
    """`def m(x)` to `def m(self, x)`."""
    given = parameters(node.args)
    decorators = {context.text(each) for each in node.decorator_list}
    if "staticmethod" in decorators or (given and given[0].arg in {"self", "cls"}):
        return
    name = "cls" if "classmethod" in decorators else "self"
    start = context.module.span(node)[0]
    place = context.module.body.find(b"(", context.module.body.find(node.name.encode(), start)) + 1
    text = f"{name}, " if given else name
    title = f"add `{name}` to `{node.name}`"
    yield Rewrite(((place, place, text),), line, "missing-self-parameter", 0.7, title, is_certain=False)


def _super_call(context: Context, node: Function, line: int) -> Iterator[Change]:
    found = function_start(context, node)
    if found is None:
        return
    place, indent = found
    names = [each.arg for each in parameters(node.args)[1:] if each not in (node.args.vararg, node.args.kwarg)]
    calls = {f"super().__init__({', '.join(names[:count])})": 0.6 for count in range(min(len(names), 4) + 1)}
    for text, prior in calls.items():
        title = f"insert `{text[:40]}` in `{node.name}`"
        yield Rewrite(((place, place, f"{indent}{text}\n"),), line, "missing-super", prior, title)


def class_variables(context: Context, node: ast.stmt) -> Iterator[Change]:
    """Changes of a class's variables."""
    if not isinstance(node, ast.ClassDef):
        return
    is_dataclass = any("dataclass" in context.text(each) for each in node.decorator_list)
    for each in node.body:
        value = each.value if isinstance(each, (ast.Assign, ast.AnnAssign)) else None
        if isinstance(value, _MUTABLE) and isinstance(each, (ast.Assign, ast.AnnAssign)):
            yield from _field(context, each, value) if is_dataclass else _in_constructor(context, node, each, value)


def _field(context: Context, node: ast.stmt, value: ast.expr) -> Iterator[Change]:
    kind = type(value).__name__.lower()
    is_empty = context.text(value) in {"[]", "{}"}
    factory = kind if is_empty else f"lambda: {context.text(value)}"
    edits = [(*context.module.span(value), f"field(default_factory={factory})")]
    if "field" not in context.ingredients.imported:
        edits.append(_import_of_field(context))
    title = f"`{context.text(value)[:20]}` → `field(default_factory={factory[:20]})`"
    yield Rewrite(tuple(edits), node, "default-factory", 0.9, title)


def _import_of_field(context: Context) -> tuple[int, int, str]:
    for node in context.module.tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "dataclasses":
            end = context.module.span(node.names[-1])[1]
            return end, end, ", field"
    place = context.module.starts[import_line(context.module.tree) - 1]
    return place, place, "from dataclasses import field\n"


def _in_constructor(
    context: Context, owner: ast.ClassDef, node: ast.Assign | ast.AnnAssign, value: ast.expr
) -> Iterator[Change]:
    """`items = []` shared by all instances to `self.items = []` in `__init__`."""
    target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
    constructor = next(
        (each for each in owner.body if isinstance(each, ast.FunctionDef) and each.name == "__init__"), None
    )
    indent = context.module.indent(node)
    if not isinstance(target, ast.Name) or indent is None:
        return
    assignment = f"self.{target.id} = {context.text(value)}\n"
    title = f"create a new `{target.id}` for each instance of `{owner.name}`"
    if constructor is None:
        start, end = context.module.lines_span(node)
        text = f"{indent}def __init__(self):\n{indent}{context.module.indent_unit}{assignment}"
        before = context.module.text(start, end) + ("\n" if owner.body[-1] is not node else "")
        yield Rewrite(((start, end, f"{before}{text}"),), node, "shared-attribute", 0.5, title, 2, is_certain=False)
        return
    found = function_start(context, constructor)
    if found is not None:
        place, inner = found
        yield Rewrite(((place, place, inner + assignment),), node, "shared-attribute", 0.6, title)
