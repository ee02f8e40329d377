"""What the warm server knows after collection, and candidates swapped into it one after the other."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from typing import Any, Callable, Optional

from .. import limits
from ..channel import Record
from ..run_records import WarmRequest
from ..session.reporting import Reporting
from . import swap
from .items import Items, function_caches
from .privacy import Privacy
from .reload import ImportEdges
from .swap import ImportTimeCalls, LiveFunctions
from .warm_records import ScreenedCandidate, ScreeningVerdict, Swap, TestToRun

Emit = Callable[[Record], None]


class Warm:
    """What the parent knows after collection; children inherit it by the fork."""

    def __init__(
        self, request: WarmRequest, session: Any, calls: ImportTimeCalls, edges: ImportEdges, reporting: Reporting
    ) -> None:
        root = self.root = request.root
        self.home = request.home
        self.privacy = Privacy(root, request.guard)
        self.session = session
        self.import_time = calls.called
        self.edges = edges
        self.reporting = reporting
        self.items = Items(session.items, reporting)
        self.items.protect()
        gc.collect()
        self.live = LiveFunctions(root)
        self.caches = function_caches(root)
        gc.freeze()

    def clear_caches(self) -> None:
        """Forget what functions of the project remember by `lru_cache`."""
        for cache in self.caches:
            cache.cache_clear()


class SwappedCandidates:
    """The tests of one request and how they are run."""

    def __init__(self, warm: Warm, tests: Sequence[TestToRun] = (), *, run_all: bool = False) -> None:
        self._warm = warm
        self._tests = tests
        self._run_all = run_all

    def judge(self, candidate: Swap) -> ScreenedCandidate:
        """The verdict on one candidate, with the number of tests passed."""
        try:
            undo = self.swap_in(candidate)
        except swap.NotSwappableError:
            return ScreenedCandidate(candidate.key, ScreeningVerdict.CANNOT_SWAP, 0)
        except (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError):
            return ScreenedCandidate(candidate.key, ScreeningVerdict.SYNTAX, 0)
        try:
            return self._verdict(candidate.key)
        finally:
            swap.put_back(undo)
            self._forget()

    def swap_in(self, candidate: Swap) -> swap.Undo:
        """Replace a function by the candidate's version of it; raises NotSwappableError, or what compiling raises."""
        path, first, name = candidate.path, candidate.first, candidate.name
        if (path, name, first) in self._warm.import_time:
            raise swap.NotSwappableError
        code = swap.compiled(path, first, candidate.shells, candidate.text, swap.flags_of_file(path))
        undo = self._warm.live.replace(path, first, name, code)
        self._warm.clear_caches()
        return undo

    def _verdict(self, key: int) -> ScreenedCandidate:
        passed = 0
        verdict = ScreeningVerdict.WON
        for test in self._tests:
            error = self._warm.items.outcome(test)
            if error is None:
                passed += 1
                continue
            is_slow = isinstance(error, limits.TestTimeout)
            verdict = ScreeningVerdict.SLOW if is_slow else ScreeningVerdict.LOST
            if is_slow or not self._run_all:
                break
        return ScreenedCandidate(key, verdict, passed)

    def outcomes_of_original(self) -> list[Optional[str]]:
        """The error type of each test on the unchanged code, None where it passes."""
        self._warm.clear_caches()
        found = [self._original_outcome(test) for test in self._tests]
        self._forget()
        return found

    def _original_outcome(self, test: TestToRun) -> Optional[str]:
        """A tear-down that fails after another error would let no candidate pass: it is an outcome of its own."""
        error = self._warm.items.outcome(test)
        broken = self._warm.items.broken_tear_down
        if error is not None and broken is not None and broken is not error:
            return "BrokenTearDown"
        return None if error is None else type(error).__name__

    def _forget(self) -> None:
        if self._tests:
            self._warm.items.tear_down_all(self._tests[0].id)
        self._warm.clear_caches()
