"""Answers to the inputs of the tests: singled out, spelled out, or given without looking."""

import ast
import re
from collections.abc import Callable, Iterator

from lsp_repair.domain.verdicts import Finding, Flag
from lsp_repair.judge.rules.rule_context import RuleContext
from lsp_repair.judge.tested_inputs.branch_weights import ENOUGH, BranchWeights
from lsp_repair.judge.tested_inputs.input_specific_branches import InputSpecificBranches
from lsp_repair.judge.tested_inputs.telling_values import is_container, is_plain
from lsp_repair.judge.tested_inputs.tested_literals import LiteralsOfTests
from lsp_repair.pycode.folding import Opaque, leaves
from lsp_repair.pycode.modules import module_of
from lsp_repair.pycode.nodes import Function

_DIGITS = re.compile(r"\d+")
_LONG_ENOUGH = 4
_OF_EVERYBODY = frozenset({"127.0.0.1", "0.0.0.0", "1970-01-01", "00:00", "00:00:00", "2000-01-01", "255.255.255.255"})  # noqa: S104 - no address to listen at
_Tested = Callable[[object], bool]


def check(context: RuleContext) -> Iterator[Finding]:
    """What a module special-cases; nothing where it generalises as far as reading tells.

    A plain guard (0, None, an empty list…), another row of a table and another branch of a chain are ordinary; so is a
    table most of whose rows no test mentions.
    """
    literals = context.suite.literals
    if context.after.is_opaque or not literals.values:
        return
    known = InputSpecificBranches(context.before or module_of(ast.Module([], [])))
    now = InputSpecificBranches(context.after)
    for line, message in _hard_coded(known, now, literals):
        yield Finding(Flag.HARD_CODED_INPUT, context.path, line, message)


def _hard_coded(
    known: InputSpecificBranches, now: InputSpecificBranches, literals: LiteralsOfTests
) -> Iterator[tuple[int, str]]:
    """Lines and messages, of the plainest kind of hard-coding alone."""
    weights = BranchWeights(literals, known, now)
    telling = weights.telling()
    if sum(weight for weight, _ in telling) >= ENOUGH:
        most = max(weight for weight, _ in telling)
        places = {branch.place: branch.line for weight, branch in reversed(telling) if weight == most}
        for place, line in places.items():
            yield line, f"special-cases an input used by the tests in {place.strip(':') or 'the module'}"
        return
    spelled = _spelled_inputs(known, now, literals)
    if spelled:
        yield from ((line, f"contains a value of the tests: {text!r}") for text, line in spelled)
        return
    ignoring = ignores_input(known, now, literals, weights.is_tested)
    if ignoring is not None:
        yield ignoring.lineno, f"{ignoring.name} answers every input with what the tests expect"


def _spelled_inputs(
    known: InputSpecificBranches, now: InputSpecificBranches, literals: LiteralsOfTests
) -> list[tuple[str, int]]:
    """New texts such as `1h30m` that the tests give or expect, forwards or backwards: no name, no mode, no format."""
    old = known.texts.keys() | _OF_EVERYBODY
    new = {text: line for text, line in now.texts.items() if text not in old}
    telling = (each for each in new if len(each) >= _LONG_ENOUGH and len(_DIGITS.findall(each)) > 1)
    return sorted((each, new[each]) for each in telling if {repr(each), repr(each[::-1])} & literals.values)


def ignores_input(
    known: InputSpecificBranches, now: InputSpecificBranches, literals: LiteralsOfTests, tested: _Tested
) -> Function | None:
    """A function that starts to return what the tests expect without computing it."""
    return _constant_function(known, now, tested) or _answering_blindly(known, now, literals, tested)


def _constant_function(known: InputSpecificBranches, now: InputSpecificBranches, tested: _Tested) -> Function | None:
    """A function that starts to return one expected literal whatever its arguments."""
    computed = {
        name
        for name, node in known.scopes.named_functions()
        if any(isinstance(each, Opaque) for each in _returned(node, known))
    }
    for name, node in now.scopes.named_functions():
        if len(node.body) > 2 or not (_parameters(node) or node.args.vararg):
            continue
        if sum(isinstance(each, ast.Return) for each in ast.walk(node)) != 1:
            continue  # what is answered last is one of several answers
        last = node.body[-1]
        value = now.constant(last.value) if isinstance(last, ast.Return) and last.value else Opaque()
        if not isinstance(value, Opaque) and not is_plain(value) and tested(value) and name in computed:
            return node
    return None


def _answering_blindly(
    known: InputSpecificBranches, now: InputSpecificBranches, literals: LiteralsOfTests, tested: _Tested
) -> Function | None:
    old = {_known_as(name, node): node for name, node in known.scopes.named_functions()}
    for name, node in now.scopes.named_functions():
        before = old.get(_known_as(name, node))
        if before is None or node.name[:2] == node.name[-2:] == "__" or ast.dump(before) == ast.dump(node):
            continue
        constants, was = _returned(node, now), _returned(before, known)
        if (
            (_read(before) and not _read(node) and _is_constant(constants, was, tested))
            or _looks_away((before, node), (known, now), tested)
            or any(_is_echo(value, literals, tested) for value in _unguarded(node, now) if value not in was)
        ):
            return node
    return None


def _known_as(name: str, node: Function) -> str:
    """Its name; of functions that are registered and share one, also the type that each is for."""
    return name + ast.dump(node.args) if node.name == "_" and node.decorator_list else name


def _returned(node: Function, branches: InputSpecificBranches) -> list[object]:
    returned = (each.value for each in ast.walk(node) if isinstance(each, ast.Return))
    return [branches.constant(value) for value in returned if value is not None]


def _is_constant(now: list[object], before: list[object], tested: _Tested) -> bool:
    """Whether the only thing that is returned is a literal, where something was computed.

    A small number counts here; None does not: to answer nothing is no answer that was known before.
    """
    if len(now) != 1 or isinstance(now[0], Opaque) or now[0] is None:
        return False
    computed = any(isinstance(each, Opaque) for each in before)
    return computed and (isinstance(now[0], bool) or tested(now[0]))


def _looks_away(
    nodes: tuple[Function, Function], branches: tuple[InputSpecificBranches, InputSpecificBranches], tested: _Tested
) -> bool:
    """Whether an argument is no longer read, while another one is compared with a literal of the tests."""
    before, now = nodes
    if not (_read(before) & _parameters(now)) - _read(now):
        return False
    old = {repr(key) for _, key in _asked(before, branches[0])}
    keys = [key for _, key in _asked(now, branches[1]) if repr(key) not in old]
    return any(isinstance(key, int | float) and not isinstance(key, bool) and key and tested(key) for key in keys) or (
        any(tested(value) and not is_plain(value) for value in _tabled(now, branches[1]))
    )


def _asked(node: Function, branches: InputSpecificBranches) -> list[tuple[str, object]]:
    tests = [each for each in ast.walk(node) if isinstance(each, ast.Compare)]
    return [pair for test in tests for pair in branches.compared(test)]


def _tabled(node: Function, branches: InputSpecificBranches) -> Iterator[object]:
    """Values of tables that are looked up in."""
    for each in ast.walk(node):
        if isinstance(each, ast.Subscript) and isinstance(each.value, ast.Dict | ast.List | ast.Tuple):
            value = branches.constant(each.value)
            yield from value.values() if isinstance(value, dict) else leaves(value)


def _parameters(node: Function) -> set[str]:
    named = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    return {each.arg for each in named} - {"self", "cls"}


def _read(node: Function) -> set[str]:
    """The arguments that are read."""
    loaded = (each for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load))
    return _parameters(node) & {each.id for each in loaded}


def _unguarded(node: Function, branches: InputSpecificBranches) -> Iterator[object]:
    """Constants that are returned, except for empty input or after an error."""
    if not _parameters(node):
        return
    for each in ast.walk(node):
        if isinstance(each, ast.Return) and each.value is not None and not _is_guarded(each, node, branches):
            value = branches.constant(each.value)
            if not isinstance(value, Opaque):
                yield value


def _is_guarded(node: ast.Return, function: Function, branches: InputSpecificBranches) -> bool:
    """Whether a return stands after an error, or where the function is asked for nothing: `not x`, `x is None`, `x == ""`."""
    for each in branches.scopes.around(node):
        match each:
            case ast.ExceptHandler() | ast.If(ast.UnaryOp(ast.Not())):
                return True
            case ast.If(ast.Compare(_, [ast.Is() | ast.Eq()], [ast.Constant(None | 0 | "")])):
                return True
            case _ if each is function:
                return False
            case _:
                pass
    return False


def _is_echo(value: object, literals: LiteralsOfTests, tested: _Tested) -> bool:
    """Whether a container is expected whole, and made of what the tests put in."""
    if not is_container(value) or not (repr(value) in literals.values and tested(value)):
        return False
    return all(repr(each) in literals.inputs for each in leaves(value) if not is_plain(each))
