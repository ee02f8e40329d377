"""The pytest plugin that tells what happened: collection, phases with their failures, the end."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from typing import Any, Callable, Optional

import pytest
from _pytest.doctest import DoctestItem

from ..digests import Digests, drop_bytecode
from ..facts import Comparisons, failure_of, relative
from .innermost import Innermost
from .recorder import Recorder
from .within import Within

Emit = Callable[[dict[str, Any]], None]

_MUCH_OUTPUT = 1 << 16
"""Characters of one test: fewer are not told."""


class Reporting:
    """Emits one record for each fact; paths are relative to the root."""

    def __init__(self, root: str, emit: Emit, only: Optional[list[str]] = None, order: str = "collected") -> None:
        self.root = root
        self.emit = emit
        self.recorder: Optional[Recorder] = None
        """When set, executed lines are recorded over all phases of each test."""
        self.within: Optional[Within] = None
        """When set, only these files are collected."""
        self.subtest_errors: Optional[list[BaseException]] = None
        """When set, reports are not told: they are made for subtests alone, and their errors go here."""
        self.apart: Optional[list[dict[str, Any]]] = None
        """When set, phases are not told: what runs is no test of the user's, and its phases go here."""
        self.not_passed: set[str] = set()
        """Ids of what failed or was skipped."""
        self.innermost = Innermost()
        self.digests: Optional[Digests] = None
        """When set, what is in the test files is told as well."""
        self._is_calling = False
        self.only = set(only) if only is not None else None
        self._order = order
        self._comparisons = Comparisons()

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_load_initial_conftests(self) -> Generator[None, Any, None]:
        """A conftest that does not load ends pytest with nothing but text: keep the facts."""
        outcome: Any = yield
        if outcome.excinfo is not None:
            self._emit_broken("conftest-error", outcome.excinfo[1], "")

    @pytest.hookimpl(tryfirst=True)
    def pytest_ignore_collect(self, collection_path: Any) -> Optional[bool]:
        """Leave out what was not asked for, without a look into it."""
        left_out = self.within is not None and self.within.leaves_out(collection_path)
        return True if left_out else None

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Keep the chosen tests, in the chosen order."""
        if self.only is not None:
            items[:] = [item for item in items if item.nodeid in self.only]
        if self._order == "reversed":
            items.reverse()

    def pytest_collection_finish(self, session: Any) -> None:
        """Everything that will run, and every file that decides outcomes."""
        oracle = sorted(self._oracle(session))
        if self.digests is not None:
            self.digests.take_others(oracle)
        self.emit(
            {
                "kind": "collected",
                "tests": [self._test(item) for item in session.items],
                "oracle": oracle,
                "digests": self.digests.found if self.digests is not None else {},
            }
        )
        self.emit({"kind": "modules", "files": module_files(self.root)})

    def _test(self, item: Any) -> dict[str, Any]:
        path = relative(str(item.path), self.root)
        line = item.location[1]
        return {
            "id": item.nodeid,
            "path": path,
            "line": line + 1 if line is not None else 0,
            "doctest": isinstance(item, DoctestItem),
        }

    def _oracle(self, session: Any) -> set[str]:
        files = {str(item.path) for item in session.items if not isinstance(item, DoctestItem)}
        plugins = session.config.pluginmanager.get_plugins()
        files |= {
            str(plugin.__file__) for plugin in plugins if os.path.basename(_file_of(plugin) or "") == "conftest.py"
        }
        if session.config.inipath is not None:
            files.add(str(session.config.inipath))
        return {relative(path, self.root) for path in files if path.startswith(self.root + os.sep)}

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_make_collect_report(self, collector: Any) -> Generator[None, Any, None]:
        """Errors of collection are failures of the file; just before it is imported, what it holds is noted.

        Other test files were imported since pytest found this one. Bytecode that they wrote for it is not believed.
        """
        if self.digests is not None and isinstance(collector, pytest.Module):
            self.digests.take(str(collector.path))
            drop_bytecode(str(collector.path))
        outcome: Any = yield
        report = outcome.get_result()
        if report.outcome == "failed":
            call = report.__dict__.get("call")
            error = call.excinfo.value if call is not None and call.excinfo is not None else None
            self._emit_broken("collect-error", error, report.nodeid or relative(str(collector.path), self.root))

    def _emit_broken(self, kind: str, error: Optional[BaseException], node_id: str) -> None:
        cause = _root_cause(error)
        failure = failure_of(cause, self.root, None) if cause is not None else None
        if failure is not None and isinstance(cause, SyntaxError) and cause.filename:
            failure["frames"].append(_syntax_frame(cause, self.root))
        self.emit({"kind": kind, "id": node_id, "failure": failure})

    def pytest_assertrepr_compare(self, op: str, left: object, right: object) -> None:
        """Called with the operands of every rewritten comparison that failed."""
        self._comparisons.remember(op, left, right)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: Any) -> Generator[None, Any, None]:
        """Executed lines are those of all phases."""
        if self.apart is not None:
            yield
            return
        self.emit({"kind": "start", "id": item.nodeid})
        if self.recorder is None:
            yield
            return
        self.recorder.start()
        try:
            yield
        finally:
            lines = self.recorder.stop()
            executed = {relative(path, self.root): sorted(found) for path, found in lines.items()}
            self.emit({"kind": "executed", "id": item.nodeid, "lines": executed})

    @pytest.hookimpl(hookwrapper=True, trylast=True)
    def pytest_runtest_call(self, item: Any) -> Generator[None, Any, None]:
        """Watch the function itself; reports that are made meanwhile are those of subtests."""
        end_watch = self.innermost.watch(item)
        self._is_calling = True
        try:
            yield
        finally:
            self._is_calling = False
            end_watch()

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> Generator[None, Any, None]:
        """One record for each phase; while an item runs again and again, only what its subtests raised is kept."""
        if self.subtest_errors is not None:
            if call.excinfo is not None:
                self.subtest_errors.append(call.excinfo.value)
            yield
            return
        outcome: Any = yield
        report = outcome.get_result()
        record: dict[str, Any] = {
            "kind": "phase",
            "id": item.nodeid,
            "when": report.when,
            "outcome": report.outcome,
            "seconds": report.duration,
            "xfail": hasattr(report, "wasxfail"),
        }
        printed = sum(len(text) for _, text in report.sections)
        if printed > _MUCH_OUTPUT:
            record["printed"] = printed
        comparison = self._comparisons.take()
        if self._is_calling:
            record["sub"] = True
        elif report.when == "call":
            record.update(self._observed(call))
        if report.outcome == "failed":
            record["failure"] = self._failure(call, report, comparison)
        if self.apart is not None:
            self.apart.append(record)
            return
        if report.outcome != "passed" or record["xfail"]:
            self.not_passed.add(item.nodeid)
        self.emit(record)

    def _observed(self, call: Any) -> dict[str, Any]:
        """What the call did by two witnesses, and which code it was."""
        error = call.excinfo is not None
        return {"inner": self.innermost.how, "error": error, "code": self.innermost.code}

    def _failure(self, call: Any, report: Any, comparison: Optional[dict[str, str]]) -> dict[str, Any]:
        if call.excinfo is None:
            return {"type": "Failed", "message": str(report.longrepr)[:4000], "frames": []}
        error = call.excinfo.value
        return doctest_failure(error, self.root) or failure_of(_unwrapped(error), self.root, comparison)

    def pytest_sessionfinish(self, session: Any, exitstatus: int) -> None:
        """Where the modules came from that the tests themselves imported."""
        self.emit({"kind": "modules", "files": module_files(self.root)})


def _file_of(plugin: object) -> Optional[str]:
    return getattr(plugin, "__file__", None)


def module_files(root: str) -> dict[str, str]:
    """`__file__` of every imported module that lies below no installation folder, by module name."""
    found: dict[str, str] = {}
    standard = os.path.dirname(os.__file__)
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if isinstance(path, str) and (path.startswith(root + os.sep) or _is_elsewhere(path, standard)):
            found[name] = path
    return found


def _is_elsewhere(path: str, standard: str) -> bool:
    return not path.startswith((standard, os.path.dirname(os.path.dirname(__file__)))) and "site-packages" not in path


def _root_cause(error: Optional[BaseException]) -> Optional[BaseException]:
    """Pytest wraps what an import raised; the user wants the original."""
    wrappers = {"CollectError", "ConftestImportFailure", "UsageError"}
    while error is not None and type(error).__name__ in wrappers and error.__cause__ is not None:
        error = error.__cause__
    return error


def _unwrapped(error: BaseException) -> BaseException:
    """The one exception inside exception groups that hold nothing else."""
    inner: Any = getattr(error, "exceptions", ())
    while len(inner) == 1:
        error = inner[0]
        inner = getattr(error, "exceptions", ())
    return error


def _syntax_frame(error: SyntaxError, root: str) -> dict[str, Any]:
    path = str(error.filename)
    return {
        "path": relative(path, root),
        "line": error.lineno or 1,
        "function": "<module>",
        "inside": path.startswith(root + os.sep),
        "locals": [],
    }


def doctest_failure(error: BaseException, root: str) -> Optional[dict[str, Any]]:
    """The record of a failed example, None for any other error."""
    failures = getattr(error, "failures", None)
    first: Any = failures[0] if failures else error
    example, test = getattr(first, "example", None), getattr(first, "test", None)
    if example is None or test is None:
        return None
    frame: dict[str, Any] = {
        "path": relative(str(test.filename), root),
        "line": (test.lineno or 0) + example.lineno + 1,
        "function": "<doctest>",
        "inside": str(test.filename).startswith(root + os.sep),
        "locals": [],
    }
    if getattr(first, "exc_info", None) is not None:
        record = failure_of(first.exc_info[1], root, None)
        record["frames"].insert(0, frame)
        return record
    got, requested = str(getattr(first, "got", "")).rstrip("\n"), example.want.rstrip("\n")
    return {
        "type": "DocTestFailure",
        "message": f"{example.source.strip()} gave {got!r} instead of {requested!r}"[:4000],
        "frames": [frame],
        "comparison": {"operator": "==", "actual": got[:300], "expected": requested[:300]},
    }
