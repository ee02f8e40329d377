"""Has the warm server answer the tests' calls of changed functions by the old code and by every patch."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.patches import Patch, SourceFile
from lsp_repair.domain.runs import NodeId
from lsp_repair.judge.replay.changed_code import literals_of
from lsp_repair.pycode.replacements import Replacements, replacements
from lsp_repair.pycode.units import Unit
from lsp_repair.testrun.probe.warm import warm_records as records
from lsp_repair.testrun.warm_server import WarmServer

_TAKES_NOTHING = re.compile(r"\w+\(\)")
OLD = -1
"""Stands for the old code where a patch's number is expected."""
_STALL_SECONDS = 30.0
_SECONDS = 2.0
"""CPU time in which new calls are handed to all versions."""
_ENOUGH = 0.9
"""Share of the changed calls that both of two patches have to answer to be called alike: time may run out for some."""
Key = tuple[str, int, str]
"""A function by file and first line, and a digest of what it is given."""

Disguise = tuple[int, str]
"""An entry, and what has another name or is gone."""


@dataclass(frozen=True, slots=True)
class ComparedCall:
    """A call that the old code answered."""

    test: NodeId
    """It leads to this call, or to its neighbour."""
    near: bool
    entry: int
    text: str
    site: str
    """The test's line that leads there."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a version gave for one call."""

    gives: str | None
    """Digest of all that can be seen of it; None where that cannot be told."""
    result: str
    """Digest of the result alone."""
    shown: str
    type: str
    """Of the result, or of the error."""
    error: str | None
    refused: bool = False
    """Whether a statement of the project's own raised it."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The answers of old code and patches."""

    calls: Mapping[Key, ComparedCall] = field(default_factory=dict[Key, ComparedCall])
    answers: Mapping[int, Mapping[Key, Answer]] = field(default_factory=dict[int, Mapping[Key, Answer]])
    """By the patch's number, `OLD` for the old code."""
    entries: int = 0
    """Calls that tests made into the changed functions."""
    expected: Mapping[int, tuple[str, ...]] = field(default_factory=dict[int, tuple[str, ...]])
    """By the patch's number, for each expectation: empty where it is true or about other code, else what it is."""
    disguised: Mapping[int, Mapping[Disguise, bool]] = field(default_factory=dict[int, Mapping[Disguise, bool]])
    """By the patch's number: whether its answer stays when something of the tests' has another name."""
    settings: Mapping[int, Mapping[str, str]] = field(default_factory=dict[int, Mapping[str, str]])
    """By the patch's number: what it changes for the whole process, with the call that does; no call: importing it."""
    seconds: float = 0.0
    """Of CPU time."""

    def pairs(self, one: int, other: int) -> dict[Key, tuple[Answer, Answer]]:
        """The calls that both answered."""
        first, second = self.answers.get(one, {}), self.answers.get(other, {})
        return {
            key: (mine, second[key])
            for key, mine in first.items()
            if mine.gives is not None and key in second and second[key].gives is not None
        }

    def changed(self, number: int) -> set[Key]:
        """The calls that a patch answers otherwise than the old code."""
        return {key for key, (old, new) in self.pairs(OLD, number).items() if old.gives != new.gives}

    @property
    def is_whole(self) -> bool:
        """Whether every function that was called takes nothing, so that there is no other call to compare."""
        return all(_TAKES_NOTHING.fullmatch(call.text) for call in self.calls.values())

    def agree(self, one: int, other: int) -> bool:
        """Whether two patches change something, and both the same in the same way, as far as both were seen."""
        changed = self.changed(one) | self.changed(other)
        seen = changed & self.pairs(one, other).keys()
        return bool(changed) and len(seen) >= _ENOUGH * len(changed) and not self.differ(one, other)

    def differ(self, one: int, other: int) -> bool:
        """Whether some call tells the two apart."""
        return any(mine.gives != theirs.gives for mine, theirs in self.pairs(one, other).values())


@dataclass(frozen=True, slots=True)
class Expectations:
    """Expressions that have to be true; names are looked up in the changed modules, then in those of these files."""

    expressions: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


def compared(  # noqa: PLR0913, PLR0917 - who answers, which versions, to which tests, for how long, and what is looked at
    server: WarmServer,
    patches: Sequence[Patch],
    tests: Sequence[records.TestToRun],
    deadline: Deadline,
    expectations: Expectations = Expectations(),
    offered: int = 0,
) -> Comparison:
    """All patches beside the old code; one that a running process cannot take on has no answers.

    The first so many of them may be offered, and are called in disguise as well.
    """
    root = str(server.place.root)
    known = {number: found for number, patch in enumerate(patches) if (found := _replaced(patch))}
    versions = [_version(number, root, found) for number, found in known.items()]
    if not versions:
        return Comparison()
    places = {
        (path, function.first_line): records.Place(f"{root}/{path}", function.first_line, function.name)
        for found in known.values()
        for path, new in found.items()
        for function in (*(unit.function for unit in new.functions), *new.readers)
    }
    numbers, texts = literals_of(patches[0])  # the best one's: reading those of all takes too long in a long file
    changed = dict.fromkeys(path for found in known.values() for path in found)
    files = [f"{root}/{path}" for path in (*changed, *expectations.files)]
    operation = records.CompareVersions(
        versions, list(places.values()), list(tests), numbers, texts, _SECONDS, expectations.expressions, files, offered
    )
    reports, done = server.answer(operation, deadline, _STALL_SECONDS)
    return _read(reports, done.cpu if done is not None else 0.0)


def _replaced(patch: Patch) -> dict[str, Replacements]:
    """What a patch replaces, by file; empty where a process cannot take it on."""
    found: dict[str, Replacements] = {}
    for change in patch.changes:
        if change.before is None or change.after is None or not change.path.endswith(".py"):
            return {}
        new = replacements(SourceFile(change.path, change.before), SourceFile(change.path, change.after))
        if new is None:
            return {}
        found[change.path] = new
    return found


def _version(number: int, root: str, found: Mapping[str, Replacements]) -> records.Version:
    swaps = [_swap(number, f"{root}/{path}", unit) for path, new in found.items() for unit in new.functions]
    parts = [
        records.ClassPart(f"{root}/{path}", list(part.owner), part.name, part.text)
        for path, new in found.items()
        for part in new.parts
    ]
    return records.Version(number, swaps, {f"{root}/{path}": new.statements for path, new in found.items()}, parts)


def _swap(number: int, path: str, unit: Unit) -> records.Swap:
    function = unit.function
    return records.Swap(number, path, function.first_line, function.name, list(function.shells), unit.text)


def _read(reports: Sequence[object], seconds: float) -> Comparison:
    """An input that several entries led to is answered once: a test's own call goes before a neighbour."""
    entries = {each.entry: each for each in reports if isinstance(each, records.Entry)}
    found = [each for each in reports if isinstance(each, records.VersionAnswer) and each.entry in entries]
    calls: dict[Key, ComparedCall] = {}
    for each in sorted((each for each in found if each.version == OLD), key=lambda each: each.near):
        entry = entries[each.entry]
        call = ComparedCall(NodeId(entry.test), each.near, each.entry, each.call, entry.site)
        calls.setdefault((entry.path, entry.first, each.given), call)
    answers: dict[int, dict[Key, Answer]] = {}
    for each in found:
        entry = entries[each.entry]
        key = (entry.path, entry.first, each.given)
        if key in calls and calls[key].entry == each.entry:
            answers.setdefault(each.version, {})[key] = Answer(
                each.gives, each.result, each.shown, each.type, each.error, each.refused
            )
    return Comparison(
        calls, answers, len(entries), _expected(reports), _disguised(reports), _settings(reports), seconds
    )


def _settings(reports: Sequence[object]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    for each in reports:
        if isinstance(each, records.Sets):
            for part in each.parts:
                found.setdefault(each.version, {}).setdefault(part, each.call)
    return found


def _disguised(reports: Sequence[object]) -> dict[int, dict[Disguise, bool]]:
    found: dict[int, dict[Disguise, bool]] = {}
    for each in reports:
        if isinstance(each, records.Disguised):
            found.setdefault(each.version, {})[each.entry, each.what] = each.same
    return found


def _expected(reports: Sequence[object]) -> dict[int, tuple[str, ...]]:
    """An expectation that calls nothing of what any patch changes is about other code."""
    told = [each for each in reports if isinstance(each, records.Expected)]
    concerning = {each.expectation for each in told if each.concerns}
    found: dict[int, tuple[str, ...]] = {}
    for each in told:
        is_met = each.holds or each.expectation not in concerning
        found[each.version] = (*found.get(each.version, ()), "" if is_met else each.error or "it is false")
    return found
