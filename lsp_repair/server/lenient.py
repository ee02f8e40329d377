"""A converter that keeps what it does not know: clients are newer than this server, and must not break it."""

import enum
from typing import Any

from cattrs import Converter
from lsprotocol import types
from pygls.protocol import default_converter


def lenient_converter() -> Converter:
    """As usual, but a value that an enumeration does not have stays as it is."""
    converter: Converter = default_converter()  # type: ignore[no-untyped-call]  # the library leaves it untyped
    for each in vars(types).values():
        if isinstance(each, type) and issubclass(each, enum.Enum) and each.__module__ == types.__name__:
            converter.register_structure_hook(each, _kept)
    return converter


def _kept(value: Any, kind: Any) -> Any:
    try:
        return kind(value)
    except ValueError:
        return value
