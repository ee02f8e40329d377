"""The server's end of the editor's models: each question of a repairer becomes a request to the client."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp

if TYPE_CHECKING:
    from lsp_repair.server.language_server import RepairServer

CHAT = "lspRepair/chat"
_ASKED = ("messages", "maxOutputTokens", "modelId")

Answer = Callable[[Mapping[str, Any]], Awaitable[None]]


class ClientModels:
    """Requests under way of one repairer, each cancelled with it."""

    def __init__(self, server: "RepairServer") -> None:
        self._server = server
        self._asking: dict[int, asyncio.Task[None]] = {}

    def ask(self, message: Mapping[str, Any], answer: Answer) -> None:
        """Pass a question on; its answer goes back to the repairer."""
        number = int(message["number"])
        self._asking[number] = asyncio.get_running_loop().create_task(self._asked(number, message, answer))

    def over(self, number: int) -> None:
        """Nobody waits for this answer any longer."""
        asking = self._asking.pop(number, None)
        if asking is not None:
            asking.cancel()

    def close(self) -> None:
        """The repairer is gone."""
        for number in list(self._asking):
            self.over(number)

    async def _asked(self, number: int, message: Mapping[str, Any], answer: Answer) -> None:
        request = str(uuid.uuid4())
        params = {key: message[key] for key in _ASKED if key in message}
        try:
            reported = await self._server.protocol.send_request_async(CHAT, params, msg_id=request)
            await answer({"chat": number, **_fields(reported)})
        except asyncio.CancelledError:
            self._server.protocol.notify(lsp.CANCEL_REQUEST, lsp.CancelParams(id=request))
            raise
        except Exception as error:  # noqa: BLE001 - whatever the client answers, the repair goes on
            await answer({"chat": number, "error": f"the editor answered: {error}"})
        finally:
            self._asking.pop(number, None)


def _fields(reported: Any) -> dict[str, Any]:
    """A client's answer as plain values; what it does not have is missing."""
    named = {name: getattr(reported, name, None) for name in ("text", "error", "modelId")}
    return {name: value for name, value in named.items() if isinstance(value, str)}
