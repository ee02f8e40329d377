"""A model that has to see more code before it answers: what it names is shown to it, a few times at most."""

from typing import Protocol

from lsp_repair.domain.money import Role
from lsp_repair.models import prompts
from lsp_repair.models.chat import ChatModel
from lsp_repair.models.messages import ChatRequest
from lsp_repair.models.requested_names import requested_names
from lsp_repair.repair.strategies.bench import Program, Unusable
from lsp_repair.repair.with_models.asking_models import Asking
from lsp_repair.repair.with_models.briefing import Briefing

_MAX_TIMES = 2
"""Calls of one attempt that only ask."""


class Asks(Protocol):
    """Who has a model write programs."""

    model: ChatModel
    asking: Asking
    briefing: Briefing


def with_requested_code(
    writing: Asks, before: Program, request: ChatRequest, reply: str | Unusable, sample: int
) -> tuple[ChatRequest, str | Unusable]:
    """The conversation and the reply after the model has seen what it asked for; each further call is metered."""
    for _ in range(_MAX_TIMES):
        names = requested_names(reply) if isinstance(reply, str) else ()
        if not names or isinstance(reply, Unusable):
            break
        request = prompts.shown(request, reply, writing.briefing.requested(names, dict(before.overlay)))
        reply = writing.asking.ask(writing.model, request, Role.REPAIR, sample)
    return request, reply
