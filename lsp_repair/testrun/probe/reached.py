"""Which functions of the project each test executes, and what else of its files it depends on.

Noted call by call, not line by line. What cannot be seen from here (another process, a tracer of the test's own) makes a
test `UNKNOWN`: it depends on everything.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Generator
from types import CodeType, FrameType
from typing import Any, Optional

import pytest

Place = tuple[str, int]
"""A file relative to the root, and the first line of a function in it; line 0: the file as a whole."""
UNKNOWN: Place = ("", 0)
_BLINDING = {
    *("os.fork", "os.forkpty", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "pty.spawn", "subprocess.Popen"),
    "sys.settrace",
}
"""Audit events after which calls can be made that no tracer of ours sees."""
_SPAWNING = "spawnv_passfds"
"""The function of multiprocessing that starts a process without an audit event."""


class _Seen:
    """What was executed and opened during one test, or while one scope was set up."""

    def __init__(self) -> None:
        self.codes: dict[int, CodeType] = {}
        self.opened: set[str] = set()
        self.is_blind = False

    def places(self, root: str, owners: dict[int, int]) -> set[Place]:
        """In terms of the project's files; `owners` are first lines of functions that replaced code belongs to."""
        prefix = root + os.sep
        found: set[Place] = {(path[len(prefix) :], 0) for path in self.opened if path.startswith(prefix)}
        blind = self.is_blind
        for identity, code in self.codes.items():
            blind = blind or code.co_name == _SPAWNING
            if code.co_filename.startswith(prefix):
                line = 0 if code.co_name == "<module>" else owners.get(identity, code.co_firstlineno)
                found.add((code.co_filename[len(prefix) :], line))
        return found | {UNKNOWN} if blind else found


class Reached:
    """A pytest plugin, and a context in which tests are traced; for a process that ends afterwards (audit hooks stay)."""

    def __init__(self, root: str, owners: dict[int, int]) -> None:
        self._root = root
        self._owners = owners
        self._now = _Seen()
        self._rounds: list[dict[Any, _Seen]] = []
        self._chains: dict[str, list[Any]] = {}
        self._is_on = self.was_on = False
        self._tracer = self._called

    def __enter__(self) -> Reached:
        # Coroutines of greenlet have tracers of their own.
        self._is_on = self.was_on = sys.gettrace() is None and "greenlet" not in sys.modules
        if self._is_on:
            threading.settrace(self._tracer)
            sys.settrace(self._tracer)
            sys.addaudithook(self._audited)
        return self

    def __exit__(self, *exc: object) -> None:
        if self._is_on:
            self._is_on = False
            sys.settrace(None)
            threading.settrace(None)  # type: ignore[arg-type]

    def next_round(self) -> None:
        """The tests run (again): what a test executes in the first round only is work that it does for all."""
        self._rounds.append({})

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: Any) -> Generator[None, Any, None]:
        """All phases of a test."""
        self._chains[item.nodeid] = item.listchain()
        seen = self._now = self._rounds[-1].setdefault(item.nodeid, _Seen())
        # Hypothesis makes up other inputs each time.
        seen.is_blind = bool(getattr(getattr(item, "obj", None), "is_hypothesis_test", False))
        try:
            yield
        finally:
            seen.is_blind = seen.is_blind or sys.gettrace() is not self._tracer
            self._now = _Seen()

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Generator[None, Any, None]:
        """What is set up for several tests is set up by the first of them."""
        if fixturedef.scope == "function":
            yield
            return
        before = self._now
        node = request.node if request.node is not None else request.session
        self._now = self._rounds[-1].setdefault(node, _Seen())
        try:
            yield
        finally:
            self._now = before

    def places(self) -> dict[str, list[Place]]:
        """By test; a test that was not run is missing."""
        rounds = [{key: seen.places(self._root, self._owners) for key, seen in each.items()} for each in self._rounds]
        shared: set[Place] = set()
        for key, found in rounds[0].items() if len(rounds) > 1 else ():
            shared |= found - rounds[1].get(key, set())
        return {
            test: sorted(shared.union(*(each.get(key, ()) for each in rounds for key in (test, *chain))))
            for test, chain in self._chains.items()
        }

    def _called(self, frame: FrameType, event: str, argument: object) -> None:
        code = frame.f_code
        self._now.codes[id(code)] = code

    def _audited(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._is_on:
            return
        if event == "open":
            path = arguments[0]
            if isinstance(path, str) and path.endswith(".py"):
                self._now.opened.add(os.path.abspath(path))
        elif event in _BLINDING and _caller(2) != "_bootstrap_inner":  # threading gives a new thread our tracer
            self._now.is_blind = True


def _caller(depth: int) -> Optional[str]:
    try:
        return sys._getframe(depth).f_code.co_name
    except ValueError:
        return None
