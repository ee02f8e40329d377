"""From a running frame to the name under which its function can be called again in another process, and back."""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Iterator
from types import FrameType, FunctionType
from typing import Any, NamedTuple, Optional, cast

_MAX_CLASS_DEPTH = 3
MAX_CALLS, MAX_OF_ONE = 40, 10
"""So many calls are recorded, so many of one function: the one that matters may be among the others."""


class Callee(NamedTuple):
    """A function of a module: how it is called is `call`, `new` (a class), `bound` (a class method) or `get` (a property)."""

    module: str
    name: str
    how: str


class Callables:
    """Names of code objects, by a look through the namespaces of their modules."""

    def __init__(self) -> None:
        self._by_module: dict[str, dict[int, tuple[Callee, FunctionType]]] = {}

    def of(self, frame: FrameType) -> Optional[tuple[Callee, FunctionType]]:
        """None for functions that no name of their module leads to: closures, lambdas, what a decorator made."""
        module = frame.f_globals.get("__name__")
        if not isinstance(module, str) or sys.modules.get(module) is None:
            return None
        if module not in self._by_module:
            namespace = vars(sys.modules[module])
            found = _named(module, namespace, "")
            self._by_module[module] = {id(function.__code__): (callee, function) for function, callee in found}
        return self._by_module[module].get(id(frame.f_code))


def _named(module: str, namespace: Any, prefix: str) -> Iterator[tuple[FunctionType, Callee]]:
    for name, value in list(namespace.items()):
        if isinstance(value, type):
            if value.__module__ == module and prefix.count(".") < _MAX_CLASS_DEPTH and value.__name__ == name:
                yield from _named(module, dict(vars(value)), f"{prefix}{name}.")
            continue
        function = _function_of(value)
        if function is None:
            continue
        if prefix and name == "__init__":
            yield function, Callee(module, prefix[:-1], "new")
        else:
            yield function, Callee(module, prefix + name, _how(value))


def _how(value: Any) -> str:
    if isinstance(value, (property, functools.cached_property)):
        return "get"
    return "bound" if isinstance(value, classmethod) else "call"


def _function_of(value: Any) -> Optional[FunctionType]:
    """The function under decorators that say what they wrap."""
    if isinstance(value, property):
        value = value.fget
    elif isinstance(value, functools.cached_property):
        value = value.func
    for _ in range(10):
        if isinstance(value, FunctionType) and "__wrapped__" not in value.__dict__:
            return value
        inner = cast("Any", value).__func__ if isinstance(value, (staticmethod, classmethod)) else None
        value = inner if inner is not None else getattr(cast("object", value), "__wrapped__", None)
        if value is None:
            return None
    return None


def target_of(callee: Callee, positional: list[Any]) -> tuple[Any, list[Any]]:
    """What to call now, and with which positional arguments."""
    target: Any = sys.modules[callee.module]
    *owners, last = callee.name.split(".")
    for owner in owners:
        target = getattr(target, owner)
    if callee.how == "get":
        return getattr, [positional[0], last]
    return getattr(target, last), positional


def is_there(callee: Callee) -> bool:
    """Whether the module can be imported and has the name."""
    try:
        target: Any = importlib.import_module(callee.module)
        for part in callee.name.split("."):
            target = getattr(target, part)
    except Exception:  # noqa: BLE001 - whatever an import raises, the function is not available here
        return False
    return True
