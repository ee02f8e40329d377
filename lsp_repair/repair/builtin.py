"""The built-in strategy: search, then proof, for one failure group; zero tokens; and what titles of proposals say."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lsp_repair.domain.behaviour import Choice, Grade, Question
from lsp_repair.domain.deadline import Deadline
from lsp_repair.domain.events import (
    CandidateSurvived,
    Origin,
    Progressed,
    Proposal,
    ProposalFound,
    ScreeningFinished,
    SurvivorsAssessed,
)
from lsp_repair.domain.patches import Candidate, FileChange, Patch
from lsp_repair.domain.verdicts import Evidence, Flag, Level, Plausible, Reason, Rejected, Unproven, Verdict
from lsp_repair.pycode.modules import read_module
from lsp_repair.pycode.nodes import covers
from lsp_repair.repair.assessment import Assessed, ExpectingScreen, assessed_or_not, plain_facts
from lsp_repair.repair.case import Case
from lsp_repair.repair.prover import Prover
from lsp_repair.screening.screens import WarmScreen
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
    question: Question | None = None
    """What a person could answer to decide between proposals."""


def repair_by_search(case: Case, screen: WarmScreen, prover: Prover, budget: Deadline, most: int) -> Found:
    """Screen the templates' candidates, prove the survivors best first, stop at `most` proposals."""
    started = time.monotonic()
    prover.observe(Progressed(f"searching for a repair of {case.group.representative.node_id}"))
    found: list[Survivor] = []
    limits = Limits(settle_seconds=_SETTLE_SECONDS)
    expecting = ExpectingScreen(case, screen)
    for survivor in search(case.sources, case.localisation, case.hints, expecting, budget, limits):
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
    titles = {candidate.patch: candidate.title for candidate in ranked}
    patches = [candidate.patch for candidate in ranked]
    assessed = assessed_or_not(case, screen, patches, prover.deadline)
    prover.observe(SurvivorsAssessed(case.group, tuple(map(plain_facts, assessed.survivors))))
    proved = _proved(case, assessed.survivors, titles, prover, _Offer(most, tried))
    if not proved.proposals and expecting.unmet:
        return replace(proved, reason=Reason.NO_CANDIDATE, detail=unexpected(expecting.unmet))
    return replace(proved, question=asked(assessed.question, proved.proposals, prover.masked))


def unexpected(unmet: str) -> str:
    """What is said where nothing meets the user's expectations."""
    return f"no candidate that makes the tests pass meets what is expected: {unmet}"


def _of_the_common_cause(ranked: list[Candidate], screen: WarmScreen) -> list[Candidate]:
    """Those that repair the most failing tests of other groups, in rank order: the others address only part of the cause."""
    repaired = {candidate: screen.also_repaired(candidate) for candidate in ranked[:_MAX_COMPARED]}
    most = max(repaired.values(), default=0)
    return [candidate for candidate in ranked if repaired.get(candidate, 0) == most]


@dataclass(frozen=True, slots=True)
class _Offer:
    """How much is offered, and how much was tried for it."""

    most: int
    tried: int


def _proved(
    case: Case, survivors: Sequence[Assessed], titles: Mapping[Patch, str], prover: Prover, offer: _Offer
) -> Found:
    proposals: dict[str, Proposal] = {}
    last: Verdict | None = None
    for one in survivors[:_MAX_PROOFS]:
        patch = one.patch
        if prover.deadline.passed or len(proposals) >= offer.most:
            break
        if prover.rejected and prover.rejected.intersection(each.id for each in (patch, *one.alike)):
            continue  # what the user rejected does not come back in other words
        last = prover.judged(case, patch, titles[patch])
        if isinstance(last, Plausible):
            evidence = one.graded(last.evidence, prover.masked)
            title = proposal_title(titles[patch], evidence)
            telling = prover.masked(one.telling) if proposals else ""
            proposals[patch.id] = Proposal(
                patch.id, Origin.SEARCH, title, patch, evidence, distinguishing_input=telling
            )
            prover.observe(ProposalFound(case.group, proposals[patch.id]))
    if proposals:
        return Found(tuple(proposals.values()), None, "", offer.tried)
    return Found((), *_why_nothing(last, prover.deadline), offer.tried)


def asked(question: Question | None, proposals: Sequence[Proposal], masked: Callable[[str], str]) -> Question | None:
    """A question about what is really offered; None where secrets would have to be shown, or one behaviour is left."""
    ids = {each.id for each in proposals}
    if question is None or not proposals or any(masked(each) != each for each in (question.call, *_values(question))):
        return None
    answers = [Choice(each.value, tuple(key for key in each.proposals if key in ids)) for each in question.answers]
    return replace(question, answers=tuple(answers))


def _values(question: Question) -> Iterator[str]:
    return (each.value for each in question.answers)


def _why_nothing(last: Verdict | None, deadline: Deadline) -> tuple[Reason, str]:
    match last:
        case Rejected((reason, *_), detail) | Unproven((reason, *_), detail):
            return reason, detail
        case _ if deadline.passed:
            return Reason.TIME_LIMIT, "the time limit was reached while candidates were tried"
        case _:
            return Reason.NO_CANDIDATE, "no candidate made the failing tests pass and kept the others passing"


def proposal_title(what: str, evidence: Evidence, price: str = "0 tokens") -> str:
    """What the patch does, what was proved of it, how far the tests pin it down, and what it cost."""
    count = len(evidence.targets_passed)
    fixed = "1 test" if count == 1 else f"{count} tests"
    mark = "⚠ edits a test: " if Flag.EDITS_TESTS in evidence.flags else "⚠ " if evidence.flags else ""
    sure = "" if evidence.grade is Grade.PROVED else "possible: "
    passing = f"{evidence.still_passing} still pass ({_LEVEL_WORDS[evidence.level]}), {pinning(evidence)}"
    return f"{mark}{sure}{what} — fixes {fixed}, {passing}, {price}"


def pinning(evidence: Evidence) -> str:
    """How many of the passing tests have a say in it."""
    return {0: "none runs this line", 1: "1 runs this line"}.get(
        evidence.pinned_by, f"{evidence.pinned_by} run this line"
    )


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
