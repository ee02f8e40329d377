"""Runs tests, records the calls of functions, varies them and answers them: one request on a pipe, one reply.

    PYTHON grades_inputs.py READ WRITE

Started by grades.py in the project's interpreter (Python 3.9+), with pytest and the standard library only. The request is
one line of JSON: `mode` is *run*, *record* or *replay*, `ids` the tests, `functions` the functions by path, qualified name
and number among those of the same name. It shares nothing with the tool's own comparison of versions: calls are seen by a
profile function, copied by pickle when they begin, varied at random with a seed, and made again in a process that has
collected the same tests. While a call is made again, nothing outside of the process may be changed.
"""

import base64
import json
import os
import pickle
import random
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grades_values as values
import pytest
from grades_calls import Functions, Recorder, variations

_HANGING = 2
_FORBIDDEN = ("os.", "subprocess.", "socket.", "shutil.", "tempfile.", "pty.", "signal.", "ctypes.", "fcntl.")
_READING = ("os.listdir", "os.scandir", "os.walk", "os.getxattr", "os.listxattr", "os.fwalk")
_MEMORY = 3 << 30


class TooLong(BaseException):
    """A test or a call took too much CPU time; a test must not take it for an error of its own."""


class Refused(BaseException):
    """A call wanted to change something outside of the process."""


class Guard:
    """Refuses what changes the surroundings while it is on; an audit hook cannot be taken away."""

    on = False

    def __call__(self, event: str, arguments: "tuple[Any, ...]") -> None:
        """Judge one event."""
        if not self.on:
            return
        writes = event == "open" and (
            any(letter in str(arguments[1] or "") for letter in "wax+")
            or (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR)
        )
        if writes or (event.startswith(_FORBIDDEN) and event not in _READING):
            raise Refused(event)


class Timer:
    """Raises TooLong after so many CPU seconds."""

    def __init__(self) -> None:
        signal.signal(signal.SIGPROF, self._over)

    def _over(self, *_: object) -> None:
        raise TooLong

    def start(self, seconds: float) -> None:
        """Begin, and repeat for who catches everything."""
        signal.setitimer(signal.ITIMER_PROF, seconds, 0.2)

    def stop(self) -> None:
        """End."""
        signal.setitimer(signal.ITIMER_PROF, 0)


def answers(functions: Functions, inputs: "list[tuple[int, bytes]]", timer: Timer, seconds: float) -> Iterator[str]:
    """What each call does, with its arguments as they are afterwards; empty where it does not count."""
    guard = Guard()
    sys.addaudithook(guard)
    slow = 0
    for number, copy in inputs:
        if number not in functions.found or slow > 5:
            yield "" if slow > 5 else "there is no such function"
            continue
        try:
            given, named = pickle.loads(copy)
        except Exception:  # noqa: BLE001 - a class of the project may raise anything
            yield "cannot be read"
            continue
        text = _answer(lambda: functions.found[number](*given, **named), guard, (timer, seconds))  # noqa: B023 - called here
        slow += text == "hangs"
        if text in ("refused", "hangs"):
            yield text
            continue
        text += " | " + _answer(lambda: (given, named), guard, (timer, seconds))  # noqa: B023 - the same
        yield text


def _answer(call: "Callable[[], Any]", guard: Guard, limit: "tuple[Timer, float]") -> str:
    random.seed(1)
    timer, seconds = limit
    try:
        try:
            timer.start(seconds)
            guard.on = True
            return values.written(call())
        finally:
            guard.on = False
            timer.stop()
    except TooLong:
        return "hangs"
    except (Refused, MemoryError, RecursionError):
        return "refused"
    except BaseException as error:  # noqa: BLE001 - what it raises is the answer
        return values.raised(error)


class Session:
    """pytest's plugin for one request."""

    def __init__(self, request: "dict[str, Any]") -> None:
        self.request, self.root = request, Path.cwd()
        self.wanted, self.timer = set(request["ids"]), Timer()
        self.outcomes: dict[str, str] = {}
        self.hanging = 0
        self.recorder: Recorder | None = None
        self.reply: dict[str, Any] = {"outcomes": self.outcomes}

    @property
    def versions(self) -> "frozenset[str]":
        """The files that have several versions."""
        return frozenset(str(self.root / path) for path, _, _ in self.request["functions"])

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: "list[pytest.Item]") -> None:
        """Keep the tests of the request."""
        items[:] = [each for each in items if each.nodeid in self.wanted]
        if self.request["mode"] == "record":
            self.recorder = Recorder(Functions(self.root, self.request["functions"]), self.versions)

    def pytest_runtestloop(self) -> "bool | None":
        """Answer calls in the place of running tests."""
        if self.request["mode"] != "replay":
            return None
        inputs = [(number, base64.b64decode(copy)) for number, copy in self.request["inputs"]]
        functions = Functions(self.root, self.request["functions"])
        self.reply["answers"] = list(answers(functions, inputs, self.timer, self.request["call_seconds"]))
        return True

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self) -> "Iterator[None]":
        """Watch one test."""
        self.timer.start(self.request["test_seconds"])
        if self.recorder is not None:
            sys.setprofile(self.recorder)
        yield
        sys.setprofile(None)
        self.timer.stop()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the worst phase."""
        if report.when == "call" or not report.passed:
            self.outcomes[report.nodeid] = report.outcome
            self.hanging += "TooLong" in report.longreprtext
            if self.hanging > _HANGING:
                pytest.exit("tests hang")

    def finish(self) -> "dict[str, Any]":
        """The reply, with variations of what was recorded."""
        if self.recorder is not None:
            dice = random.Random(self.request["seed"])
            made = variations(self.recorder.calls, self.request["count"], self.versions, dice)
            self.reply["inputs"] = [(number, base64.b64encode(copy).decode()) for number, copy in made]
            self.reply["unfit"] = self.recorder.unfit
        self.reply["hanging"] = self.hanging
        return self.reply


def main() -> None:
    """Serve one request."""
    read, write = map(int, sys.argv[1:3])
    for each in (read, write):
        os.set_inheritable(each, False)  # noqa: FBT003 - its parameter has no name
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    with open(read, "rb", closefd=False) as file:
        request = json.loads(file.readline())
    del sys.path[0]
    sys.dont_write_bytecode = True
    session = Session(request)
    pytest.main([*request["arguments"], "-q", "-p", "no:cacheprovider", *request["files"]], plugins=[session])
    with open(write, "wb", closefd=False) as file:
        file.write(json.dumps(session.finish()).encode() + b"\n")
    os._exit(0)  # threads and exit handlers of the project are not waited for


if __name__ == "__main__":
    main()
