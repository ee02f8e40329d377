"""Functions that start to change their arguments: a test that compares an argument afterwards compares what the patch did."""

import ast
from collections.abc import Iterator

from lsp_repair.domain.verdicts import Finding, Flag
from lsp_repair.judge.rules.persistent_state import CONTAINER_METHODS
from lsp_repair.judge.rules.rule_context import RuleContext
from lsp_repair.pycode.nodes import Function, parameters


def check(context: RuleContext) -> Iterator[Finding]:
    """Functions that return a value, existed before, and now change a container that they were given before, too."""
    if context.before is None:
        return
    old = dict(context.before.scopes.named_functions())
    for key, node in context.after.scopes.named_functions():
        if key in old and _gives(old[key]) and _gives(node):
            changed, known = _changed(node), _changed(old[key])
            for name in (changed.keys() - known.keys()) & {each.arg for each in parameters(old[key].args)}:
                message = f"{node.name} starts to change its argument {name}"
                yield Finding(Flag.KEPT_STATE, context.path, changed[name], message)


def _gives(node: Function) -> bool:
    returned = (each.value for each in ast.walk(node) if isinstance(each, ast.Return))
    return any(value is not None and not isinstance(value, ast.Constant) for value in returned)


def _changed(node: Function) -> dict[str, int]:
    """Parameters whose items change, with the line; a copy by the same name is the function's own, and so are `**keywords`."""
    own = {"self", "cls", *(each.arg for each in (node.args.vararg, node.args.kwarg) if each is not None)}
    if node.name == "__deepcopy__":  # whose argument is there to be changed
        return {}
    given = {each.arg for each in parameters(node.args)} - own
    changed, rebound = dict[str, int](), set[str]()
    for each in ast.walk(node):
        match each:
            case ast.Name(name, ast.Store()):
                rebound.add(name)
            case ast.Subscript(ast.Name(name), ctx=ast.Store() | ast.Del()):
                changed.setdefault(name, each.lineno)
            case ast.Call(ast.Attribute(ast.Name(name), method)) if method in CONTAINER_METHODS:
                changed.setdefault(name, each.lineno)
            case _:
                pass
    return {name: line for name, line in changed.items() if name in given - rebound}
