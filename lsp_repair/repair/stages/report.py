"""The last stage: what is reported of each failure group, and of the session at any moment."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from lsp_repair.domain.behaviour import Grade
from lsp_repair.domain.blame import History
from lsp_repair.domain.events import CollectionError, FailureReport, FixReport, Proposal, Status, TestCounts
from lsp_repair.domain.isolation import IsolationReport
from lsp_repair.domain.money import Usage, money_text
from lsp_repair.domain.projects import Project
from lsp_repair.domain.runs import Failure, FailureGroup, TestRun
from lsp_repair.domain.traces import Trace
from lsp_repair.domain.verdicts import Reason
from lsp_repair.isolation.cpu_time import cpu_seconds
from lsp_repair.models.chat import ChatModel
from lsp_repair.repair.builtin import Found
from lsp_repair.repair.collection_errors import is_name_clash
from lsp_repair.repair.explanation import explain
from lsp_repair.repair.fix_request import Assistants
from lsp_repair.repair.history.blamed import Blame
from lsp_repair.repair.new_cases import new_cases
from lsp_repair.repair.stages.prepare import Prepared
from lsp_repair.repair.stages.repair_group import Repaired
from lsp_repair.repair.where import reported_locations, where
from lsp_repair.repair.write_access import notes_on_writing

_UNPROVEN = frozenset({Reason.IMPORT_ORIGIN, Reason.NEVER_IMPORTED, Reason.INCOMPLETE_RUN})


@dataclass(slots=True)
class SessionReport:
    """What is known at any moment, also after Ctrl-C or when the time limit is reached."""

    project: Project
    isolation: IsolationReport
    assistants: Assistants | None
    counts: TestCounts = field(default_factory=TestCounts)
    collection_errors: tuple[CollectionError, ...] = ()
    failures: list[FailureReport] = field(default_factory=list[FailureReport])
    notices: list[str] = field(default_factory=list[str])
    trace: Trace = field(default_factory=Trace)
    _started: float = field(default_factory=time.monotonic)
    _cpu: float = field(default_factory=cpu_seconds)

    def so_far(self, *, out_of_time: bool = False, is_cut_short: bool = False) -> FixReport:
        """With the cost of all model calls, and a word on them where no failure's report may hold it."""
        report = FixReport(
            root=str(self.project.root),
            python=str(self.project.interpreter.executable),
            tests=self.counts,
            isolation=self.isolation,
            failures=tuple(_not_repaired_elsewhere(self.failures)),
            seconds=time.monotonic() - self._started,
            cpu_seconds=cpu_seconds() - self._cpu,
            out_of_time=out_of_time,
            notices=tuple(self.notices),
            collection_errors=self.collection_errors,
            trace=self.trace,
        )
        if self.assistants is None:
            return report
        usage, cost = self.assistants.meter.spent(None)
        asked = (
            what_was_asked(self.assistants.models, usage, cost) if is_cut_short and not self.assistants.preview else ""
        )
        notices = (*report.notices, f"stopped after {asked}") if asked else report.notices
        return replace(report, usage=usage, cost_usd=cost, notices=notices)


def what_was_asked(models: Sequence[ChatModel], usage: Usage, cost: Decimal | None) -> str:
    """Which models were asked how often, and what it came to; empty where none was."""
    asked = [f"{each.name} was asked {_times(each.calls)}" for each in models if each.calls]
    return f"{', '.join(asked)}: {usage.total:,} tokens, {money_text(cost)}" if asked else ""


def unasked(assistants: Assistants) -> list[str]:
    """Which feedback models were not asked although their repair models were, and why."""
    told = [
        f"{pair.feedback.name} was not asked for feedback: {pair.unasked}"
        for _, pair in assistants.steps
        if pair.unasked and pair.repair.calls
    ]
    return list(dict.fromkeys(told))


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def report_flaky(failure: Failure, how: str) -> FailureReport:
    """A test that does not fail reliably; `how` says what gave it away."""
    group = FailureGroup(failure.fingerprint, (failure,))
    return FailureReport(group, Status.FLAKY, f"This test is flaky: {how}.", Reason.NOT_REPRODUCED, how)


def report_group(
    prepared: Prepared, run: TestRun, repaired: Repaired, masked: Callable[[str], str] = str
) -> FailureReport:
    """The explanation of a group, with its proposals or the reason why there are none; all words without secrets."""
    report = _reported(prepared, run, repaired)
    return replace(
        report,
        explanation=masked(report.explanation),
        detail=masked(report.detail),
        proposals=tuple(_told(each, prepared.project.root, masked) for each in report.proposals),
    )


def _told(proposal: Proposal, root: Path, masked: Callable[[str], str]) -> Proposal:
    """A proposal as it is shown: without secrets, and with a word where it could not be written."""
    notes = notes_on_writing(root, proposal.patch.paths)
    evidence = replace(proposal.evidence, notes=(*proposal.evidence.notes, *notes))
    return replace(proposal, title=masked(proposal.title), evidence=evidence)


def _reported(prepared: Prepared, run: TestRun, repaired: Repaired) -> FailureReport:
    case, found = repaired.case, repaired.found
    is_code_at_fault = repaired.missing_effect is None and not is_name_clash(case.group.representative)
    locations = reported_locations(case.localisation, prepared.read) if is_code_at_fault else ()
    failure = case.group.representative
    seen = locations if case.localisation.is_seen else ()
    place = where(failure, seen, prepared.source_line, found.proposals, case.unseen)
    explanation = explain(failure, prepared.source_line, place)
    explanation = f"{explanation} {case.blame.sentence(len(case.group.node_ids))}".rstrip()
    if found.feedback:
        explanation += f"\nThe feedback model says: {found.feedback}"
    report = FailureReport(
        _with_all_repaired(case.group, found, run),
        _status(found.proposals),
        explanation,
        found.reason,
        found.detail,
        locations,
        found.proposals,
        found.candidates_tried,
        found.candidates_made,
        found.question,
        _history(case.blame),
        new_cases(case, found.proposals, prepared.snapshot.root, run.module_files),
        found.attempts,
    )
    if repaired.missing_effect is not None:
        detail = f"it needs {repaired.missing_effect}"
        return replace(report, status=Status.ENVIRONMENT, reason=Reason.MISSING_EFFECT, detail=detail)
    return replace(report, status=Status.UNPROVEN) if found.reason in _UNPROVEN else report


def _history(blame: Blame) -> History:
    change = blame.blamed.change if blame.blamed is not None else None
    return History(change, blame.never_passed, blame.bisection)


def _status(proposals: Sequence[Proposal]) -> Status:
    if not proposals:
        return Status.UNREPAIRED
    return Status.PROPOSED if any(each.evidence.grade is Grade.PROVED for each in proposals) else Status.POSSIBLE


def unsolved(groups: Sequence[FailureGroup], report: FailureReport) -> list[FailureGroup]:
    """The groups that the best proposal of this report does not repair as well."""
    fixed = set(report.proposals[0].evidence.targets_passed) if report.proposals else set[str]()
    return [group for group in groups if not fixed.issuperset(group.node_ids)]


def _not_repaired_elsewhere(reports: Sequence[FailureReport]) -> Iterator[FailureReport]:
    """The reports without those of groups that found no repair, and whose tests the best proposal of another one repairs."""
    fixed = {key for report in reports for each in report.proposals[:1] for key in each.evidence.targets_passed}
    for report in reports:
        if report.proposals or not report.counts_as_failure or not fixed.issuperset(report.group.node_ids):
            yield report


def _with_all_repaired(group: FailureGroup, found: Found, run: TestRun) -> FailureGroup:
    """The group with the failing tests of other groups that its best proposal repairs: they had the same cause."""
    if not found.proposals:
        return group
    known = set(group.node_ids)
    repaired = [key for key in found.proposals[0].evidence.targets_passed if key not in known]
    failures = [run.results[key].failure for key in repaired]
    return FailureGroup(group.fingerprint, (*group.failures, *(each for each in failures if each is not None)))
