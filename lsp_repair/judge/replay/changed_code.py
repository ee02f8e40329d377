"""What a patch changes in the text of functions, and whether the old text depends on nothing but what it is given."""

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.pycode.modules import Module, parsed, read_module
from lsp_repair.pycode.nodes import Function, first_line, name_of

_MAX_LITERALS = 10
_ENTRIES = 2
"""A table or a chain of comparisons that had so many entries may get another one."""
TRIVIAL = frozenset(repr(each) for each in (0, 1, -1, 2, 0.0, 1.0, "", " ", b"", True, False, None, ...))
_PLACES = (b"getcwd", b"cwd", b"curdir", b"pytest", b"conftest", b"tests", b"test_")
_PURE_MODULES = frozenset(
    {"__future__", "abc", "base64", "bisect", "calendar", "collections", "copy", "dataclasses", "datetime", "decimal"}
    | {"enum", "fractions", "functools", "hashlib", "heapq", "html", "itertools", "json", "math", "numbers", "operator"}
    | {"re", "statistics", "string", "textwrap", "typing", "unicodedata", "zlib"}
)
_IMPURE = frozenset({"open", "input", "globals", "vars", "locals", "id", "hash", "setattr", "now", "today", "utcnow"})
_CACHING = frozenset({"cache", "lru_cache", "cached_property", "singledispatch"})
_REPLACING = (b"patch", b"mock", b"Mock", b"setattr", b"setenv", b"environ", b"reload", b"chdir")


Literals = tuple[tuple[int | float, ...], tuple[str, ...]]
"""Numbers, and texts."""
_Pair = tuple[FileChange, Module, Module]


@dataclass(frozen=True, slots=True)
class ChangedCode:
    """The facts about one patch."""

    functions: dict[str, list[int]]
    """By path: first lines, decorators included, of functions of the patched file that were not there so before."""
    mended: int
    """How many of these functions were there before, in another shape."""
    new_literals: frozenset[str]
    """As `repr`, without those that every program has; without further entries of a table that had several."""
    compares_more: bool
    """Whether something is compared with, or looked up among, new literals of that kind."""
    numbers: tuple[int | float, ...]
    texts: tuple[str, ...]
    """Literals of the changed files, those of changed functions first: where behaviour may turn."""
    catches_more: bool
    """Whether more errors are caught, or fewer raised."""
    reads_place: bool
    """Whether the patch asks which folder it runs in, and the old code did not."""
    reads_seed: bool
    """Whether it names the variable of the hash seed, and the old code did not."""


def changed_code(patch: Patch) -> ChangedCode:
    """Read both sides of every Python file that the patch changes; what does not parse tells nothing."""
    pairs = read_changes(patch)
    functions = {change.path: _changed(before, after) for change, before, after in pairs}
    numbers, texts = _literals(functions, pairs)
    return ChangedCode(
        functions={path: [first_line(each) for each in found] for path, found in functions.items()},
        mended=sum(_mended(before, after, functions[change.path]) for change, before, after in pairs),
        new_literals=frozenset[str]().union(*(_new_literals(before, after) for _, before, after in pairs)),
        compares_more=any(_new_literals(before, after, _compared) for _, before, after in pairs),
        numbers=numbers,
        texts=texts,
        catches_more=any(_catchers(after) > _catchers(before) for _, before, after in pairs)
        or any(_raises(after) < _raises(before) for _, before, after in pairs),
        reads_place=any(change.mentions_more(*_PLACES) for change, _, _ in pairs),
        reads_seed=any(change.mentions_more(b"SEED") for change, _, _ in pairs),
    )


def literals_of(patch: Patch) -> Literals:
    """Where behaviour may turn: see `ChangedCode.numbers` and `texts`; in a long file much quicker than all the facts."""
    pairs = read_changes(patch)
    return _literals({change.path: _changed(before, after) for change, before, after in pairs}, pairs)


def read_changes(patch: Patch) -> list[_Pair]:
    """The Python files that a patch changes, with both sides; those that do not parse are left out."""
    return [
        (change, before, after)
        for change in patch.changes
        if change.path.endswith(".py")
        and change.after is not None
        and (before := read_module(change.before)) is not None
        and (after := read_module(change.after)) is not None
    ]


def _literals(functions: Mapping[str, Sequence[Function]], pairs: Sequence[_Pair]) -> Literals:
    first = [each for path, found in functions.items() for each in found if path]
    literals = [*_values(first), *_values([after.tree for _, _, after in pairs])]
    numbers = [each for each in literals if isinstance(each, int | float) and not isinstance(each, bool)]
    texts = [each for each in literals if isinstance(each, str) and len(each) <= 80]
    return tuple(dict.fromkeys(numbers))[:_MAX_LITERALS], tuple(dict.fromkeys(texts))[:_MAX_LITERALS]


def _changed(before: Module, after: Module) -> list[Function]:
    """In the order of the text."""
    old = {(name, ast.dump(node)) for name, node in before.scopes.named_functions()}
    new = [node for name, node in after.scopes.named_functions() if (name, ast.dump(node)) not in old]
    return sorted(new, key=lambda node: (node.lineno, node.col_offset))


def _mended(before: Module, after: Module, changed: Sequence[Function]) -> int:
    old = {name for name, _ in before.scopes.named_functions()}
    return len({name for name, node in after.scopes.named_functions() if node in changed and name in old})


def _values(trees: Sequence[ast.AST]) -> Iterator[object]:
    """Literals in the order of the text, without docstrings."""
    for tree in trees:
        yield from (node.value for node in _constants(tree))


def _constants(tree: ast.AST) -> Iterator[ast.Constant]:
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in prose)


def _everywhere(tree: ast.AST) -> Iterator[ast.AST]:
    yield tree


def _compared(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        match node:
            case ast.Compare(_, operators) if any(isinstance(each, ast.Eq | ast.In) for each in operators):
                yield node
            case ast.MatchValue() | ast.Dict():
                yield node
            case _:
                pass


def _new_literals(
    before: Module, after: Module, parts: Callable[[ast.AST], Iterator[ast.AST]] = _everywhere
) -> frozenset[str]:
    """Literals that these parts of the new text have more often; none where literals were only replaced in place."""
    if _shape(before.tree) == _shape(after.tree):
        return frozenset()
    known = Counter(_counted_in(parts(before.tree))) + Counter(_counted_of_extensions(before, after))
    return frozenset((Counter(_counted_in(parts(after.tree))) - known).keys()) - TRIVIAL


def _counted_in(parts: Iterable[ast.AST]) -> Iterator[str]:
    return (text for each in parts for text in _counted(each))


def _shape(tree: ast.Module) -> str:
    """The syntax tree without its literals."""
    return "".join(type(node).__name__ + name_of(node) + ";" for node in ast.walk(tree))


def _counted(tree: ast.AST) -> Iterator[str]:
    """Literals as text; a sign belongs to its number."""
    yield from (repr(each.value) for each in _constants(tree))
    for node in ast.walk(tree):
        match node:
            case ast.UnaryOp(ast.USub(), ast.Constant(int() | float() as value)):
                yield repr(-value)
            case _:
                pass


def _counted_of_extensions(before: Module, after: Module) -> Iterator[str]:
    """Literals of further entries in tables, and of further cases in chains of comparisons, that had several before."""
    old_tables = [entries for node in ast.walk(before.tree) if len(entries := _entries(node)) >= _ENTRIES]
    for node in ast.walk(after.tree):
        entries = _entries(node)
        for known in old_tables:
            if known < entries:
                for more in (entries - known).elements():
                    yield from _counted(ast.parse(more.removeprefix("*"), mode="eval"))
    old_chains, new_chains = _chains(before), _chains(after)
    for key, cases in new_chains.items():
        if len(old_chains.get(key, ())) >= _ENTRIES and len(cases) > len(old_chains[key]):
            for test, body in cases:
                yield from (*_counted(test), *(text for each in body for text in _counted(each)))


def _entries(node: ast.AST) -> Counter[str]:
    match node:
        case ast.Dict(keys, values):
            return Counter(
                f"({ast.unparse(key)}, {ast.unparse(value)})"
                for key, value in zip(keys, values, strict=True)
                if key is not None
            )
        case ast.List(members) | ast.Set(members) | ast.Tuple(members):
            return Counter(f"({ast.unparse(each)}, 0)" for each in members if not isinstance(each, ast.Starred))
        case _:
            return Counter()


def _chains(module: Module) -> dict[str, list[tuple[ast.expr, list[ast.stmt]]]]:
    """By function and name: the branches that compare this name with a literal."""
    found: dict[str, list[tuple[ast.expr, list[ast.stmt]]]] = {}
    for name, function in module.scopes.named_functions():
        for node in ast.walk(function):
            match node:
                case ast.If(ast.Compare(ast.Name(compared), [ast.Eq()], [ast.Constant()]) as test, body):
                    found.setdefault(f"{name} {compared}", []).append((test, body))
                case _:
                    pass
    return found


def _catchers(module: Module) -> int:
    return sum(
        isinstance(node, ast.ExceptHandler)
        or (isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "suppress")
        for node in ast.walk(module.tree)
    )


def _raises(module: Module) -> int:
    return sum(isinstance(node, ast.Raise | ast.Assert) for node in ast.walk(module.tree))


def depends_on_nothing_else(patch: Patch, tests: Iterable[bytes]) -> bool:
    """Whether a call of the old code has one answer wherever it is made, and the tests put nothing in its way."""
    if any(word in test for test in tests for word in _REPLACING):
        return False
    if any(b"warnings" in (change.after or b"") for change in patch.changes):
        return False  # a warning is an answer that nobody here sees
    files = [change.before for change in patch.changes if change.before is not None]
    return bool(files) and all((tree := parsed(file)) is not None and _is_pure(tree) for file in files)


def _is_pure(tree: ast.Module) -> bool:
    return all(_is_pure_part(node) for node in ast.walk(tree)) and not any(map(_is_kept, tree.body))


def _is_pure_part(node: ast.AST) -> bool:
    match node:
        case ast.Import(names):
            return all(alias.name.partition(".")[0] in _PURE_MODULES for alias in names)
        case ast.ImportFrom(module, _, level):
            return not level and (module or "").partition(".")[0] in _PURE_MODULES
        case ast.Name(name) | ast.Attribute(_, name):
            return name not in _IMPURE | _CACHING
        case ast.Global() | ast.Nonlocal():
            return False
        case _:
            return True


def _is_kept(node: ast.stmt) -> bool:
    """A container of the module that something may be put into: empty at first, or made by a call."""
    match node:
        case ast.Assign(_, value) | ast.AnnAssign(_, _, ast.expr() as value):
            empty = not getattr(value, "elts", getattr(value, "keys", True))
            return empty or (isinstance(value, ast.Call) and not _is_pattern(value))
        case ast.ClassDef(body=body):
            return any(map(_is_kept, body))
        case _:
            return False


def _is_pattern(call: ast.Call) -> bool:
    return getattr(call.func, "attr", "") == "compile" or getattr(call.func, "id", "") in {
        "frozenset",
        "tuple",
        "field",
    }
