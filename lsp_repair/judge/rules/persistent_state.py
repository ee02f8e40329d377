"""State that persists across calls: such code can pass the second time only, or only in the order of the tests."""

import ast
from collections.abc import Iterator

from lsp_repair.domain.verdicts import Finding, Flag
from lsp_repair.judge.rules.rule_context import RuleContext
from lsp_repair.pycode.modules import Module
from lsp_repair.pycode.naming import Naming, canonical
from lsp_repair.pycode.nodes import Function, defaults, name_of
from lsp_repair.pycode.scopes import Scopes

CONTAINER_METHODS = frozenset(
    {"append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse", "update", "add", "discard"}
    | {"setdefault", "popitem", "intersection_update", "difference_update", "symmetric_difference_update"}
)
"""Methods that change a container."""
_CHANGING = CONTAINER_METHODS | {
    *("appendleft", "popleft", "__setitem__", "__delitem__", "send", "__next__", "put", "get_nowait", "put_nowait"),
    *("move_to_end", "set", "push", "rotate", "subtract", "increment", "inc", "__iadd__", "write"),
}
_CONTAINERS = frozenset({"list", "dict", "set", "deque", "defaultdict", "Counter", "OrderedDict", "bytearray"})
_CACHES = frozenset({"cache", "lru_cache", "cached_property"})
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def check(context: RuleContext) -> Iterator[Finding]:
    """What functions start to both change and read, and what outlives their calls."""
    if context.before is None:
        return
    known = _remembered(context.before)
    for name, line in _remembered(context.after).items():
        if name not in known:
            yield Finding(Flag.KEPT_STATE, context.path, line, "adds state that persists across calls")


def _remembered(module: Module) -> dict[str, int]:
    """Globals, attributes of functions and classes, and defaults that functions change and read; with their lines."""
    scopes, naming = module.scopes, module.naming
    functions = [node for node in scopes.nodes if isinstance(node, Function)]
    cached = {node.name for node in functions if not _decorators(node).isdisjoint(_CACHES)}
    changed, kept = dict[str, int](), dict[str, int]()
    for each in functions:
        kept |= dict(_kept_defaults(each))
        if "cached_property" in _decorators(each):  # computed once for an object, whatever becomes of it
            kept[f"{scopes.qualified(each)} once"] = each.lineno
    for node in scopes.nodes:
        for owner in _changes(node, naming):
            name = _lasting(owner, scopes)
            if name is not None:
                changed.setdefault(name, owner.lineno)
            match owner:
                case ast.Call(ast.Name(function)) if function in cached:
                    kept.setdefault(f"{function}()", owner.lineno)
                case _:
                    pass
    for node in scopes.nodes if changed else ():
        if isinstance(node, ast.Name | ast.Attribute) and _is_read(node, scopes):
            name = _lasting(node, scopes)
            if name in changed:
                kept.setdefault(name, changed[name])
    return kept


def _changes(node: ast.AST, naming: Naming) -> Iterator[ast.expr]:
    """What a node changes: rebound names, items, attributes, receivers of changing methods, what `next` is given."""
    match node:
        case ast.Assign(targets) | ast.Delete(targets):
            for target in targets:
                yield from _owners(target)
        case ast.AugAssign(target) | ast.AnnAssign(target) | ast.NamedExpr(target):
            yield from _owners(target)
        case ast.Call(ast.Attribute(owner, method), arguments) if method in _CHANGING:
            yield owner
            if isinstance(owner, ast.Name) and owner.id in _CONTAINERS:  # `list.append(seen, text)`
                yield from arguments[:1]
        case ast.Call(function, [first, *_]) if any(
            short in {"builtins.next", "builtins.setattr", "operator.setitem", "heapq.heappush", "bisect.insort"}
            for name in naming.names(function)
            for short in canonical(name)
        ):
            yield first
        case _:
            pass


def _owners(target: ast.expr) -> Iterator[ast.expr]:
    yield target
    while isinstance(target, ast.Subscript | ast.Attribute):
        target = target.value
        yield target


def _lasting(node: ast.expr, scopes: Scopes) -> str | None:
    """The name of what outlives a call, used within a function; None for what is local or belongs to an object."""
    function = next((each for each in scopes.around(node) if isinstance(each, _Definition)), None)
    if function is None:
        return None
    match node:
        case ast.Name(name):
            return _lasting_name(name, node, function, scopes)
        case ast.Attribute(owner, attribute) if _is_class(owner) or (
            isinstance(owner, ast.Name) and owner.id == "self" and scopes.is_shared(function, attribute)
        ):
            return f"{scopes.qualified(function).rpartition('.')[0]}.{attribute}"
        case ast.Attribute(ast.Name(owner), attribute) if owner in scopes.defined:
            return f"{owner}.{attribute}"
        case _:
            return None


def _is_class(node: ast.expr) -> bool:
    """`cls`, `self.__class__`, `type(self)`."""
    match node:
        case ast.Name("cls") | ast.Attribute(ast.Name("self"), "__class__") | ast.Call(ast.Name("type"), [_]):
            return True
        case _:
            return False


def _lasting_name(name: str, node: ast.Name, function: _Definition, scopes: Scopes) -> str | None:
    if name in _mutable_defaults(function):
        return f"{scopes.qualified(function)}({name})"
    owner = scopes.owner(node)
    if owner is scopes.tree:
        return name if scopes.is_data(name) else None
    if not isinstance(owner, Function) or owner is function:
        return None
    return f"{owner.name}:{name}" if scopes.is_run_once(owner) else None


def _decorators(node: Function) -> set[str]:
    """Their last names, called or not."""
    return {name_of(each.func if isinstance(each, ast.Call) else each) for each in node.decorator_list}


def _kept_defaults(function: Function) -> Iterator[tuple[str, int]]:
    """Defaults that are one container for all calls, and are given to an object to keep."""
    displayed = {
        each.arg for each, value in defaults(function.args) if isinstance(value, ast.List | ast.Dict | ast.Set)
    }
    for node in ast.walk(function) if displayed else ():
        match node:
            case ast.Assign([ast.Attribute()], ast.Name(name)) if name in displayed:
                yield f"{function.name}({name})", node.lineno
            case _:
                pass


def _mutable_defaults(function: _Definition) -> set[str]:
    mutable = (ast.List, ast.Dict, ast.Set, ast.Call, ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp)
    return {each.arg for each, value in defaults(function.args) if isinstance(value, mutable)}


def _is_read(node: ast.Name | ast.Attribute, scopes: Scopes) -> bool:
    """Whether the value is used: being the receiver of a changing method is not a use."""
    if not isinstance(node.ctx, ast.Load):
        return False
    parent = scopes.parents[node]
    outer = scopes.parents.get(parent)
    if isinstance(parent, ast.Attribute) and isinstance(outer, ast.Call) and outer.func is parent:
        statement = scopes.parents.get(outer)
        return not (parent.attr in _CHANGING and isinstance(statement, ast.Expr))
    return not (isinstance(parent, ast.Subscript) and not isinstance(parent.ctx, ast.Load))
