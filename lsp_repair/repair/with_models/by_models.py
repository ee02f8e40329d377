"""The part of a repair that models do: a strategy over one case, its end, and what it cost."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.events import AttemptFinished, Origin, Progressed, Proposal, ProposalFound
from lsp_repair.domain.money import Usage, money_text
from lsp_repair.domain.patches import Patch
from lsp_repair.domain.runs import TestRun
from lsp_repair.domain.verdicts import Reason
from lsp_repair.repair.assessment import Assessed, Assessment, assessed_or_not
from lsp_repair.repair.builtin import Found, asked, proposal_title, unexpected, what_changes
from lsp_repair.repair.case import Case
from lsp_repair.repair.fix_request import Assistants, Pair
from lsp_repair.repair.prover import Prover
from lsp_repair.repair.stages.prepare import Session
from lsp_repair.repair.strategies.bench import CannotAskError, Ended, Solved
from lsp_repair.repair.strategies.cascade import Step, cascade
from lsp_repair.repair.with_models.briefing import Briefing
from lsp_repair.repair.with_models.model_bench import ModelBench
from lsp_repair.screening.screens import WarmScreen

_KEPT_FROM_MODELS = "every suspicious file is kept from models by an ignore file or a setting"


@dataclass(frozen=True, slots=True)
class ModelWork:
    """What the models need of the session."""

    assistants: Assistants
    briefing: Briefing
    prover: Prover
    deadline: Deadline
    screen: WarmScreen | None

    def _grouped(self, patches: Sequence[Patch]) -> list[list[Patch]]:
        """Those that answer the tests' calls alike together."""
        return [[one.patch, *one.alike] for one in self.assessed(patches).survivors]

    def assessed(self, patches: Sequence[Patch]) -> Assessment:
        """What patches that pass are worth."""
        return assessed_or_not(self.briefing.case, self.screen, patches, self.deadline)

    def bench(self, pair: Pair) -> ModelBench:
        """A bench for these two models."""
        name = self.assistants.strategy.name
        return ModelBench(self.briefing, pair, self.assistants, self.prover, self.deadline, name, self._grouped)


def model_work(session: Session, run: TestRun, prover: Prover, case: Case, screen: WarmScreen | None) -> ModelWork:
    """The models' work on one case."""
    assistants, prepared = session.request.assistants, session.prepared
    assert assistants is not None
    root, origin = prepared.snapshot.root, prepared.project.root
    briefing = Briefing(case, root, origin, run, assistants.redactor, assistants.ignored)
    return ModelWork(assistants, briefing, prover, session.deadline, screen)


def repair_by_models(work: ModelWork, searched: Found, most: int) -> Found:
    """Run the chosen strategy; what it finds comes with what it cost. `searched` is what the built-in engine came to."""
    case, prover = work.briefing.case, work.prover
    if not work.briefing.sources:
        return replace(searched, reason=Reason.NOTHING_TO_EDIT, detail=_KEPT_FROM_MODELS)
    started = time.monotonic()
    benches: list[ModelBench] = []
    ended = _ended(work, benches)
    judged = {each.patch_id for bench in benches for each in bench.trail.tried}
    name = work.assistants.strategy.name
    prover.observe(AttemptFinished(case.group, name, len(judged), len(ended.solved), time.monotonic() - started))
    tried = searched.candidates_tried + len(judged)
    feedback = next((bench.feedback for bench in reversed(benches) if bench.feedback), "")
    if not ended.solved:
        detail = " · ".join(dict.fromkeys(filter(None, (ended.detail, *_problems(benches)))))
        return Found((), ended.reason or searched.reason or Reason.NO_CANDIDATE, detail, tried, feedback)
    solved = {each.patch.id: each for each in ended.solved}
    assessed = work.assessed([each.patch for each in solved.values()])
    proposals = tuple(_proposal(work, solved[each.patch.id], each, benches) for each in assessed.survivors[:most])
    for each in proposals:
        prover.observe(ProposalFound(case.group, each))
    if not proposals:
        return Found((), Reason.NO_CANDIDATE, unexpected(assessed.unmet), tried, feedback)
    return Found(proposals, None, "", tried, feedback, asked(assessed.question, proposals, prover.masked))


def explained_by_model(work: ModelWork, found: Found) -> Found:
    """The feedback model's words alone, for a command that repairs nothing; the detail says what became of the question."""
    assistants, group = work.assistants, work.briefing.case.group
    if not assistants.steps:
        return found
    if not work.briefing.sources:
        return replace(found, detail=f"no model was asked: {_KEPT_FROM_MODELS}")
    bench = work.bench(replace(assistants.steps[-1][1], unasked=""))  # here its words are for a person
    name = bench.pair.feedback.name
    try:
        feedback = bench.explain(bench.first(), 0)
    except CannotAskError as stop:
        return replace(found, reason=stop.reason, detail=f"{stop.detail}; {price(*assistants.meter.spent(group))}")
    if assistants.hint:
        return replace(found, feedback=feedback, detail=f"{name} was not asked: the hint takes its place")
    said = "explained this failure" if feedback else "gave no explanation"
    told = [f"{name} {said}: {price(*assistants.meter.spent(group))}", *bench.problems, *bench.notes]
    return replace(found, feedback=feedback, detail="; ".join(told))


def _ended(work: ModelWork, benches: list[ModelBench]) -> Ended:
    strategy = work.assistants.strategy
    try:
        if strategy.run is not None:
            benches.append(work.bench(work.assistants.steps[-1][1]))
            return strategy.run(benches[0], strategy.parameters)
        for _, pair in work.assistants.steps:
            benches.append(work.bench(pair))
        steps = [
            Step(f"{kind} model {pair.name}", bench, bench.round_price())
            for (kind, pair), bench in zip(work.assistants.steps, benches, strict=True)
        ]
        return cascade(steps, strategy.parameters, lambda text: work.prover.observe(Progressed(text)))
    except CannotAskError as stop:
        return Ended((), stop.reason, stop.detail)


def _problems(benches: Sequence[ModelBench]) -> list[str]:
    """The last reply that could not be used, if that is how it ended, and what was noticed."""
    unusable = [bench.problems[-1] for bench in benches if bench.problems and not bench.trail.tried]
    return [*unusable, *(note for bench in benches for note in bench.notes)]


def _proposal(work: ModelWork, solved: Solved, assessed: Assessed, benches: Sequence[ModelBench]) -> Proposal:
    usage, cost = work.assistants.meter.spent(work.briefing.case.group)
    notes = tuple(dict.fromkeys(note for bench in benches for note in bench.notes))
    evidence = assessed.graded(solved.verdict.evidence, work.prover.masked)
    evidence = replace(evidence, notes=(*evidence.notes, *notes))
    title = proposal_title(what_changes(solved.patch), evidence, price(usage, cost))
    return Proposal(solved.patch.id, Origin.MODEL, title, solved.patch, evidence, usage, cost)


def price(usage: Usage, cost: Decimal | None) -> str:
    """Tokens and money in words; an unknown price is reported as unknown."""
    if not usage.total:
        return "0 tokens"
    return f"{usage.total:,} tokens, {money_text(cost)}"
