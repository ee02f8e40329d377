"""What the script `start_bare.py` serves: recording what tests call, and calling it again where no test runs."""

from __future__ import annotations

import os
import resource
import sys
from types import ModuleType
from typing import Any, Callable

from .. import channel, cpu_limits
from .replaying import Caller, Replay

_MEMORY_BYTES = 1 << 30
_CPU_SECONDS = 20
_OURS = "_lsp_repair_probe"
_HERE, _HOME = "<here>", "<home>"
"""Words for folders that differ from process to process."""


def serve(read_fd: int, write_fd: int) -> None:
    """Read one request and do what its `do` says.

    `record`: run the tests `args` of pytest, `only` these ids, and tell their calls; `oracle` and the keys of `changed`
    are absolute paths. `replay`: call what `calls` says, with neighbours made of `numbers` and `texts`, in a folder of
    its own; `test_modules` are never imported. `pretend`: the same as if the test `test` were running, `at_root` or not.
    The last record is of kind `end`; every record repeats the `seal`, which code under test has no reason to know.
    """
    requested = channel.receive(read_fd)
    os.close(read_fd)
    cpu_limits.install()

    seal = requested.pop("seal")

    def emit(record: dict[str, Any]) -> None:
        channel.send(write_fd, {"seal": seal, **record})

    {"record": _record, "replay": _replay, "pretend": _pretend}[requested["do"]](requested, emit)
    emit({"kind": "end"})
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _record(requested: dict[str, Any], emit: Callable[[Any], None]) -> None:
    from .. import time_limits
    from ..session.sessions import run_pytest
    from .recorded_calls import CallsRecorded

    sys.argv = ["pytest"]
    run_pytest(requested, [CallsRecorded(requested, emit), time_limits.LimitedTests(requested["test_seconds"])])


def _replay(requested: dict[str, Any], emit: Callable[[Any], None]) -> None:
    """In an interpreter that shows no sign of a test run."""
    folder = _private_folder()
    home = os.path.join(folder, "home")
    os.mkdir(home)
    os.environ["HOME"] = home
    os.chdir(folder)
    for name in [each for each in os.environ if each.startswith("PYTEST_")]:
        del os.environ[name]
    sys.argv = [""]
    _hide()
    _replayed(requested, {home: _HOME, folder: _HERE, requested["root"]: _HERE}, _plain_call, emit)


def _plain_call(target: Any, positional: list[Any], keywords: dict[str, Any]) -> Any:
    return target(*positional, **keywords)


def _pretend(requested: dict[str, Any], emit: Callable[[Any], None]) -> None:
    """With all by which code can notice that a test runs: pytest's modules, variables, arguments, log and frames."""
    import logging
    import unittest

    import pytest
    from _pytest.logging import LogCaptureHandler

    assert unittest
    root: str = requested["root"]
    test: dict[str, str] = requested["test"]
    folder = _private_folder()
    if not requested["at_root"]:
        os.chdir(folder)
    places = {os.environ.get("HOME", folder): _HOME, folder: _HERE, root: _HERE}
    as_test = _function_of_test(test["function"], os.path.join(root, test["path"]))
    sys.argv = ["pytest"]
    _hide()

    class Acting:
        @pytest.hookimpl(tryfirst=True)
        def pytest_cmdline_main(self, config: Any) -> int:
            os.environ["PYTEST_CURRENT_TEST"] = f"{test['id']} (call)"
            logging.getLogger().addHandler(LogCaptureHandler())
            for name in requested["test_modules"]:
                sys.modules.setdefault(name, ModuleType(name))
            _replayed(requested, places, as_test, emit)
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


def _replayed(requested: dict[str, Any], places: dict[str, str], caller: Caller, emit: Callable[[Any], None]) -> None:
    _bounded()
    sys.dont_write_bytecode = True
    sys.path[:] = [*requested["path"], *(each for each in sys.path if each not in requested["path"])]
    for record in Replay(requested, places, caller).records():
        emit(record)


def _hide() -> None:
    """Nothing that the code under test could import leads to what is at work here."""
    for name in [each for each in sys.modules if each.partition(".")[0] == _OURS]:
        del sys.modules[name]


def _private_folder() -> str:
    folder = os.path.join(os.environ.get("TMPDIR") or os.getcwd(), os.urandom(6).hex())
    os.makedirs(folder)
    return os.path.realpath(folder)


def _bounded() -> None:
    for kind, limit in ((resource.RLIMIT_AS, _used_bytes() + _MEMORY_BYTES), (resource.RLIMIT_CPU, _CPU_SECONDS)):
        _, hard = resource.getrlimit(kind)
        if hard == resource.RLIM_INFINITY or limit < hard:
            resource.setrlimit(kind, (limit, hard))


def _used_bytes() -> int:
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return _MEMORY_BYTES
