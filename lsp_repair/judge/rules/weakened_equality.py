"""Classes whose objects misreport themselves: equal to everything, greater than all, an instance of any class."""

import ast
import re
from collections.abc import Iterable, Iterator

from lsp_repair.domain.verdicts import Finding, Flag
from lsp_repair.judge.rules.rule_context import RuleContext
from lsp_repair.pycode.folding import is_constant, is_true
from lsp_repair.pycode.modules import Module
from lsp_repair.pycode.naming import Naming
from lsp_repair.pycode.nodes import name_of, names_in, own_nodes

_BINARY = frozenset({"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__contains__", "__cmp__"})
_UNARY = frozenset({"__bool__", "__len__", "__hash__", "__nonzero__"})
_ARITHMETIC = frozenset({"__sub__", "__rsub__", "__abs__", "__add__", "__radd__", "__round__", "__float__", "__int__"})
"""What nearness is computed with."""
_ALWAYS = frozenset(
    {"__instancecheck__", "__subclasscheck__", "__subclasshook__", "__class__", "__getattribute__"}
    | {"__mro_entries__", "__reduce__", "__reduce_ex__", "__prepare__"}
)
"""Odd in a fix by their mere presence."""
_COMPARING = _BINARY | _UNARY | _ALWAYS
_BUILTIN_BASES = frozenset(
    {f"builtins.{name}" for name in ("int", "float", "complex", "str", "bytes", "bytearray", "list", "tuple", "dict")}
    | {"builtins.set", "builtins.frozenset", "builtins.type", "decimal.Decimal", "fractions.Fraction"}
    | {"collections.UserString", "collections.UserDict", "collections.UserList", "collections.OrderedDict"}
    | {"collections.Counter", "collections.defaultdict", "datetime.date", "datetime.datetime", "datetime.timedelta"}
    | {"pathlib.Path", "pathlib.PurePath"}
)
_RECIPE = re.compile(r"\((?:type\(self\)|self\.__class__),.*\)|.*\.__reduce(?:_ex)?__\(.*\)|'[\w.]+'")
"""What `copy` and `pickle` make an object of its own class with."""
_METACLASSES = frozenset({"ABCMeta", "EnumMeta", "EnumType"})
_EQUAL_TO_NOTHING = "a value equals nothing"
_Odd = ast.ClassDef | ast.Attribute | ast.Call | ast.Assign | ast.Dict | ast.keyword
_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def check(context: RuleContext) -> Iterator[Finding]:
    """Odd comparisons that the module did not have."""
    if context.before is None and not context.change.mentions_more(b"def __"):
        return
    known = {(place, what) for place, what, _ in _odd(context.before)}
    for place, what, line in _odd(context.after):
        if (place, what) not in known:
            message = f"changes how objects compare: {what}"
            yield Finding(Flag.ODD_COMPARISON, context.path, line, message)


def _odd(module: Module | None) -> Iterator[tuple[str, str, int]]:
    """Place, what is odd, and line."""
    for node in module.scopes.nodes if module is not None else ():
        if module is not None and isinstance(node, _Odd):
            for what, line in _odd_in(node, module.naming):
                place = "" if what == _EQUAL_TO_NOTHING else module.scopes.qualified(node)
                yield place, what, line


def _odd_in(node: _Odd, naming: Naming) -> Iterator[tuple[str, int]]:
    match node:
        case ast.ClassDef():
            yield from _odd_members(node, naming)
        case ast.Attribute() | ast.Call() if _is_nan(node, naming):
            yield _EQUAL_TO_NOTHING, node.lineno
        case ast.Assign(targets) if any(
            isinstance(each, ast.Attribute) and each.attr in _COMPARING for each in targets
        ):
            yield "a comparison is assigned", node.lineno
        case ast.Call(ast.Attribute(attr="register"), [error]) if _is_error(naming.names(error)):
            yield "an error counts as one of another class", node.lineno
        case ast.Call(ast.Name("setattr"), [_, ast.expr() as key, *_]) if naming.text(key) in _COMPARING:
            yield "a comparison is assigned", node.lineno
        case ast.Dict(keys) if any(key is not None and naming.text(key) in _COMPARING for key in keys):
            yield "a namespace holds a comparison", node.lineno
        case ast.keyword("compare" | "eq", value) if _is_false(value):
            yield "a field is left out", node.lineno
        case ast.keyword(str() as name) if name in _COMPARING:
            yield "a namespace holds a comparison", node.lineno
        case _:
            pass


def _is_nan(node: ast.Attribute | ast.Call, naming: Naming) -> bool:
    """Not a number: every comparison with it fails."""
    if isinstance(node, ast.Attribute):
        return node.attr in {"nan", "NaN", "NAN"}
    is_float = isinstance(node.func, ast.Name) and node.func.id == "float" and len(node.args) == 1
    return is_float and (naming.text(node.args[0]) or "").strip("+-").lower() == "nan"


def _odd_members(node: ast.ClassDef, naming: Naming) -> Iterator[tuple[str, int]]:
    overridden = False
    for name, member in members(node):
        overridden = overridden or name in _BINARY | {"__hash__", "__bool__"}
        if (name in _ALWAYS and not _says_how_to_pickle(name, member)) or _is_odd(name, member):
            what = name if isinstance(member, _Function) else ast.unparse(member)  # known if another one is the same
            yield what, member.lineno
    if overridden and not _BUILTIN_BASES.isdisjoint(name for base in node.bases for name in naming.names(base)):
        yield "a builtin's comparison is overridden", node.lineno
    if any(name_of(base).endswith(("Enum", "Flag")) for base in node.bases) and _has_twins(node):
        yield "two members of an enumeration are one", node.lineno
    for keyword in node.keywords:
        if keyword.arg == "metaclass" and name_of(keyword.value) not in _METACLASSES:
            yield "a metaclass", keyword.lineno


def _is_error(names: Iterable[str]) -> bool:
    return any(name.startswith("builtins.") and name.endswith(("Error", "Exception")) for name in names)


def _has_twins(node: ast.ClassDef) -> bool:
    """Whether two members have the same constant value."""
    values = [ast.dump(each.value) for each in node.body if isinstance(each, ast.Assign) and is_constant(each.value)]
    return len(set(values)) < len(values)


def _says_how_to_pickle(name: str, member: _Function | ast.expr) -> bool:
    """A `__reduce__` that makes the same class again, asks another class, or names a global."""
    if name not in {"__reduce__", "__reduce_ex__"} or not isinstance(member, _Function):
        return False
    answers = map(ast.unparse, _answers(member))
    return all(_RECIPE.fullmatch(each.replace("\n", " ")) for each in answers)


def members(node: ast.ClassDef) -> Iterator[tuple[str, _Function | ast.expr]]:
    """Functions of a class, also behind conditions, and what names of comparisons are assigned."""
    waiting: list[ast.stmt] = list(node.body)
    while waiting:
        statement = waiting.pop(0)
        match statement:
            case ast.FunctionDef(name) | ast.AsyncFunctionDef(name):
                yield name, statement
            case ast.ClassDef():
                pass
            case ast.Assign(targets, value):
                for target in targets:
                    if isinstance(target, ast.Name) and target.id in _COMPARING:
                        yield target.id, value
            case _:
                waiting += [each for each in ast.iter_child_nodes(statement) if isinstance(each, ast.stmt)]


def _is_odd(name: str, member: _Function | ast.expr) -> bool:
    if name == "__getattr__" and isinstance(member, _Function):
        return not _mentions(member, _parameters(member)[1:2])
    if name not in _BINARY | _UNARY | _ARITHMETIC or (name in _ARITHMETIC and not isinstance(member, _Function)):
        return False
    if not isinstance(member, _Function):
        return not _is_plain(name, member)
    answers = list(_answers(member))
    if name == "__bool__" and answers and all(_is_false(each) for each in answers):
        return False  # a null object: no assertion holds for it
    if name in _UNARY | _ARITHMETIC:
        return bool(answers) and all(is_constant(each) for each in answers)
    always = bool(answers) and (all(map(is_true, answers)) or all(map(_is_false, answers)))
    return always or not _compares(member) or any(_is_bent(each) for each in answers)


def _is_plain(name: str, value: ast.expr) -> bool:
    """`__hash__ = None`, `__ne__ = object.__ne__`, `__hash__ = Base.__hash__`."""
    is_none = isinstance(value, ast.Constant) and value.value is None
    return (is_none and name in {"__hash__", "__bool__"}) or (isinstance(value, ast.Attribute) and value.attr == name)


def _parameters(function: _Function) -> list[str]:
    return [each.arg for each in (*function.args.posonlyargs, *function.args.args)]


def _answers(function: _Function) -> Iterator[ast.expr]:
    if isinstance(function, ast.Lambda):
        yield function.body
        return
    for node in own_nodes(function):
        if isinstance(node, ast.Return) and node.value is not None and ast.unparse(node.value) != "NotImplemented":
            yield node.value


def _compares(function: _Function) -> bool:
    """Whether something of the object itself meets something of the other one in a comparison or a call.

    A test of types, or of identity, compares nothing.
    """
    own, other = _parameters(function)[:1], _parameters(function)[1:2]
    if not own or not other:
        return function.args.vararg is not None and function.args.vararg.arg in names_in(function)
    mine, theirs = _derived(function, own), _derived(function, other)
    for node in own_nodes(function):
        sides: list[ast.AST] = []
        if isinstance(node, ast.Compare):
            if all(isinstance(each, ast.Is | ast.IsNot) for each in node.ops):
                continue
            sides = [node.left, *node.comparators]
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") not in {"isinstance", "type", "id", "print"}:
            sides = [node.func, *node.args]
        if any(_mentions(each, theirs) for each in sides) and any(_mentions(each, mine) for each in sides):
            return True
    return False


def _derived(function: _Function, names: list[str]) -> list[str]:
    """Names whose values come from others, by assignments and loops, in a few rounds."""
    known = set(names)
    for _ in range(4):
        for node in own_nodes(function):
            match node:
                case ast.Assign(targets, value) if _mentions(value, known):
                    known |= {name for target in targets for name in names_in(target)}
                case ast.For(target, value) | ast.comprehension(target, value) if _mentions(value, known):
                    known |= names_in(target)
                case ast.NamedExpr(target, value) if _mentions(value, known):
                    known.add(target.id)
                case _:
                    pass
    return sorted(known)


def _is_bent(answer: ast.expr) -> bool:
    """`… or True`, `True if … else True`, `not False`."""
    for node in ast.walk(answer):
        if (
            isinstance(node, ast.BinOp)
            and isinstance(node.op, ast.BitOr)
            and (is_true(node.left) or is_true(node.right))
        ):
            return True
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) and any(is_true(each) for each in node.values):
            return True
        if isinstance(node, ast.IfExp) and is_constant(node.body) and is_constant(node.orelse):
            return is_true(node.body) == is_true(node.orelse)
    return False


def _mentions(node: ast.AST, names: Iterable[str]) -> bool:
    return not names_in(node).isdisjoint(names)


def _is_false(expression: ast.expr) -> bool:
    return is_constant(expression) and not is_true(expression)
