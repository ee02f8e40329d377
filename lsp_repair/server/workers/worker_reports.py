"""From the engine's values to what the editor is shown."""

from lsp_repair.domain.behaviour import Question
from lsp_repair.domain.encoding import decoded
from lsp_repair.domain.events import FailureReport, Proposal
from lsp_repair.domain.runs import Failure, TestRun
from lsp_repair.domain.verdicts import Level
from lsp_repair.server.state.view import Asked, FailingTest, FileText, Offer, Place, Report

_MAX_CHARACTERS = 2_000
_MAX_VALUES = 4


def failing_tests(run: TestRun) -> tuple[FailingTest, ...]:
    """The failing tests of a run, each with the line that failed."""
    lines = {test.node_id: (test.path, test.line) for test in run.collected}
    found: list[FailingTest] = []
    for result in run.failing:
        failure = result.failure
        path, line = lines.get(result.node_id, (result.node_id.file, 1))
        if failure is None:
            found.append(FailingTest(result.node_id, Place(path, max(1, line)), "Error", "the test failed"))
            continue
        comparison = failure.comparison
        found.append(
            FailingTest(
                result.node_id,
                Place(path, _failing_line(failure, path, line)),
                failure.error_type,
                failure.message[:_MAX_CHARACTERS],
                comparison.expected if comparison else "",
                comparison.actual if comparison else "",
            )
        )
    return tuple(found)


def _failing_line(failure: Failure, path: str, line: int) -> int:
    own = [frame.line for frame in failure.frames if frame.path == path]
    return own[-1] if own else max(1, line)


def report_of(report: FailureReport) -> Report:
    """A failure group for the editor."""
    offers = (_offer(each) for each in report.proposals)
    failure = report.group.representative
    return Report(
        fingerprint=report.group.fingerprint,
        tests=tuple(report.group.node_ids),
        error_type=failure.error_type,
        status=str(report.status),
        explanation=report.explanation,
        places=_places(report),
        offers=tuple(each for each in offers if each is not None),
        detail=report.detail,
        question=_asked(report.question),
        new_cases=report.new_cases,
        values=_values(failure),
    )


def _asked(question: Question | None) -> Asked | None:
    if question is None:
        return None
    return Asked(question.call, tuple((each.value, question.expectation(each.value)) for each in question.answers))


def _places(report: FailureReport) -> tuple[Place, ...]:
    """Where the best proposal makes its changes, then the suspicious lines."""
    edited = [Place(*change.first_difference) for each in report.proposals[:1] for change in each.patch.changes]
    suspicious = [Place(each.path, each.line) for each in report.locations[:3]]
    return tuple(dict.fromkeys((*edited, *suspicious)))


def _values(failure: Failure) -> tuple[tuple[str, int, str], ...]:
    frames = [frame for frame in failure.frames if frame.in_project and frame.locals]
    return tuple(
        (frame.path, frame.line, ", ".join(f"{name}={value[:40]}" for name, value in frame.locals[:_MAX_VALUES]))
        for frame in frames[-2:]
    )


def _offer(proposal: Proposal) -> Offer | None:
    """A proposal as texts; None when an editor could not show one of its files as text."""
    files: list[FileText] = []
    for change in proposal.patch.changes:
        before, after = decoded(change.before or b""), decoded(change.after or b"")
        if before is None or after is None or change.after is None:
            return None
        files.append(FileText(change.path, before[0], after[0]))
    return Offer(
        id=proposal.id,
        title=proposal.title,
        flagged=bool(proposal.evidence.flags),
        widely_proved=proposal.evidence.level in {Level.FULL, Level.AFFECTED},
        origin=str(proposal.origin),
        cost_usd=None if proposal.cost_usd is None else f"{proposal.cost_usd:f}",
        files=tuple(files),
        proved=proposal.evidence.is_proved,
        behaviour=proposal.evidence.behaviour.lines,
        isolation=proposal.evidence.isolation,
        notes=proposal.evidence.all_notes,
    )
