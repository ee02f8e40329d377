"""What a child of the warm server does for each request."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Callable, Optional

from .. import limits
from ..channel import Record
from ..lines.following import Following
from ..lines.recorder import recorder
from ..run_records import Start
from ..session.guarding import identity
from ..session.measurement import LimitedTests
from ..versions.version_answers import compare_versions
from . import reload, swap, warm_records
from .items import Items
from .reached import ReachedFunctions
from .swapped_candidates import Emit, SwappedCandidates, Warm

_MEMORY_BYTES = 3 << 30
"""What candidates may use beyond what the server uses."""


def run(warm: Warm, request: warm_records.RunTests, emit: Emit) -> None:
    """Run items with full facts, as a cold run would.

    Where a function cannot be replaced, nothing runs. A second round finds the work that one test does for all.
    """
    limits.install()
    owners: dict[int, int] = {}
    if not _swapped(warm, request.swaps, owners):
        emit(warm_records.CannotSwap())
        return
    items = [warm.items.by_id[each] for each in request.ids if each in warm.items.by_id]
    warm.reporting.emit = emit
    following = Following(warm.root, warm.home) if request.record else None
    warm.reporting.recorder = recorder(warm.root, following) if request.record else None
    warm.session.config.pluginmanager.register(LimitedTests(request.test_seconds))
    reached = ReachedFunctions(warm.root, owners)
    if not request.rounds or not reached.could_note:
        _run_all(items)
        if following is not None:
            following.close()
        return
    with reached:
        warm.session.config.pluginmanager.register(reached)
        reached.next_round()
        _run_all(items)
        if request.rounds > 1:
            warm.reporting.emit = _still_running(emit)
            reached.next_round()
            _run_all(items)
    emit(warm_records.Reached(reached.places()))


def _run_all(items: list[Any]) -> None:
    for index, item in enumerate(items):
        following = items[index + 1] if index + 1 < len(items) else None
        item.ihook.pytest_runtest_protocol(item=item, nextitem=following)


def _still_running(emit: Emit) -> Emit:
    """Of a second round only its progress is reported."""

    def reported(record: Record) -> None:
        if isinstance(record, Start):
            emit(warm_records.SecondRound())

    return reported


def _swapped(warm: Warm, entries: Sequence[warm_records.Swap], owners: dict[int, int]) -> bool:
    """Whether all could be replaced; `owners` gets the first line of the function that each piece of new code is of."""
    candidates = SwappedCandidates(warm)
    try:
        for entry in entries:
            for function, _ in candidates.swap_in(entry):
                owners.update((identity(code), entry.first) for code in swap.nested(function.__code__).values())
    except swap.UNSWAPPABLE:
        return False
    return True


def screen(warm: Warm, request: warm_records.Screen, emit: Emit) -> None:
    """Swap each candidate of a batch in, run the tests until the first failure, swap it out; the original goes last.

    The last record, the canary, says whether the original still behaves after the batch as it did before: if not, some
    candidate spoiled the process and none of the batch's losses count.
    """
    limits.limit_memory(_MEMORY_BYTES)
    limits.install()
    gc.disable()
    candidates = SwappedCandidates(warm, request.tests, run_all=request.run_all)
    for candidate in request.candidates:
        emit(candidates.judge(candidate))
    if request.canary:
        emit(warm_records.Canary(candidates.outcomes_of_original()))


def reimport(warm: Warm, request: warm_records.Reimport, emit: Emit) -> None:
    """Import one candidate's file and its dependants again, collect the tests' files again and run the tests.

    An unchanged text is the canary of this tier.
    """
    limits.limit_memory(_MEMORY_BYTES)
    limits.install()
    gc.disable()
    files = {path: text.encode("utf-8", "surrogateescape") for path, text in request.files.items()}
    stale = warm.edges.dependants(set(files), warm.root)
    test_files = [os.path.join(warm.root, path) for path in request.test_files]
    reload.drop(stale | warm.edges.dependants(set(test_files), warm.root))
    sys.meta_path.insert(0, reload.Overlay(files))
    collected = _collected_again(warm, test_files)
    items = Items(collected, warm.reporting)
    tests = list(request.tests)
    if request.whole_files:
        known = {test.id for test in tests}
        more = (each for each in items.by_id if each not in known)
        tests += [warm_records.TestToRun(each, warm_records.Style.HOOKS, request.test_seconds) for each in more]
    for test in tests:
        error: Optional[str] = "NotCollected"
        if test.id in items.by_id:
            raised = items.outcome(test)
            error = type(raised).__name__ if raised is not None else None
        emit(warm_records.ReimportedOutcome(test.id, error))
        if error is not None and not request.run_all:
            break


def _collected_again(warm: Warm, test_files: list[str]) -> list[Any]:
    session: Any = warm.session
    warm.reporting.emit = _ignore
    warm.reporting.only = None
    for name in ("_collection_cache", "_collection_pkg_roots", "_collection_node_cache1"):
        cache = getattr(session, name, None)
        if isinstance(cache, dict):
            cache.clear()
    session.config.pluginmanager._duplicatepaths = set()
    _register_conftests_again(session)
    session.items = []
    found: list[Any] = session.perform_collect(test_files)
    return found


def _register_conftests_again(session: Any) -> None:
    """Since pytest 9.1 fixtures of a conftest belong to the collector of its folder, and there will be a new one."""
    pending = getattr(session._fixturemanager, "_pending_conftests", None)
    if pending is None:
        return
    for name, plugin in session.config.pluginmanager.list_name_plugin():
        if plugin is not None and str(name).endswith("conftest.py"):
            folder = Path(name).parent
            if folder != session.config.rootpath:  # those of the root belong to the session
                pending[folder] = plugin


def _ignore(record: Record) -> None:
    """A second collection is not reported."""


def fork_only(warm: Warm, request: warm_records.ForkOnly, emit: Emit) -> None:
    """The least that a request costs."""


OPERATIONS: dict[type[Record], Callable[[Warm, Any, Emit], None]] = {
    warm_records.RunTests: run,
    warm_records.Screen: screen,
    warm_records.Reimport: reimport,
    warm_records.CompareVersions: compare_versions,
    warm_records.ForkOnly: fork_only,
}
