"""From a model's reply to a program: what it changes, applied to the code that was shown; one more try where that is unclear."""

from dataclasses import dataclass, field

from lsp_repair.domain.money import Role
from lsp_repair.models import prompts
from lsp_repair.models.answers.changes import Dropped, Mismatch, Recovered
from lsp_repair.models.answers.recovering import Shown, recovered
from lsp_repair.models.chat import ChatModel
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
    dropped: list[Dropped] = field(default_factory=list[Dropped])
    """Parts of used replies that were not used."""

    def program(self, before: Program, request: ChatRequest, sample: int) -> Program | Unusable:
        """The program of a reply; one that fits nowhere, or could mean several things, gets one more try that says so.

        Of a reply that was cut off, the changes that are whole are used.
        """
        reply = self.asking.ask(self.model, request, Role.REPAIR, sample)
        if self.may_ask:
            request, reply = with_requested_code(self, before, request, reply, sample)
        if isinstance(reply, Unusable):
            found = self.applied(before, reply.partial, cut=True) if reply.partial.strip() else Mismatch("")
            return (
                self._written(found, reply.partial) if isinstance(found, Recovered) else self._unusable(reply.problem)
            )
        first = self.applied(before, reply)
        if isinstance(first, Recovered):
            return self._written(first, reply)
        retry = prompts.mismatch(request, reply, first.problem)
        second = self.asking.ask(self.model, retry, Role.REPAIR, sample)
        cut = isinstance(second, Unusable)
        text = second.partial if isinstance(second, Unusable) else second
        for answer, is_cut in ((text, cut), (reply, False)):
            found = self.applied(before, answer, cut=is_cut, last=True) if answer.strip() else Mismatch("")
            if isinstance(found, Recovered):
                return self._written(found, answer)
        problem = second.problem if isinstance(second, Unusable) else self._problem(before, text)
        return self._unusable(problem)

    def _problem(self, before: Program, reply: str) -> str:
        found = self.applied(before, reply)
        return found.problem if isinstance(found, Mismatch) else ""

    def _written(self, found: Recovered, reply: str) -> Program:
        self.dropped += found.dropped
        return Program(tuple(sorted(found.files.items())), reply=reply)

    def task(self, words: str) -> str:
        """A task with what the model is offered beside it."""
        return words + ASK if self.may_ask else words

    def _unusable(self, problem: str) -> Unusable:
        self.problems.append(problem)
        return Unusable(problem)

    def applied(self, before: Program, reply: str, *, cut: bool = False, last: bool = False) -> Recovered | Mismatch:
        """The files that a program and a reply to it change, as they leave them."""
        views = self.briefing.views(dict(before.overlay))
        spans: dict[str, list[tuple[int, int]]] = {}
        for each in self.briefing.shown(views):
            spans.setdefault(each.path, []).append((each.first, each.last))
        meant = {path: view for path, view in views.items() if path in spans or path in reply}
        found = recovered(reply, Shown(meant, self.briefing.redactor, spans), cut=cut, last=last)
        if isinstance(found, Mismatch):
            return found
        merged = {**dict(before.overlay), **found.files}
        kept = {path: data for path, data in merged.items() if data != self.briefing.sources[path].data}
        return Recovered(kept, found.dropped) if kept else Mismatch("the blocks change nothing")
