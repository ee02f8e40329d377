"""From a model's reply to a program: its blocks applied to the code that was shown, one more try where they do not fit."""

from dataclasses import dataclass, field

from lsp_repair.domain.money import Role
from lsp_repair.models import prompts
from lsp_repair.models.chat import ChatModel
from lsp_repair.models.edit_blocks import Mismatch, apply_blocks, read_blocks
from lsp_repair.models.messages import ChatRequest
from lsp_repair.models.requested_names import ASK
from lsp_repair.repair.strategies.bench import Program, Unusable
from lsp_repair.repair.with_models.asking_models import Asking
from lsp_repair.repair.with_models.briefing import Briefing
from lsp_repair.repair.with_models.requested_code import with_requested_code


@dataclass(slots=True)
class Writing:
    """Has one model write programs."""

    model: ChatModel
    asking: Asking
    briefing: Briefing
    may_ask: bool = True
    """Whether the model may name code that it has to see first."""
    problems: list[str] = field(default_factory=list[str])
    """What became of replies that gave no program."""

    def program(self, before: Program, request: ChatRequest, sample: int) -> Program | Unusable:
        """The program of a reply; blocks that do not fit get one more try that shows the mismatch."""
        reply = self.asking.ask(self.model, request, Role.REPAIR, sample)
        if self.may_ask:
            request, reply = with_requested_code(self, before, request, reply, sample)
        if isinstance(reply, Unusable):
            return self._unusable(reply.problem)
        overlay = self.applied(before, reply)
        if isinstance(overlay, Mismatch):
            retry = prompts.mismatch(request, reply, overlay.problem)
            reply = self.asking.ask(self.model, retry, Role.REPAIR, sample)
            overlay = self.applied(before, reply) if isinstance(reply, str) else Mismatch(reply.problem)
        if isinstance(overlay, Mismatch) or isinstance(reply, Unusable):
            return self._unusable(overlay.problem if isinstance(overlay, Mismatch) else "")
        return Program(tuple(sorted(overlay.items())), reply=reply)

    def task(self, words: str) -> str:
        """A task with what the model is offered beside it."""
        return words + ASK if self.may_ask else words

    def _unusable(self, problem: str) -> Unusable:
        self.problems.append(problem)
        return Unusable(problem)

    def applied(self, before: Program, reply: str) -> dict[str, bytes] | Mismatch:
        """The files that a program and a reply to it change, as they leave them."""
        blocks = read_blocks(reply)
        if isinstance(blocks, Mismatch):
            return blocks
        views = self.briefing.views(dict(before.overlay))
        spans: dict[str, list[tuple[int, int]]] = {}
        for each in self.briefing.shown(views):
            spans.setdefault(each.path, []).append((each.first, each.last))
        changed = apply_blocks(blocks, views, self.briefing.redactor, spans)
        if isinstance(changed, Mismatch):
            return changed
        merged = {**dict(before.overlay), **changed}
        kept = {path: data for path, data in merged.items() if data != self.briefing.sources[path].data}
        return kept or Mismatch("the blocks change nothing")
