"""Which functions of the project each test executes, and what else of its files it depends on.

What cannot be seen from here (another process, a thread that lives on, a profiler of the test's own) makes a test
`UNKNOWN`: it depends on everything.
"""

from __future__ import annotations

import _lsprof
import linecache
import os
import sys
import threading
from collections.abc import Generator
from types import CodeType
from typing import Any, Callable, Union

import pytest

from ..lines.recorder import Monitor
from ..session.guarding import identity


class ProfiledEntered:
    """What was entered between `resume` and `pause`; each thread that was started there has a profiler of its own."""

    def __init__(self) -> None:
        self.codes: dict[int, CodeType] = {}
        self._profilers: list[Any] = []

    def resume(self) -> None:
        """Go on noting."""
        threading.setprofile(self._in_thread)
        self._profilers[:] = [_profiler()]
        self._profilers[0].enable()

    def pause(self) -> bool:
        """Stop noting; False when something took our place meanwhile."""
        threading.setprofile(None)
        is_ours = sys.getprofile() is self._profilers[0]
        self._profilers[0].disable()
        for profiler in self._profilers:
            for entry in profiler.getstats():
                if isinstance(entry.code, CodeType):
                    self.codes[identity(entry.code)] = entry.code
        return is_ours

    def _in_thread(self, frame: object, event: str, argument: object) -> None:
        profiler = _profiler()
        self._profilers.append(profiler)
        profiler.enable()


def _profiler() -> Any:
    make: Callable[..., Any] = _lsprof.Profiler
    return make(subcalls=False, builtins=False)


class MonitoredEntered:
    """The same from Python 3.12 on."""

    def __init__(self) -> None:
        self.codes: dict[int, CodeType] = {}
        self._monitor = Monitor()

    def resume(self) -> None:
        """Go on noting."""
        self._monitor.start(self._entered, "PY_START", "PY_RESUME")

    def pause(self) -> bool:
        """Stop noting; False when something took our place meanwhile."""
        return self._monitor.stop()

    def _entered(self, code: CodeType, offset: int) -> None:
        self.codes[identity(code)] = code


def entered() -> Union[MonitoredEntered, ProfiledEntered]:
    """The cheapest way this interpreter has."""
    return MonitoredEntered() if sys.version_info >= (3, 12) else ProfiledEntered()


def can_note() -> bool:
    """Whether nothing else profiles, and no greenlets are in use, which have profilers of their own."""
    return sys.getprofile() is None and "greenlet" not in sys.modules


Place = tuple[str, int]
"""A file relative to the root, and the first line of a function in it; line 0: the file as a whole."""
UNKNOWN: Place = ("", 0)
_BLINDING = {
    *("os.fork", "os.forkpty", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "pty.spawn", "subprocess.Popen"),
    "sys.setprofile",
}
"""Audit events after which calls can be made that nothing of ours sees."""
_OURS = {"_bootstrap_inner", "_in_thread", "resume", "pause"}
"""Functions that set our profiler: of threading, and of the module for calls."""
_SPAWNING = "spawnv_passfds"
"""The function of multiprocessing that starts a process without an audit event."""


class _Seen:
    """What was executed and opened during one test, or while one scope was set up."""

    def __init__(self) -> None:
        self.entered = entered()
        self.opened: set[str] = set()
        self.is_blind = False

    def resume(self) -> None:
        """Go on noting."""
        self.entered.resume()

    def pause(self) -> None:
        """Stop noting."""
        self.is_blind |= not self.entered.pause()

    def places(self, root: str, owners: dict[int, int]) -> set[Place]:
        """In terms of the project's files; `owners` are first lines of functions that replaced code belongs to."""
        prefix = root + os.sep
        found: set[Place] = {(path[len(prefix) :], 0) for path in self.opened if path.startswith(prefix)}
        blind = self.is_blind
        for key, code in self.entered.codes.items():
            blind = blind or code.co_name == _SPAWNING
            if code.co_filename.startswith(prefix):
                line = 0 if code.co_name == "<module>" else owners.get(key, code.co_firstlineno)
                found.add((code.co_filename[len(prefix) :], line))
        return found | {UNKNOWN} if blind else found


class ReachedFunctions:
    """A pytest plugin, and a context in which tests are watched; for a process that ends then, since audit hooks stay."""

    def __init__(self, root: str, owners: dict[int, int]) -> None:
        self._root = root
        self._owners = owners
        self._now = _Seen()
        self._rounds: list[dict[Any, _Seen]] = []
        self._chains: dict[str, list[Any]] = {}
        self._leaves_processes = False
        self._is_on = False
        self.could_note = can_note()

    def __enter__(self) -> ReachedFunctions:
        self._is_on = True
        sys.addaudithook(self._audited)
        return self

    def __exit__(self, *exc: object) -> None:
        self._is_on = False

    def next_round(self) -> None:
        """The tests run (again): what a test executes in the first round only is work that it does for all."""
        self._rounds.append({})

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: Any) -> Generator[None, Any, None]:
        """All phases of a test."""
        self._forget_sources()
        self._chains[item.nodeid] = item.listchain()
        seen = self._now = self._rounds[-1].setdefault(item.nodeid, _Seen())
        # Hypothesis makes up other inputs each time.
        seen.is_blind |= bool(getattr(getattr(item, "obj", None), "is_hypothesis_test", False))
        seen.resume()
        try:
            yield
        finally:
            seen.pause()
            self._leaves_processes |= seen.is_blind and _has_children()
            seen.is_blind |= threading.active_count() > 1
            self._now = _Seen()

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Generator[None, Any, None]:
        """What is set up for several tests is set up by the first of them."""
        if fixturedef.scope == "function":
            yield
            return
        before = self._now
        node = request.node if request.node is not None else request.session
        before.pause()
        self._now = self._rounds[-1].setdefault(node, _Seen())
        self._now.resume()
        try:
            yield
        finally:
            self._now.pause()
            self._now = before
            before.resume()

    def places(self) -> dict[str, list[Place]]:
        """By test; a test that was not run is missing."""
        rounds = [{key: seen.places(self._root, self._owners) for key, seen in each.items()} for each in self._rounds]
        shared: set[Place] = {UNKNOWN} if self._leaves_processes else set()
        for key, found in rounds[0].items() if len(rounds) > 1 else ():
            shared |= found - rounds[1].get(key, set()) - {UNKNOWN}
        return {
            test: sorted(shared.union(*(each.get(key, ()) for each in rounds for key in (test, *chain))))
            for test, chain in self._chains.items()
        }

    def _forget_sources(self) -> None:
        """A test that shows source text has to open the file itself."""
        for path in [each for each in linecache.cache if each.startswith(self._root)]:
            del linecache.cache[path]

    def _audited(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._is_on:
            return
        if event == "open":
            path = arguments[0]
            if isinstance(path, str) and path.endswith(".py"):
                self._now.opened.add(os.path.abspath(path))
        elif event in _BLINDING and sys._getframe(1).f_code.co_name not in _OURS:  # pyright: ignore[reportPrivateUsage] - the caller of an audit event has no other name
            self._now.is_blind = True


def _has_children() -> bool:
    """Whether processes that a test started are still there."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except (ChildProcessError, AttributeError):
        return False
    return True
