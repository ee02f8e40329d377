"""The bench of the strategies: a case, two models, and the judge that every patch goes through."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.events import ReplyStreamed
from lsp_repair.domain.money import Purpose, Role
from lsp_repair.domain.patches import FileChange, Patch
from lsp_repair.domain.runs import Failure as TestFailure
from lsp_repair.domain.runs import NodeId, TestRun
from lsp_repair.domain.verdicts import Plausible, Reason, Rejected
from lsp_repair.judge.judge import first_failing_target, run_targets
from lsp_repair.models import prompts
from lsp_repair.models.chat import ChatModel
from lsp_repair.models.edit_blocks import Mismatch, apply_blocks, read_blocks
from lsp_repair.models.messages import ChatRequest, Complete, Failed, Failure, usual_usage
from lsp_repair.models.prompts import Material
from lsp_repair.models.sanitising import plain
from lsp_repair.repair.briefing import Briefing, described
from lsp_repair.repair.builtin import what_changes
from lsp_repair.repair.fix_request import Assistants, Pair
from lsp_repair.repair.own_tests import asserts_in, first_failing
from lsp_repair.repair.prover import Prover
from lsp_repair.repair.strategies.bench import (
    CannotAskError,
    Judged,
    Program,
    Solved,
    StillFails,
    Trail,
    Tried,
    Unusable,
)
from lsp_repair.repair.strategies.reflexion import REFLECTION_TEMPERATURE
from lsp_repair.repair.strategies.self_repair import MAX_OUTPUT_TOKENS, TEMPERATURE

_FEEDBACK_TOKENS = 256
_HINT = 1_000
"""Characters of a hint that are sent."""
_ANOTHER_SAMPLE = frozenset({Failed.TRUNCATED, Failed.REFUSED, Failed.FILTERED, Failed.MALFORMED})
_REASONS = {Failed.BUDGET: Reason.BUDGET, Failed.CANCELLED: Reason.TIME_LIMIT}
Grouping = Callable[[Sequence[Patch]], list[list[Patch]]]


@dataclass(slots=True)
class ModelBench:
    """See `Bench`."""

    briefing: Briefing
    pair: Pair
    assistants: Assistants
    prover: Prover
    deadline: Deadline
    strategy: str
    group: Grouping
    trail: Trail = field(default_factory=Trail)
    feedback: str = ""
    """The latest, as it is shown to the user."""
    notes: list[str] = field(default_factory=list[str])
    problems: list[str] = field(default_factory=list[str])
    """What became of replies that gave no program."""
    _judged: dict[str, Judged] = field(default_factory=dict[str, Judged])

    def first(self) -> Program:
        """The user's own code."""
        failure = self.briefing.case.group.representative
        return Program((), self._described(failure), failure.fingerprint)

    def _described(self, failure: TestFailure) -> str:
        return described(failure, self.briefing.redactor.redacted)

    def explain(self, program: Program, sample: int) -> str:
        """Feedback on a failing program."""
        if self.assistants.hint:
            return self._hint()
        return self._received(self._ask(self.pair.feedback, self._feedback_request(program), Role.FEEDBACK, sample))

    def _feedback_request(self, program: Program) -> ChatRequest:
        return prompts.request(prompts.FEEDBACK, self._material(program), TEMPERATURE, _FEEDBACK_TOKENS)

    def round_price(self) -> str:
        """What one round of feedback and repair is expected to cost, and at most."""
        request = self._feedback_request(self.first())
        expected, worst = Decimal(0), Decimal(0)
        for model, text in ((self.pair.feedback, "x" * 400), (self.pair.repair, "x" * 600)):
            price, most = model.endpoint.price, model.worst(request)[2]
            if price is None or most is None:
                return "price unknown"
            expected += price.cost(usual_usage(request, text))
            worst += most
        if self.assistants.hint:
            expected, worst = expected / 2, worst / 2
        return "no cost" if not worst else f"about ${_short(expected)} a round, at most ${_short(worst)}"

    def reflect(self, program: Program, sample: int) -> str:
        """Why the last attempt failed."""
        if self.assistants.hint and sample == 0:
            return self._hint()
        material = self._material(program)
        request = prompts.request(prompts.REFLECT, material, REFLECTION_TEMPERATURE, _FEEDBACK_TOKENS)
        return self._received(self._ask(self.pair.feedback, request, Role.FEEDBACK, sample))

    def _hint(self) -> str:
        """The user's words, within bounds."""
        return self.briefing.redactor.redacted(self.assistants.hint)[:_HINT]

    def _received(self, reply: str | Unusable) -> str:
        if isinstance(reply, Unusable):
            self.problems.append(reply.problem)
            return ""
        self.feedback = plain(self.briefing.redactor.redacted(reply))
        return self.feedback

    def repair(self, program: Program, feedback: str, sample: int, *, temperature: float) -> Program | Unusable:
        """A repaired program."""
        material = self._material(program)
        request = prompts.request(prompts.REPAIR, material, temperature, MAX_OUTPUT_TOKENS, feedback)
        return self._written(program, request, sample)

    def joint(self, program: Program, sample: int) -> Program | Unusable:
        """Feedback and repair in one reply."""
        request = prompts.request(prompts.JOINT, self._material(program), TEMPERATURE, MAX_OUTPUT_TOKENS)
        written = self._written(program, request, sample)
        if isinstance(written, Program):
            self._received(written.reply.split("<<<<<<<", 1)[0].rsplit("\n", 2)[0])
        return written

    def rewrite(self, sample: int) -> Program | Unusable:
        """The suspicious function written anew."""
        request = prompts.request(prompts.REWRITE, self._material(self.first()), TEMPERATURE, MAX_OUTPUT_TOKENS)
        return self._written(self.first(), request, sample)

    def correct(self, program: Program, sample: int) -> Program | Unusable:
        """A second attempt that is told nothing about the first."""
        first = prompts.request(prompts.REPAIR, self._material(self.first()), TEMPERATURE, MAX_OUTPUT_TOKENS)
        return self._written(self.first(), prompts.again(first, program.reply), sample)

    def recall(self) -> tuple[str, ...]:
        """Reflections from earlier sessions."""
        return self.assistants.reflections.recall(self.briefing.case.group)

    def remember(self, reflection: str) -> None:
        """Keep one."""
        self.assistants.reflections.remember(self.briefing.case.group, reflection)

    def _material(self, program: Program) -> Material:
        attempts = [each.line for each in self.trail.tried]
        return self.briefing.material(dict(program.overlay), program.error if program.overlay else "", attempts)

    def _written(self, program: Program, request: ChatRequest, sample: int) -> Program | Unusable:
        """The program of a reply; blocks that do not fit get one more try that shows the mismatch."""
        reply = self._ask(self.pair.repair, request, Role.REPAIR, sample)
        if isinstance(reply, Unusable):
            self.problems.append(reply.problem)
            return reply
        overlay = self._applied(program, reply)
        if isinstance(overlay, Mismatch):
            why = prompts.MISMATCH.format(problem=overlay.problem)
            reply = self._ask(self.pair.repair, prompts.again(request, reply, why), Role.REPAIR, sample)
            overlay = self._applied(program, reply) if isinstance(reply, str) else Mismatch(reply.problem)
        if isinstance(overlay, Mismatch) or isinstance(reply, Unusable):
            problem = overlay.problem if isinstance(overlay, Mismatch) else ""
            self.problems.append(problem)
            return Unusable(problem)
        return Program(tuple(sorted(overlay.items())), reply=reply)

    def _applied(self, program: Program, reply: str) -> dict[str, bytes] | Mismatch:
        blocks = read_blocks(reply)
        if isinstance(blocks, Mismatch):
            return blocks
        views = self.briefing.views(dict(program.overlay))
        spans: dict[str, list[tuple[int, int]]] = {}
        for each in self.briefing.shown(views):
            spans.setdefault(each.path, []).append((each.first, each.last))
        changed = apply_blocks(blocks, views, self.briefing.redactor, spans)
        if isinstance(changed, Mismatch):
            return changed
        merged = {**dict(program.overlay), **changed}
        kept = {path: data for path, data in merged.items() if data != self.briefing.sources[path].data}
        return kept or Mismatch("the blocks change nothing")

    def _ask(self, model: ChatModel, request: ChatRequest, role: Role, sample: int) -> str | Unusable:
        group = self.briefing.case.group
        purpose = Purpose(group, role, self.strategy, sample)
        observe = self.prover.observe
        reply = model.ask(request, purpose, self.deadline, lambda piece: observe(ReplyStreamed(group, role, piece)))
        match reply:
            case Complete():
                if reply.prompt_was_cut:
                    self.notes.append(
                        f"{model.name} read far less than it was sent: raise the context size of the server"
                    )
                return reply.text
            case Failure(why=why, detail=detail) if why in _ANOTHER_SAMPLE:
                return Unusable(f"{model.name}: {why}: {detail}")
            case Failure(why=why, detail=detail):
                reason = _REASONS.get(why, Reason.MODEL_UNAVAILABLE)
                raise CannotAskError(reason, self.briefing.redactor.redacted(f"{model.name}: {why}: {detail}"))

    def judge(self, program: Program) -> Judged:
        """Run the failing tests on a program, then prove it; the same patch is not run twice."""
        patch = self._patch(program)
        known = self._judged.get(patch.id)
        if known is None:
            known = self._judged[patch.id] = self._run(program, patch)
        fingerprint, line = "", ""
        if isinstance(known, StillFails):
            known = replace(known, program=replace(known.program, reply=program.reply))
            fingerprint, line = known.program.fingerprint, known.program.error.replace("\n", ", ")
        line = self.briefing.attempt_line(self.briefing.views({}), dict(program.overlay), line or "passed")
        self.trail.tried.append(Tried(patch.id, fingerprint, line))
        return known

    def _patch(self, program: Program) -> Patch:
        sources = self.briefing.sources
        return Patch(tuple(FileChange(path, sources[path].data, data) for path, data in program.overlay))

    def _run(self, program: Program, patch: Patch) -> Judged:
        targets = self.briefing.case.group.node_ids
        if patch.id in self.prover.rejected:
            return self._failing(program, patch, Reason.NO_CANDIDATE, "the user rejected this patch before", "")
        run = run_targets(self.prover.context, patch, targets, self.deadline)
        if isinstance(run, Rejected):
            return self._failing(program, patch, run.reasons[0], run.detail, "")
        failing = first_failing_target(targets, run)
        if failing is not None:
            error, fingerprint = self._still(run, targets, failing.detail)
            return self._failing(program, patch, Reason.TARGET_STILL_FAILS, error, fingerprint)
        verdict = self.prover.judged(self.briefing.case, patch, what_changes(patch))
        if isinstance(verdict, Plausible):
            return Solved(patch, verdict, program.reply)
        return self._failing(program, patch, verdict.reasons[0], verdict.detail, "")

    def _still(self, run: TestRun, targets: Sequence[NodeId], detail: str) -> tuple[str, str]:
        """The error of the first failing target, as in the paper on self-repair."""
        for target in targets:
            failure = run.failure_of(target)
            if failure is not None:
                return self._described(failure), failure.fingerprint
        first = next((each.failure for each in run.failing if each.failure is not None), None)
        return (self._described(first), first.fingerprint) if first is not None else (detail, "")

    def _failing(self, program: Program, patch: Patch, reason: Reason, error: str, fingerprint: str) -> StillFails:
        return StillFails(replace(program, error=error, fingerprint=fingerprint), patch.id, reason, error)

    def behaviour_groups(self, solved: Sequence[Solved]) -> list[list[Solved]]:
        """By what they do on the tests' inputs, where that can be found out; else each is its own."""
        known = {each.patch.id: each for each in solved}
        return [[known[patch.id] for patch in group] for group in self.group([each.patch for each in known.values()])]

    def own_tests(self, most: int) -> tuple[str, ...]:
        """Asserts that parse, at most so many."""
        task, material = prompts.TESTS.format(most=most), self._material(self.first())
        request = prompts.request(task, material, REFLECTION_TEMPERATURE, MAX_OUTPUT_TOKENS)
        reply = self._ask(self.pair.repair, request, Role.REPAIR, 0)
        return asserts_in(reply, most) if isinstance(reply, str) else ()

    def passes_own(self, program: Program, tests: Sequence[str]) -> str:
        """The first assert that fails on a program; empty when all pass or they cannot be run."""
        return first_failing(self.prover.context, self._patch(program), self.briefing.case.group, tests, self.deadline)


def _short(usd: Decimal) -> str:
    return f"{usd:.6f}".rstrip("0").rstrip(".") or "0"
