"""One question to a model: metered, heard as it comes, and answered by text or by the reason why there is none."""

from collections.abc import Callable
from dataclasses import dataclass, field

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.events import Observer, ReplyStreamed
from lsp_repair.domain.money import Purpose, Role
from lsp_repair.domain.runs import FailureGroup
from lsp_repair.domain.verdicts import Reason
from lsp_repair.models.chat import ChatModel
from lsp_repair.models.cut_explanations import whole_sentences
from lsp_repair.models.messages import ChatRequest, Complete, Failed, Failure
from lsp_repair.repair.strategies.bench import CannotAskError, Unusable

_ANOTHER_SAMPLE = frozenset({Failed.TRUNCATED, Failed.REFUSED, Failed.FILTERED, Failed.MALFORMED})
"""But for what the endpoint refused at its door: it would refuse the next one, too."""
_REASONS = {Failed.BUDGET: Reason.BUDGET, Failed.CANCELLED: Reason.TIME_LIMIT}


@dataclass(slots=True)
class Asking:
    """Asks models about one failure."""

    group: FailureGroup
    strategy: str
    deadline: Deadline
    observe: Observer
    redact: Callable[[str], str]
    notes: list[str] = field(default_factory=list[str])
    """What was noticed about the models, for the user."""

    def ask(self, model: ChatModel, request: ChatRequest, role: Role, sample: int) -> str | Unusable:
        """The text of a reply; raises CannotAskError where another sample would not help either."""
        purpose = Purpose(self.group, role, self.strategy, sample)
        reply = model.ask(request, purpose, self.deadline, lambda piece: self._heard(role, piece))
        match reply:
            case Complete():
                if reply.prompt_was_cut:
                    self._note(f"{model.name} read far less than it was sent: raise the context size of the server")
                for each in reply.notes:
                    self._note(self.redact(each))
                return reply.text
            case Failure(why=Failed.TRUNCATED, partial=partial) if role is Role.FEEDBACK and whole_sentences(partial):
                return whole_sentences(partial)
            case Failure(why=why, detail=detail) if why in _ANOTHER_SAMPLE and not _is_final(reply):
                partial = reply.partial if why is Failed.TRUNCATED else ""
                return Unusable(f"{model.name}: {why}: {detail}", partial)
            case Failure(why=why, detail=detail):
                reason = _REASONS.get(why, Reason.MODEL_UNAVAILABLE)
                raise CannotAskError(reason, self.redact(f"{model.name}: {why}: {detail}"))

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def _heard(self, role: Role, piece: str) -> None:
        self.observe(ReplyStreamed(self.group, role, piece))


def _is_final(failure: Failure) -> bool:
    """Whether the same request would be refused again."""
    return failure.why is Failed.MALFORMED and not failure.billed
