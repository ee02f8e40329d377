"""The pytest plugin that reports what happened: collection, phases with their failures, the end."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Callable, Optional

import pytest
from _pytest.doctest import DoctestItem

from .. import run_records as records
from ..channel import Record
from ..digests import Digests, drop_bytecode
from ..facts import doctest_failure, failure_of, frame_in, relative, shown, unwrapped
from ..lines.recorder import Execution, Recorder
from .innermost import Innermost
from .paused_explanations import explaining_paused


class Within:
    """A set of files and the folders on the way to them; `__init__.py` belongs to its folder."""

    def __init__(self, root: str, files: Sequence[str]) -> None:
        self._files = {os.path.join(root, *path.split("/")) for path in files}
        self._folders = {root}
        for path in self._files:
            folder = os.path.dirname(path)
            while folder not in self._folders and folder.startswith(root):
                self._folders.add(folder)
                folder = os.path.dirname(folder)
        self._root = root

    def leaves_out(self, path: Any) -> bool:
        """Whether pytest is to ignore a file or a folder; what lies outside the root is the user's own wish."""
        text = str(path)
        if not text.startswith(self._root + os.sep) or text in self._files or text in self._folders:
            return False
        return os.path.basename(text) != "__init__.py" or os.path.dirname(text) not in self._folders


Emit = Callable[[Record], None]

_MUCH_OUTPUT = 1 << 16
"""Characters of one test: fewer are not reported."""


class Reporting:
    """Emits one record for each fact; paths are relative to the root."""

    def __init__(self, root: str, emit: Emit, only: Optional[Sequence[str]], *, reverse: bool = False) -> None:
        self.root = root
        self.emit = emit
        self.recorder: Optional[Recorder] = None
        """When set, executed lines are recorded over all phases of each test."""
        self.within: Optional[Within] = None
        """When set, only these files are collected."""
        self.subtest_errors: Optional[list[BaseException]] = None
        """When set, phases are not reported: they are those of subtests, and their errors go here."""
        self.apart: Optional[list[records.Phase]] = None
        """When set, phases are not reported: what runs is not a test of the user's, and its phases go here."""
        self.not_passed: set[str] = set()
        """Ids of what failed or was skipped."""
        self.innermost = Innermost()
        self.digests: Optional[Digests] = None
        """When set, what is in the test files is reported as well."""
        self._is_calling = False
        self.only = set(only) if only is not None else None
        self._reverse = reverse
        self._comparison: Optional[records.Sides] = None
        """The operands of the last comparison that turned out false."""

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_cmdline_parse(self) -> Generator[None, Any, None]:
        """A conftest or a plugin that does not load ends pytest with nothing but text: keep the facts."""
        outcome: Any = yield
        if outcome.excinfo is not None:
            self.report_start(outcome.excinfo[1])

    def report_start(self, error: BaseException) -> None:
        """Report what ended pytest itself."""
        failure = _failure_of(error, self.root)
        if failure is not None and failure.type not in {"UsageError", "SystemExit"}:  # these have said enough
            self.emit(records.StartError(failure))

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excinfo: Any) -> None:
        """An error of a plugin or of pytest itself, which ends it."""
        self.report_start(excinfo.value)

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
        if self._reverse:
            items.reverse()

    def pytest_collection_finish(self, session: Any) -> None:
        """Everything that will run, and every file that decides outcomes."""
        oracle = sorted(self._oracle(session))
        if self.digests is not None:
            self.digests.take_others(oracle)
        digests = self.digests.found if self.digests is not None else {}
        self.emit(records.Collected([self._test(item) for item in session.items], oracle, digests))
        self.emit(records.Modules(module_files(self.root)))

    def _test(self, item: Any) -> records.CollectedItem:
        path = relative(str(item.path), self.root)
        line = item.location[1]
        return records.CollectedItem(
            item.nodeid, path, line + 1 if line is not None else 0, doctest=isinstance(item, DoctestItem)
        )

    def _oracle(self, session: Any) -> set[str]:
        files = {str(item.path) for item in session.items if not isinstance(item, DoctestItem)}
        # Conftests, and what `pytest_plugins`, `-p` and entry points name.
        files |= {str(getattr(each, "__file__", None)) for each in session.config.pluginmanager.get_plugins()}
        if session.config.inipath is not None:
            files.add(str(session.config.inipath))
        return {relative(path, self.root) for path in files if path.startswith(self.root + os.sep)}

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_make_collect_report(self, collector: Any) -> Generator[None, Any, None]:
        """Errors of collection are failures of the file; just before it is imported, what it holds is noted.

        Other test files were imported since pytest found this one. Bytecode that they wrote for it is not trusted.
        """
        if self.digests is not None and isinstance(collector, pytest.Module):
            self.digests.take(str(collector.path))
            drop_bytecode(str(collector.path))
        outcome: Any = yield
        report = outcome.get_result()
        if report.outcome == "failed":
            call = report.__dict__.get("call")
            error = call.excinfo.value if call is not None and call.excinfo is not None else None
            node_id = report.nodeid or relative(str(collector.path), self.root)
            self.emit(records.CollectError(node_id, _failure_of(error, self.root)))

    def pytest_assertrepr_compare(self, op: str, left: object, right: object) -> None:
        """Called with the operands of every rewritten comparison that failed."""
        self._comparison = records.Sides(op, shown(left), shown(right))

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: Any) -> Generator[None, Any, None]:
        """Executed lines are those of all phases."""
        if self.apart is not None:
            yield
            return
        self.emit(records.Start(item.nodeid))
        if self.recorder is None:
            yield
            return
        self.recorder.start()
        try:
            with explaining_paused(self.recorder):
                yield
        finally:
            self.emit(self._executed(item, self.recorder.stop()))

    def _executed(self, item: Any, found: Execution) -> records.Executed:
        lines = {relative(path, self.root): sorted(each) for path, each in found.lines.items()}
        imported = sorted(relative(path, self.root) for path in found.imported)
        failed = item.nodeid in self.not_passed
        latest = [(relative(path, self.root), line) for path, line in found.latest] if failed else []
        more: dict[str, Any] = {}
        if found.is_of_programs:
            more = {"programs": True, "unseen": sorted(found.unseen), "originals": sorted(found.originals)}
        return records.Executed(item.nodeid, lines, imported, latest, **more)

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
        with self._explaining(item, call):
            outcome: Any = yield
            report = outcome.get_result()
            phase = self._phase(item, call, report)
        if self.apart is not None:
            self.apart.append(phase)
            return
        if report.outcome != "passed" or phase.xfail:
            self.not_passed.add(item.nodeid)
        self.emit(phase)

    def _explaining(self, item: Any, call: Any) -> AbstractContextManager[None]:
        """What runs while a failure is described is no part of it."""
        if self.recorder is None:
            return nullcontext()
        if call.excinfo is not None or getattr(item, "_excinfo", None):  # items of unittest keep what they caught
            self.recorder.mark_failure()
        return self.recorder.paused()

    def _phase(self, item: Any, call: Any, report: Any) -> records.Phase:
        more: dict[str, Any] = {}
        printed = sum(len(text) for _, text in report.sections)
        if printed > _MUCH_OUTPUT:
            more["printed"] = printed
        comparison, self._comparison = self._comparison, None
        if self._is_calling:
            more["sub"] = True
        elif report.when == "call":  # what the call did by two witnesses, and which code it was
            more.update(inner=self.innermost.how, error=call.excinfo is not None, code=self.innermost.code)
        if report.outcome == "failed":
            more["failure"] = self._failure(call, report, comparison)
        is_xfail = hasattr(report, "wasxfail")
        return records.Phase(item.nodeid, report.when, report.outcome, report.duration, is_xfail, **more)

    def _failure(self, call: Any, report: Any, comparison: Optional[records.Sides]) -> records.ReportedFailure:
        if call.excinfo is None:
            return records.ReportedFailure("Failed", str(report.longrepr)[:4000], [])
        error = call.excinfo.value
        return doctest_failure(error, self.root) or failure_of(unwrapped(error), self.root, comparison)

    def pytest_sessionfinish(self, session: Any, exitstatus: int) -> None:
        """Where the modules came from that the tests themselves imported."""
        self.emit(records.Modules(module_files(self.root)))


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


def _failure_of(error: Optional[BaseException], root: str) -> Optional[records.ReportedFailure]:
    """The failure of a file that does not import."""
    cause = _root_cause(error)
    failure = failure_of(cause, root, None) if cause is not None else None
    if failure is not None and isinstance(cause, SyntaxError) and cause.filename:
        path = str(cause.filename)
        failure.frames.append(frame_in(path, cause.lineno or 1, "<module>", root))
    return failure


def _root_cause(error: Optional[BaseException]) -> Optional[BaseException]:
    """Pytest wraps what an import raised; the user wants the original."""
    while error is not None and _is_wrapper(error) and error.__cause__ is not None:
        error = error.__cause__
    return error


def _is_wrapper(error: BaseException) -> bool:
    is_plugin = isinstance(error, ImportError) and str(error).startswith("Error importing plugin")
    return is_plugin or type(error).__name__ in {
        *("CollectError", "ConftestImportFailure", "PluginImportFailure", "UsageError"),
    }
