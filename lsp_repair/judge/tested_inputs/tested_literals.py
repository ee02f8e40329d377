"""What the targets' tests spell out: the inputs they give and the results they expect, as literals."""

import ast
import doctest
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from lsp_repair.domain.runs import CollectedTest, NodeId
from lsp_repair.judge.tested_inputs.telling_values import is_container, made
from lsp_repair.pycode.folding import Opaque, folded_or_opaque, is_collection, is_mapping, is_sequence
from lsp_repair.pycode.modules import parsed, read_module
from lsp_repair.pycode.naming import Naming
from lsp_repair.pycode.nodes import Function, assigned_names, first_line, name_of
from lsp_repair.pycode.scopes import Scopes

_MAX = 900
_MAX_DEPTH = 3


@dataclass(frozen=True, slots=True)
class LiteralsOfTests:
    """Literals by their `repr`, so that `1`, `1.0` and `True` stay apart."""

    values: frozenset[str] = frozenset()
    derived: frozenset[str] = frozenset()
    """What is easily computed from them: items, texts, and lengths as `len 3`."""
    inputs: frozenset[str] = frozenset()
    """Those that calls are given: what a test expects alone is not among them."""
    numbers: tuple[int | float, ...] = ()


def literals_of_tests(
    targets: Iterable[NodeId], collected: Sequence[CollectedTest], read: Callable[[str], bytes | None]
) -> LiteralsOfTests:
    """Literals of the targets' functions, with the tables, fixtures and helpers of their files that they name.

    `read` gives a file of the unpatched project by its path. A target that is a file stands for everything in it.
    """
    requested = set(targets)
    places: dict[str, set[int] | None] = {}
    for test in collected:
        if test.node_id in requested and test.line:
            known = places.setdefault(test.path, set())
            if known is not None:
                known.add(-test.line if test.is_doctest else test.line)
    for target in requested:
        if target.is_file:
            places[target] = None
    values: dict[str, object] = {}
    inputs: set[str] = set()
    for path, lines in places.items():
        data = read(path)
        for value in _values(data or b"", lines) if data else ():
            if isinstance(value, _Given):
                inputs.add(repr(value.value))
            elif len(values) < _MAX:
                values.setdefault(repr(value), value)
    derived = {repr(each) for value in values.values() for each in _derived(value)}
    numbers = tuple(each for each in values.values() if isinstance(each, int | float) and not isinstance(each, bool))
    return LiteralsOfTests(frozenset(values), frozenset(derived - set(values)), frozenset(inputs), numbers)


@dataclass(frozen=True, slots=True)
class _Given:
    """A literal in an argument."""

    value: object


def _values(data: bytes, lines: set[int] | None) -> Iterator[object]:
    module = read_module(data)
    doctests = lines is not None and any(line < 0 for line in lines)
    if doctests or module is None:
        yield from _doctest_values(data)
    if module is not None:
        for node in _reading(module.scopes, lines):
            yield from _literals(node, module.naming)


def _reading(scopes: Scopes, lines: set[int] | None) -> Iterator[ast.AST]:
    """The tests at the lines, and what they name in their module, a few steps far."""
    if lines is None:
        yield scopes.tree
        return
    functions = [node for node in scopes.nodes if isinstance(node, Function)]
    waiting: list[ast.AST] = [each for each in functions if lines & {each.lineno, first_line(each)}]
    seen: set[ast.AST] = set()
    for _ in range(_MAX_DEPTH):
        names: set[str] = set()
        for node in waiting:
            if node not in seen:
                seen.add(node)
                yield node
                names |= _names(node)
                yield from _surroundings(node, scopes)
        waiting = [
            each
            for each in scopes.tree.body
            if names & {*assigned_names(each), each.name if isinstance(each, Function) else ""}
        ]


def _surroundings(node: ast.AST, scopes: Scopes) -> Iterator[ast.AST]:
    """Of a method: its class's decorators, its data, and what sets it up."""
    owner = scopes.parents.get(node)
    if not isinstance(owner, ast.ClassDef):
        return
    yield from owner.decorator_list
    for each in owner.body:
        if isinstance(each, ast.Assign | ast.AnnAssign) or (
            isinstance(each, Function) and (each.name.lower().startswith("setup") or each.name in _names(node))
        ):
            yield each


def _names(node: ast.AST) -> set[str]:
    """Names and parameters, which may be fixtures, and attributes of `self`."""
    found: set[str] = set()
    for each in ast.walk(node):
        match each:
            case ast.Name(name) | ast.arg(name) | ast.Attribute(ast.Name("self"), name):
                found.add(name)
            case _:
                pass
    return found


def _literals(node: ast.AST, naming: Naming) -> Iterator[object]:
    """Every constant expression, whole and in its parts, but docstrings; then what calls are given."""
    for each in ast.walk(node):
        if isinstance(each, ast.Call):
            yield from _handed_over(each, naming)
        if not isinstance(each, ast.expr) or isinstance(naming.scopes.parents.get(each), ast.Expr | ast.JoinedStr):
            continue
        if isinstance(each, ast.Name | ast.Starred | ast.Slice):
            continue
        value = naming.constant(each)
        if not isinstance(value, Opaque):
            yield value


def _handed_over(call: ast.Call, naming: Naming) -> Iterator[object]:
    """The arguments of one call together, and what is inside of them."""
    name = name_of(call.func)
    if name in {"approx", "raises"} or name.startswith("assert"):
        return
    value = made(call, naming)
    arguments = tuple(naming.constant(each) for each in call.args)
    if not isinstance(value, Opaque):
        yield value
    if is_container(arguments) and len(arguments) > 1 and not any(isinstance(each, Opaque) for each in arguments):
        yield arguments
    given = _rows(call.args[1]) if name == "parametrize" and len(call.args) > 1 else call.args
    for each in (inner for part in given for inner in ast.walk(part)):
        if isinstance(each, ast.Constant):
            yield _Given(each.value)


def _rows(table: ast.expr) -> list[ast.expr]:
    """All but the last of each row, which is what is expected."""
    rows = table.elts if isinstance(table, ast.List | ast.Tuple) else []
    return [each for row in rows if isinstance(row, ast.Tuple | ast.List) for each in row.elts[:-1]]


def _doctest_values(data: bytes) -> Iterator[object]:
    tree = parsed(data)
    documents = [data.decode("utf-8", "replace")]
    if tree is not None:
        documented = (node for node in ast.walk(tree) if isinstance(node, ast.Module | ast.ClassDef | Function))
        documents = [ast.get_docstring(node) or "" for node in documented]
    for document in documents:
        yield from _example_values(document)


def _example_values(document: str) -> Iterator[object]:
    try:
        examples = doctest.DocTestParser().get_examples(document)
    except ValueError:
        return
    for example in examples:
        module = read_module(example.source.encode())
        if module is not None:
            yield from _literals(module.tree, module.naming)
        yield example.want.strip()
        requested = parsed(example.want.strip().encode())
        if requested is not None:
            parts = (each for each in ast.walk(requested) if isinstance(each, ast.Constant | ast.List | ast.Tuple))
            values = (folded_or_opaque(each) for each in parts)
            yield from (None if isinstance(value, Opaque) else value for value in values)


class _Length(int):
    """A length: it tells only where a length is asked for."""

    def __repr__(self) -> str:
        return f"len {int(self)}"


def _derived(value: object) -> Iterator[object]:
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, int | float):
        yield str(value)
        yield float(value) if isinstance(value, int) and abs(value) < 1 << 50 else value
        if isinstance(value, float) and value.is_integer():
            yield int(value)
        return
    if isinstance(value, str | bytes) or is_collection(value) or is_mapping(value):
        yield _Length(len(value))
        yield repr(value)
        if is_sequence(value):
            yield from value
            yield tuple(value)
            yield list(value)
