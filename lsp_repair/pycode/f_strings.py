"""F-strings read from their source: where literal text, expressions, conversions and format specifications stand."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

Span = tuple[int, int]

_OPENING = re.compile(rb"([A-Za-z]{0,2})('''|\"\"\"|'|\")")
_WORD = re.compile(rb"[A-Za-z0-9_\x80-\xff]+")
_BETWEEN = re.compile(rb"(?:\s|\\\r?\n|#[^\r\n]*)*")
_PREFIXES = {b"", b"r", b"u", b"b", b"f", b"rb", b"br", b"rf", b"fr"}
_NOT_THE_END = {b"!=", b"==", b"<=", b">="}
"""Operators that begin with what could end an expression."""
_UNFIT = re.compile(r"[\\\r\n#]")


@dataclass(frozen=True, slots=True)
class Text:
    """Literal text between quotes or fields, as offsets of its source."""

    start: int
    end: int
    quote: str
    is_raw: bool
    is_formatted: bool
    """Braces are doubled in it."""


@dataclass(frozen=True, slots=True)
class Field:
    """A replacement field, as offsets of its source."""

    start: int
    end: int
    expression: Span
    """Without the blanks around it."""
    conversion: Span
    """`!r`, or the empty span where it would stand."""
    specification: Span
    """`:>10`, or the empty span where it would stand."""
    parts: tuple["Text | Field", ...]
    """Those of the format specification."""
    inner: tuple["Field", ...]
    """Fields of the f-strings in its expression."""
    quote: str

    def around(self, start: int, end: int) -> Iterator["Field"]:
        """This field and those in it whose expression holds both offsets, outermost first."""
        if self.expression[0] <= start and end <= self.expression[1]:
            yield self
        for each in (*self.inner, *(part for part in self.parts if isinstance(part, Field))):
            yield from each.around(start, end)


Part = Text | Field


def parts_of(body: bytes, start: int, end: int) -> tuple[Part, ...] | None:
    """The parts of adjacent string literals, at least one of them an f-string; None for what cannot be read."""
    reader = _Reader(body, start)
    found: list[Part] = []
    try:
        while reader.at < end:
            found += reader.literal()
            if reader.at < end:
                reader.skip(_BETWEEN)
    except (IndexError, ValueError):
        return None
    return tuple(found) if reader.at == end else None


def fields_of(parts: tuple[Part, ...]) -> list[Field]:
    """The fields among the parts, in order."""
    return [each for each in parts if isinstance(each, Field)]


def fit_for_field(text: str, taken: str) -> str | None:
    """The code as it may stand in a field on every Python (before 3.12 a field could not reuse the quotes around it)."""
    if _UNFIT.search(text) or text.startswith("{"):
        return None
    for quote, other in ("'\"", "\"'"):
        if quote in text and quote in taken:
            if other in text or other in taken:
                return None
            return text.replace(quote, other)
    return text


class _Reader:
    """A place in the source; methods move it behind what they read and raise where the source is no valid literal."""

    def __init__(self, body: bytes, at: int) -> None:
        self.body = body
        self.at = at

    def skip(self, pattern: re.Pattern[bytes]) -> None:
        found = pattern.match(self.body, self.at)
        self.at = found.end() if found else self.at

    def literal(self) -> list[Part]:
        """A string literal with its prefix."""
        found = _OPENING.match(self.body, self.at)
        if found is None or found[1].lower() not in _PREFIXES:
            raise ValueError
        prefix, quote, self.at = found[1].lower(), found[2], found.end()
        if b"f" in prefix:
            parts = self._formatted(quote, is_raw=b"r" in prefix, is_specification=False)
        else:
            start = self.at
            while not self.body.startswith(quote, self.at):
                self._step(quote)
            parts = [Text(start, self.at, quote.decode(), b"r" in prefix, is_formatted=False)]
        self.at += len(quote)
        return parts

    def _step(self, quote: bytes) -> None:
        character = self.body[self.at]
        if character in b"\r\n" and len(quote) == 1:
            raise ValueError
        self.at += 2 if character == ord("\\") else 1

    def _formatted(self, quote: bytes, *, is_raw: bool, is_specification: bool) -> list[Part]:
        """Text and fields up to the closing quote, in a format specification up to the brace that ends the field."""
        parts: list[Part] = []
        start = self.at
        while not self.body.startswith(b"}" if is_specification else quote, self.at):
            if self.body.startswith(quote, self.at):
                raise ValueError
            if self._is_field(is_specification=is_specification):
                if start < self.at:
                    parts.append(Text(start, self.at, quote.decode(), is_raw, is_formatted=True))
                parts.append(self._field(quote, is_raw=is_raw))
                start = self.at
            else:
                self._step_formatted(quote, is_raw=is_raw, is_specification=is_specification)
        if start < self.at:
            parts.append(Text(start, self.at, quote.decode(), is_raw, is_formatted=True))
        return parts

    def _is_field(self, *, is_specification: bool) -> bool:
        is_doubled = self.body.startswith(b"{{", self.at) and not is_specification
        return self.body.startswith(b"{", self.at) and not is_doubled

    def _step_formatted(self, quote: bytes, *, is_raw: bool, is_specification: bool) -> None:
        two = self.body[self.at : self.at + 2]
        if two in {b"{{", b"}}"}:
            self.at += 2
        elif two[:1] == b"}" and not is_specification:
            raise ValueError
        elif two in {b"\\{", b"\\}"}:
            self.at += 1
        elif two == b"\\N" and not is_raw and self.body.startswith(b"{", self.at + 2):
            self.at = self.body.index(b"}", self.at) + 1
        else:
            self._step(quote)

    def _field(self, quote: bytes, *, is_raw: bool) -> Field:
        start = self.at
        self.at += 1
        inner = tuple(self._expression())
        source = self.body[start + 1 : self.at]
        stripped = len(source) - len(source.lstrip())
        expression = start + 1 + stripped, start + 1 + len(source.rstrip())
        if self.body.startswith(b"=", self.at):
            self.at += 1
            self.skip(_BETWEEN)
        at = self.at
        if self.body.startswith(b"!", self.at):
            self.at += 1
            self.skip(_BETWEEN)
            self.skip(_WORD)
            conversion = at, self.at
            self.skip(_BETWEEN)
        else:
            conversion = at, at
        at = self.at
        parts: list[Part] = []
        if self.body.startswith(b":", self.at):
            self.at += 1
            parts = self._formatted(quote, is_raw=is_raw, is_specification=True)
        specification = at, self.at
        if not self.body.startswith(b"}", self.at):
            raise ValueError
        self.at += 1
        return Field(start, self.at, expression, conversion, specification, tuple(parts), inner, quote.decode())

    def _expression(self) -> Iterator[Field]:
        """Move to what ends the expression; the fields of f-strings on the way."""
        depth = 0
        while True:
            two = self.body[self.at : self.at + 2]
            word = _WORD.match(self.body, self.at)
            if two[:1] in {b"'", b'"'} or (word and _is_opening(self.body, word)):
                yield from (each for each in self.literal() if isinstance(each, Field))
            elif word:
                self.at = word.end()
            elif two[:1] == b"#" or two in {b"\\\n", b"\\\r"}:
                self.skip(_BETWEEN)
            elif depth == 0 and two in _NOT_THE_END:
                self.at += 2
            elif depth == 0 and two[:1] in {b"!", b":", b"=", b"}"}:
                return
            else:
                depth += {b"(": 1, b"[": 1, b"{": 1, b")": -1, b"]": -1, b"}": -1}.get(two[:1], 0)
                if not two or depth < 0:
                    raise ValueError
                self.at += 1


def _is_opening(body: bytes, word: re.Match[bytes]) -> bool:
    """Whether the word is the prefix of a string literal."""
    return word[0].lower() in _PREFIXES and body[word.end() : word.end() + 1] in {b"'", b'"'}
