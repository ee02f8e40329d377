"""The two ways the probe serves: one cold run of pytest, or a warm server that runs items again and again."""

from __future__ import annotations

import functools
import importlib
import os
import sys
import time
import traceback
from typing import Any, Callable, NoReturn, Optional, Union

import pytest
from _pytest.config import default_plugins

from .. import channel, limits
from ..digests import Digests
from ..lines.following import Following
from ..lines.recorder import recorder
from ..plain_paths import name_imports_plainly
from ..run_records import ColdRequest, End, Hello, WarmRequest
from ..start_probe import hide_probe
from .guarding import guard
from .measurement import LimitedTests, run_pytest
from .reporting import Reporting, Within
from .sealing import sealed_emit


def serve(read_fd: int, write_fd: int) -> None:
    """Say hello, then serve the request that arrives."""
    _import_ahead()
    name_imports_plainly()
    channel.send(write_fd, Hello(pytest.__version__, list(sys.version_info[:3]), os.getpid()))
    request: Union[ColdRequest, WarmRequest] = channel.receive(read_fd)
    limits.install()
    if isinstance(request, ColdRequest):
        _run_cold(request, sealed_emit(write_fd, request.take_secret()))
        _leave()
    from ..warm.warm_session import serve_warm

    emit = functools.partial(channel.send, write_fd)
    serve_warm(request, Reporting(request.root, emit, request.only), read_fd, write_fd)


def _run_cold(request: ColdRequest, emit: Callable[[channel.Sendable], None]) -> None:
    reporting = Reporting(request.root, emit, request.only, reverse=request.reverse)
    if request.within is not None:
        reporting.within = Within(request.root, request.within)
    following: Optional[Following] = None
    if request.record:
        following = Following(request.root, request.home)
        reporting.recorder = recorder(request.root, following)
    plugins: list[Any] = [reporting, LimitedTests(request.test_seconds)]
    if request.must_fail is not None:
        from ..must_fail.mutated_assertions import MustFail

        plugins.append(MustFail(reporting, request.must_fail))
    if request.digests:
        reporting.digests = Digests(request.root)
    if request.guarded:
        guard(request.root, request.guarded, emit)
    hide_probe()
    try:
        status = run_pytest(request.root, request.home, request.args, plugins)
    except Exception:  # noqa: BLE001 - plugins that do not load raise anything; it was reported
        traceback.print_exc()
        status = int(pytest.ExitCode.INTERNAL_ERROR)
    if following is not None:
        following.close()
    emit(End(status, time.process_time()))


def _leave() -> NoReturn:
    """Everything is reported and torn down: taking the interpreter apart would only take time."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _import_ahead() -> None:
    """What every run of pytest imports anyway: a process that waits for its request has done it by then."""
    for name in default_plugins:
        try:
            importlib.import_module(name if name.startswith("_pytest.") else f"_pytest.{name}")
        except ImportError:
            continue
