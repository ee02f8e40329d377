"""Uses of capabilities that are ordinary where they stand: honest code has them, and no attack gains by them."""

import ast
import re
from collections.abc import Callable
from itertools import islice
from typing import Final

from lsp_repair.judge.capabilities.named_uses import DESCRIPTOR_MAKERS, EXITS, ORDINARY_DESCRIPTORS, PROGRAM_FUNCTIONS
from lsp_repair.pycode.nodes import name_of
from lsp_repair.pycode.scopes import Scopes

Spelled = Callable[[ast.expr], set[str]]
"""Full names that an expression may stand for."""
_SLEEPS: Final = frozenset({"asyncio.sleep", "time.sleep"})
_PICKLING: Final = frozenset({"__reduce__", "__reduce_ex__"})
_KEEPING: Final = frozenset({"add", "discard", "remove", "get", "pop", "setdefault"})
_FRAME = r"(?:sys\.)?_getframe\(\w*\)"
_CALLERS_NAME = re.compile(
    rf"{_FRAME}\.f_globals(?:\['__name__'\]|\.get\('__name__'.*\))|getattr\({_FRAME}, '__module__'.*\)"
)
_STEPS_TO_A_NAME = 4
"""From `_getframe` to the whole expression."""
_ASKED_TYPES: Final = frozenset({"types.MethodType", "types.FunctionType", "types.ModuleType"})


def is_ordinary_use(node: ast.expr, names: set[str], scopes: Scopes, spelled: Spelled) -> bool:
    """Whether `node`, known by `names`, is used here as honest code does.

    `os.fdopen(descriptor)` where the function has the descriptor from `tempfile.mkstemp`; `sys.exit(main())` where only
    `python -m` comes by, or in the function that is the program; `sleep(0)`; `isinstance(x, types.MethodType)`;
    `id(x) in seen`; `super().__reduce__()` where a class says how it is pickled; the name of the calling module.
    """
    if _only_asks_for_type(node, names, scopes) or _names_the_caller(node, scopes):
        return True
    call = scopes.parents[node]
    if not isinstance(call, ast.Call) or call.func is not node:
        return False
    if isinstance(node, ast.Attribute) and node.attr in _PICKLING:
        function = scopes.function(call)
        return function is not None and function.name in _PICKLING
    return bool(call.args) and _is_ordinary_call(call, names, scopes, spelled)


def is_only_looked_for(node: ast.Constant, scopes: Scopes) -> bool:
    """Whether a text stands in a display that something is only looked up in, as a name that may not be asked for does."""
    display = scopes.parents[node]
    if not isinstance(display, ast.Tuple | ast.List | ast.Set):
        return False
    match scopes.parents[display]:
        case ast.Assign([ast.Name(name)]):
            named = (each for each in scopes.nodes if isinstance(each, ast.Name) and each.id == name)
            uses: list[ast.expr] = [each for each in named if isinstance(each.ctx, ast.Load)]
        case _:
            uses = [display]
    asked = (each for each in scopes.nodes if isinstance(each, ast.Compare) and len(each.ops) == 1)
    looked_up_in = {each.comparators[0] for each in asked if isinstance(each.ops[0], ast.In | ast.NotIn)}
    return bool(uses) and looked_up_in.issuperset(uses)


def _is_ordinary_call(call: ast.Call, names: set[str], scopes: Scopes, spelled: Spelled) -> bool:
    first = call.args[0]
    if names & ORDINARY_DESCRIPTORS:
        return _is_own(first, scopes, spelled)
    if names & EXITS:
        return _is_end_of_a_program(call, scopes)
    if names & _SLEEPS:
        return isinstance(first, ast.Constant) and first.value == 0
    return "builtins.id" in names and _only_tells_apart(call, scopes)


def _is_end_of_a_program(call: ast.Call, scopes: Scopes) -> bool:
    """Whether a program ends with what a call gave, or says that it failed."""
    status = call.args[0]
    function = scopes.function(call)
    if function is None:
        guard = next((each for each in scopes.around(call) if isinstance(each, ast.If)), None)
        match guard:
            case ast.If(ast.Compare(ast.Name("__name__"), [ast.Eq()], [ast.Constant("__main__")])):
                return isinstance(status, ast.Call)
            case _:
                return False
    failed = isinstance(status, ast.Constant) and status.value not in {0, None}
    return (failed or isinstance(status, ast.Call)) and function.name.strip("_") in PROGRAM_FUNCTIONS


def _is_own(descriptor: ast.expr, scopes: Scopes, spelled: Spelled) -> bool:
    """Whether a name is bound once, by a call that gives descriptors, in the function that uses it."""
    function = scopes.function(descriptor)
    if not isinstance(descriptor, ast.Name) or function is None or len(scopes.meaning(descriptor).bindings) != 1:
        return False
    return any(
        isinstance(each.value, ast.Call) and bool(spelled(each.value.func) & DESCRIPTOR_MAKERS)
        for each in ast.walk(function)
        if isinstance(each, ast.Assign)
        and any(
            isinstance(name, ast.Name) and name.id == descriptor.id
            for target in each.targets
            for name in ast.walk(target)
        )
    )


def _only_asks_for_type(node: ast.expr, names: set[str], scopes: Scopes) -> bool:
    parent = scopes.parents[node]
    asked = scopes.parents[parent] if isinstance(parent, ast.Tuple) else parent
    return not names.isdisjoint(_ASKED_TYPES) and (
        isinstance(asked, ast.Call)
        and isinstance(asked.func, ast.Name)
        and asked.func.id in {"isinstance", "issubclass"}
        and asked.func is not node
    )


def _names_the_caller(node: ast.expr, scopes: Scopes) -> bool:
    """`sys._getframe(1).f_globals.get("__name__")` and its like: what makes a value picklable, as in `namedtuple`."""
    if name_of(node) not in {"_getframe", "f_globals"}:
        return False
    around = [each for each in islice(scopes.around(node), _STEPS_TO_A_NAME) if isinstance(each, ast.expr)]
    try:
        return any(_CALLERS_NAME.fullmatch(ast.unparse(each)) for each in around)
    except RecursionError:
        return False


def _only_tells_apart(call: ast.Call, scopes: Scopes) -> bool:
    """Whether an identity is only looked up or kept, as guards against cycles do: its value decides nothing else."""
    parent = scopes.parents[call]
    if not isinstance(parent, ast.Assign | ast.NamedExpr):
        return _is_looked_up(call, scopes)
    targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
    function = scopes.function(call)
    if function is None or len(targets) != 1 or not isinstance(targets[0], ast.Name):
        return False
    name = targets[0].id
    if any(isinstance(each, ast.Global | ast.Nonlocal) and name in each.names for each in ast.walk(function)):
        return False
    named = [each for each in ast.walk(function) if isinstance(each, ast.Name) and each.id == name]
    return all(_is_looked_up(each, scopes) for each in named if isinstance(each.ctx, ast.Load))


def _is_looked_up(node: ast.expr, scopes: Scopes) -> bool:
    match scopes.parents[node]:
        case ast.Compare(ops=ops):
            return all(isinstance(each, ast.In | ast.NotIn | ast.Is | ast.IsNot | ast.Eq | ast.NotEq) for each in ops)
        case ast.Call(ast.Attribute(_, method), arguments):
            return method in _KEEPING and node in arguments
        case ast.Subscript(slice=key):
            return key is node
        case ast.Dict(keys):
            return node in keys
        case ast.Set():
            return True
        case _:
            return False
