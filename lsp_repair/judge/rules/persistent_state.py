"""State that outlives a call: code that newly remembers can pass the second time, or in the tests' order only."""

import ast
from collections.abc import Iterator

from lsp_repair.pycode.modules import Module
from lsp_repair.pycode.naming import Naming, canonical
from lsp_repair.pycode.scopes import Scopes

_CHANGING = frozenset(
    {"append", "appendleft", "add", "update", "pop", "popleft", "popitem", "setdefault", "extend", "insert", "remove"}
    | {
        "discard",
        "clear",
        "__setitem__",
        "__delitem__",
        "send",
        "__next__",
        "put",
        "get_nowait",
        "put_nowait",
        "move_to_end",
    }
    | {"set", "sort", "reverse", "push", "rotate", "subtract", "increment", "inc", "__iadd__", "write"}
)
_CONTAINERS = frozenset({"list", "dict", "set", "deque", "defaultdict", "Counter", "OrderedDict", "bytearray"})
_CACHES = frozenset({"cache", "lru_cache", "cached_property"})
_Named = ast.FunctionDef | ast.AsyncFunctionDef
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def adds_persistent_state(before: Module | None, after: Module) -> bool:
    """Whether functions newly both change and read something that outlives their calls."""
    had = _remembered(before) if before is not None else set[str]()
    return bool(_remembered(after) - had)


def _remembered(module: Module) -> set[str]:
    """Names of globals, attributes of functions and classes, and defaults that functions change and read."""
    scopes, naming = module.scopes, module.naming
    changed = set[str]()
    cached = {node.name for node in scopes.nodes if isinstance(node, _Named) and _is_cached(node)}
    kept = {name for node in scopes.nodes if isinstance(node, _Named) for name in _kept_defaults(node)}
    kept |= {f"{scopes.qualified(node)} once" for node in scopes.nodes if isinstance(node, _Named) and _is_once(node)}
    for node in scopes.nodes:
        for owner in _changes(node, naming):
            name = _lasting(owner, scopes)
            if name is not None:
                changed.add(name)
            match owner:
                case ast.Call(ast.Name(function)) if function in cached:
                    kept.add(f"{function}()")
                case _:
                    pass
    return kept | {
        name
        for node in scopes.nodes
        if isinstance(node, ast.Name | ast.Attribute) and _is_read(node, scopes)
        if (name := _lasting(node, scopes)) is not None and name in changed
    }


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
    function = _function(node, scopes)
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


def _function(node: ast.AST, scopes: Scopes) -> _Definition | None:
    return next((each for each in scopes.around(node) if isinstance(each, _Definition)), None)


def _lasting_name(name: str, node: ast.Name, function: _Definition, scopes: Scopes) -> str | None:
    if name in _mutable_defaults(function):
        return f"{scopes.qualified(function)}({name})"
    owner = scopes.owner(node)
    if owner is scopes.tree:
        return name if scopes.is_data(name) else None
    if not isinstance(owner, ast.FunctionDef | ast.AsyncFunctionDef) or owner is function:
        return None
    return f"{owner.name}:{name}" if scopes.is_run_once(owner) else None


def _is_cached(node: _Named) -> bool:
    return not _decorators(node).isdisjoint(_CACHES)


def _is_once(node: _Named) -> bool:
    """Whether an object computes it the first time only, whatever becomes of the object."""
    return "cached_property" in _decorators(node)


def _decorators(node: _Named) -> set[str]:
    """Their last names, called or not."""
    functions = (each.func if isinstance(each, ast.Call) else each for each in node.decorator_list)
    return {getattr(each, "id", getattr(each, "attr", "")) for each in functions}


def _kept_defaults(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    """Defaults that are one container for all calls, and are given to an object to keep."""
    defaults = _displayed_defaults(function)
    for node in ast.walk(function) if defaults else ():
        match node:
            case ast.Assign([ast.Attribute()], ast.Name(name)) if name in defaults:
                yield f"{function.name}({name})"
            case _:
                pass


def _mutable_defaults(function: _Definition) -> set[str]:
    mutable = (ast.List, ast.Dict, ast.Set, ast.Call, ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp)
    return {name for name, value in _defaults(function) if isinstance(value, mutable)}


def _displayed_defaults(function: _Definition) -> set[str]:
    return {name for name, value in _defaults(function) if isinstance(value, ast.List | ast.Dict | ast.Set)}


def _defaults(function: _Definition) -> Iterator[tuple[str, ast.expr]]:
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    for name, value in zip(reversed(positional), reversed(arguments.defaults), strict=False):
        yield name.arg, value
    for name, given in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if given is not None:
            yield name.arg, given


def _is_read(node: ast.Name | ast.Attribute, scopes: Scopes) -> bool:
    """Whether the value goes anywhere: a changing method's receiver alone is no reading."""
    if not isinstance(node.ctx, ast.Load):
        parent = scopes.parents[node]
        return isinstance(parent, ast.AugAssign) and _also_loaded(node, scopes)
    parent = scopes.parents[node]
    outer = scopes.parents.get(parent)
    if isinstance(parent, ast.Attribute) and isinstance(outer, ast.Call) and outer.func is parent:
        statement = scopes.parents.get(outer)
        return not (parent.attr in _CHANGING and isinstance(statement, ast.Expr))
    return not (isinstance(parent, ast.Subscript) and not isinstance(parent.ctx, ast.Load))


def _also_loaded(node: ast.Name | ast.Attribute, scopes: Scopes) -> bool:
    text = ast.unparse(node)
    return any(
        isinstance(each, type(node)) and isinstance(each.ctx, ast.Load) and ast.unparse(each) == text
        for each in scopes.nodes
    )
