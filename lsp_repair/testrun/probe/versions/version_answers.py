"""Runs tests and has every call of the changed functions answered by each version of the code, from its very beginning.

At the entry of a call the process is forked, and the versions answer it there with copies of the arguments (`same_call`).
Where these cannot be copied (open files, sessions, graphs of objects) there is a child for each version, which has them as
the test made them. Nothing is pickled, and what a call changes stays in its child.
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
from .answering import Answer, digest_of
from .entries import Entries, Entry
from .expecting import Called, expected
from .forks import forked
from .placing import OLD, Versions
from .same_call import Asked, Call, SameCall, Tests, answer_in, whole
from .wording import one_line

_MEMORY_BYTES = 2 << 30
_OF_A_TEST = 4
_TRIED = 40
"""Later calls of one function in one test count if the old code and the version that runs answer them differently."""
_OF_A_FUNCTION = 60
_NEAR = 24
_WITH_NEIGHBOURS = 12
"""Of so many calls of a function neighbours are tried as well."""
_CLOCK_SECONDS = 3.0
_OF_ALL_SECONDS = 8.0
_JUDGED = 6
"""Calls of each function that are tried in disguise as well."""
_FRAMES_UP = 60


class Comparing:
    """One request: which calls were handed out so far, and to whom."""

    def __init__(self, warm: Warm, request: warm_records.CompareVersions, emit: Emit) -> None:
        self._request = request
        self._emit = emit
        self._versions = Versions(warm, request.versions)
        self._prefix = warm.root + os.sep
        files = (test.id.partition("::")[0] for test in request.tests)
        self._tests = Tests(warm.root, frozenset(os.path.join(warm.root, file) for file in files))
        self._normal = NormalForm({warm.root: "<here>"}, is_strict=False)
        self._variations = Variations(request.numbers, request.texts)
        self._watched = self._versions.watched(request.places)
        self._entries = Entries(self._watched, self._entered)
        self._seen: set[tuple[CodeType, str]] = set()
        self._of_function: dict[CodeType, int] = {}
        self._of_test: dict[CodeType, int] = {}
        self._not_copied: set[CodeType] = set()
        """Functions whose arguments could not be copied once."""
        self._test = ""
        self._started = _cpu_seconds()
        self._count = 0

    def run(self, items: Any) -> None:
        """All tests, on the first of the versions that can be put in place."""
        self._emit(warm_records.NotComparable(self._versions.missing))
        for key, parts in self._versions.set_by.items():
            if parts:
                self._emit(warm_records.Sets(key, parts, ""))
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
        call = Call(entry, arguments, digest, self._site(entry.frame))
        found = self._found(call, only_if_telling=count >= _OF_A_TEST)
        if found:
            self._of_function[code] = self._of_function.get(code, 0) + 1
            self._report(call, found)

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

    def _report(self, call: Call, found: _Found) -> None:
        self._count += 1
        path, first = call.entry.watched.place.path, call.entry.frame.f_code.co_firstlineno
        self._emit(warm_records.Entry(self._count, path, first, self._test, call.site))
        for key, answers in found.answers.items():
            for given in answers.keys() & found.answers.get(OLD, {}).keys():
                self._emit(warm_records.VersionAnswer(self._count, key, *answers[given]))
        for key, what, is_same in found.disguised:
            self._emit(warm_records.Disguised(self._count, key, what, is_same))

    def _found(self, call: Call, *, only_if_telling: bool) -> Optional[_Found]:
        """What all versions answer; None where the first two of them answer the same, and only what tells is asked for."""
        code = call.entry.frame.f_code
        count = self._of_function.get(code, 0)
        near = _NEAR if count < _WITH_NEIGHBOURS else 0
        judged = self._versions.keys[: self._request.judged + 1] if count < _JUDGED else []
        asked = Asked(self._versions.keys, near, only_if_telling, judged)
        if code not in self._not_copied:
            reports = forked(lambda emit: self._child(call, emit).all(asked), _OF_ALL_SECONDS)
            self._report_settings(reports)
            if any(report.get("kind") == "same" for report in reports):
                return None
            answers = whole(reports)
            if answers is not None:
                return _Found(answers, [_disguised(each) for each in reports if each.get("kind") == "in-disguise"])
            self._not_copied.add(code)
        return self._one_by_one(call, asked)

    def _one_by_one(self, call: Call, asked: Asked) -> Optional[_Found]:
        """A child for each version."""
        if asked.only_if_telling:
            old, new = (self._alone(key, call, 0, []).get(call.digest) for key in asked.keys[:2])
            if old is None or new is None or old.gives == new.gives:
                return None
        found = {key: self._alone(key, call, asked.near, asked.judged) for key in asked.keys}
        old_ones = found[OLD]
        if any(_differs(answer, answers) for answers in found.values() for answer in old_ones.values()):
            again = self._alone(OLD, call, asked.near, [])  # what the old code answers otherwise by then tells nothing
            found[OLD] = {given: answer for given, answer in old_ones.items() if not _differs(answer, again)}
        return _Found(found, [])

    def _alone(self, key: int, call: Call, near: int, judged: list[int]) -> dict[str, Answer]:
        found: dict[str, Answer] = {}
        reports = forked(lambda emit: self._child(call, emit).alone(key, near, judged), _CLOCK_SECONDS)
        self._report_settings(reports)
        for report in reports:
            answer = answer_in(report)
            if answer is not None:
                found.setdefault(answer.given, answer)  # a neighbour may be what the test gave itself
        return found

    def _report_settings(self, reports: list[dict[str, Any]]) -> None:
        for report in reports:
            if report.get("kind") == "sets":
                self._emit(warm_records.Sets(int(report["key"]), report["parts"], str(report["call"])))

    def _child(self, call: Call, emit: Callable[[dict[str, Any]], None]) -> SameCall:
        self._entries.stop()
        limits.limit_memory(_MEMORY_BYTES)
        return SameCall(self._versions, call, self._variations, self._tests, emit)


class _Found(NamedTuple):
    """What was found of one call."""

    answers: dict[int, dict[str, Answer]]
    """By version and input."""
    disguised: list[tuple[int, str, bool]]
    """Version, disguise, and whether the answer stays."""


def _disguised(report: dict[str, Any]) -> tuple[int, str, bool]:
    return int(report["key"]), str(report["what"]), report["same"] is True


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
