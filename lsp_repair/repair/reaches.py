"""Which tests reach which functions, as the warm server saw it, updated as tests run."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lsp_repair.domain.runs import NodeId
from lsp_repair.testrun.warm_server import UNKNOWN, Reach

_EVERYTHING: Reach = frozenset({UNKNOWN})


@dataclass(frozen=True, slots=True)
class Lines:
    """A function's lines in a file as it was imported."""

    path: str
    first: int
    last: int


@dataclass(slots=True)
class Reaches:
    """Tests by what they reach; a test about which nothing is known counts as reaching everything."""

    _by_test: dict[NodeId, Reach] = field(default_factory=dict[NodeId, Reach])
    _by_file: dict[str, dict[int, set[NodeId]]] = field(default_factory=dict[str, dict[int, set[NodeId]]])

    def note(self, found: Mapping[NodeId, Reach]) -> None:
        """Add to what is known of tests."""
        for test, reach in found.items():
            before = self._by_test.get(test, frozenset())
            self._by_test[test] = before | reach
            for path, line in reach - before:
                self._by_file.setdefault(path, {}).setdefault(line, set()).add(test)

    def ran(self, tests: Sequence[NodeId], found: Mapping[NodeId, Reach]) -> None:
        """Tests ran together on changed code.

        What none of them reached before counts for all of them: one test may have done the work for the others.
        """
        before = frozenset[tuple[str, int]]().union(*(self._by_test.get(test, frozenset()) for test in tests))
        fresh = frozenset[tuple[str, int]]().union(*found.values()) - before
        self.note({test: found.get(test, _EVERYTHING) | fresh for test in tests})

    def reaching(self, functions: Iterable[Lines], tests: frozenset[NodeId]) -> frozenset[NodeId]:
        """The tests that execute one of these functions, or might."""
        everything = self._by_file.get(UNKNOWN[0], {}).get(UNKNOWN[1], set[NodeId]())
        found = {test for test in tests if test not in self._by_test or test in everything}
        for function in functions:
            for line, reaching in self._by_file.get(function.path, {}).items():
                if line == 0 or function.first <= line <= function.last:
                    found.update(reaching)
        return tests & found
