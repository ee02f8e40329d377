"""Keyword arguments added, dropped or exchanged."""

import ast
from collections.abc import Iterator
from itertools import combinations

from lsp_repair.pycode.nodes import Function, name_of, parameters
from lsp_repair.search.templates.context import Change, Context, Rewrite, swapped

_SORT_KEYS = (
    "len",
    "str",
    "abs",
    "lambda x: x[0]",
    "lambda x: x[1]",
    "lambda x: -x",
    "lambda x: x[-1]",
    "str.lower",
    "int",
)
_KNOWN: dict[str, tuple[tuple[str, float], ...]] = {
    "sorted": (("reverse=True", 0.3),),
    "sort": (("reverse=True", 0.3),),
    "max": (("default=0", 0.3), ("default=None", 0.3)),
    "min": (("default=0", 0.3), ("default=None", 0.3)),
    "open": (('encoding="utf-8"', 0.3), ('newline=""', 0.2)),
    "read_text": (('encoding="utf-8"', 0.3),),
    "write_text": (('encoding="utf-8"', 0.3),),
    "dumps": (("sort_keys=True", 0.3), ("ensure_ascii=False", 0.3), ("indent=2", 0.2), ("default=str", 0.3)),
    "dump": (("sort_keys=True", 0.3), ("ensure_ascii=False", 0.3), ("indent=2", 0.2), ("default=str", 0.3)),
    "enumerate": (("start=1", 0.4),),
    "zip": (("strict=True", 0.3),),
    "split": (("maxsplit=1", 0.35),),
    "rsplit": (("maxsplit=1", 0.35),),
    "splitlines": (("keepends=True", 0.35),),
    "mkdir": (("parents=True", 0.35), ("exist_ok=True", 0.35), ("parents=True, exist_ok=True", 0.35)),
    "makedirs": (("exist_ok=True", 0.4),),
    "unlink": (("missing_ok=True", 0.4),),
    "run": (("check=True", 0.3), ("text=True", 0.3)),
    "dataclass": (("frozen=True", 0.3), ("order=True", 0.3)),
    "field": (("compare=False", 0.2), ("repr=False", 0.2)),
    "compile": (("flags=re.IGNORECASE", 0.2), ("flags=re.MULTILINE", 0.2)),
    "sub": (("count=1", 0.25), ("flags=re.IGNORECASE", 0.2)),
    "search": (("flags=re.IGNORECASE", 0.2), ("flags=re.MULTILINE", 0.2)),
    "match": (("flags=re.IGNORECASE", 0.2),),
    "deque": (("maxlen=1", 0.05),),
    "accumulate": (("initial=0", 0.3),),
    "isclose": (("abs_tol=1e-9", 0.3), ("rel_tol=1e-6", 0.2)),
}


def proposals(context: Context, node: ast.expr) -> Iterator[Change]:
    """Changes of a call's keyword arguments."""
    if not isinstance(node, ast.Call):
        return
    yield from _dropped(context, node)
    yield from _exchanged(context, node)
    name = name_of(node.func)
    present = {keyword.arg for keyword in node.keywords}
    for text, prior in _KNOWN.get(name, ()):
        if text.split("=")[0] not in present:
            yield added(context, node, text, prior)
    if name in {"sorted", "sort", "max", "min"} and "key" not in present:
        for key in _SORT_KEYS:
            yield added(context, node, f"key={key}", 0.15)
    yield from _from_signature(context, node, name, present)


def added(context: Context, node: ast.Call, text: str, prior: float, template: str = "kwarg-add") -> Change:
    """The call with one more argument at its end."""
    end = context.module.span(node)[1] - 1
    inner = context.module.text(context.module.span(node.func)[1], end)
    is_bare_generator = len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp) and not node.keywords
    if is_bare_generator:
        start = context.module.span(node.args[0])[0]
        generator = context.text(node.args[0])
        return Rewrite(((start, end + 1, f"({generator}, {text})"),), node, template, prior, f"add `{text}`")
    separator = "" if not (node.args or node.keywords) else " " if inner.rstrip().endswith(",") else ", "
    at = end - (len(inner) - len(inner.rstrip()))
    return Rewrite(((at, at, separator + text),), node, template, prior, f"add `{text}`", is_certain="\n" not in inner)


def _dropped(context: Context, node: ast.Call) -> Iterator[Change]:
    arguments: list[ast.expr | ast.keyword] = [*node.args, *node.keywords]
    for keyword in node.keywords:
        if keyword.arg is None:
            continue
        index = arguments.index(keyword)
        start, end = context.module.span(keyword)
        if index:
            start = context.module.span(arguments[index - 1])[1]
        elif len(arguments) > 1:
            end = context.module.span(arguments[1])[0]
        title = f"drop `{keyword.arg}=`"
        yield Rewrite(((start, end, ""),), node, "kwarg-drop", 0.35, title, is_certain=False)


def _exchanged(context: Context, node: ast.Call) -> Iterator[Change]:
    for one, other in combinations(node.keywords[:6], 2):
        title = f"swap the values of `{one.arg}` and `{other.arg}`"
        yield Rewrite(swapped(context, one.value, other.value), node, "kwarg-swap", 0.3, title)


def _from_signature(context: Context, node: ast.Call, name: str, present: set[str | None]) -> Iterator[Change]:
    """Parameters of the called function of this module that it was not given, filled from names in scope."""
    names = context.ingredients.names(node)
    for function in _functions(context, name):
        given = parameters(function.args)[: len(node.args) + _is_method(function)]
        for parameter in parameters(function.args):
            if parameter in given or parameter.arg in present or parameter.arg in {"self", "cls"}:
                continue
            if parameter.arg in names:
                yield added(context, node, f"{parameter.arg}={parameter.arg}", 0.45)
            if "self" in names:
                yield added(context, node, f"{parameter.arg}=self.{parameter.arg}", 0.12)
            for value in ("True", "False", "None"):
                yield added(context, node, f"{parameter.arg}={value}", 0.12)


def _is_method(function: Function) -> bool:
    arguments = function.args.posonlyargs + function.args.args
    return bool(arguments) and arguments[0].arg in {"self", "cls"}


def _functions(context: Context, name: str) -> Iterator[Function]:
    for each in context.ingredients.definitions:
        members = each.body if isinstance(each, ast.ClassDef) else [each]
        for member in members:
            is_constructor = isinstance(each, ast.ClassDef) and each.name == name
            requested = {name, "__init__"} if is_constructor else {name}
            if isinstance(member, Function) and member.name in requested:
                yield member
