"""The two ways the probe serves: one cold run of pytest, or a warm server that runs items again and again."""

from __future__ import annotations

import functools
import importlib
import os
import sys
import time
from typing import Any, Callable

import pytest
from _pytest.config import default_plugins

from .. import channel, time_limits
from ..digests import Digests
from .guarding import guard
from .measurement import Measurement
from .recorder import recorder
from .reporting import Reporting
from .sealing import sealed_emit
from .within import Within


def serve(read_fd: int, write_fd: int) -> None:
    """Read the first record and do what its `mode` says: `cold` or `warm`.

    `root`: absolute path of the snapshot, the current directory. `args`: for pytest. `only`: ids to keep or null. `within`: files that may be collected or null.
    `secret`: hex digits that seal the records of a cold run. `must_fail`: see mustfail.py. `digests`: whether those of test files are wanted.
    `guarded`: see guarding.py.
    `record`: whether executed lines are wanted. `order`: `collected` or `reversed`. `test_seconds`: CPU limit floor.
    """
    _import_ahead()

    emit: Callable[[dict[str, Any]], None] = functools.partial(channel.send, write_fd)
    emit({"kind": "hello", "pytest": pytest.__version__, "python": list(sys.version_info[:3]), "pid": os.getpid()})
    requested = channel.receive(read_fd)
    if "secret" in requested:
        emit = sealed_emit(write_fd, bytes.fromhex(requested.pop("secret")))
    time_limits.install()
    reporting = Reporting(requested["root"], emit, requested.get("only"), requested.get("order", "collected"))
    if requested.get("within") is not None:
        reporting.within = Within(requested["root"], requested["within"])
    if requested["mode"] == "warm":
        from ..warm.warm_session import serve_warm

        serve_warm(requested, reporting, read_fd, write_fd)
        return
    if requested.get("record"):
        reporting.recorder = recorder(requested["root"])
    plugins: list[Any] = [reporting, time_limits.LimitedTests(requested["test_seconds"])]
    if requested.get("must_fail") is not None:
        from ..must_fail.mutated_assertions import MustFail

        plugins.append(MustFail(reporting, requested["must_fail"]))
    if requested.get("digests"):
        reporting.digests = Digests(requested["root"])
    if requested.get("guarded"):
        guard(requested["root"], requested["guarded"], emit)
    _hide()
    status = run_pytest(requested, plugins)
    emit({"kind": "end", "exit": status, "cpu": time.process_time()})
    _leave()


def _hide() -> None:
    """Nothing that the user's code could import leads to what is at work here."""
    name = __name__.partition(".")[0]
    for each in [key for key in sys.modules if key.partition(".")[0] == name]:
        del sys.modules[each]


def _leave() -> None:
    """Everything was told, and pytest has torn down what there was: taking the interpreter apart would only take time."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _import_ahead() -> None:
    """What every run of pytest imports anyway: a process that waits for its request has it behind it then."""
    for name in default_plugins:
        try:
            importlib.import_module(name if name.startswith("_pytest.") else f"_pytest.{name}")
        except ImportError:
            continue


def run_pytest(requested: dict[str, Any], plugins: list[Any]) -> int:
    """Pytest in this process, at the snapshot's root."""
    arguments = [f"--rootdir={requested['root']}", *requested["args"]]
    return int(pytest.main(arguments, plugins=[Measurement(), *plugins]))
