"""One call, answered by every version of the code in one forked child, each time with fresh copies of the arguments.

What a version leaves behind in the process could change the answers of the next one: the old code answers last as well,
with the arguments themselves, and where it answers otherwise by then nothing of all that is believed.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple, Optional

from ..replay.neighbours import Variations
from .answering import Answer, Answering, Onlooker, digest_of, is_of_other_types
from .disguises import Watching, disguises, doubles
from .entries import Arguments, Entry, function_of
from .forks import Emit
from .placing import OLD, Versions
from .process_state import RANDOM, SEED, differing, process_state


class Call(NamedTuple):
    """A call whose beginning was noticed."""

    entry: Entry
    arguments: Arguments
    digest: str
    """Of the arguments."""
    site: str


class Asked(NamedTuple):
    """What is asked about one call."""

    keys: list[int]
    """The versions, the old one first."""
    near: int
    """At most so many neighbours."""
    only_if_telling: bool
    """Whether all versions but the first two are asked only where these answer differently."""
    judged: list[int]
    """Versions that are asked once more with something of the tests' under another name, and watched for what they set."""


class Tests(NamedTuple):
    """Where the project lies, and which of its files are tests."""

    root: str
    files: frozenset[str]
    """Absolute."""

    def is_product(self, path: str) -> bool:
        """Whether this file is of the project and holds no tests."""
        return path.startswith(self.root + os.sep) and not self.is_one(path)

    def is_one(self, path: str) -> bool:
        """Whether this file holds tests, or what they use."""
        name = os.path.basename(path)
        return path in self.files or name == "conftest.py" or name.startswith("test_") or name.endswith("_test.py")


class SameCall:
    """The work of one child."""

    def __init__(self, versions: Versions, call: Call, variations: Variations, tests: Tests, emit: Emit) -> None:
        self._versions = versions
        self._call = call
        self._variations = variations
        self._tests = tests
        self._emit = emit
        self._onlooker = Onlooker(tests.root, tests.is_product)

    def alone(self, key: int, near: int, judged: list[int]) -> None:
        """One version, with the arguments themselves."""
        inputs = self._onlooker.near(self._call.arguments, self._variations, near)
        for answer in self._of_version(key, self._call.arguments, inputs, judged):
            self._tell(key, answer)

    def all(self, asked: Asked) -> None:
        """Every version; says `again` what the old code answers last, or nothing where the arguments cannot be copied."""
        if not self._can_be_copied():
            return
        inputs = self._onlooker.near(self._call.arguments, self._variations, asked.near)
        inputs += self._onlooker.of_other_types(self._call.arguments) if asked.near else []
        first: list[Optional[str]] = []
        for key in asked.keys:
            given = self._onlooker.copied(self._call.arguments)
            answers = list(self._of_version(key, given, inputs, asked.judged)) if given is not None else []
            first += [answer.gives for answer in answers[:1]]
            if asked.only_if_telling and key == asked.keys[1] and len(set(first)) < len(asked.keys[:2]):
                self._emit({"kind": "same"})
                return
            for answer in answers:
                self._tell(key, answer)
        originals = self._onlooker.copied(self._call.arguments)
        for answer in self._of_version(OLD, self._call.arguments, inputs, asked.judged):
            self._emit({"kind": "again", "answer": answer})
        if originals is not None:
            self._disguised(asked.judged, originals)

    def _disguised(self, keys: list[int], given: Arguments) -> None:
        for key in keys:
            with suppress(Exception):  # of classes that cannot be renamed, and whatever else is in the way
                for what, is_same in self._in_disguise(key, given):
                    self._emit({"kind": "in-disguise", "key": key, "what": what, "same": is_same})

    def _can_be_copied(self) -> bool:
        copies = self._onlooker.copied(self._call.arguments)
        if copies is None:
            return False
        return digest_of(self._onlooker.normal, {**copies, **self._call.entry.enclosed}) == self._call.digest

    def _tell(self, key: int, answer: Answer) -> None:
        self._emit({"kind": "answered", "key": key, "answer": answer})

    def _of_version(
        self, key: int, arguments: Arguments, inputs: list[tuple[str, Arguments]], judged: list[int]
    ) -> Iterator[Answer]:
        """The test's own call first; of a judged version what it changed in the process is reported."""
        self._versions.put(key)
        answering = self._answering(self._onlooker)
        if answering is None:
            return
        before = process_state() if key in judged else {}
        recorded = answering.recorded(arguments, self._call.digest)
        parts = self._set_by(answering, before) if before else []
        if parts:
            self._emit({"kind": "sets", "key": key, "parts": parts, "call": recorded.call})
        yield recorded
        yield from answering.near_answers(inputs)

    def _set_by(self, answering: Answering, before: dict[str, str]) -> list[str]:
        """What the call changed in the process."""
        changed = differing(before, process_state())
        if RANDOM in changed:
            changed.remove(RANDOM)
            changed += [SEED] if self._is_seeded(answering) else []
        return changed

    def _is_seeded(self, answering: Answering) -> bool:
        """Whether chance goes on from the same point, wherever it was before the call."""
        ends: list[int] = []
        for start in (1, 2):
            arguments = self._onlooker.copied(self._call.arguments)
            if arguments is None:
                return False
            random.seed(start)
            answering.recorded(arguments, "")
            ends.append(hash(random.getstate()))
        return ends[0] == ends[1]

    def _answering(self, onlooker: Onlooker) -> Optional[Answering]:
        """By the version that is in place."""
        code = self._versions.code_at(self._call.entry.watched)
        function = None if code is None else function_of(code, self._call.entry)
        return None if function is None else Answering(function, self._call.entry.frame.f_code, onlooker)

    def _in_disguise(self, key: int, given: Arguments) -> Iterator[tuple[str, bool]]:
        """Whether each disguise leaves the answer as it is; those that cannot be told are missing."""
        self._versions.put(key)
        outer = self._call.entry.watched.outer
        for disguise in disguises(given, self._tests.is_one):
            plain = self._plainly(disguise.words, given)
            with disguise.put_on(outer, given) as arguments:
                other = self._plainly(disguise.words, arguments)
            if plain is not None and other is not None and plain.gives is not None and other.gives is not None:
                yield disguise.what, plain.gives == other.gives
        yield from self._without_attributes(key, given)

    def _plainly(self, words: Iterable[str], arguments: Arguments) -> Optional[Answer]:
        answering = self._answering(self._onlooker.worded(list(words)))
        copies = self._onlooker.copied(arguments)
        return None if answering is None or copies is None else answering.recorded(copies, "")

    def _without_attributes(self, key: int, given: Arguments) -> Iterator[tuple[str, bool]]:
        """Whether it makes no difference that an attribute of a test double is missing which only this version asks for."""
        kinds = doubles(given, self._tests.is_one)
        if not kinds or key == OLD:
            return
        watching = Watching(kinds, self._tests.is_product)
        self._versions.put(OLD)
        with watching.on():
            self._plainly((), given)
            known = set(watching.asked)
        self._versions.put(key)
        with watching.on():
            plain = self._plainly((), given)
        newly = watching.asked - known
        if not newly or plain is None or plain.gives is None:
            return
        with watching.on(newly):
            other = self._plainly((), given)
        if other is not None and other.gives is not None:
            is_same = other.gives == plain.gives or (other.error is not None and plain.error is None)
            yield f"an attribute of the test double: {', '.join(sorted(newly))}", is_same


def whole(reports: list[dict[str, Any]]) -> Optional[dict[int, dict[str, Answer]]]:
    """By version and input what `SameCall.all` reported; None where it did not end, or the old code answers otherwise by then.

    An input that the old code answers otherwise the second time tells nothing, and is left out; of inputs of other types those
    count that the old code refuses.
    """
    found: dict[int, dict[str, Answer]] = {}
    again: dict[str, Answer] = {}
    for report in reports:
        answer = answer_in(report)
        if answer is not None:
            here = again if report.get("kind") == "again" else found.setdefault(report["key"], {})
            here.setdefault(answer.given, answer)
    old = found.get(OLD, {})
    own = next(iter(old.values()), None)
    if own is None or own.given not in again or again[own.given].gives != own.gives:
        return None
    steady = {
        given
        for given, answer in old.items()
        if given in again and again[given].gives == answer.gives and (answer.refused or not is_of_other_types(given))
    }
    return {key: {given: each for given, each in answers.items() if given in steady} for key, answers in found.items()}


def answer_in(report: dict[str, Any]) -> Optional[Answer]:
    """The answer that a report of a child holds."""
    answer: Any = report.get("answer")
    is_one = isinstance(answer, list) and len(answer) == len(Answer._fields)
    return Answer(*answer) if is_one else None
