"""The built-in strategy: search, then proof, for one failure group; zero tokens; and what titles of proposals say."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.events import CandidateSurvived, Origin, Progressed, Proposal, ProposalFound, ScreeningFinished
from lsp_repair.domain.patches import Candidate, Edit, FileChange, Patch, SourceFile
from lsp_repair.domain.verdicts import Flag, Level, Plausible, Reason, Rejected, Unproven, Verdict
from lsp_repair.pycode.differences import common_ends
from lsp_repair.pycode.modules import read_module
from lsp_repair.pycode.nodes import covers
from lsp_repair.repair.case import Case
from lsp_repair.repair.prover import Prover
from lsp_repair.screening.screens import Behaviour, WarmScreen, behaviours, distinct, telling_input
from lsp_repair.search.search import Limits, Survivor, search

_MAX_PROOFS = 6
_MAX_COMPARED = 25
_SETTLE_SECONDS = 0.6
"""How long the search goes on after its first survivor: a better one is near in rank, and a person waits."""
_LEVEL_WORDS = {Level.FULL: "full suite", Level.FILE: "same files", Level.AFFECTED: "affected tests"}


@dataclass(frozen=True, slots=True)
class Found:
    """What the strategy came to."""

    proposals: tuple[Proposal, ...]
    reason: Reason | None
    detail: str
    candidates_tried: int
    feedback: str = ""
    """What the feedback model said."""


def repair_by_search(case: Case, screen: WarmScreen, prover: Prover, budget: Deadline, most: int) -> Found:
    """Screen the templates' candidates, prove the survivors best first, stop at `most` proposals."""
    started = time.monotonic()
    prover.observe(Progressed(f"searching for a repair of {case.group.representative.node_id}"))
    found: list[Survivor] = []
    limits = Limits(settle_seconds=_SETTLE_SECONDS)
    for survivor in search(case.sources, case.localisation, case.hints, screen, budget, limits):
        if not found:
            prover.observe(CandidateSurvived(case.group, survivor.candidate.title))
        found.append(survivor)
    found.sort(key=lambda each: -each.rank)
    ranked = _of_the_common_cause([each.candidate for each in found], screen)
    tried = screen.tally.swap + screen.tally.reload + screen.tally.cold
    prover.observe(
        ScreeningFinished(
            case.group, "search", tried, len(ranked), screen.tally.cpu_seconds, time.monotonic() - started
        )
    )
    known = behaviours(screen, ranked) if len(ranked) > 1 else {}
    return _proved(case, distinct(ranked, known), prover, _Offer(most, tried, known))


def _of_the_common_cause(ranked: list[Candidate], screen: WarmScreen) -> list[Candidate]:
    """Those that repair the most failing tests of other groups, in rank order: the others address only part of the cause."""
    repaired = {candidate: screen.also_repaired(candidate) for candidate in ranked[:_MAX_COMPARED]}
    most = max(repaired.values(), default=0)
    return [candidate for candidate in ranked if repaired.get(candidate, 0) == most]


@dataclass(frozen=True, slots=True)
class _Offer:
    """How much is offered, and what is known of the candidates' behaviour."""

    most: int
    tried: int
    known: Mapping[Candidate, Behaviour]


def _proved(case: Case, survivors: Sequence[Candidate], prover: Prover, offer: _Offer) -> Found:
    proposals: dict[str, Proposal] = {}
    best: Candidate | None = None
    last: Verdict | None = None
    for candidate in survivors[:_MAX_PROOFS]:
        patch = candidate.patch
        if prover.deadline.passed or len(proposals) >= offer.most:
            break
        if patch.id in proposals or patch.id in prover.rejected:
            continue
        last = prover.judged(case, patch, candidate.title)
        if isinstance(last, Plausible):
            telling = _telling(candidate, best, offer.known)
            best = best or candidate
            title = proposal_title(candidate.title, last)
            found = Proposal(patch.id, Origin.SEARCH, title, patch, last.evidence, distinguishing_input=telling)
            proposals[patch.id] = found
            prover.observe(ProposalFound(case.group, proposals[patch.id]))
    if proposals:
        return Found(tuple(proposals.values()), None, "", offer.tried)
    return Found((), *_why_nothing(last, prover.deadline), offer.tried)


def _telling(candidate: Candidate, best: Candidate | None, known: Mapping[Candidate, Behaviour]) -> str:
    """What sets a further proposal apart from the best one."""
    if best is None or best not in known or candidate not in known:
        return ""
    return telling_input(known[candidate], known[best], "the changed function")


def _why_nothing(last: Verdict | None, deadline: Deadline) -> tuple[Reason, str]:
    match last:
        case Rejected((reason, *_), detail) | Unproven((reason, *_), detail):
            return reason, detail
        case _ if deadline.passed:
            return Reason.TIME_LIMIT, "the time limit was reached while candidates were tried"
        case _:
            return Reason.NO_CANDIDATE, "no candidate made the failing tests pass and kept the others passing"


def proposal_title(what: str, verdict: Plausible, price: str = "0 tokens") -> str:
    """What the patch does, what was proved of it and what it cost."""
    evidence = verdict.evidence
    count = len(evidence.targets_passed)
    fixed = "1 test" if count == 1 else f"{count} tests"
    mark = "⚠ edits a test: " if Flag.EDITS_TESTS in evidence.flags else "⚠ " if evidence.flags else ""
    return (
        f"{mark}{what} — fixes {fixed}, {evidence.still_passing} still pass ({_LEVEL_WORDS[evidence.level]}), {price}"
    )


def as_candidate(patch: Patch, sources: Mapping[str, SourceFile], title: str) -> Candidate | None:
    """A patch of one file as the warm server takes it; None for others."""
    if len(patch.changes) != 1:
        return None
    (change,) = patch.changes
    before, after = change.before or b"", change.after or b""
    start, tail = common_ends(before, after)
    edit = Edit(start, len(before) - tail, after[start : len(after) - tail])
    return Candidate(sources[change.path], (edit,), "model", change.first_difference[1], title, 1.0)


def what_changes(patch: Patch) -> str:
    """A patch in a few words: where it changes how many lines."""
    places = [f"`{_function_around(change)}`" for change in patch.changes]
    diff = patch.diff.splitlines()
    added = sum(line.startswith("+") and not line.startswith("+++") for line in diff)
    removed = sum(line.startswith("-") and not line.startswith("---") for line in diff)
    count = max(added, removed)
    return f"rewrite {count} {'line' if count == 1 else 'lines'} of {' and '.join(places)}"


def _function_around(change: FileChange) -> str:
    path, line = change.first_difference
    module = read_module(change.after)
    names = [each.name for each in module.functions if covers(each, line)] if module is not None else []
    return names[-1] if names else path
