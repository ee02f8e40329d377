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
from lsp_repair.repair.shared_causes import SharedCauses
from lsp_repair.repair.stages.localise import editable_files
from lsp_repair.repair.stages.prepare import Session
from lsp_repair.repair.strategies.bench import CannotAskError, Ended, Program, Solved
from lsp_repair.repair.strategies.cascade import Step, cascade
from lsp_repair.repair.with_models.briefing import Briefing
from lsp_repair.repair.with_models.model_bench import ModelBench
from lsp_repair.repair.with_models.patch_trials import PatchTrials
from lsp_repair.screening.screens import WarmScreen

_SHOWN = 3
"""Of the rejected patches, the last ones are told in words."""
_KEPT_FROM_MODELS = "every suspicious file is kept from models by an ignore file or a setting"


@dataclass(frozen=True, slots=True)
class ModelWork:
    """What the models need of the session."""

    assistants: Assistants
    briefing: Briefing
    prover: Prover
    deadline: Deadline
    screen: WarmScreen | None

    def _grouped(self, patches: Sequence[Patch]) -> tuple[list[list[Patch]], list[Patch]]:
        """Those that answer the tests' calls alike together; then those of which no call was compared."""
        assessed = self.assessed(patches).survivors
        groups = [[one.patch, *one.alike] for one in assessed if one.change.compared]
        known = {patch for group in groups for patch in group}
        return groups, [patch for patch in patches if patch not in known]

    def assessed(self, patches: Sequence[Patch]) -> Assessment:
        """What patches that pass are worth."""
        return assessed_or_not(self.briefing.case, self.screen, patches, self.deadline)

    def bench(self, pair: Pair, shared: PatchTrials | None = None) -> ModelBench:
        """A bench for these two models; what is in `shared` was tried before."""
        strategy = self.assistants.strategy
        is_arm = strategy.run is not None and getattr(strategy.parameters, "memory", "") == "none"
        return ModelBench(
            self.briefing,
            pair,
            self.assistants,
            self.prover,
            self.deadline,
            strategy.name,
            self._grouped,
            may_ask=not is_arm,
            shared=shared,
        )


def model_work(session: Session, run: TestRun, prover: Prover, case: Case, screen: WarmScreen | None) -> ModelWork:
    """The models' work on one case."""
    assistants, prepared = session.request.assistants, session.prepared
    assert assistants is not None
    root, origin = prepared.snapshot.root, prepared.project.root
    editable = editable_files(run, session.request.ignore)
    briefing = Briefing(
        case, root, origin, run, assistants.redactor, assistants.ignored, editable, assistants.context_tokens
    )
    return ModelWork(assistants, briefing, prover, session.deadline, screen)


def repair_by_models(work: ModelWork, searched: Found, most: int, causes: SharedCauses) -> Found:
    """Run the chosen strategy; what it finds comes with what it cost. `searched` is what the built-in engine came to.

    What was tried for failures with the same suspects is run first: a cause is paid for once.
    """
    case, prover = work.briefing.case, work.prover
    if not work.briefing.sources:
        return replace(searched, reason=Reason.NOTHING_TO_EDIT, detail=_KEPT_FROM_MODELS)
    started = time.monotonic()
    benches: list[ModelBench] = []
    trials = PatchTrials(work.briefing, prover, work.deadline)
    ended = _from_earlier(trials, causes.patches_for(case))
    refusal = "" if ended.solved else causes.refusal(case)
    if refusal:
        ended = Ended((), Reason.SAME_SUSPECTS, refusal)
    elif not ended.solved:
        ended = _ended(work, benches, trials)
        solved_first = (*(each.patch for each in ended.solved), *trials.patches.values())
        if work.assistants.meter.spent(case.group)[0].total or trials.patches:
            causes.note(case, tuple(dict.fromkeys(solved_first)), is_repaired=bool(ended.solved))
    judged = {each.patch_id for each in trials.trail.tried}
    name = work.assistants.strategy.name
    prover.observe(AttemptFinished(case.group, name, len(judged), len(ended.solved), time.monotonic() - started))
    tried = searched.candidates_tried + len(judged)
    feedback = next((bench.feedback for bench in reversed(benches) if bench.feedback), "")
    attempts = tuple(each for bench in benches for each in bench.trials.rejected(name))
    if not ended.solved:
        rejected = [each.line for each in attempts[-_SHOWN:]]
        detail = " · ".join(dict.fromkeys(filter(None, (ended.detail, *rejected, *_problems(benches)))))
        reason = ended.reason or searched.reason or Reason.NO_CANDIDATE
        return Found((), reason, detail, tried, feedback, attempts=attempts)
    solved = {each.patch.id: each for each in ended.solved}
    assessed = work.assessed([each.patch for each in solved.values()])
    proposals = tuple(_proposal(work, solved[each.patch.id], each, benches) for each in assessed.survivors[:most])
    for each in proposals:
        prover.observe(ProposalFound(case.group, each))
    if not proposals:
        return Found((), Reason.NO_CANDIDATE, unexpected(assessed.unmet), tried, feedback, attempts=attempts)
    question = asked(assessed.question, proposals, prover.masked)
    return Found(proposals, None, "", tried, feedback, question, attempts=attempts)


def _from_earlier(trials: PatchTrials, patches: Sequence[Patch]) -> Ended:
    """Patches of other failures with the same suspects, until one repairs this failure too."""
    for patch in patches:
        if not {change.path for change in patch.changes} <= trials.briefing.sources.keys():
            continue
        overlay = tuple((change.path, change.after or b"") for change in patch.changes)
        judged = trials.judge(Program(overlay))
        if isinstance(judged, Solved):
            return Ended((replace(judged, note="found while another failure with the same suspects was repaired"),))
    return Ended(())


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


def _ended(work: ModelWork, benches: list[ModelBench], trials: PatchTrials) -> Ended:
    strategy = work.assistants.strategy
    try:
        if strategy.run is not None:
            benches.append(work.bench(work.assistants.steps[-1][1], trials))
            return strategy.run(benches[0], strategy.parameters)
        for _, pair in work.assistants.steps:
            benches.append(work.bench(pair, trials))
        steps = [
            Step(f"{kind} model {pair.name}", bench, bench.round_price)
            for (kind, pair), bench in zip(work.assistants.steps, benches, strict=True)
        ]
        return cascade(steps, strategy.parameters, lambda text: work.prover.observe(Progressed(text)))
    except CannotAskError as stop:
        return Ended((), stop.reason, stop.detail)


def _problems(benches: Sequence[ModelBench]) -> list[str]:
    """The last reply that could not be used, if that is how it ended, and what was noticed."""
    unusable = [bench.problems[-1] for bench in benches if bench.problems and not bench.wrote]
    return [*unusable, *_left_out(benches), *(note for bench in benches for note in bench.notes)]


def _left_out(benches: Sequence[ModelBench]) -> list[str]:
    """Parts of replies that were not used while the rest was."""
    return [f"not used of a reply: {each.what}: {each.why}" for bench in benches for each in bench.writing.dropped[-2:]]


def _proposal(work: ModelWork, solved: Solved, assessed: Assessed, benches: Sequence[ModelBench]) -> Proposal:
    usage, cost = work.assistants.meter.spent(work.briefing.case.group)
    notes = tuple(dict.fromkeys([*(note for bench in benches for note in bench.notes), *_left_out(benches)]))
    evidence = assessed.graded(solved.verdict.evidence, work.prover.masked)
    evidence = replace(evidence, notes=(*evidence.notes, *filter(None, (solved.note,)), *notes))
    title = proposal_title(what_changes(solved.patch), evidence, price(usage, cost))
    return Proposal(solved.patch.id, Origin.MODEL, title, solved.patch, evidence, usage, cost)


def price(usage: Usage, cost: Decimal | None) -> str:
    """Tokens and money in words; an unknown price is reported as unknown."""
    if not usage.total:
        return "0 tokens"
    return f"{usage.total:,} tokens, {money_text(cost)}"
