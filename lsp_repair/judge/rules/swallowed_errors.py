"""Errors that vanish: places that catch everything, and neither raise again nor use the error."""

import ast
import sys
from collections import Counter
from collections.abc import Iterator

from lsp_repair.domain.verdicts import Finding, Flag
from lsp_repair.judge.rules.rule_context import RuleContext
from lsp_repair.pycode.folding import is_constant, is_true
from lsp_repair.pycode.modules import Module
from lsp_repair.pycode.naming import Naming, canonical
from lsp_repair.pycode.nodes import Function, name_of, own_nodes
from lsp_repair.pycode.scopes import Scopes

_BROAD = frozenset({"builtins.Exception", "builtins.BaseException", "builtins.AssertionError"})
_CONVERSIONS = frozenset(f"builtins.{name}" for name in ("int", "float", "complex", "str", "bytes", "bool"))
_LIBRARY = sys.stdlib_module_names - {"builtins"}
_MANY = 5
"""So many kinds of errors in one handler are as good as all."""
_TELLERS = frozenset(
    {"print", "debug", "info", "warning", "warn", "error", "exception", "critical", "log", "str", "repr", "type", "id"}
)
"""Calls that tell of an error and go on."""
_OF_AN_EXIT = 3
"""Kind, error and traceback are what an `__exit__` is given."""
_Try = ast.Try | ast.TryStar
_Place = ast.ExceptHandler | ast.Call | Function | _Try


def check(context: RuleContext) -> Iterator[Finding]:
    """Where a function swallows errors in more places than before, in a way that the module did not have."""
    if context.before is None and not context.change.mentions_more(b"except", b"suppress"):
        return
    had, has = list(_swallowers(context.before)), list(_swallowers(context.after))
    had_places, has_places = Counter(place for place, _, _ in had), Counter(place for place, _, _ in has)
    had_texts, has_texts = Counter(text for _, text, _ in had), Counter(text for _, text, _ in has)
    for place, text, line in has:
        if has_places[place] > had_places[place] and has_texts[text] > had_texts[text]:
            yield Finding(Flag.SWALLOWED_ERROR, context.path, line, "swallows errors")


def _swallowers(module: Module | None) -> Iterator[tuple[str, str, int]]:
    """Function, text and line of each place that swallows errors."""
    swallowing = None if module is None else _Swallowing(module.scopes, module.naming)
    for node in swallowing.scopes.nodes if swallowing is not None else ():
        if isinstance(node, _Place) and swallowing is not None and swallowing.swallows(node):
            yield swallowing.scopes.qualified(node), _text(node), node.lineno


def _text(node: ast.AST) -> str:
    """What tells one swallower from another; of a `finally` only that it is one."""
    try:
        return type(node).__name__ if isinstance(node, _Try) else ast.dump(node)
    except RecursionError:
        return ""


class _Swallowing:
    def __init__(self, scopes: Scopes, naming: Naming) -> None:
        self.scopes = scopes
        self.naming = naming
        self._functions = [each for each in scopes.nodes if isinstance(each, ast.FunctionDef)]

    def swallows(self, node: _Place) -> bool:  # noqa: PLR0911 - one for each way to swallow
        match node:
            case ast.ExceptHandler(kind):
                raises = any(isinstance(each, ast.Raise) for each in own_nodes(node))
                return not raises and self._is_broad(kind) and not _uses_error(node) and not self._is_of_others(node)
            case ast.Call(ast.Attribute(attr="push" | "push_async_exit"), [ast.Lambda(body=answer)]) if is_true(answer):
                return True  # what an ExitStack asks whether the error is dealt with
            case ast.Call(ast.Attribute(attr="push" | "push_async_exit"), [ast.Name(name)]):
                named = (each for each in self._functions if each.name == name)
                return any(len(each.args.args) >= _OF_AN_EXIT and _deals_with_it(each) for each in named)
            case ast.Call(function, arguments):
                is_suppress = name_of(function) == "suppress" or "contextlib.suppress" in self.naming.names(function)
                return is_suppress and any(map(self._is_broad, arguments))
            case ast.Try() | ast.TryStar():
                return any(_leaves(statement, in_loop=False) for statement in node.finalbody)
            case ast.FunctionDef("__exit__" | "__aexit__") | ast.AsyncFunctionDef("__exit__" | "__aexit__"):
                return _deals_with_it(node)
            case _:
                return False

    def _is_of_others(self, handler: ast.ExceptHandler) -> bool:
        """Whether every call of the guarded block is one of the standard library: no error of the project's own is caught."""
        around = self.scopes.parents[handler]
        names = self.naming.names(handler.type) if handler.type is not None else frozenset[str]()
        if not isinstance(around, _Try) or "builtins.Exception" not in names or len(around.body) > 1:
            return False
        calls = [self.naming.names(each.func) for each in ast.walk(around.body[0]) if isinstance(each, ast.Call)]
        known = (name for names in calls for name in names)
        return (
            bool(calls)
            and all(calls)
            and all(name in _CONVERSIONS or name.partition(".")[0] in _LIBRARY for name in known)
        )

    def _is_broad(self, kind: ast.expr | None) -> bool:  # noqa: PLR0911 - one for each spelling
        match kind:
            case None:
                return True
            case ast.Tuple(members):
                return len(members) >= _MANY or any(self._is_broad(member) for member in members)
            case ast.Starred(inner) | ast.NamedExpr(_, inner):
                return self._is_broad(inner)
            case ast.Call() | ast.Subscript() | ast.IfExp() | ast.BinOp() | ast.BoolOp():
                return True
            case ast.Attribute(ast.Name("self" | "cls"), name):
                return any(self._is_broad(each) for each in self._class_values(name))
            case ast.Name():
                values = [binding.value for binding in self.scopes.meaning(kind).bindings]
                tuples = [value for value in values if isinstance(value, ast.Tuple | ast.Name | ast.Attribute)]
                return self._names_all(kind) or any(each is not kind and self._is_broad(each) for each in tuples[:3])
            case _:
                return self._names_all(kind)

    def _class_values(self, name: str) -> Iterator[ast.expr]:
        for node in self.scopes.nodes:
            match node:
                case ast.Assign([ast.Name(target) | ast.Attribute(_, target)], value) if target == name:
                    yield value
                case ast.AnnAssign(ast.Name(target), _, ast.expr() as value) if target == name:
                    yield value
                case _:
                    pass

    def _names_all(self, kind: ast.expr) -> bool:
        if isinstance(kind, ast.Attribute) and kind.attr in {"Exception", "BaseException"}:
            return True
        return not _BROAD.isdisjoint(short for name in self.naming.names(kind) for short in canonical(name))


def _deals_with_it(function: Function) -> bool:
    """Whether a function that is asked about an error answers that it is dealt with, for any or hardly any reason."""
    names = {each.arg for each in function.args.args[-_OF_AN_EXIT:]}
    return any(
        each.value is not None and _is_yes(each.value, names)
        for each in own_nodes(function)
        if isinstance(each, ast.Return)
    )


def _is_yes(value: ast.expr, names: set[str]) -> bool:  # noqa: PLR0911 - one for each spelling
    match value:
        case ast.Name(name):
            return name in names
        case ast.Compare(ast.Name(name), [ast.IsNot() | ast.NotEq()], [ast.Constant(None)]):
            return name in names
        case ast.Call(ast.Name("bool"), [inner]):
            return _is_yes(inner, names)
        case ast.Call(ast.Name("issubclass" | "isinstance"), [_, ast.Name("Exception" | "BaseException")]):
            return True
        case ast.BoolOp(ast.And(), values):
            return all(_is_yes(each, names) for each in values)
        case ast.BoolOp(ast.Or(), values):
            return any(_is_yes(each, names) for each in values)
        case _:
            return is_true(value)


def _uses_error(handler: ast.ExceptHandler) -> bool:
    """Whether the caught error goes anywhere but into a message."""
    names = (node for node in own_nodes(handler, lambdas=False) if isinstance(node, ast.Name))
    loaded = {node.id for node in names if isinstance(node.ctx, ast.Load)}
    return any(_goes_on(statement, handler.name or "", loaded) for statement in handler.body)


def _goes_on(statement: ast.stmt, name: str, loaded: set[str]) -> bool:
    match statement:
        case ast.Expr(ast.Call(function)):
            return name_of(function) not in _TELLERS and _mentions(statement, name)
        case ast.Expr():
            return False
        case ast.Assign([ast.Name(target)], _):
            return _mentions(statement, name) and target in loaded and not target.startswith("_")
        case ast.If(test, body, orelse):
            return any(_goes_on(each, name, loaded) for each in (*body, *orelse)) or (
                _mentions(test, name) and not is_constant(test)
            )
        case _:
            return _mentions(statement, name)


def _mentions(node: ast.AST, name: str) -> bool:
    return any(
        (isinstance(each, ast.Name) and each.id == name)
        or (isinstance(each, ast.Call) and name_of(each.func) in {"format_exc", "exc_info"})
        for each in ast.walk(node)
    )


def _leaves(node: ast.AST, *, in_loop: bool) -> bool:
    """Whether a statement of a `finally` ends the block early, which drops the error on its way."""
    match node:
        case ast.Return():
            return True
        case ast.Break() | ast.Continue():
            return not in_loop
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.expr():
            return False
        case _:
            in_loop = in_loop or isinstance(node, ast.For | ast.AsyncFor | ast.While)
            return any(_leaves(each, in_loop=in_loop) for each in ast.iter_child_nodes(node))
