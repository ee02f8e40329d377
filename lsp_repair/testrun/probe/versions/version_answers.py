"""Runs tests and has every call of the changed functions answered by each version of the code, from its very beginning.

At the entry of a call the process is forked once for each version: whatever the arguments are (open files, sessions,
graphs of objects), each child has them as the test made them. Nothing is pickled, and what a call changes stays in its
child.
"""

from __future__ import annotations

import functools
import linecache
import os
import resource
from collections.abc import Iterator, Mapping
from types import CodeType, FrameType
from typing import Any, Callable, NamedTuple, Optional

from .. import limits
from ..replay.neighbours import Variations
from ..replay.normal_form import NormalForm
from ..warm import warm_records
from ..warm.swapped_candidates import Emit, Warm
from .answering import Answer, Answering, digest_of, one_line
from .entries import Arguments, Entries, Entry, function_of
from .expecting import Called, expected
from .forks import forked
from .placing import OLD, Versions

_MEMORY_BYTES = 2 << 30
_OF_A_TEST = 4
_TRIED = 40
"""Later calls of one function in one test count if the old code and the version that runs answer them differently."""
_OF_A_FUNCTION = 60
_NEAR = 24
_WITH_NEIGHBOURS = 12
"""Of so many calls of a function neighbours are tried as well."""
_CLOCK_SECONDS = 3.0
_FRAMES_UP = 60


class _Call(NamedTuple):
    entry: Entry
    arguments: Arguments
    digest: str
    """Of the arguments."""
    site: str


class Comparing:
    """One request: which calls were handed out so far, and to whom."""

    def __init__(self, warm: Warm, request: warm_records.CompareVersions, emit: Emit) -> None:
        self._request = request
        self._emit = emit
        self._versions = Versions(warm, request.versions)
        self._folders = {warm.root: "<here>"}
        self._prefix = warm.root + os.sep
        self._normal = NormalForm(self._folders, is_strict=False)
        self._variations = Variations(request.numbers, request.texts)
        self._watched = self._versions.watched(request.places)
        self._entries = Entries(self._watched, self._entered)
        self._seen: set[tuple[CodeType, str]] = set()
        self._of_function: dict[CodeType, int] = {}
        self._of_test: dict[CodeType, int] = {}
        self._test = ""
        self._started = _cpu_seconds()
        self._count = 0

    def run(self, items: Any) -> None:
        """All tests, on the first of the versions that can be put in place."""
        self._emit(warm_records.NotComparable(self._versions.missing))
        for key in self._versions.keys if self._request.expectations else ():
            for number, outcome in enumerate(self._expected(key)):
                self._emit(warm_records.Expected(key, number, *outcome))
        for test in self._request.tests:
            if test.id in items.by_id and not self._is_spent:
                self._test, self._of_test = test.id, {}
                with self._entries.watched():
                    items.outcome(test)

    def _expected(self, key: int) -> Iterator[tuple[bool, bool, Optional[str]]]:
        """Each expectation in a child of its own, on one version."""

        def perform(number: int, emit: Callable[[dict[str, Any]], None]) -> None:
            limits.limit_memory(_MEMORY_BYTES)
            self._versions.put(key)
            with Called(self._watched) as called:
                holds, error = expected(self._request.expectations[number], self._request.modules)
            concerns = called.any or not (error or "NameError").startswith("NameError")
            emit({"kind": "expected", "holds": holds, "concerns": concerns, "error": error})

        for number in range(len(self._request.expectations)):
            reports = forked(functools.partial(perform, number), _CLOCK_SECONDS)
            first = reports[0] if reports else {"concerns": True, "error": "it does not end"}
            error = first.get("error")
            yield first.get("holds") is True, first.get("concerns") is True, error if isinstance(error, str) else None

    @property
    def _is_spent(self) -> bool:
        return _cpu_seconds() - self._started > self._request.seconds

    def _entered(self, entry: Entry) -> None:
        code = entry.frame.f_code
        count = self._of_test.get(code, 0)
        if count >= _TRIED or self._of_function.get(code, 0) >= _OF_A_FUNCTION or self._is_spent:
            return
        arguments = entry.arguments
        digest = digest_of(self._normal, {**arguments, **entry.enclosed})
        if digest is None or (code, digest) in self._seen:
            return
        self._seen.add((code, digest))
        self._of_test[code] = count + 1
        call = _Call(entry, arguments, digest, self._site(entry.frame))
        if count < _OF_A_TEST or self._tells(call):
            self._of_function[code] = self._of_function.get(code, 0) + 1
            self._compare(call)

    def _tells(self, call: _Call) -> bool:
        """Whether the old code and the version that runs answer a later call of a test differently."""
        old, new = (self._answers(key, call, near=0).get(call.digest) for key in self._versions.keys[:2])
        return old is not None and new is not None and old.gives != new.gives

    def _site(self, frame: FrameType) -> str:
        """The innermost line of the test's own file that led here."""
        path = os.path.join(self._prefix, self._test.partition("::")[0])
        above: Optional[FrameType] = frame.f_back
        for _ in range(_FRAMES_UP):
            if above is None:
                break
            if above.f_code.co_filename == path:
                text = linecache.getline(path, above.f_lineno).strip()
                return one_line(f"{path[len(self._prefix) :]}:{above.f_lineno}: {text}")
            above = above.f_back
        return ""

    def _compare(self, call: _Call) -> None:
        self._count += 1
        path, first = call.entry.watched.place.path, call.entry.frame.f_code.co_firstlineno
        self._emit(warm_records.Entry(self._count, path, first, self._test, call.site))
        near = _NEAR if self._of_function.get(call.entry.frame.f_code, 0) <= _WITH_NEIGHBOURS else 0
        found = {key: self._answers(key, call, near) for key in self._versions.keys}
        old = found[OLD]
        if any(_differs(answer, answers) for answers in found.values() for answer in old.values()):
            again = self._answers(OLD, call, near)  # what the old code answers otherwise the second time tells nothing
            old = {given: answer for given, answer in old.items() if not _differs(answer, again)}
        for key, answers in found.items():
            for given in answers.keys() & old.keys():
                self._emit(warm_records.VersionAnswer(self._count, key, *answers[given]))

    def _answers(self, key: int, call: _Call, near: int) -> dict[str, Answer]:
        """By input, with at most so many neighbours."""

        def perform(emit: Callable[[dict[str, Any]], None]) -> None:
            self._entries.stop()
            limits.limit_memory(_MEMORY_BYTES)
            self._versions.put(key)
            code = self._versions.code_at(call.entry.watched)
            function = None if code is None else function_of(code, call.entry)
            if function is None:
                return
            answering = Answering(function, call.entry.frame.f_code, self._folders)
            others = answering.near(call.arguments, self._variations, near)
            for answer in (answering.recorded(call.arguments, call.digest), *answering.near_answers(others)):
                emit({"kind": "answered", "answer": answer})

        found: dict[str, Answer] = {}
        for report in forked(perform, _CLOCK_SECONDS):
            answer: Any = report.get("answer")
            if isinstance(answer, list) and len(answer) == len(Answer._fields):
                found.setdefault(str(answer[0]), Answer(*answer))  # a neighbour may be what the test gave itself
        return found


def _differs(answer: Answer, answers: Mapping[str, Answer]) -> bool:
    """Whether these answers lack one to the same input that gives the same."""
    return answer.given not in answers or answers[answer.given].gives != answer.gives


def compare_versions(warm: Warm, request: warm_records.CompareVersions, emit: Emit) -> None:
    """See `Comparing`."""
    limits.limit_memory(_MEMORY_BYTES * 2)
    limits.install()
    Comparing(warm, request, emit).run(warm.items)


def _cpu_seconds() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)
