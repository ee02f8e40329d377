"""What must fail, tried after the real tests in the same process: canaries, and mutants of the targets.

Each goes through pytest's full protocol, a mutant under the id of its test, so that code which reverses the outcome of
a test reverses this one as well. Each target runs once more as it is, and what it compares is examined.
"""

from __future__ import annotations

import ast
import secrets
import time
from collections.abc import Generator, Iterator
from inspect import CO_ASYNC_GENERATOR, CO_GENERATOR
from types import CodeType, MethodType
from typing import Any, Callable, Optional, cast

import pytest
from _pytest.unittest import TestCaseFunction

from ..run_records import MustFailRequest, Phase, ReportedFailure, TrialEnded, TrialKind
from ..session.innermost import real_function
from ..session.reporting import Reporting
from ..warm.items import ChainAbove
from .comparing import Comparing
from .plain_values import Made
from .test_sources import Mutant, TestSource

_GENERATORS = CO_GENERATOR | CO_ASYNC_GENERATOR
_MAX_TARGETS = 6
_MAX_MUTANTS = 6
_CANARIES = (
    "    assert 1 == 2",
    "    expected = [object()]\n    assert [object()] == expected",
    "    raise ValueError('canary')",
    "    import pytest\n    pytest.fail('canary')",
)


class _Ran:
    """What became of one trial."""

    def __init__(self, phases: list[Phase], how: str) -> None:
        outcomes = [each.outcome for each in phases]
        self.how = how
        self.failure: Optional[ReportedFailure] = next((each.failure for each in phases if each.failure), None)
        self.outcome = "failed" if "failed" in outcomes else "skipped" if "skipped" in outcomes else "passed"
        if any(each.xfail for each in phases):
            self.outcome = "skipped"


class MustFail:
    """The pytest plugin."""

    def __init__(self, reporting: Reporting, request: MustFailRequest) -> None:
        self._reporting = reporting
        self._request = request
        self._sources: dict[str, tuple[bytes, ast.Module]] = {}

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: Any) -> Generator[None, Any, None]:
        """After the real tests, when everything is torn down."""
        outcome: Any = yield
        if outcome.excinfo is not None:
            return
        failed = session.testsfailed
        try:
            self._all(session)
        finally:
            session.testsfailed = failed
            self._tear_down(session)

    def _tear_down(self, session: Any) -> None:
        try:
            session._setupstate.teardown_exact(None)
        except BaseException:  # noqa: BLE001, S110 - of fixtures that were set up for trials alone
            pass

    def _all(self, session: Any) -> None:
        targets = list(self._targets(session.items))
        self._canaries([*targets, *session.items])
        ends = time.process_time() + self._request.seconds
        for item in targets:
            self._again(item)
            if time.process_time() > ends:
                self._none(item, "time for mutants")
                continue
            for_mutants = self._source(item)
            if isinstance(for_mutants, str):
                self._none(item, for_mutants)
            else:
                self._mutants(item, for_mutants, ends)

    def _targets(self, items: list[Any]) -> Iterator[Any]:
        """The first that passed, at most two of one function."""
        requested = self._request.targets
        files = tuple(each + "::" for each in requested if "::" not in each)
        of_function: dict[str, int] = {}
        count = 0
        for item in items:
            if item.nodeid not in requested and not (files and item.nodeid.startswith(files)):
                continue
            if item.nodeid in self._reporting.not_passed or count == _MAX_TARGETS:
                continue
            if not isinstance(item, pytest.Function):
                self._none(item, "another kind of test")
                continue
            function = item.nodeid.split("[", 1)[0]
            of_function[function] = of_function.get(function, 0) + 1
            if of_function[function] <= 2:
                count += 1
                yield item

    def _canaries(self, items: list[Any]) -> None:
        module = next((found for found in (each.getparent(pytest.Module) for each in items) if found is not None), None)
        if module is None:
            self._report("none", "", detail="canaries")
            return
        bodies = sorted(_CANARIES, key=lambda _: secrets.randbits(32))
        for body in bodies:
            name = "test_" + secrets.token_hex(4)
            space: dict[str, Any] = {"__name__": module.name}
            exec(compile("def " + name + "():\n" + body + "\n", str(module.path), "exec", dont_inherit=True), space)  # noqa: S102
            item: pytest.Function = cast("Any", pytest.Function).from_parent(module, name=name, callobj=space[name])
            ran = self._run(item, None)
            self._report("canary", item.nodeid, ran, detail=body.strip())

    def _again(self, item: Any) -> None:
        """Run the target once more in the same process, and examine its comparisons."""
        source = self._source(item)
        comparing, code = self._looking(item, source)
        ran = self._run(item, code)
        if ran.outcome != "passed" and code is not None:
            ran = self._run(item, None)
        self._report("again", item.nodeid, ran, equals_all=sorted(comparing.found) if comparing is not None else [])
        for name in source.rebound() if isinstance(source, TestSource) else ():
            self._report("rebound", item.nodeid, detail=name)

    def _looking(self, item: Any, source: Any) -> tuple[Optional[Comparing], Optional[CodeType]]:
        """What examines a test's comparisons, and the code that calls it."""
        if not isinstance(source, TestSource):
            return None, None
        made = Made(self._reporting.root, self._request.changed, source.space, source.attributes)
        comparing = Comparing(made, self._text(item))
        return comparing, source.looked_at(comparing)

    def _mutants(self, item: Any, source: TestSource, ends: float) -> None:
        tried = 0
        for mutant in source.mutants(_MAX_MUTANTS):
            if time.process_time() > ends and tried:
                break
            tried += 1
            ran = self._run(item, mutant.code)
            if mutant.reach.is_reached and ran.outcome != "failed" and not self._confirmed(item, mutant):
                continue
            self._report(mutant.what, item.nodeid, ran, line=mutant.line, reached=mutant.reach.is_reached)
        if not tried:
            self._none(item, "assertions")

    def _confirmed(self, item: Any, mutant: Mutant) -> bool:
        """Whether the test still passes without the mutation, and with it: a test may be flaky."""
        steps: tuple[Optional[CodeType], ...] = (None, mutant.code, None)
        return all(self._run(item, code).outcome != "failed" for code in steps)

    def _source(self, item: Any) -> Any:
        """What mutants are made of, or the name of the layer that does not exist for this test."""
        function = real_function(item.obj)
        if not _is_called_plainly(item) or function is None or function.__code__.co_flags & _GENERATORS:
            return "another kind of test"
        if getattr(item.obj, "is_hypothesis_test", False) or hasattr(item.obj, "hypothesis"):
            return "generated inputs"
        path = function.__code__.co_filename
        try:
            if path not in self._sources:
                with open(path, "rb") as file:
                    data = file.read()
                self._sources[path] = data, ast.parse(data)
            data, tree = self._sources[path]
            source = TestSource(tree, data, function, item.config)
            return source if source.node is not None and source.is_what_runs() else "source of the test"
        except (OSError, SyntaxError, ValueError, RecursionError):
            return "source of the test"

    def _text(self, item: Any) -> str:
        known = self._sources.get(str(item.path))
        return known[0].decode("utf-8", "replace") if known is not None else ""

    def _run(self, item: Any, code: Optional[CodeType]) -> _Ran:
        """One trip of an item through pytest's protocol, with other code in its function's place where one is given."""
        phases: list[Phase] = []
        self._reporting.apart = phases
        put_back = _fresh(item, code)
        try:
            item.session._setupstate.teardown_exact(item)
            item.ihook.pytest_runtest_protocol(item=item, nextitem=ChainAbove(item))
        finally:
            put_back()
            self._reporting.apart = None
        return _Ran(phases, self._reporting.innermost.how)

    def _none(self, item: Any, layer: str) -> None:
        self._report("none", item.nodeid, detail=layer)

    def _report(self, what: TrialKind, node_id: str, ran: Optional[_Ran] = None, **more: Any) -> None:
        if ran is not None:
            more.update(outcome=ran.outcome, inner=ran.how)
            if ran.failure is not None and what == "again":
                more["detail"] = ran.failure.type + ": " + ran.failure.message
        self._reporting.emit(TrialEnded(what, node_id, **more))


def _is_called_plainly(item: Any) -> bool:
    """Whether the code in an item's function is what runs: pytest's own kinds, and those of who awaits them."""
    return type(item) in {pytest.Function, TestCaseFunction} or type(item).__module__.startswith("pytest_asyncio.")


def _fresh(item: Any, code: Optional[CodeType]) -> Callable[[], None]:
    """Make an item ready to run again, as plugins that repeat tests do; returns what takes the other code out again."""
    item._initrequest()
    if isinstance(item, TestCaseFunction):
        vars(item)["_excinfo"] = None
    elif isinstance(item.obj, MethodType) and item.name.split("[", 1)[0] == item.obj.__name__:
        for name in ("_obj", "_instance"):
            item.__dict__.pop(name, None)
    function = real_function(item.obj)
    if code is None or function is None:
        return lambda: None
    before = function.__code__
    function.__code__ = code

    def put_back() -> None:
        function.__code__ = before

    return put_back
