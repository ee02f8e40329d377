"""What a call may change for the whole process, though no result shows it."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Callable

RANDOM = "the random numbers"
SEED = "the seed of random numbers"


def process_state() -> dict[str, str]:
    """By what it is; modules that nobody imported have none."""
    return dict(_parts())


def differing(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """The parts that are in both, and not the same."""
    return [name for name in before if name in after and after[name] != before[name]]


def restoring() -> Callable[[], object]:
    """What puts the decimal context and chance back to where they are now."""
    decimal: Any = sys.modules.get("decimal")
    chance: Any = sys.modules.get("random")
    context = None if decimal is None else decimal.getcontext().copy()
    state = None if chance is None else chance.getstate()

    def restore() -> None:
        if context is not None:
            decimal.setcontext(context)
        if state is not None:
            chance.setstate(state)

    return restore


def _parts() -> Iterator[tuple[str, str]]:
    yield "the environment", repr(sorted(os.environ.items()))
    yield "the path of imports", repr(sys.path)
    yield "the limit of recursion", str(sys.getrecursionlimit())
    yield "garbage collection", f"{gc.isenabled()} {gc.get_threshold()}"
    for module, name, read in _OF_MODULES:
        loaded: Any = sys.modules.get(module)
        if loaded is not None:
            with suppress(Exception):  # a module that the project replaces
                yield name, repr(read(loaded))


def _decimal(module: Any) -> object:
    context = module.getcontext()
    return context.prec, context.rounding, context.Emin, context.Emax, sorted(map(str, context.traps.items()))


def _numpy(module: Any) -> object:
    return module.geterr(), module.get_printoptions()


_OF_MODULES: list[tuple[str, str, Callable[[Any], object]]] = [
    ("decimal", "the decimal context", _decimal),
    ("random", RANDOM, lambda module: hash(module.getstate())),
    ("locale", "the locale", lambda module: module.setlocale(module.LC_ALL)),
    ("warnings", "the filters of warnings", lambda module: module.filters),
    ("socket", "the time limit of sockets", lambda module: module.getdefaulttimeout()),
    ("time", "the time zone", lambda module: module.tzname),
    ("numpy", "the settings of numpy", _numpy),
]
