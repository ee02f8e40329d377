"""Tables that stand in a text: JSON, and pairs of words such as `4:IV 9:IX`."""

import json
import re

_MAX_LENGTH = 100_000
_DIGITS = 18
_PAIR = re.compile(r"(?:^|[\s,;|])([\w.-]+)\s?(?:[:=]|->)\s?([\w.-]+)(?=$|[\s,;|])")


def value_of_text(text: str) -> object:
    """What a text says as JSON or in pairs; an empty mapping where it says nothing."""
    try:
        return json.loads(text) if len(text) < _MAX_LENGTH else None
    except (ValueError, RecursionError):
        return pairs_in(text)


def pairs_in(text: object) -> dict[object, object]:
    """The pairs of a text, numbers as numbers."""
    found = _PAIR.findall(text) if isinstance(text, str) and len(text) < _MAX_LENGTH else []
    return {_word(key): _word(value) for key, value in found}


def _word(text: str) -> object:
    return int(text) if text.isdecimal() and len(text) <= _DIGITS else text
