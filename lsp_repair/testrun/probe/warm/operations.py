"""What a child of the warm server does for each request."""

from __future__ import annotations

import gc
import os
import resource
import sys
from typing import Any, Callable, Optional

from .. import time_limits
from ..session.recorder import recorder
from . import behaviour, reload, swap
from .entered_functions import identity
from .items import Items
from .reached import Reached
from .warm_session import Emit, Warm

Operation = Callable[[Warm, dict[str, Any], Emit], None]


def run(warm: Warm, request: dict[str, Any], emit: Emit) -> None:
    """Run items once with full facts, as a cold run would; `record` adds the executed lines.

    `swaps` are functions that are replaced before: where one cannot be, `no-swap` is told and nothing runs. `reached` adds
    what each test reached: `once`, or `twice` in order to find the work that one test does for all.
    """
    time_limits.install()
    owners: dict[int, int] = {}
    if not _swapped(warm, request.get("swaps") or (), owners):
        emit({"kind": "no-swap"})
        return
    items = [warm.items.by_id[each] for each in request["ids"] if each in warm.items.by_id]
    warm.reporting.emit = emit
    warm.reporting.recorder = recorder(warm.root) if request.get("record") else None
    warm.session.config.pluginmanager.register(time_limits.LimitedTests(request["test_seconds"]))
    reached = Reached(warm.root, owners)
    if not request.get("reached") or not reached.could_note:
        with Spawned() as spawned:
            _run_all(items, spawned)
        emit({"kind": "spawning", "tests": sorted(spawned.tests)})
        return
    with reached:
        warm.session.config.pluginmanager.register(reached)
        reached.next_round()
        _run_all(items)
        if request["reached"] == "twice":
            warm.reporting.emit = _still_running(emit)
            reached.next_round()
            _run_all(items)
    emit({"kind": "reached", "tests": reached.places()})


class Spawned:
    """Notes which tests start programs: such a program reads the source from the disk, where no candidate is."""

    _EVENTS = frozenset({"subprocess.Popen", "os.posix_spawn", "os.exec", "os.system", "os.spawn"})

    def __init__(self) -> None:
        self.tests: set[str] = set()
        self.running: Optional[str] = None

    def __enter__(self) -> Spawned:
        sys.addaudithook(self._event)  # for good: this process is a child that does nothing else
        return self

    def __exit__(self, *exc: object) -> None:
        self.running = None

    def _event(self, event: str, arguments: object) -> None:
        if self.running is not None and event in self._EVENTS:
            self.tests.add(self.running)


def _run_all(items: list[Any], spawned: Optional[Spawned] = None) -> None:
    for index, item in enumerate(items):
        if spawned is not None:
            spawned.running = item.nodeid
        following = items[index + 1] if index + 1 < len(items) else None
        item.ihook.pytest_runtest_protocol(item=item, nextitem=following)


def _still_running(emit: Emit) -> Emit:
    """Results of a second round interest nobody, but that it goes on does."""

    def reported(record: dict[str, Any]) -> None:
        if record["kind"] == "start":
            emit({"kind": "again"})

    return reported


def _swapped(warm: Warm, entries: Any, owners: dict[int, int]) -> bool:
    """Whether all could be replaced; `owners` gets the first line of the function that each piece of new code is of."""
    batch = _Batch(warm, {"tests": []})
    try:
        for entry in entries:
            for function, _ in batch.swap_in(entry):
                owners.update((identity(code), int(entry["first"])) for code in swap.nested(function.__code__))
    except (swap.NotSwappableError, SyntaxError, ValueError, OverflowError, MemoryError, RecursionError):
        return False
    return True


def screen(warm: Warm, request: dict[str, Any], emit: Emit) -> None:
    """Swap each candidate of a batch in, run the tests until the first loss, swap it out; the original goes last.

    The last record, the canary, tells whether the original still behaves after the batch as it did before: if not, some
    candidate spoiled the process and none of the batch's losses count.
    """
    _bounded(request)
    time_limits.install()
    gc.disable()
    batch = _Batch(warm, request)
    for candidate in request["candidates"]:
        emit({"kind": "screened", "key": candidate["key"], **batch.judge(candidate)})
    if request.get("canary"):
        emit({"kind": "canary", "outcomes": batch.outcomes_of_original()})


class _Batch:
    """The tests of one request and how they are run."""

    def __init__(self, warm: Warm, request: dict[str, Any]) -> None:
        self._warm = warm
        self._tests: list[dict[str, Any]] = request["tests"]
        self._all = bool(request.get("all"))
        self._flags: dict[str, int] = {}

    def judge(self, candidate: dict[str, Any]) -> dict[str, Any]:
        """`verdict` is `won`, `lost`, `slow`, `syntax` or `no-swap`, with the number of tests passed."""
        try:
            undo = self.swap_in(candidate)
        except swap.NotSwappableError:
            return {"verdict": "no-swap", "passed": 0}
        except (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError):
            return {"verdict": "syntax", "passed": 0}
        try:
            return self._verdict()
        finally:
            swap.put_back(undo)
            self._forget()

    def answers(self, candidate: dict[str, Any], function: Any, inputs: list[dict[str, Any]]) -> Optional[list[str]]:
        """What the candidate's version of the function answers; null when it cannot be swapped in."""
        try:
            undo = self.swap_in(candidate)
        except (swap.NotSwappableError, SyntaxError, ValueError):
            return None
        try:
            return [behaviour.answer(function, each) for each in inputs]
        finally:
            swap.put_back(undo)

    def swap_in(self, candidate: dict[str, Any]) -> swap.Undo:
        """Replace a function by the candidate's version of it; raises NotSwappableError, or what compiling raises."""
        path, first, name = candidate["path"], candidate["first"], candidate["name"]
        if (path, name, first) in self._warm.import_time:
            raise swap.NotSwappableError
        if path not in self._flags:
            with open(path, "rb") as file:
                self._flags[path] = swap.code_flags(file.read())
        code = swap.compiled(path, first, candidate["shells"], candidate["text"], self._flags[path])
        undo = self._warm.live.replace(path, first, name, code)
        self._clear_caches()
        return undo

    def _verdict(self) -> dict[str, Any]:
        passed = 0
        verdict = "won"
        for test in self._tests:
            error = self._warm.items.outcome(test["id"], test["style"], test["seconds"])
            if error is None:
                passed += 1
                continue
            verdict = "slow" if isinstance(error, time_limits.TestTimeout) else "lost"
            if not self._all or verdict == "slow":
                break
        return {"verdict": verdict, "passed": passed}

    def outcomes_of_original(self) -> list[Optional[str]]:
        """The error type of each test on the unchanged code, null where it passes."""
        self._clear_caches()
        found = [self._original_outcome(test) for test in self._tests]
        self._forget()
        return found

    def _original_outcome(self, test: dict[str, Any]) -> Optional[str]:
        """A tear-down that breaks behind another error would let no candidate pass: it is told as an outcome of its own."""
        error = self._warm.items.outcome(test["id"], test["style"], test["seconds"])
        broken = self._warm.items.broken_tear_down
        if error is not None and broken is not None and broken is not error:
            return "BrokenTearDown"
        return None if error is None else type(error).__name__

    def _forget(self) -> None:
        if self._tests:
            self._warm.items.tear_down_all(self._tests[0]["id"])
        self._clear_caches()

    def _clear_caches(self) -> None:
        for cache in self._warm.caches:
            cache.cache_clear()


def reimport(warm: Warm, request: dict[str, Any], emit: Emit) -> None:
    """Import one candidate's file and its dependants again, collect the tests' files again and run the tests.

    `files` maps absolute paths to whole texts; an unchanged text is the canary of this tier. Outcomes are told by id.
    """
    _bounded(request)
    time_limits.install()
    gc.disable()
    files = {path: text.encode("utf-8", "surrogateescape") for path, text in request["files"].items()}
    stale = warm.edges.dependants(set(files), warm.root)
    test_files = [os.path.join(warm.root, path) for path in request["test_files"]]
    reload.drop(stale | warm.edges.dependants(set(test_files), warm.root))
    sys.meta_path.insert(0, reload.Overlay(files))
    collected = _collected_again(warm, test_files)
    items = Items(collected, warm.reporting)
    requested = request["tests"]
    if request.get("whole_files"):
        known = {test["id"] for test in requested}
        requested = requested + [
            {"id": each, "style": "hooks", "seconds": request["test_seconds"]}
            for each in items.by_id
            if each not in known
        ]
    for test in requested:
        if test["id"] not in items.by_id:
            emit({"kind": "outcome", "id": test["id"], "error": "NotCollected"})
        else:
            error = items.outcome(test["id"], test["style"], test["seconds"])
            emit({"kind": "outcome", "id": test["id"], "error": None if error is None else type(error).__name__})
            if error is None:
                continue
        if not request.get("all"):
            break
    emit({"kind": "reimported", "modules": len(stale)})


def _collected_again(warm: Warm, test_files: list[str]) -> list[Any]:
    session: Any = warm.session
    warm.reporting.emit = _ignore
    warm.reporting.only = None
    for name in ("_collection_cache", "_collection_pkg_roots", "_collection_node_cache1"):
        cache = getattr(session, name, None)
        if isinstance(cache, dict):
            cache.clear()
    session.config.pluginmanager._duplicatepaths = set()
    session.items = []
    found: list[Any] = session.perform_collect(test_files)
    return found


def _ignore(record: dict[str, Any]) -> None:
    """Records of a second collection interest nobody."""


def behaviours(warm: Warm, request: dict[str, Any], emit: Emit) -> None:
    """The answers of one function on the tests' inputs and their neighbours, for each candidate of it.

    Key -1 is the original. Nothing is told when the function cannot be called by itself.
    """
    _bounded(request)
    time_limits.install()
    place = request["candidates"][0]
    function = behaviour.live_function(warm.live, place["path"], place["first"], place["name"])
    if function is None:
        return
    with behaviour.CallRecorder(function.__code__) as recorded:
        for test in request["tests"]:
            warm.items.outcome(test["id"], test["style"], test["seconds"])
    inputs = behaviour.inputs_around(list(recorded.calls.values()))
    emit({"kind": "inputs", "inputs": [behaviour.rendered(each) for each in inputs]})
    emit({"kind": "answers", "key": -1, "answers": [behaviour.answer(function, each) for each in inputs]})
    batch = _Batch(warm, request)
    for candidate in request["candidates"]:
        answers = batch.answers(candidate, function, inputs)
        emit({"kind": "answers", "key": candidate["key"], "answers": answers})


def nothing(warm: Warm, request: dict[str, Any], emit: Emit) -> None:
    """The floor: a fork and no more."""


def _bounded(request: dict[str, Any]) -> None:
    limit = int(request.get("memory_bytes", 3 << 30))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard == resource.RLIM_INFINITY or limit < hard:
        resource.setrlimit(resource.RLIMIT_AS, (_used_bytes() + limit, hard))


def _used_bytes() -> int:
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


OPERATIONS: dict[str, Operation] = {
    "run": run,
    "screen": screen,
    "reimport": reimport,
    "behaviours": behaviours,
    "nothing": nothing,
}
