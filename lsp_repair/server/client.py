"""The editor at the other end: what it can do, and what is said to it."""

import asyncio
import contextlib
from collections.abc import Coroutine, Mapping
from typing import Any

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer


class Client:
    """Capabilities, messages, and background tasks whose errors go to the client's log."""

    def __init__(self, server: LanguageServer) -> None:
        self.server = server
        """For requests to the client."""
        self.options: Mapping[str, Any] = {}
        """The initialization options."""
        self._said: set[str] = set()
        self._tasks: set[asyncio.Task[Any]] = set()

    def can(self, *names: str) -> Any:
        """A capability of the client by its path; None when it is missing."""
        value: Any = self.server.client_capabilities
        for name in names:
            value = getattr(value, name, None)
            if value is None:
                return None
        return value

    @property
    def hover_kind(self) -> lsp.MarkupKind:
        """Markdown where the client shows it."""
        formats = self.can("text_document", "hover", "content_format") or ()
        return lsp.MarkupKind.Markdown if lsp.MarkupKind.Markdown in formats else lsp.MarkupKind.PlainText

    @property
    def pulls_diagnostics(self) -> bool:
        """Whether the client asks for diagnostics, and asks again when it is told that they changed."""
        asks = self.can("text_document", "diagnostic") is not None
        return asks and bool(self.can("workspace", "diagnostics", "refresh_support"))

    def units(self, text: str) -> int:
        """The length of a text in the units that were agreed with the client."""
        return int(self.server.workspace.position_codec.client_num_units(text))

    def say(self, text: str, kind: lsp.MessageType = lsp.MessageType.Info) -> None:
        """Show a message."""
        self.server.window_show_message(lsp.ShowMessageParams(type=kind, message=text))

    def warn(self, text: str) -> None:
        """Show a warning."""
        self.say(text, lsp.MessageType.Warning)

    def warn_once(self, text: str) -> None:
        """Show a warning unless it was shown before."""
        if text not in self._said:
            self._said.add(text)
            self.warn(text)

    def log(self, error: BaseException) -> None:
        """Write an error of ours to the client's log."""
        with contextlib.suppress(Exception):
            message = f"{type(error).__name__}: {error}"
            self.server.window_log_message(lsp.LogMessageParams(type=lsp.MessageType.Error, message=message))

    async def confirms(self, question: str, yes: str) -> bool:
        """Whether the user pressed this button; a client that answers with an error did not say yes."""
        actions = [lsp.MessageActionItem(title=yes), lsp.MessageActionItem(title="Not now")]
        asked = lsp.ShowMessageRequestParams(type=lsp.MessageType.Warning, message=question, actions=actions)
        with contextlib.suppress(Exception):
            answer = await self.server.window_show_message_request_async(asked)
            return answer is not None and answer.title == yes
        return False

    def soon(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run a coroutine in the background."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.log(error)
