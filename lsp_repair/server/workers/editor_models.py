"""Models that the user's editor has: a repairer asks the server, the server asks the client (`lspRepair/chat`)."""

import itertools
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.usage import Usage
from lsp_repair.models.chat import Hear
from lsp_repair.models.endpoints import Endpoint
from lsp_repair.models.messages import ChatRequest, Complete, Failed, Failure, Reply

ANY = "any"
"""As a model's name: whichever the editor gives."""
_POLL_SECONDS = 0.05
_MAX_CHARACTERS_PER_TOKEN = 64
_MIN_CHARACTERS = 64_000
_SHOWN = 300

Tell = Callable[[Mapping[str, Any]], None]
Answers = queue.SimpleQueue[Mapping[str, Any]]


class EditorModels:
    """The repairer's end: questions out, answers in, several at once."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Answers] = {}
        self._lock = threading.Lock()

    def carrier(self, endpoint: Endpoint) -> "EditorWire":
        """What carries requests to one of the models."""
        return EditorWire(endpoint.model, self)

    def answered(self, order: Mapping[str, Any]) -> None:
        """The server wrote a line; what nobody waits for any longer is dropped."""
        with self._lock:
            waiting = self._waiting.get(order.get("chat", 0))
        if waiting is not None:
            waiting.put(order)

    def ask(self, question: Mapping[str, Any], deadline: Deadline) -> Mapping[str, Any] | None:
        """The answer; None when it was cancelled, and then the editor hears of it."""
        answers: Answers = queue.SimpleQueue()
        with self._lock:
            number = next(self._numbers)
            self._waiting[number] = answers
        self._tell({"kind": "chat", "number": number, **question})
        try:
            while not deadline.passed:
                try:
                    return answers.get(timeout=_POLL_SECONDS)
                except queue.Empty:
                    continue
            self._tell({"kind": "chat-over", "number": number})
            return None
        finally:
            with self._lock:
                del self._waiting[number]


@dataclass(frozen=True, slots=True)
class EditorWire:
    """An exchange with one model of the editor, which says neither what it used nor why it stopped."""

    model: str
    models: EditorModels

    def exchange(self, request: ChatRequest, deadline: Deadline, hear: Hear) -> Reply:
        """One request, one reply; its usage is estimated."""
        question: dict[str, Any] = {
            "messages": [{"role": each.role, "content": each.content} for each in request.messages],
            "maxOutputTokens": request.max_output_tokens,
        }
        if self.model != ANY:
            question["modelId"] = self.model
        answer = self.models.ask(question, deadline)
        if answer is None:
            return Failure(Failed.CANCELLED, "cancelled while the editor's model was asked")
        text, error = answer.get("text"), answer.get("error")
        if not isinstance(text, str) or error:
            return Failure(Failed.MALFORMED if error is None else Failed.REFUSED, _one_line(error))
        if len(text) > request.max_output_tokens * _MAX_CHARACTERS_PER_TOKEN + _MIN_CHARACTERS:
            return Failure(Failed.MALFORMED, "far more text than was asked for")
        hear(text)
        return Complete(text, Usage(), estimated=True, served_by=_one_line(answer.get("modelId") or ""))


def _one_line(reported: object) -> str:
    """Nothing that moves a cursor."""
    text = reported if isinstance(reported, str) else "the editor gave no text"
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:_SHOWN]
