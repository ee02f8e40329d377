"""The server's end of the editor's models: each question of a repairer becomes a request to the client."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer

from lsp_repair.server.workers.worker_messages import Chat, ChatAnswer

_CHAT = "lspRepair/chat"
_FIELDS = {"text": "text", "error": "error", "modelId": "model_id"}

Answer = Callable[[ChatAnswer], Awaitable[None]]


class ClientModels:
    """The open requests of one repairer, cancelled with it."""

    def __init__(self, server: LanguageServer) -> None:
        self._protocol = server.protocol
        self._open: dict[int, asyncio.Task[None]] = {}

    def ask(self, question: Chat, answer: Answer) -> None:
        """Pass a question on; its answer goes back to the repairer."""
        self._open[question.number] = asyncio.get_running_loop().create_task(self._ask(question, answer))

    def over(self, number: int) -> None:
        """Nobody waits for this answer any longer."""
        asking = self._open.pop(number, None)
        if asking is not None:
            asking.cancel()

    def close(self) -> None:
        """The repairer is gone."""
        for number in list(self._open):
            self.over(number)

    async def _ask(self, question: Chat, answer: Answer) -> None:
        request = str(uuid.uuid4())
        try:
            answered = await self._protocol.send_request_async(_CHAT, _params(question), msg_id=request)
            await answer(ChatAnswer(question.number, **_fields(answered)))
        except asyncio.CancelledError:
            self._protocol.notify(lsp.CANCEL_REQUEST, lsp.CancelParams(id=request))
            raise
        except Exception as error:  # noqa: BLE001 - whatever the client answers, the repair goes on
            await answer(ChatAnswer(question.number, error=f"the editor answered: {error}"))
        finally:
            self._open.pop(question.number, None)


def _params(question: Chat) -> dict[str, Any]:
    messages = [{"role": each.role, "content": each.content} for each in question.messages]
    named = {} if question.model_id is None else {"modelId": question.model_id}
    return {"messages": messages, "maxOutputTokens": question.max_output_tokens, **named}


def _fields(answered: Any) -> dict[str, str]:
    """The texts of a client's answer; anything else is left out."""
    named = {name: getattr(answered, field, None) for field, name in _FIELDS.items()}
    return {name: value for name, value in named.items() if isinstance(value, str)}
