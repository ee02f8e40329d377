"""Serves one request where no session of the probe runs: recording what tests call, and calling it again where no test runs."""

from __future__ import annotations

import os
import resource
import sys
import time
from types import ModuleType
from typing import Any, Callable

from .. import channel, limits
from ..channel import Record, as_json
from ..run_records import End
from ..start_probe import hide_probe
from .replay_records import ImitatedTest, RecordCalls, ReplayCalls, ReplayRequest
from .replaying import Caller, Replay

Emit = Callable[[Record], None]

_MEMORY_BYTES = 1 << 30
_CPU_SECONDS = 20
_HERE, _HOME = "<here>", "<home>"
"""Words for folders that differ from process to process."""


def serve(read_fd: int, write_fd: int) -> None:
    """Serve one request; the last report is `End`."""
    request: ReplayRequest = channel.receive(read_fd)
    os.close(read_fd)
    limits.install()
    task = request.task
    if isinstance(task, RecordCalls):
        perform: Callable[[str, Any, Emit], None] = _record
    else:
        assert isinstance(task, ReplayCalls)
        perform = _replay if task.test is None else _imitate
    emit, root = _sealed_emit(write_fd, request.seal), request.root
    del request
    perform(root, task, emit)
    emit(End(0, time.process_time()))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _sealed_emit(descriptor: int, seal: str) -> Emit:
    def emit(record: Record) -> None:
        channel.send(descriptor, {"seal": seal, **as_json(record)})

    return emit


def _record(root: str, task: RecordCalls, emit: Emit) -> None:
    from ..session.measurement import LimitedTests, run_pytest
    from .recorded_calls import CallsRecorded

    run_pytest(root, task.home, task.args, [CallsRecorded(root, task, emit), LimitedTests(task.test_seconds)])


def _replay(root: str, task: ReplayCalls, emit: Emit) -> None:
    """In an interpreter that shows no sign of a test run."""
    folder = _private_folder()
    home = os.path.join(folder, "home")
    os.mkdir(home)
    os.environ["HOME"] = home
    os.chdir(folder)
    for name in [each for each in os.environ if each.startswith("PYTEST_")]:
        del os.environ[name]
    sys.argv = [""]
    hide_probe()
    _replayed(task, {home: _HOME, folder: _HERE, root: _HERE}, _plain_call, emit)


def _plain_call(target: Any, positional: list[Any], keywords: dict[str, Any]) -> Any:
    return target(*positional, **keywords)


def _imitate(root: str, task: ReplayCalls, emit: Emit) -> None:
    """With everything by which code can notice that a test runs: pytest's modules, variables, arguments, log and frames."""
    import logging
    import unittest

    import pytest
    from _pytest.logging import LogCaptureHandler

    assert unittest
    test = task.test
    assert isinstance(test, ImitatedTest)
    current = test.id + " (call)"
    folder = _private_folder()
    if not test.at_root:
        os.chdir(folder)
    places = {os.environ.get("HOME", folder): _HOME, folder: _HERE, root: _HERE}
    as_test = _function_of_test(test.function, os.path.join(root, test.path))
    hide_probe()

    class Acting:
        @pytest.hookimpl(tryfirst=True)
        def pytest_cmdline_main(self, config: Any) -> int:
            os.environ["PYTEST_CURRENT_TEST"] = current
            logging.getLogger().addHandler(LogCaptureHandler())
            for name in task.test_modules:
                sys.modules.setdefault(name, ModuleType(name))
            _replayed(task, places, as_test, emit)
            return 0

    pytest.main(["--noconftest", "-c", os.devnull, f"--rootdir={root}", "-p", "no:cacheprovider"], plugins=[Acting()])


def _function_of_test(name: str, path: str) -> Caller:
    """A function that looks like the test in the frame above the calls."""
    namespace: dict[str, Any] = {"__name__": os.path.basename(path).partition(".")[0], "__file__": path}
    name = name if name.isidentifier() else "test"
    text = f"def {name}(target, positional, keywords):\n    return target(*positional, **keywords)\n"
    exec(compile(text, path, "exec"), namespace)  # noqa: S102 - an identifier is no code
    made: Caller = namespace[name]
    return made


def _replayed(task: ReplayCalls, places: dict[str, str], caller: Caller, emit: Emit) -> None:
    limits.limit_memory(_MEMORY_BYTES)
    limits.lower_limit(resource.RLIMIT_CPU, _CPU_SECONDS)
    sys.dont_write_bytecode = True
    sys.path[:] = [*task.path, *(each for each in sys.path if each not in task.path)]
    for report in Replay(task, places, caller).reports():
        emit(report)


def _private_folder() -> str:
    folder = os.path.join(os.environ.get("TMPDIR") or os.getcwd(), os.urandom(6).hex())
    os.makedirs(folder)
    return os.path.realpath(folder)
