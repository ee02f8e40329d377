"""Literal text of strings and f-strings, character by character: which source stands for which value, and back."""

import ast
import re
from dataclasses import dataclass

from lsp_repair.pycode.f_strings import Text

_ESCAPE = r"\\(?:\r?\n|[0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]*\}|.)"
_UNITS = {
    (is_raw, is_formatted): re.compile(
        "|".join([*([] if is_raw else [_ESCAPE]), *([r"\{\{|\}\}"] if is_formatted else []), "."]), re.DOTALL
    )
    for is_raw in (False, True)
    for is_formatted in (False, True)
}


@dataclass(frozen=True, slots=True)
class LiteralText:
    """A stretch of literal text; `units` are the sources of its characters (a line continued by a backslash is none)."""

    place: Text
    units: tuple[str, ...]
    value: str

    def replaced(self, start: int, end: int, new: str) -> tuple[int, int, str] | None:
        """The splice that puts other characters in place of some of the value; None where it cannot be written so."""
        source = self._written(new)
        before = len("".join(self.units[:start]).encode())
        old = len("".join(self.units[start:end]).encode())
        at = self.place.start + before
        return None if source is None else (at, at + old, source)

    def _written(self, text: str) -> str | None:
        quote = self.place.quote
        written: list[str] = []
        for character in text:
            if character in "{}" and self.place.is_formatted:
                written.append(character * 2)
            elif character == "\n" and len(quote) == 3:
                written.append(character)
            elif character in {"\\", quote[0]} or not character.isprintable():
                if self.place.is_raw:
                    return None
                written.append(f"\\{character}" if character == quote[0] else repr(character)[1:-1])
            else:
                written.append(character)
        return "".join(written)


def literal_text(place: Text, source: str) -> LiteralText | None:
    """The text at a place whose source is given; None where a unit does not stand for one character."""
    units = tuple(_UNITS[place.is_raw, place.is_formatted].findall(source))
    values = [_value(each, is_raw=place.is_raw) for each in units]
    return LiteralText(place, units, "".join(values)) if all(len(each) == 1 for each in values) else None


def _value(unit: str, *, is_raw: bool) -> str:
    if len(unit) == 1:
        return unit
    if unit in {"{{", "}}"}:
        return unit[0]
    try:
        value: object = unit if is_raw else ast.literal_eval(f'"{unit}"')
    except (SyntaxError, ValueError):
        return ""
    return value if isinstance(value, str) else ""
