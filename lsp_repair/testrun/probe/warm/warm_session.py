"""The warm server: collects once, then forks a child for each request.

It takes over where pytest would run its tests. The parent only forks, forwards and reaps; user code of a candidate runs
in children, each in a process group of its own that is killed whole.
"""

from __future__ import annotations

import os
import select
import signal
import time
from typing import Any, Optional

import pytest

from .. import channel
from ..channel import as_json
from ..run_records import End, WarmRequest
from ..session.measurement import run_pytest
from ..session.reporting import Reporting
from .operations import OPERATIONS
from .reload import ImportEdges
from .swap import ImportTimeCalls
from .swapped_candidates import Warm
from .warm_records import ChildRequest, Done, Ready


class _TakeOver:
    """The plugin that serves requests instead of running the session's tests."""

    def __init__(self, request: WarmRequest, reporting: Reporting, descriptors: tuple[int, int]) -> None:
        self._request = request
        self._reporting = reporting
        self._descriptors = descriptors
        self._edges = ImportEdges()
        self._calls = ImportTimeCalls(request.root)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collection(self) -> Any:
        """Note who imports whom and what runs before the tests do."""
        with self._edges, self._calls:
            yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_load_initial_conftests(self) -> Any:
        """Conftests import the project as well, and what they configure runs until the collection."""
        with self._edges:
            self._calls.__enter__()
            yield

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: Any) -> bool:
        """Serve until the other side closes the pipe."""
        warm = Warm(self._request, session, self._calls, self._edges, self._reporting)
        _serve(warm, *self._descriptors, workers=self._request.workers)
        return True


def serve_warm(request: WarmRequest, reporting: Reporting, read_fd: int, write_fd: int) -> None:
    """Collect, report `Ready`, serve; reports `End` with pytest's exit status when collection did not get that far."""
    arguments = [*request.args, "--continue-on-collection-errors"]
    take_over = _TakeOver(request, reporting, (read_fd, write_fd))
    status = run_pytest(request.root, request.home, arguments, [reporting, take_over])
    channel.send(write_fd, End(status, time.process_time()))


class _Child:
    """A forked child as the parent sees it."""

    def __init__(self, request: ChildRequest, pid: int, descriptor: int) -> None:
        self.request = request
        self.pid = pid
        self.descriptor = descriptor
        self.buffer = bytearray()
        self.received = time.monotonic()

    @property
    def patience(self) -> float:
        """Seconds until its silence counts as a hang."""
        return self.received + self.request.stall_seconds - time.monotonic()


def _serve(warm: Warm, read_fd: int, write_fd: int, workers: int) -> None:
    channel.send(write_fd, Ready())
    waiting: list[ChildRequest] = []
    children: dict[int, _Child] = {}
    open_for_requests = True
    while open_for_requests or waiting or children:
        while waiting and len(children) < workers + waiting[0].urgent:
            child = _fork(warm, waiting.pop(0), (read_fd, write_fd))
            children[child.descriptor] = child
        listening = [*children, *([read_fd] if open_for_requests else [])]
        timeout = max(0.0, min((child.patience for child in children.values()), default=3600.0))
        ready, _, _ = select.select(listening, [], [], timeout)
        for descriptor in ready:
            if descriptor != read_fd:
                _forward(warm, children, descriptor, write_fd)
                continue
            try:
                request: ChildRequest = channel.receive(read_fd)
            except EOFError:
                for child in children.values():
                    _kill(child)
                return
            waiting.insert(0 if request.urgent else len(waiting), request)
        for child in [each for each in children.values() if each.patience <= 0]:
            _end(warm, children, child, write_fd, "stalled")


def _forward(warm: Warm, children: dict[int, _Child], descriptor: int, write_fd: int) -> None:
    child = children[descriptor]
    chunk = os.read(descriptor, 1 << 16)
    if not chunk:
        _end(warm, children, child, write_fd, None)
        return
    child.received = time.monotonic()
    child.buffer += chunk
    for record in channel.split(child.buffer):
        channel.send(write_fd, {**record, "number": child.request.number})


def _kill(child: _Child) -> None:
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _end(warm: Warm, children: dict[int, _Child], child: _Child, write_fd: int, why: Optional[str]) -> None:
    """Reap a child and report how it ended: `why`, or the signal that killed it, or None when it ended by itself."""
    del children[child.descriptor]
    os.close(child.descriptor)
    _kill(child)
    _, status, usage = os.wait4(child.pid, 0)
    if why is None and os.WIFSIGNALED(status):
        why = signal.Signals(os.WTERMSIG(status)).name
    elif why is None and os.WEXITSTATUS(status):
        why = f"exit {os.WEXITSTATUS(status)}"
    warm.privacy.end(child.request)
    cpu = usage.ru_utime + usage.ru_stime
    channel.send(write_fd, {**as_json(Done(why, cpu)), "number": child.request.number})


def _fork(warm: Warm, request: ChildRequest, parents: tuple[int, int]) -> _Child:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 70
        try:
            os.setsid()
            os.close(reader)
            for descriptor in parents:
                os.close(descriptor)
            _quiet()
            warm.privacy.begin(request, warm.session)
            perform = OPERATIONS[type(request.operation)]
            perform(warm, request.operation, lambda record: channel.send(writer, record))
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    return _Child(request, pid, reader)


def _quiet() -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    os.close(nothing)
