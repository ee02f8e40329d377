"""What tells functions apart that the same failing tests execute: names, executed lines, nearness to the failure.

The weights were fitted on real bugs (benchmarks/README.md): tests name what they test, and a function of many executed
lines has more room for a fault than a trivial one.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from lsp_repair.domain.runs import Failure
from lsp_repair.pycode.modules import Module, read_module
from lsp_repair.pycode.nodes import Definition, Function, first_line, last_line

_OWN_NAME = 0.5
"""All words of the function's name stand in the name of the test."""
_NAMES_AROUND = 0.25
"""The same of the classes and functions around it."""
_FILE_NAME = 0.2
"""A word of the file's name stands in that of the test, or of its file."""
_EXECUTED = 0.2
"""At least `_MANY` of its lines are executed."""
_MANY = 40
_NEAR = 0.1
"""It was executed last before the failure."""
_SPECIAL = -0.2
"""Of methods such as `__init__` or `__repr__`."""
_TIE = 0.002
"""Less than anything else counts: which line of a function was executed last."""
_WORD_BORDERS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")
_NO_WORDS = frozenset({"test", "tests", "self", "py", ""})

Read = Callable[[str], bytes | None]
Scores = Mapping[str, Mapping[int, float]]
Latest = Sequence[Sequence[tuple[str, int]]]
"""For each failing test: lines by their last execution, the latest first."""


def with_functions(
    scores: Scores, failures: Iterable[Failure], latest: Latest, read: Read
) -> dict[str, dict[int, float]]:
    """The scores of lines, each with what speaks for its function; other lines are left out."""
    tests = _Tests.of(failures)
    owners = {path: _owners(read(path), lines) for path, lines in scores.items()}
    nearness = _nearness(owners, latest)
    recency = {place: 1 / (1 + rank) for order in latest for rank, place in reversed(list(enumerate(order)))}
    found: dict[str, dict[int, float]] = {}
    for path, (module, lines) in owners.items():
        if module is None:
            continue
        own: dict[Function, dict[int, float]] = {}
        for line, function in lines.items():
            own.setdefault(function, {})[line] = scores[path][line]
        for function, executed in own.items():
            bonus = max(executed.values()) + tests.likeness(module, function, path)
            bonus += _EXECUTED * min(1.0, math.log(1 + len(executed)) / math.log(_MANY))
            bonus += _NEAR * nearness.get((path, function), 0.0) + _SPECIAL * _is_special(function)
            for line, score in executed.items():
                found.setdefault(path, {})[line] = score + bonus + _TIE * recency.get((path, line), 0.0)
    return found


def _owners(data: bytes | None, lines: Iterable[int]) -> tuple[Module | None, dict[int, Function]]:
    """The innermost function of each line that is in one."""
    module = read_module(data)
    by_line: dict[int, Function] = {}
    for function in module.functions if module is not None else ():
        by_line.update(dict.fromkeys(range(first_line(function), last_line(function) + 1), function))
    return module, {line: by_line[line] for line in lines if line in by_line}


def _nearness(
    owners: Mapping[str, tuple[Module | None, Mapping[int, Function]]], latest: Latest
) -> dict[tuple[str, Function], float]:
    """1 for the function that was executed last before a failure, half for the one before it, a third, and so on."""
    near: dict[tuple[str, Function], float] = {}
    for order in latest:
        places = ((path, owners[path][1].get(line)) for path, line in order if path in owners)
        functions = dict.fromkeys((path, function) for path, function in places if function is not None)
        for rank, function in enumerate(functions, 1):
            near[function] = max(near.get(function, 0.0), 1 / rank)
    return near


def _is_special(function: Function) -> bool:
    return function.name.startswith("__") and function.name.endswith("__")


@dataclass(frozen=True, slots=True)
class _Tests:
    """Words in the names of failing tests, and in those of their files."""

    names: frozenset[str]
    files: frozenset[str]

    @classmethod
    def of(cls, failures: Iterable[Failure]) -> "_Tests":
        names: set[str] = set()
        files: set[str] = set()
        for failure in failures:
            path, _, rest = failure.node_id.partition("::")
            names |= words(rest.partition("[")[0])
            files |= words(_stem(path))
        return cls(frozenset(names), frozenset(files))

    def likeness(self, module: Module, function: Function, path: str) -> float:
        """How far the names of a function, of what is around it, and of its file are those of the tests."""
        around = {
            word for each in module.ancestors(function) if isinstance(each, Definition) for word in words(each.name)
        }
        own = words(function.name)
        is_file = not words(_stem(path)).isdisjoint(self.names | self.files)
        return _OWN_NAME * self._share(own) + _NAMES_AROUND * self._share(around - own) + _FILE_NAME * is_file

    def _share(self, found: set[str]) -> float:
        return len(found & self.names) / len(found) if found else 0.0


def _stem(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".py")


def words(name: str) -> set[str]:
    """The words of a name of at least two letters, in lower case: `parse_time`, `TestParseTime` → parse, time."""
    found = {word.lower() for word in _WORD_BORDERS.split(name)}
    return {word for word in found if len(word) > 1} - _NO_WORDS
