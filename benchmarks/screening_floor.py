"""The least that a candidate can cost: a fork of a process that has collected the tests, and the tests' bodies.

`screening_floor.py NODE_ID…` prints `floor SECONDS`: CPU seconds of the fork and the bodies, the parent's included.
A body runs without hooks, reporting or time limit, until the first test that fails; nothing is swapped or sent.
"""

import os
import resource
import sys
from collections.abc import Callable

import pytest

_FORKS = 200


class Floor:
    """A plugin that runs the bodies instead of the tests."""

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Fork as often as there are candidates."""
        bodies = [_body(item) for item in session.items]
        started = _cpu()
        for _ in range(_FORKS):
            process = os.fork()
            if process == 0:
                _run(bodies)
            os.waitpid(process, 0)
        print(f"\nfloor {(_cpu() - started) / _FORKS}", flush=True)
        return True


def _run(bodies: list[Callable[[], object]]) -> None:
    try:
        for body in bodies:
            body()
    except BaseException:  # noqa: BLE001 - a failing test ends the candidate
        os._exit(1)
    os._exit(0)


def _body(item: pytest.Item) -> Callable[[], object]:
    """The test's own code with its parameters; a unittest method on a fresh instance."""
    assert isinstance(item, pytest.Function)
    parameters = dict(item.callspec.params) if hasattr(item, "callspec") else {}
    owner = item.getparent(pytest.Class)
    if owner is None:
        return lambda: item.obj(**parameters)
    if hasattr(owner.obj, "run"):
        return lambda: owner.obj(item.name).debug()
    return lambda: getattr(owner.obj(), item.originalname)(**parameters)


def _cpu() -> float:
    usages = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


if __name__ == "__main__":
    raise SystemExit(pytest.main(["-q", "-p", "no:cacheprovider", "-s", *sys.argv[1:]], plugins=[Floor()]))
