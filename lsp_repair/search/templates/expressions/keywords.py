"""What calls are given by name or kind: keyword arguments, types that `isinstance` asks for, time zones."""

import ast
from collections.abc import Iterator
from itertools import combinations

from lsp_repair.pycode.nodes import Function, name_of, parameters
from lsp_repair.pycode.precedence import Code, bracketed
from lsp_repair.search.templates.context import Change, Context, Replacement, Rewrite, each_dropped, swapped

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
_FLAGS = (("flags=re.IGNORECASE", 0.2), ("flags=re.MULTILINE", 0.2), ("flags=re.DOTALL", 0.2))
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
    "compile": _FLAGS,
    "sub": (("count=1", 0.25), *_FLAGS),
    "search": _FLAGS,
    "match": _FLAGS,
    "fullmatch": _FLAGS,
    "findall": _FLAGS,
    "deque": (("maxlen=1", 0.05),),
    "accumulate": (("initial=0", 0.3),),
    "isclose": (("abs_tol=1e-9", 0.3), ("rel_tol=1e-6", 0.2)),
}
_KIN = {
    "int": ("float", "bool"),
    "float": ("int",),
    "list": ("tuple", "set"),
    "tuple": ("list",),
    "set": ("frozenset", "list"),
    "str": ("bytes",),
    "bytes": ("str", "bytearray"),
    "dict": ("list",),
}
_CHOICES = ("int", "float", "str", "list", "tuple", "dict", "set", "bool", "bytes")


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


def types(context: Context, node: ast.expr) -> Iterator[Change]:
    """Wider, narrower and other types in an `isinstance` or `issubclass` test."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or len(node.args) != 2:
        return
    if node.func.id not in {"isinstance", "issubclass"}:
        return
    requested = node.args[1]
    elements = requested.elts if isinstance(requested, ast.Tuple) else [requested]
    codes = [context.code(each) for each in elements]
    names = {each.text for each in codes}
    kin = {other for name in names for other in _KIN.get(name, ())}
    for other in (*_CHOICES, *_classes(context)):
        if other not in names:
            prior = 0.4 if other in kin else 0.12
            yield Replacement(requested, bracketed("(", [*codes, Code(other)], ")"), "isinstance-widen", prior)
            yield Replacement(requested, Code(other), "isinstance-type", prior * 0.7)
    if len(elements) > 1:
        for rest in each_dropped(context, elements):
            code = rest[0] if len(rest) == 1 else bracketed("(", rest, ")")
            yield Replacement(requested, code, "isinstance-narrow", 0.4)


def _classes(context: Context) -> list[str]:
    return [each.name for each in context.ingredients.definitions if isinstance(each, ast.ClassDef)][:10]


def time_zones(context: Context, node: ast.expr) -> Iterator[Change]:
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
