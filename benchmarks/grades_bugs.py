"""Libraries for grades.py, and bugs in them: one mutation of a tested function, or a real fix taken back."""

import ast
import os
import random
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import grades_mutants
from grades_kinds import Function
from grades_mutants import Mutant
from grades_trials import ORIGINAL, FunctionKey, Trials

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.events import Event
from lsp_repair.domain.runs import NodeId, Outcome, TestResult
from lsp_repair.repair.fix_request import Selection, chosen
from lsp_repair.repair.stages.baseline import Baseline, run_baseline
from lsp_repair.repair.stages.localise import editable_files
from lsp_repair.repair.stages.prepare import Prepared, find_sandbox, prepare
from lsp_repair.settings import load_settings
from lsp_repair.testrun.discovery import discover
from lsp_repair.testrun.snapshot_rules import SnapshotRules
from lsp_repair.testrun.warm_server import NotWarm, WarmRequest, start_warm

_BASELINE_SECONDS = 120.0
"""Half of it is for the tests."""
_TRACED_SECONDS = 20.0
_TESTS = (4, 400)
"""How many tests a function has at least and at most."""
_TRIES = 15
"""For one bug."""


class CannotUseError(Exception):
    """A library whose tests do not run here."""


@dataclass(frozen=True, slots=True)
class Tested:
    """A function with the tests that execute its body."""

    path: str
    name: str
    node: Function
    tests: tuple[NodeId, ...]


@dataclass(frozen=True, slots=True)
class Library:
    """One version of a library, with what its passing tests execute."""

    name: str
    prepared: Prepared
    traced: tuple[TestResult, ...]
    trials: Trials
    editable: frozenset[str]

    @classmethod
    def opened(cls, name: str, root: Path, python: Path, scratch: Path) -> Self:
        """Run the tests twice: all of them, then the quick ones with their lines."""
        private = scratch / "private"
        private.mkdir()
        settings = load_settings().settings
        project = discover(root, python, os.environ, settings)
        prepared = prepare(project, private, SnapshotRules(), find_sandbox(project))
        deadline = Deadline.after(_BASELINE_SECONDS)
        baseline = run_baseline(prepared, chosen(project, Selection(), root), deadline, _silent)
        if not baseline.run.complete:
            raise CannotUseError(f"the tests take longer than {_BASELINE_SECONDS / 2:.0f} s")
        traced = _traced(prepared, baseline)
        paths = {path for each in traced for path in each.executed}
        editable = frozenset(filter(editable_files(baseline.run), paths))
        trials = Trials.at(prepared.place, scratch / "trial" / root.name, scratch / "scripts")
        return cls(name, prepared, traced, trials, editable)

    def source(self, path: str) -> bytes:
        """A file as it was before any bug."""
        return (self.prepared.snapshot.root / path).read_bytes()

    def tested(self) -> Iterator[Tested]:
        """The functions that can get a bug."""
        for path in sorted(self.editable):
            for name, node in grades_mutants.functions(self.source(path)):
                tests = self.covering(path, [node])
                if grades_mutants.statements(node) >= 3 and _TESTS[0] <= len(tests) <= _TESTS[1]:
                    yield Tested(path, name, node, tests)

    def covering(self, path: str, nodes: Sequence[Function]) -> tuple[NodeId, ...]:
        """Passing tests that execute the body of one of the functions."""
        lines = {
            line for node in nodes for each in node.body for line in range(each.lineno, (each.end_lineno or 0) + 1)
        }
        return tuple(each.node_id for each in self.traced if not lines.isdisjoint(each.executed.get(path, ())))


@dataclass(frozen=True, slots=True)
class Bug:
    """A bug that tests find, some of which are hidden."""

    library: Library
    path: str
    function: str
    kind: str
    mutated: bytes
    covering: tuple[NodeId, ...]
    failing: frozenset[NodeId]
    hidden: frozenset[NodeId]

    @property
    def original(self) -> bytes:
        """The file without the bug."""
        return self.library.source(self.path)


def mutations(library: Library, count: int, seed: int) -> Iterator[Bug]:
    """Bugs in different functions as far as there are enough, kinds drawn evenly."""
    dice = random.Random(f"{seed} {library.name}")
    pool: dict[str, dict[int, list[Mutant]]] = {}
    tested = list(library.tested())
    for number, each in enumerate(tested):
        for mutant in grades_mutants.mutants(library.source(each.path), each.node):
            pool.setdefault(mutant.kind, {}).setdefault(number, []).append(mutant)
    used: list[int] = []
    found = 0
    for _ in range(_TRIES * count if pool else 0):
        kind = dice.choice(sorted(pool))
        numbers = [each for each in pool[kind] if each not in used]
        if found >= count or not numbers:
            if found >= count:
                return
            continue
        number = dice.choice(numbers)
        mutant = dice.choice(pool[kind][number])
        bug = _put(library, tested[number], mutant, dice)
        if bug is not None:
            found += 1
            used.append(number)
            yield bug


def _put(library: Library, into: Tested, mutant: Mutant, dice: random.Random) -> Bug | None:
    mutated = grades_mutants.applied(library.source(into.path), mutant)
    if mutated is None:
        return None
    function = FunctionKey(into.path, into.name)
    return with_hidden(library, function, (mutant.kind, mutated), into.tests, dice)


def with_hidden(
    library: Library, function: FunctionKey, bug: tuple[str, bytes], covering: Sequence[NodeId], dice: random.Random
) -> Bug | None:
    """The bug with half of its tests hidden; None where no test finds it."""
    kind, mutated = bug
    outcomes = library.trials.outcomes({function.path: mutated}, covering)
    if outcomes is None or "failed" not in outcomes.values():
        return None
    before = library.trials.outcomes(ORIGINAL, covering) or {}
    covering = [each for each in covering if before.get(each) == "passed" and each in outcomes]
    failing = frozenset(each for each in covering if outcomes[each] == "failed")
    hidden = _hidden(covering, failing, dice)
    if not failing - hidden or not hidden:
        return None
    return Bug(library, function.path, function.name, kind, mutated, tuple(covering), failing, hidden)


def _hidden(covering: Sequence[NodeId], failing: frozenset[NodeId], dice: random.Random) -> frozenset[NodeId]:
    """Half of the tests; pytest leaves out every test whose id begins with one that is left out."""
    if not failing:
        return frozenset()
    seen = dice.choice(sorted(failing))
    rest = [each for each in covering if each != seen and not seen.startswith(each)]
    drawn = tuple(dice.sample(rest, min(len(rest), len(covering) // 2)))
    return frozenset(each for each in covering if each.startswith(drawn)) if drawn else frozenset()


def lay_out(clone: Path, commit: str, root: Path) -> None:
    """A commit's files, in a folder that is a repository of its own."""
    root.mkdir(parents=True)
    inner = clone / ".git"
    environ = {**os.environ, "GIT_INDEX_FILE": str(root.parent / "index")}
    command = ["git", "--git-dir", str(inner if inner.exists() else clone), "--work-tree", str(root)]
    subprocess.run(
        [*command, "checkout", "--quiet", commit, "--", "."], env=environ, check=True, capture_output=True, cwd=root
    )
    subprocess.run(["git", "init", "--quiet", str(root)], check=True, capture_output=True)


def changed_functions(path: str, before: bytes, after: bytes) -> list[FunctionKey]:
    """Functions of both versions that differ."""
    old, new = _dumps(before), _dumps(after)
    return [FunctionKey(path, *key) for key in old if key in new and old[key] != new[key]]


def _dumps(source: bytes) -> Mapping[tuple[str, int], str]:
    found: dict[tuple[str, int], str] = {}
    counts: dict[str, int] = {}
    for name, node in sorted(grades_mutants.functions(source), key=lambda each: each[1].lineno):
        found[name, counts.setdefault(name, 0)] = ast.dump(node)
        counts[name] += 1
    return found


def _traced(prepared: Prepared, baseline: Baseline) -> tuple[TestResult, ...]:
    results = [each for each in baseline.run.results.values() if each.outcome is Outcome.PASSED]
    quick: list[NodeId] = []
    budget = _TRACED_SECONDS
    for each in sorted(results, key=lambda each: each.seconds):
        budget -= each.seconds
        if budget < 0:
            break
        quick.append(each.node_id)
    files = tuple(dict.fromkeys(each.file for each in sorted(quick)))
    deadline = Deadline.after(_BASELINE_SECONDS)
    server = start_warm(prepared.place.for_candidates(), WarmRequest(files, None, 1), deadline)
    if isinstance(server, NotWarm):
        raise CannotUseError(f"there is no warm server: {server.why[-200:]}")
    with server:
        run = server.run(sorted(quick), deadline, record=True, test_seconds=2.0)
    seconds = {each.node_id: each.seconds for each in results}
    return tuple(replace(run.results[key], seconds=seconds[key]) for key in sorted(quick) if run.has_passed(key))


def _silent(event: Event) -> None:
    """Nobody listens."""
