"""Serving over sockets: one editor, and no web page, although a browser can reach every port of its machine.

A page can send a form to any port: its headers would be skipped and its body be taken for a message. It can also open a
web socket, which only its `Origin` header gives away. Either could claim that a folder is trusted.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from threading import Event
from typing import TYPE_CHECKING

from pygls.io_ import run_async, run_websocket
from pygls.lsp.server import LanguageServer

from lsp_repair.errors import UsageError

if TYPE_CHECKING:
    from websockets.asyncio.server import Server, ServerConnection

_log = logging.getLogger(__name__)
_SERVED = "another editor is being served"
_HEADERS = (b"content-length:", b"content-type:")


class Listening(LanguageServer):
    """A socket server that serves the first editor until it leaves."""

    _taken = False

    def start_tcp(self, host: str, port: int) -> None:
        """Serve one editor over a socket. Raises UsageError (`cannot-listen`)."""
        stop = self._stop_event = Event()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            first = await _first_line(reader)
            if not first.lower().startswith(_HEADERS) or self._taken:
                _log.warning("a connection was closed: %s", _SERVED if self._taken else "it is not an editor's")
                writer.close()
                return
            self._taken = True
            self.protocol.set_writer(writer)  # pyright: ignore[reportArgumentType] - the library says so too
            again = _Again(first, reader)
            await run_async(stop, again, self.protocol, error_handler=self.report_server_error)
            self.shutdown()  # type: ignore[no-untyped-call]

        async def listen() -> asyncio.Server:
            return await asyncio.start_server(connected, host, port)

        self._serve(listen, f"{host}, port {port}")

    def start_ws(self, host: str, port: int) -> None:
        """Serve one editor over a web socket. Raises UsageError (`cannot-listen`, `no-websockets`)."""
        try:
            from websockets.asyncio.server import serve  # noqa: PLC0415 - an extra
        except ImportError:
            hint = "pip install 'lsp-repair[ws]'"
            raise UsageError("no-websockets", "web sockets need a library that is not installed", hint) from None
        stop = self._stop_event = Event()

        async def connected(websocket: "ServerConnection") -> None:
            if self._taken:
                _log.warning("a connection was closed: %s", _SERVED)
                return
            self._taken = True
            await run_websocket(websocket, stop, self.protocol, error_handler=self.report_server_error)
            self.shutdown()  # type: ignore[no-untyped-call]

        async def listen() -> "Server":
            return await serve(connected, host, port, origins=[None])

        self._serve(listen, f"{host}, port {port}")

    def _serve(self, listen: Callable[[], Awaitable["asyncio.Server | Server"]], where: str) -> None:
        async def served() -> None:
            try:
                self._server = server = await listen()
            except (OSError, OverflowError) as error:
                hint = "choose another address with --host and --port"
                raise UsageError("cannot-listen", f"cannot listen at {where}: {error}", hint) from error
            async with server:
                await server.serve_forever()

        try:
            asyncio.run(served())
        except asyncio.CancelledError:
            _log.debug("the editor has gone")


async def _first_line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readline()
    except (ValueError, OSError):  # a line that never ends, or a broken connection
        return b""


class _Again:
    """The stream including its first line, which has been read already."""

    def __init__(self, first: bytes, reader: asyncio.StreamReader) -> None:
        self._first = first
        self._reader = reader

    async def readline(self) -> bytes:
        first, self._first = self._first, b""
        return first or await self._reader.readline()

    async def readexactly(self, n: int) -> bytes:
        return await self._reader.readexactly(n)
