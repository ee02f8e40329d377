"""Around the functions of a failing path: their classes, the imports and constants they use, what they call, what stands beside."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from lsp_repair.models.context.definitions import At, Definitions, mentioned
from lsp_repair.models.context.failing_path import of_definition
from lsp_repair.models.excerpts import Excerpt
from lsp_repair.pycode.outline import Kind, Outline, Part

_MAX_SURROUNDED = 15
"""Functions whose surroundings are shown."""
_MAX_CALLERS = 10
"""Functions of which what they call is shown, executed or not."""
_MAX_WHOLE_FILES = 3
"""Files of which the rest is shown where there is room."""
_MAX_ATTRIBUTES = 30
_MAX_CONSTANT_LINES = 40
_FEW_IMPORTS = 12
"""Lines of imports that are shown whole."""


@dataclass(slots=True)
class CodeAround:
    """Puts ranked functions and what belongs to them in the order in which they are to be shown."""

    definitions: Definitions
    is_shown: Callable[[str], bool]
    _given: set[tuple[str, int]] = field(default_factory=set[tuple[str, int]])

    def ordered(self, ranked: Sequence[Excerpt]) -> tuple[Excerpt, ...]:
        """Each function with its surroundings, then what they call, then the rest of their files."""
        return tuple(self._ordered(ranked))

    def _ordered(self, ranked: Sequence[Excerpt]) -> Iterator[Excerpt]:
        places = {(each.path, each.first) for each in ranked}
        for number, each in enumerate(ranked):
            if self._is_new(each.path, each.first):
                yield each
            if number < _MAX_SURROUNDED:
                yield from self._surroundings(each, places)
        for each in ranked[:_MAX_CALLERS]:
            yield from self._called(each)
        for path in [*dict.fromkeys(each.path for each in ranked)][:_MAX_WHOLE_FILES]:
            yield from self._rest(path, [each for each in ranked if each.path == path])

    def _surroundings(self, of: Excerpt, places: set[tuple[str, int]]) -> Iterator[Excerpt]:
        within = self.definitions.outline(of.path)
        part = within.function_at(of.first) if of.name else None
        if not within.imports and within.parts and self._is_new(of.path, 0):
            yield _head(of.path, within.parts[0].first)
        yield from self._parts(of.path, _imports(within, part))
        if part is None:
            return
        for around in within.classes_around(part):
            yield from self._class(of.path, within, around, places)
        yield from self._constants(At(of.path, part))

    def _class(self, path: str, within: Outline, around: Part, places: set[tuple[str, int]]) -> Iterator[Excerpt]:
        """Its head, its attributes, and where its instances are set up."""
        if self._is_new(path, around.first):
            yield Excerpt(path, around.first, around.header, 0.0, around.header)
        attributes = [each for each in within.inside(around.name) if each.kind is Kind.ASSIGNMENT]
        yield from self._parts(path, attributes[:_MAX_ATTRIBUTES])
        set_up = within.named(f"{around.name}.__init__")
        if set_up is not None and (path, set_up.first) not in places:
            yield from self._parts(path, [set_up])

    def _constants(self, at: At) -> Iterator[Excerpt]:
        """The values of the module that a function reads, also those that it imports from another file."""
        for name in dict.fromkeys(each.partition(".")[0] for each in mentioned(at.part.node)):
            found = self.definitions.constant(at.path, name)
            if found is not None and self.is_shown(found.path) and found.part.size <= _MAX_CONSTANT_LINES:
                yield from self._parts(found.path, [found.part])

    def _called(self, of: Excerpt) -> Iterator[Excerpt]:
        part = self.definitions.outline(of.path).function_at(of.first) if of.name else None
        for at in self.definitions.called(At(of.path, part)) if part is not None else ():
            if not self.is_shown(at.path):
                continue
            if at.part.kind is Kind.CLASS:
                yield from self._class(at.path, self.definitions.outline(at.path), at.part, set())
            else:
                yield from self._parts(at.path, [at.part])

    def _rest(self, path: str, shown: Sequence[Excerpt]) -> Iterator[Excerpt]:
        """The other parts of a file: those of the classes that are shown first, then the nearest to what is shown."""
        within = self.definitions.outline(path)
        owners = {each.name.rpartition(".")[0] for each in shown}
        parts = [each for each in within.parts if each.kind is not Kind.CLASS]

        def far(part: Part) -> tuple[bool, int]:
            return not (part.owner and part.owner in owners), min(abs(part.first - each.first) for each in shown)

        yield from self._parts(path, sorted(parts, key=far))

    def _parts(self, path: str, parts: Iterable[Part]) -> Iterator[Excerpt]:
        for part in parts:
            if self._is_new(path, part.first):
                found = of_definition(At(path, part))
                yield found if part.kind is Kind.FUNCTION else Excerpt(path, part.first, part.last, 0.0, part.first)

    def _is_new(self, path: str, first: int) -> bool:
        if (path, first) in self._given:
            return False
        self._given.add((path, first))
        return True


def _imports(within: Outline, part: Part | None) -> Iterator[Part]:
    """Those of a file; of many the ones that a function uses and the last, beside which another one can be put."""
    few = sum(each.size for each in within.imports) <= _FEW_IMPORTS
    used = {each.partition(".")[0] for each in mentioned(part.node)} if part is not None else set[str]()
    for each in within.imports:
        if few or (each.size <= _FEW_IMPORTS and used & set(each.binds)):
            yield each
    if not few and (single := [each for each in within.imports if not each.owner and each.size <= _FEW_IMPORTS]):
        yield single[-1]


def _head(path: str, first: int) -> Excerpt:
    """Where a file without imports can get one: its first lines, or of a long head the last of them."""
    return Excerpt(path, 1 if first <= _FEW_IMPORTS else first - 3, first, 0.0, first)
