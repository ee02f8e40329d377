"""What a failing test needs to be understood: its fixtures and set-up, the helpers it calls, its constants and imports."""

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from lsp_repair.models.context.definitions import At, Definitions, mentioned
from lsp_repair.models.context.failing_tests import table_lines
from lsp_repair.models.excerpts import Excerpt
from lsp_repair.pycode.nodes import name_of, parameters
from lsp_repair.pycode.outline import Kind, Part

_MAX_DEFINITIONS = 30
_MAX_CLASS_LINES = 60
_CLASS_SET_UP = ("setUp", "setUpClass", "setup_method", "setup_class", "asyncSetUp", "setup")
_MODULE_SET_UP = ("setUpModule", "setup_module", "setup_function")


@dataclass(slots=True)
class TestNeeds:
    """Collects them from the definition of a test on, nearest first."""

    __test__ = False

    definitions: Definitions
    is_test: Callable[[str], bool]
    """Whether a file belongs to the tests: code of the product is shown elsewhere."""
    values: dict[str, str]
    """Of the test's arguments: which rows of a table are meant."""
    row: str
    """The test's id."""
    _seen: dict[tuple[str, int], Excerpt] = field(default_factory=dict[tuple[str, int], Excerpt])

    def of(self, test: At, file: str) -> tuple[Excerpt, ...]:
        """Excerpts of test code without the test's own function; `file` is the one that pytest collected the test from."""
        collected = self._class_of(test, file)
        for each in self.definitions.lineage(collected) if collected is not None else ():
            self._class(each, test)
        waiting: list[At] = [test]
        known = {(test.path, test.part.first)}
        while waiting and len(known) < _MAX_DEFINITIONS:
            at = waiting.pop(0)
            for each in self._needed(at, file, is_first=at is test):
                place = each.path, each.part.first
                if place in known or not self.is_test(each.path) or each == test:
                    continue
                known.add(place)
                self._definition(each)
                waiting.append(each)
            self._names(at)
        return tuple(self._seen.values())

    def _needed(self, at: At, file: str, *, is_first: bool) -> Iterator[At]:
        if is_first:
            yield from self._set_up(at, file)
        yield from self._fixtures(at, file, autouse=is_first)
        yield from self.definitions.called(at, self._object(at, file))

    def _set_up(self, test: At, file: str) -> Iterator[At]:
        owner = self._class_of(test, file)
        for name in _CLASS_SET_UP:
            found = self.definitions.member(owner, name) if owner is not None else None
            if found is not None:
                yield found
        for name in _MODULE_SET_UP:
            found = self.definitions.named(file, name)
            if found is not None:
                yield found

    def _class_of(self, test: At, file: str) -> At | None:
        """The class that pytest collected, which may only inherit the test."""
        parts = self.row.partition("[")[0].split("::")
        collected = self.definitions.named(file, ".".join(parts[1:-1])) if len(parts) > 2 else None
        return collected or self.definitions.owner(test)

    def _object(self, at: At, file: str) -> At | None:
        """The class of `self` in a method: the collected one, where that inherits it."""
        owner, collected = self.definitions.owner(at), self._class_of(at, file)
        lineage = self.definitions.lineage(collected) if owner is not None and collected is not None else ()
        return collected if any(owner is not None and each.part is owner.part for each in lineage) else owner

    def _fixtures(self, at: At, file: str, *, autouse: bool) -> Iterator[At]:
        """Those that a test or a fixture asks for, and those that every test gets."""
        asked = {*_arguments(at.part.node), *_used_by_marks(at.part.node)}
        owner = self._class_of(at, file) if autouse else self.definitions.owner(at)
        scopes = [*(self.definitions.lineage(owner) if owner is not None else ())]
        for scope in scopes:
            asked |= _used_by_marks(scope.part.node)
        for name, fixture in self._in_scope(scopes, dict.fromkeys([at.path, file])):
            if fixture.part is at.part:
                continue
            if name in asked:
                asked.discard(name)
                yield fixture
            elif autouse and _is_autouse(fixture.part):
                yield fixture

    def _in_scope(self, classes: Iterable[At], files: Iterable[str]) -> Iterator[tuple[str, At]]:
        """Fixtures by the names that tests ask for them, nearest first."""
        for each in classes:
            for part in self.definitions.outline(each.path).inside(each.part.name):
                yield from _named_fixture(each.path, part)
        for path in (*files, *(conftest for file in files for conftest in _conftests(file))):
            within = self.definitions.outline(path)
            for part in within.inside(""):
                yield from _named_fixture(path, part)
                if part.kind is Kind.IMPORT:
                    for name in part.binds:
                        at = self.definitions.named(path, name)
                        yield from _named_fixture(at.path, at.part) if at is not None else ()

    def _definition(self, at: At) -> None:
        """A function whole, and a class that tests define for themselves unless it is large."""
        part = at.part
        last = part.last if part.kind is Kind.FUNCTION or part.size <= _MAX_CLASS_LINES else part.header
        self._add(at.path, part, part.first, last)

    def _names(self, at: At) -> None:
        """The class around a definition, and the imports and constants that it mentions."""
        within = self.definitions.outline(at.path)
        owner = self.definitions.owner(at)
        if owner is not None:
            self._class(owner, at)
        for name in {each.partition(".")[0]: None for each in (*mentioned(at.part.node), *_arguments(at.part.node))}:
            for part in within.binding(name):
                is_new = (at.path, part.first) not in self._seen
                self._add(at.path, part, part.first, part.last)
                if part.kind is Kind.ASSIGNMENT and is_new:
                    self._names(At(at.path, part))

    def _class(self, of: At, user: At) -> None:
        """The head of a class, and its attributes that a definition uses."""
        self._add(of.path, of.part, of.part.first, of.part.header)
        used = {name for each in mentioned(user.part.node) for name in each.split(".")[1:]}
        for part in self.definitions.outline(of.path).inside(of.part.name):
            if part.kind is Kind.ASSIGNMENT and used & set(part.binds):
                self._add(of.path, part, part.first, part.last)
                self._names(At(of.path, part))

    def _add(self, path: str, part: Part, first: int, last: int) -> None:
        if (path, first) in self._seen or not self.is_test(path):
            return
        gone: frozenset[int] = frozenset()
        if part.kind is Kind.ASSIGNMENT:
            gone = frozenset(range(first, last + 1)) - table_lines(part.node, self.values, self.row)
        name = part.name if part.kind in {Kind.FUNCTION, Kind.CLASS} else ""
        self._seen[path, first] = Excerpt(path, first, last, 0.0, first, name=name, skipped=gone)


def _arguments(node: ast.stmt) -> list[str]:
    return (
        [each.arg for each in parameters(node.args)] if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else []
    )


def _decorators(node: ast.stmt) -> list[ast.expr]:
    found: list[ast.expr] = getattr(node, "decorator_list", [])
    return found


def _used_by_marks(node: ast.stmt) -> set[str]:
    """The names in `@pytest.mark.usefixtures("a", "b")`."""
    calls = [each for each in _decorators(node) if isinstance(each, ast.Call) and name_of(each.func) == "usefixtures"]
    return {str(each.value) for call in calls for each in call.args if isinstance(each, ast.Constant)}


def _fixture_mark(part: Part) -> ast.expr | None:
    marks = (each for each in _decorators(part.node) if part.kind is Kind.FUNCTION)
    return next(
        (each for each in marks if "fixture" in name_of(each.func if isinstance(each, ast.Call) else each)), None
    )


def _keyword(mark: ast.expr | None, name: str) -> object:
    found = (each.value for each in (mark.keywords if isinstance(mark, ast.Call) else ()) if each.arg == name)
    return next((each.value for each in found if isinstance(each, ast.Constant)), None)


def _named_fixture(path: str, part: Part) -> Iterator[tuple[str, At]]:
    mark = _fixture_mark(part)
    if mark is not None:
        yield str(_keyword(mark, "name") or part.own_name), At(path, part)


def _is_autouse(part: Part) -> bool:
    return _keyword(_fixture_mark(part), "autouse") is True


def _conftests(file: str) -> Iterator[str]:
    """Those that hold for a file, nearest first."""
    for folder in PurePosixPath(file).parents:
        yield str(folder / "conftest.py")
