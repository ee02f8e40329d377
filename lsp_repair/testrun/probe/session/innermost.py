"""What the call of each test function itself did, watched innermost and apart from pytest's report of it."""

from __future__ import annotations

import functools
import inspect
from types import CodeType, FunctionType
from typing import Any, Callable, Optional

import pytest
from _pytest.unittest import TestCaseFunction

from ..digests import code_digest


class Innermost:
    """Puts a thin watcher around an item's function for the time of its call."""

    def __init__(self) -> None:
        self.how = "unseen"
        """`returned`, `raised`, `skipped`, `never`, or `unseen` for what is no function."""
        self.code = ""
        """Digest of the code that was called; empty when it is not from the item's own file."""
        self._digests: dict[int, tuple[CodeType, str]] = {}

    def watch(self, item: Any) -> Callable[[], None]:
        """Begin to watch an item's call; returns what ends it."""
        self.how, self.code = "unseen", ""
        if not isinstance(item, pytest.Function):
            return _nothing
        function = item.obj
        real = real_function(function)
        is_async = inspect.iscoroutinefunction(function)
        if inspect.isasyncgenfunction(function) or (is_async and isinstance(item, TestCaseFunction)):
            return _nothing
        self.how = "never"
        if real is not None and real.__code__.co_filename == str(item.path):
            self.code = self.digest(real.__code__)
        item.obj = self._watched_async(function) if is_async else self._watched(function)

        def end() -> None:
            item.obj = function

        return end

    def __enter__(self) -> None:
        self.how = "never"

    def __exit__(self, kind: object, error: Optional[BaseException], traceback: object) -> None:
        self.how = "returned" if error is None else _how(error)

    def _watched(self, function: Any) -> Any:
        @functools.wraps(function)
        def watched(*args: Any, **kwargs: Any) -> Any:
            with self:
                return function(*args, **kwargs)

        return watched

    def _watched_async(self, function: Any) -> Any:
        @functools.wraps(function)
        async def watched(*args: Any, **kwargs: Any) -> Any:
            with self:
                return await function(*args, **kwargs)

        return watched

    def digest(self, code: CodeType) -> str:
        """What the code does, whatever folder it lies in."""
        known = self._digests.get(id(code))
        if known is None or known[0] is not code:
            known = code, code_digest(code)
            self._digests[id(code)] = known
        return known[1]


def _nothing() -> None:
    """Nobody watched."""


_SKIPPING = {"Skipped", "SkipTest", "XFailed"}


def _how(error: BaseException) -> str:
    return "skipped" if any(each.__name__ in _SKIPPING for each in type(error).__mro__) else "raised"


def real_function(function: Any) -> Optional[FunctionType]:
    """The function that a bound method, a partial or decorators stand for."""
    for _ in range(50):
        if isinstance(function, FunctionType) and not hasattr(function, "__wrapped__"):
            return function
        for name in ("__wrapped__", "__func__", "func"):
            if hasattr(function, name):
                function = getattr(function, name)
                break
        else:
            return None
    return None
