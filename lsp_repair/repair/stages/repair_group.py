"""The fifth stage: one failure group is repaired by the built-in engine, then by models, each patch proved."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.runs import Failure, FailureGroup, TestResult, TestRun
from lsp_repair.domain.verdicts import Reason
from lsp_repair.isolation.tiers import too_weak
from lsp_repair.judge.judge import targets_pass
from lsp_repair.repair.builtin import Effort, Found, repair_by_search
from lsp_repair.repair.case import Case, build_case, build_ladder
from lsp_repair.repair.collection_errors import SAME_NAME, is_name_clash
from lsp_repair.repair.fix_request import Assistants
from lsp_repair.repair.missing_modules import missing_module
from lsp_repair.repair.prover import Prover
from lsp_repair.repair.shared_causes import SharedCauses
from lsp_repair.repair.stages.localise import localise_in_tests, why_nothing
from lsp_repair.repair.stages.prepare import Session
from lsp_repair.repair.stages.surroundings import EnvironmentTriage
from lsp_repair.repair.with_models.by_models import explained_by_model, model_work, repair_by_models
from lsp_repair.repair.write_access import notes_on_writing
from lsp_repair.screening.screens import WarmScreen
from lsp_repair.testrun.warm_server import WarmServer

_SEARCH_SHARE = 0.6
_LAST_SHARE = 0.85
"""Of the time that is left, where no other group waits; proofs need the rest."""
_NOTHING = Found((), Reason.NOTHING_TO_EDIT, "", 0)


@dataclass(frozen=True, slots=True)
class Means:
    """What the groups of a session are repaired with; when the baseline has grown, a new one takes its place."""

    run: TestRun
    """The baseline as far as it is known."""
    traced: tuple[TestResult, ...]
    """Results with their executed lines."""
    server: WarmServer | None
    prover: Prover
    environment: EnvironmentTriage
    causes: SharedCauses = field(default_factory=SharedCauses)
    """What models were asked before in this session."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """What became of a group."""

    case: Case
    found: Found = _NOTHING
    missing_effect: str | None = None
    """What the tests lack in the sandbox: the code is not at fault."""


def repair_group(
    session: Session,
    means: Means,
    case: Case,
    waiting: Sequence[FailureGroup],
    advanced: Callable[[Repaired], None] = lambda _: None,
) -> Repaired:
    """Repair one group; `waiting` are the groups that come after it, whose tests a patch may repair as well.

    `advanced` is told of proposals that are not proved while the search for better ones goes on.
    """
    request, deadline = session.request, session.deadline
    failure, prepared = case.group.representative, session.prepared
    missing = missing_module(failure, prepared.snapshot.root, prepared.project.interpreter.executable)
    if missing is not None:
        return Repaired(case, missing_effect=missing)
    if is_name_clash(failure):
        return Repaired(case, replace(_NOTHING, detail=SAME_NAME))
    if request.explain_only:
        return Repaired(case, _explained(session, means, case))
    if deadline.passed:
        return Repaired(case)
    share = deadline.remaining * (_SEARCH_SHARE / (1 + len(waiting)) ** 0.5 if waiting else _LAST_SHARE)
    patience = math.inf if request.patience_seconds is None else request.patience_seconds
    effort = Effort(
        deadline.within(share), request.max_proposals, patience, lambda found: advanced(Repaired(case, found))
    )
    effect = means.environment.missing_effect(failure)
    if effect is not None:
        return Repaired(case, missing_effect=effect)
    others = [failure for each in waiting for failure in each.failures if not failure.node_id.is_file]
    found = _proposals(session, means, case, others, effort)
    if request.allow_test_edits and not found.proposals:
        suspects = localise_in_tests(session.prepared, case.group, means.traced)
        case = build_case(session.prepared, means.run, case.group, suspects, means.traced).with_hint(request.hint)
        found = _proposals(session, means, case, others, replace(effort, budget=deadline.within(share)))
    return Repaired(case, found)


def _explained(session: Session, means: Means, case: Case) -> Found:
    if session.request.assistants is None:
        return _NOTHING
    if not case.sources:
        why = why_nothing(session.prepared, means.run, case.group, means.traced)
        return replace(_NOTHING, detail=f"no model was asked: {why}")
    return explained_by_model(model_work(session, means.run, means.prover, case, None), _NOTHING)


def _proposals(session: Session, means: Means, case: Case, others: Sequence[Failure], effort: Effort) -> Found:
    """The built-in engine, then the models where it proved nothing that the user asked for.

    A hint is for both: models are asked as well where the engine's proposals are merely possible.
    """
    if not case.sources:
        return replace(_NOTHING, detail=why_nothing(session.prepared, means.run, case.group, means.traced))
    refused = notes_on_writing(session.prepared.project.root, (each.path for each in case.sources))
    if session.request.writes and len(refused) == len(case.sources):
        return replace(_NOTHING, detail="; ".join(refused))
    assistants = session.request.assistants
    screen = _screen(session, means, case, others, effort.budget)
    found = Found((), None, "", 0)
    if screen is None:
        found = Found((), Reason.NOT_REPRODUCED, "the warm test server is not available", 0)
    searches = assistants is None or assistants.strategy.searches
    if screen is not None and searches and not (assistants and assistants.preview):
        found = repair_by_search(case, screen, means.prover, effort)
    if assistants is None or not assistants.steps or not _is_for_models(found, assistants):
        return found
    isolation, demanded = session.prepared.isolation, session.request.demands.foreign
    if not isolation.tier.satisfies(demanded) and not assistants.preview:
        if found.proposals:
            return found
        return replace(
            found, reason=Reason.WEAK_ISOLATION, detail=too_weak(isolation, demanded, "the patches of models")
        )
    work = model_work(session, means.run, means.prover, case, screen)
    return _both(repair_by_models(work, found, effort.most, means.causes), found, effort.most)


def _is_for_models(found: Found, assistants: Assistants) -> bool:
    if assistants.hint:
        return not any(each.evidence.is_proved for each in found.proposals)
    return not found.proposals


def _both(by_models: Found, searched: Found, most: int) -> Found:
    """What models proved, then what the built-in engine holds possible."""
    if not searched.proposals:
        return by_models
    if not by_models.proposals:
        return replace(searched, detail=by_models.detail, feedback=by_models.feedback)
    known = {each.id for each in by_models.proposals}
    every = [*by_models.proposals, *(each for each in searched.proposals if each.id not in known)]
    every.sort(key=lambda each: not each.evidence.is_proved)
    return replace(by_models, proposals=tuple(every[:most]))


def _screen(
    session: Session, means: Means, case: Case, others: Sequence[Failure], budget: Deadline
) -> WarmScreen | None:
    if means.server is None:
        return None
    targets = case.group.node_ids
    return WarmScreen(
        means.server,
        str(session.prepared.snapshot.root),
        build_ladder(case, means.run, others, means.server, budget),
        budget,
        session.request.jobs,
        lambda candidate: targets_pass(means.prover.context, candidate.patch, targets, budget),
    )
