"""Values near a given one: inputs that a function gets besides those of the tests."""

from __future__ import annotations

import copy
import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Any, Callable, cast

Arguments = dict[str, Any]

_ELEMENTS = 3
_EACH = 3
_MAX_TEXT_LENGTH = 200
_NAMES_A_PLACE = re.compile(r"[/\\~:\0]|^\.")


def neighbours(value: Any) -> Iterator[Any]:
    """Values near this one; none for texts, since a text may name a file."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1, 0, -value)
    elif isinstance(value, float):
        yield from (value + 0.5, 0.0, -value)
    elif isinstance(value, (list, tuple)):
        yield from _shorter_and_longer(value)
    elif isinstance(value, (dict, set, frozenset)):
        yield from _emptier(value)


def _emptier(value: Any) -> Iterator[Any]:
    yield type(value)()
    if hasattr(value, "items"):
        yield dict(list(value.items())[1:])


def _shorter_and_longer(value: Any) -> Iterator[Any]:
    yield from (value[:0], value[1:], value[:-1], value + value[:1], value[::-1])
    if value:
        yield from (type(value)([each]) + value[1:] for each in neighbours(value[0]))


class Variations:
    """Richer neighbours, for a process of its own: texts too, elements, attributes, and the literals of the code.

    The literals find what changes at a boundary only: `>` made `>=` shows at the other limits of the same table.
    """

    def __init__(self, numbers: Iterable[float], texts: Iterable[str]) -> None:
        self._numbers = list(numbers)
        self._texts = list(texts)
        self._of_type: dict[type, Callable[[Any], Iterator[Any]]] = {
            bool: lambda value: iter((not value,)),
            int: self._of_int,
            float: self._of_float,
            str: self._of_text,
            bytes: lambda value: iter((value[:-1], value[::-1], value * 2)),
            list: self._of_sequence,
            tuple: self._of_sequence,
            dict: self._of_dict,
            set: self._of_set,
            frozenset: self._of_set,
        }
        self._of_library: dict[tuple[str, str], Callable[[Any], Iterator[Any]]] = {
            ("decimal", "Decimal"): self._of_decimal,
            ("fractions", "Fraction"): lambda value: iter((value + 1, value - 1, value * 2, -value)),
            ("datetime", "date"): lambda value: _shifted(value, (1, -1, 7, -7, 31, -31, 365, 100)),
            ("datetime", "datetime"): lambda value: _shifted(value, (1, -1, 0.01, -0.01, 7, 31, -31, 365)),
            ("datetime", "timedelta"): lambda value: iter((value * 2, value / 2, -value, value * 3)),
        }

    def around(self, arguments: Arguments) -> Iterator[Arguments]:
        """Neighbours in which one argument differs, taking turns among the arguments; then two arguments at once."""
        turns = [
            [(name, varied) for varied in itertools.islice(self.of(value, 0), 24)] for name, value in arguments.items()
        ]
        for step in itertools.zip_longest(*turns):
            for change in step:
                if change is not None:
                    yield {**arguments, change[0]: change[1]}
        for one, other in itertools.combinations(turns, 2):
            for (name, varied), (other_name, other_varied) in itertools.product(one[:_EACH], other[:_EACH]):
                yield {**arguments, name: varied, other_name: other_varied}

    def of(self, value: object, depth: int) -> Iterator[Any]:
        """Values near this one; none for unknown types."""
        kind = type(value)
        vary = self._of_type.get(kind) or self._of_library.get((kind.__module__, kind.__name__))
        if depth > 3:
            return
        if vary is not None:
            self._depth = depth
            try:
                yield from vary(value)
            except (ArithmeticError, ValueError, TypeError):
                return
        elif hasattr(kind, "_member_map_"):
            members: Iterator[Any] = iter(cast("Any", kind)._member_map_.values())
            yield from itertools.islice((each for each in members if each is not value), 4)
        else:
            yield from self._of_object(value, depth)

    def _of_int(self, value: int) -> Iterator[int]:
        yield from (value + 1, value - 1, value + 2, value * 2, value // 2, 0, -value, value + 10)
        for literal in self._numbers:
            if type(literal) is int:
                yield from (literal, literal + 1)
        yield from (value * 10, value - 7, value + 100)

    def _of_float(self, value: float) -> Iterator[float]:
        yield from (value + 0.5, value - 0.5, value * 2, value / 2, 0.0, -value, value + 10)
        for literal in self._numbers:
            yield from (float(literal), literal + 0.25)

    def _of_text(self, value: str) -> Iterator[str]:
        """Only characters of the text itself, or the next ones: the result never names a place outside."""
        if len(value) > _MAX_TEXT_LENGTH or _NAMES_A_PLACE.search(value):
            return
        digits = re.compile(r"[0-9]+")
        if digits.search(value):
            yield digits.sub(lambda found: str(int(found[0]) + 1), value)
            yield digits.sub(lambda found: str(int(found[0]) * 2), value, count=1)
        yield from (value[:-1], value + value[-1:], value[::-1], value.upper(), value.lower(), value.title())
        yield from (_next_letter(value, 0), _next_letter(value, -1), value[1:], value * 2, value + " " + value)
        yield from (each for each in self._texts if not _NAMES_A_PLACE.search(each))
        yield from (_next_letter(value, len(value) // 2), value[: len(value) // 2], value.swapcase(), value + "a")

    def _of_decimal(self, value: Any) -> Iterator[Any]:
        yield from (value + 1, value - 1, value * 2, value / 2, -value, value * 0, value * 10, value + value / 100)

    def _of_sequence(self, value: Any) -> Iterator[Any]:
        yield from self._with_elements(value, range(min(len(value), _ELEMENTS)))
        yield from (value[1:], value[:-1], value + value[:1], value[::-1], value + value, value[:0])

    def _with_elements(self, value: Any, places: Iterable[int]) -> Iterator[Any]:
        depth = self._depth
        for at in places:
            for varied in itertools.islice(self.of(value[at], depth + 1), _EACH):
                yield value[:at] + type(value)([varied]) + value[at + 1 :]

    def _of_dict(self, value: dict[Any, Any]) -> Iterator[Any]:
        depth = self._depth
        for key in list(value)[:_ELEMENTS]:
            for varied in itertools.islice(self.of(value[key], depth + 1), _EACH):
                yield {**value, key: varied}
            yield {other: value[other] for other in value if other is not key}
        yield {}

    def _of_set(self, value: Any) -> Iterator[Any]:
        depth = self._depth
        elements = sorted(value, key=repr)
        for each in elements[:_ELEMENTS]:
            yield value - {each}
            for varied in itertools.islice(self.of(each, depth + 1), _EACH):
                yield (value - {each}) | {varied}
        yield type(value)()

    def _of_object(self, value: object, depth: int) -> Iterator[Any]:
        found: object = getattr(value, "__dict__", None)
        if type(found) is not dict or isinstance(value, type):
            return
        attributes = cast("dict[str, object]", found)
        for name in list(attributes)[:8]:
            for varied in itertools.islice(self.of(attributes[name], depth + 1), _EACH):
                changed = copy.copy(value)
                object.__setattr__(changed, name, varied)
                yield changed


def _shifted(value: Any, days: Iterable[float]) -> Iterator[Any]:
    from datetime import timedelta

    return (value + timedelta(each) for each in days)


def _next_letter(text: str, at: int) -> str:
    if not text:
        return "a"
    at %= len(text)
    letter = text[at]
    following = chr(ord(letter) + 1) if letter.isascii() and letter.isalnum() and letter not in "zZ9" else "b"
    return text[:at] + following + text[at + 1 :]
