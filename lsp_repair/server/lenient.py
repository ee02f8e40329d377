"""Keeps what it does not know and answers what it does not understand: clients are newer than this server."""

import enum
from typing import Any

from cattrs import Converter
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol, default_converter


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


class AnsweringProtocol(LanguageServerProtocol):
    """A request whose parameters make no sense gets an error: without an answer its client would wait for ever."""

    def structure_message(self, data: dict[str, Any]) -> Any:
        """As usual, but answered."""
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "id" in data and "method" in data:
                self._send_response(data["id"], error=error.to_response_error())
            raise
