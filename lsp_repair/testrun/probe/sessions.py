"""The two ways the probe serves: one cold run of pytest, or a warm server that runs items again and again."""

from __future__ import annotations

import importlib
import os
import sys
import time
from typing import Any

import pytest
from _pytest.config import default_plugins

from . import channel, limits
from .measurement import Measurement
from .recorder import recorder
from .reporting import Reporting
from .within import Within


def serve(read_fd: int, write_fd: int) -> None:
    """Read the first record and do what its `mode` says: `cold` or `warm`.

    `root`: absolute path of the snapshot, the current directory. `args`: for pytest. `only`: ids to keep or null. `within`: files that may be collected or null.
    `record`: whether executed lines are wanted. `order`: `collected` or `reversed`. `test_seconds`: CPU limit floor.
    """
    _import_ahead()

    def emit(record: dict[str, Any]) -> None:
        channel.send(write_fd, record)

    emit({"kind": "hello", "pytest": pytest.__version__, "python": list(sys.version_info[:3]), "pid": os.getpid()})
    wanted = channel.receive(read_fd)
    limits.install()
    reporting = Reporting(wanted["root"], emit, wanted.get("only"), wanted.get("order", "collected"))
    if wanted.get("within") is not None:
        reporting.within = Within(wanted["root"], wanted["within"])
    if wanted["mode"] == "warm":
        from .warm import serve_warm

        serve_warm(wanted, reporting, read_fd, write_fd)
        return
    if wanted.get("record"):
        reporting.recorder = recorder(wanted["root"])
    limited = limits.LimitedTests(wanted["test_seconds"])
    status = run_pytest(wanted, [reporting, limited])
    emit({"kind": "end", "exit": status, "cpu": time.process_time()})
    _leave()


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


def run_pytest(wanted: dict[str, Any], plugins: list[Any]) -> int:
    """Pytest in this process, at the snapshot's root."""
    arguments = [f"--rootdir={wanted['root']}", *wanted["args"]]
    return int(pytest.main(arguments, plugins=[Measurement(), *plugins]))
