"""Keeps unknown values and answers requests that it does not understand: clients may be newer than this server."""

import enum
import logging
from collections.abc import Generator
from typing import Any
from urllib.parse import unquote

from cattrs import Converter
from lsprotocol import types
from pygls import exceptions
from pygls.protocol import LanguageServerProtocol, default_converter
from pygls.protocol.language_server import lsp_method
from pygls.workspace import TextDocument

from lsp_repair.server.state.buffers import spliced


def lenient_converter() -> Converter:
    """As usual, but a value that is not in its enumeration stays as it is."""
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
    """Answers every request, even a nonsensical or untimely one, since its client would wait for ever otherwise."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        for name in ("pygls.protocol.json_rpc", "pygls.server"):
            logging.getLogger(name).addFilter(_without_traceback)

    def structure_message(self, data: dict[str, Any]) -> Any:
        """As usual, but a malformed request is answered with an error."""
        try:
            return super().structure_message(data)
        except exceptions.JsonRpcException as error:
            if "id" in data and "method" in data:
                self._send_response(data["id"], error=error.to_response_error())
            raise

    def handle_message(self, message: Any) -> None:
        """As usual between `initialize` and `shutdown`; an error at any other time, as the protocol demands."""
        method, number = getattr(message, "method", None), getattr(message, "id", None)
        if method in {None, types.INITIALIZE, types.EXIT} or (self._workspace is not None and not self._shutdown):
            super().handle_message(message)
        elif number is not None:
            kind = exceptions.JsonRpcInvalidRequest if self._shutdown else exceptions.JsonRpcServerNotInitialized
            self._send_response(number, error=kind().to_response_error())

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> Generator[Any, Any, None]:
        """As usual, but with the protocol's lines (to the library, a form feed ends one); files that are not open are ignored."""
        document = self.workspace.text_documents.get(unquote(params.text_document.uri))
        if document is None:
            return
        for change in params.content_changes:
            self.workspace.update_text_document(params.text_document, _whole(document, change))
        handlers: Any = self.fm
        yield handlers.features[types.TEXT_DOCUMENT_DID_CHANGE], (params,), None


def _whole(
    document: TextDocument, change: types.TextDocumentContentChangeEvent
) -> types.TextDocumentContentChangeWholeDocument:
    """A change as the text that results from it."""
    if isinstance(change, types.TextDocumentContentChangeWholeDocument):
        return change
    start, end = change.range.start, change.range.end
    units = document.position_codec.client_num_units
    text = spliced(document.source, (start.line, start.character), (end.line, end.character), change.text, units)
    return types.TextDocumentContentChangeWholeDocument(text=text)


def _without_traceback(record: logging.LogRecord) -> bool:
    """A client's mistakes are logged in one line: tracebacks are for faults of ours."""
    error = record.exc_info[1] if record.exc_info else None
    if record.name == "pygls.server" or (
        isinstance(error, exceptions.JsonRpcException) and not isinstance(error, exceptions.JsonRpcInternalError)
    ):
        record.exc_info = None
    if str(record.msg).startswith("Unable to deserialize message"):
        record.msg, record.args = "Unable to deserialize message", ()
    return True
