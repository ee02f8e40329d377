"""Running a collected item again and again in one process, without building a traceback text for each failure."""

from __future__ import annotations

import copy
import functools
import gc
from typing import Any, Optional

import pytest

from ..limits import cpu_limit
from ..session.reporting import Reporting
from .warm_records import Style, TestToRun


class ChainAbove:
    """Stands for a next item that shares all collectors with this one, so that only the item is torn down."""

    def __init__(self, item: Any) -> None:
        self._item = item

    def listchain(self) -> list[Any]:
        """What SetupState compares with its stack."""
        chain: list[Any] = self._item.listchain()[:-1]
        return chain

    def __getattr__(self, name: str) -> Any:
        return getattr(self._item, name)


try:
    # The tear-down of tmp_path reads here what reports say, and no report is made for an item that runs again.
    from _pytest.tmpdir import tmppath_result_key as _TMP_PATH_RESULTS  # noqa: N812 - a constant of pytest's
except ImportError:
    _TMP_PATH_RESULTS = None  # type: ignore[assignment]

_PLAIN = (int, float, complex, str, bytes, bool, type(None), type)


def _nothing() -> None:
    """Something to cache."""


_CACHED = type(functools.lru_cache(_nothing))


class Items:
    """The items of a session; parametrised values are copied for each run, since a candidate may change them."""

    def __init__(self, items: list[Any], reporting: Reporting) -> None:
        self._reporting = reporting
        self.by_id = {item.nodeid: item for item in items}
        self._pristine: dict[str, dict[str, Any]] = {}
        self.broken_tear_down: Optional[BaseException] = None
        """What the tear-down of the last item raised; behind another error it does not show in the outcome."""

    def protect(self) -> None:
        """Keep copies of the parameters before anything ran."""
        for node_id, item in self.by_id.items():
            callspec = getattr(item, "callspec", None)
            if callspec is not None and not all(type(value) in _PLAIN for value in callspec.params.values()):
                self._pristine[node_id] = {name: _copied(value) for name, value in callspec.params.items()}

    def outcome(self, test: TestToRun) -> Optional[BaseException]:
        """Run one item, everything above it still set up; None when it passed, else what was raised."""
        item = self.by_id[test.id]
        _leave_other_collectors(item)
        self._renew(test.id, item)
        error: Optional[BaseException] = None
        subtest_errors: list[BaseException] = []
        self._reporting.subtest_errors = subtest_errors
        try:
            with cpu_limit(test.seconds):
                (_set_up_and_call if test.style == Style.DIRECT else _set_up_and_call_by_hooks)(item)
            failures = (each for each in subtest_errors if not isinstance(each, pytest.skip.Exception))
            error = _reported(item) or next(failures, None)
        except pytest.skip.Exception as skipped:
            error = skipped
        except BaseException as raised:  # noqa: BLE001 - whatever a candidate raises is its outcome
            error = raised
        finally:
            self._reporting.subtest_errors = None
        self.broken_tear_down = self._torn_down(item, test.style)
        return error or self.broken_tear_down

    def _torn_down(self, item: Any, style: Style) -> Optional[BaseException]:
        try:
            if style == Style.DIRECT:
                item.session._setupstate.teardown_exact(ChainAbove(item))
            else:
                item.ihook.pytest_runtest_teardown(item=item, nextitem=ChainAbove(item))
        except BaseException as raised:  # noqa: BLE001 - the same
            return raised
        return None

    def tear_down_all(self, any_id: str) -> None:
        """Tear down what is above the items, so that the next candidate gets fresh fixtures of every scope."""
        try:
            self.by_id[any_id].session._setupstate.teardown_exact(None)
        except BaseException:  # noqa: BLE001, S110 - the broken tear-down of a failing candidate is expected
            pass

    def _renew(self, node_id: str, item: Any) -> None:
        pristine = self._pristine.get(node_id)
        if pristine is not None:
            item.callspec.params.update({name: _copied(value) for name, value in pristine.items()})
        if hasattr(item, "_initrequest"):
            item._initrequest()
        item.__dict__.pop("_excinfo", None)
        if _TMP_PATH_RESULTS is not None:
            item.stash[_TMP_PATH_RESULTS] = {}


def _leave_other_collectors(item: Any) -> None:
    """Tear down the modules and classes that this item is not in, as pytest does between two items."""
    try:
        item.session._setupstate.teardown_exact(item)
    except BaseException:  # noqa: BLE001, S110 - the error of another module's tear-down is not this item's
        pass


def _copied(value: Any) -> Any:
    if type(value) in _PLAIN:
        return value
    try:
        return copy.deepcopy(value)
    except Exception:  # noqa: BLE001 - what cannot be copied is shared, as pytest itself does
        return value


def _set_up_and_call(item: Any) -> None:
    item.session._setupstate.setup(item)
    item.runtest()


def _set_up_and_call_by_hooks(item: Any) -> None:
    item.ihook.pytest_runtest_setup(item=item)
    item.ihook.pytest_runtest_call(item=item)


def _reported(item: Any) -> Optional[BaseException]:
    """Unittest items keep what they caught instead of raising it."""
    caught = getattr(item, "_excinfo", None)
    return caught[0].value if caught else None


def function_caches(root: str) -> list[Any]:
    """The `lru_cache` wrappers around functions of the project: their contents belong to the old code."""
    return [each for each in gc.get_objects() if type(each) is _CACHED and _file_of(each).startswith(root)]


def _file_of(wrapper: Any) -> str:
    code = getattr(getattr(wrapper, "__wrapped__", None), "__code__", None)
    return str(getattr(code, "co_filename", ""))
