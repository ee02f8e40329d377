"""Models of the user's editor: a repairer asks the server, and the server asks the client (`lspRepair/chat`)."""

import itertools
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.money import Usage
from lsp_repair.models.chat import Hear
from lsp_repair.models.endpoints import Endpoint
from lsp_repair.models.messages import ChatRequest, Complete, Failed, Failure, Reply
from lsp_repair.server.workers.worker_messages import Chat, ChatAnswer, ChatOver, Order, WorkerReport

ANY = "any"
"""As a model's name: whichever the editor chooses."""
_POLL_SECONDS = 0.05
_MAX_CHARACTERS_PER_TOKEN = 64
_MIN_CHARACTERS = 64_000
_MAX_SHOWN = 300

Answers = queue.SimpleQueue[ChatAnswer]


class EditorModels:
    """The repairer's end: questions out, answers in, several at once."""

    def __init__(self, report: Callable[[WorkerReport], None]) -> None:
        self._report = report
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Answers] = {}
        self._lock = threading.Lock()

    def carrier(self, endpoint: Endpoint) -> "EditorWire":
        """What carries requests to one of the models."""
        return EditorWire(endpoint.model, self)

    def answered(self, order: Order) -> None:
        """An answer arrived; it is dropped if nothing waits for it any longer."""
        if isinstance(order, ChatAnswer):
            with self._lock:
                waiting = self._waiting.get(order.number)
            if waiting is not None:
                waiting.put(order)

    def ask(self, question: Chat, deadline: Deadline) -> ChatAnswer | None:
        """The answer to a question, which gets its number here; None when it was cancelled."""
        answers: Answers = queue.SimpleQueue()
        with self._lock:
            number = next(self._numbers)
            self._waiting[number] = answers
        self._report(replace(question, number=number))
        try:
            while not deadline.passed:
                try:
                    return answers.get(timeout=_POLL_SECONDS)
                except queue.Empty:
                    continue
            self._report(ChatOver(number))
            return None
        finally:
            with self._lock:
                del self._waiting[number]


@dataclass(frozen=True, slots=True)
class EditorWire:
    """An exchange with a model of the editor, which reports neither its usage nor why it stopped."""

    model: str
    models: EditorModels

    def exchange(self, request: ChatRequest, deadline: Deadline, hear: Hear) -> Reply:
        """One request, one reply; its usage is estimated."""
        messages = tuple((each.role, each.content) for each in request.messages)
        model = None if self.model == ANY else self.model
        answer = self.models.ask(Chat(0, messages, request.max_output_tokens, model), deadline)
        if answer is None:
            return Failure(Failed.CANCELLED, "cancelled while the editor's model was asked")
        if answer.text is None or answer.error:
            return Failure(Failed.MALFORMED if answer.error is None else Failed.REFUSED, _one_line(answer.error))
        if len(answer.text) > request.max_output_tokens * _MAX_CHARACTERS_PER_TOKEN + _MIN_CHARACTERS:
            return Failure(Failed.MALFORMED, "the reply is far longer than was asked for")
        hear(answer.text)
        return Complete(answer.text, Usage(), estimated=True, served_by=_one_line(answer.model_id or ""))


def _one_line(reported: str | None) -> str:
    """Printable characters only, so that nothing moves a cursor."""
    text = "the editor gave no text" if reported is None else reported
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:_MAX_SHOWN]
