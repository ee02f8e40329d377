"""How reports look to people."""

import shlex
from collections.abc import Sequence

from lsp_repair.app.console import Console
from lsp_repair.domain.behaviour import Question
from lsp_repair.domain.events import CheckReport, FailureReport, FixReport, Proposal, Status
from lsp_repair.domain.money import money_text
from lsp_repair.domain.verdicts import Plausible
from lsp_repair.models.preview import Previewed
from lsp_repair.repair.builtin import pinning

_MARKS = {
    Status.PROPOSED: ("✔", "green"),
    Status.POSSIBLE: ("?", "yellow"),
    Status.UNREPAIRED: ("✘", "red"),
    Status.UNPROVEN: ("✘", "yellow"),
    Status.FLAKY: ("~", "yellow"),
    Status.ENVIRONMENT: ("!", "yellow"),
}
_SHOWN_TESTS = 3
_SHOWN_PLACES = 3


def show_fix(console: Console, report: FixReport, *, explain_only: bool = False) -> None:
    """A block for each failure, then a summary."""
    for failure in report.failures:
        show_failure(console, failure, explain_only=explain_only)
    for notice in report.notices:
        console.line(f"note: {notice}", "yellow")
    _show_summary(console, report, explain_only=explain_only)


def show_failure(console: Console, report: FailureReport, *, explain_only: bool = False) -> None:
    """What failed, why, and what is proposed."""
    mark, colour = ("·", "cyan") if explain_only and report.status is Status.UNREPAIRED else _MARKS[report.status]
    tests = report.group.node_ids
    console.line(f"{mark} {tests[0]}", "bold", colour)
    for test in tests[1:_SHOWN_TESTS]:
        console.line(f"  {test}", "bold")
    if len(tests) > _SHOWN_TESTS:
        console.line(f"  and {len(tests) - _SHOWN_TESTS} more with the same cause", "bold")
    console.line(f"  {report.explanation}")
    if report.locations:
        places = ", ".join(f"{at.path}:{at.line} ({at.suspiciousness:.2f})" for at in report.locations[:_SHOWN_PLACES])
        console.line(f"  suspicious: {places}", "dim")
    for number, proposal in enumerate(report.proposals, 1):
        _show_proposal(console, number, proposal)
    if report.question is not None:
        _show_question(console, report.question, report.proposals)
    if not report.proposals and not (explain_only and report.status is Status.UNREPAIRED):
        _show_why_none(console, report)
    elif explain_only and report.detail:
        console.line(f"  {report.detail}", "dim")
    console.line()


def _show_proposal(console: Console, number: int, proposal: Proposal) -> None:
    evidence = proposal.evidence
    console.line(f"  {number}. {proposal.title}", "green" if evidence.is_proved and not evidence.flags else "yellow")
    for line in proposal.patch.diff.splitlines():
        console.line(f"     {line}", *_diff_style(line))
    for line in evidence.behaviour.lines:
        console.line(f"     {line}", "cyan")
    if proposal.distinguishing_input:
        console.line(f"     differs from the first proposal on: {proposal.distinguishing_input}", "dim")
    for flag in evidence.flags:
        console.line(f"     ⚠ {flag}: review before you accept", "yellow")
    for note in evidence.all_notes:
        console.line(f"     note: {note}", "dim")


def _show_question(console: Console, question: Question, proposals: Sequence[Proposal]) -> None:
    """What would decide, and how to say it."""
    numbers = {proposal.id: number for number, proposal in enumerate(proposals, 1)}
    answers = [
        each.value + "".join(f" ({numbers[key]})" for key in each.proposals if key in numbers)
        for each in question.answers
    ]
    console.line(f"  ? {question.call}: {' or '.join(answers)}", "bold", "yellow")
    told = [text for each in question.answers if (text := question.expectation(each.value))]
    if told:
        console.line(f"    answer with, for example: --expect {shlex.quote(told[0])}", "dim")


def _diff_style(line: str) -> tuple[str, ...]:
    if line.startswith(("---", "+++", "@@")):
        return ("dim",)
    return {"+": ("green",), "-": ("red",)}.get(line[:1], ())


def _show_why_none(console: Console, report: FailureReport) -> None:
    words = {
        Status.FLAKY: "not repaired: the test is flaky",
        Status.ENVIRONMENT: "not repaired: the cause is the environment, not the code",
        Status.UNPROVEN: "no proposal: no candidate could be proved",
    }.get(report.status, "no proposal: the built-in engine found no fix")
    reason = f" [{report.reason}]" if report.reason else ""
    detail = f" {report.detail}" if report.detail else ""
    console.line(f"  {words}{reason}{detail}", "yellow")
    if report.candidates_tried:
        of_all = f" of {report.candidates_made}" if report.candidates_made else ""
        console.line(f"  {report.candidates_tried}{of_all} candidates tried", "dim")


def _show_summary(console: Console, report: FixReport, *, explain_only: bool) -> None:
    tests = report.tests
    counted = f"{_number(tests.collected, 'test')}: {tests.passed} passed, {tests.failed} failed"
    counted += f", {_number(tests.errors, 'error')}" if tests.errors else ""
    counted += f", {tests.skipped} skipped" if tests.skipped else ""
    counted += f", {tests.not_run} not run" if tests.not_run else ""
    counted += f", {_number(tests.not_collected, 'file')} not collected" if tests.not_collected else ""
    if not report.failures:
        nothing_failing = tests.collected and not tests.failed and not tests.errors and not tests.not_run
        console.line(f"{counted}. {_nothing(report)}", "bold", "green" if nothing_failing else "yellow")
        return
    parts = [counted]
    if not explain_only:
        parts += [
            f"{len(some)} {status}"
            for status in Status
            if (some := [each for each in report.failures if each.status is status])
        ]
        parts.append(f"isolation {report.isolation.words}")
        parts.append(f"{report.usage.total:,} tokens, {money_text(report.cost_usd)}")
    console.line(" · ".join([*parts, f"{report.seconds:.1f} s"]), "bold")
    if report.out_of_time:
        console.line("the time limit was reached; this is what had been found", "yellow")


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def show_prompts(console: Console, prompts: Sequence[Previewed]) -> None:
    """Exactly what would be sent, with its price; nothing was."""
    for each in prompts:
        money = ("" if each.worst_usd is None else "at most ") + money_text(each.worst_usd)
        size = len(each.request.text.encode("utf-8", "replace"))
        console.line()
        console.line(
            f"to {each.model} at {each.host} ({each.role}): {size:,} bytes, at most {each.worst_tokens:,} tokens, {money}",
            "bold",
        )
        console.line(each.request.text)
        if each.request.left_out:
            console.line(f"left out for room: {', '.join(each.request.left_out)}", "yellow")
    console.line()
    console.line("nothing was sent", "green" if prompts else "yellow")


def _nothing(report: FixReport) -> str:
    """Why there is no failure to show."""
    if report.out_of_time or report.tests.failed or report.tests.errors:
        return "Stopped before any failure was examined."
    if report.tests.not_run:
        return f"None of the tests that ran failed; {report.tests.not_run} did not run."
    return "Nothing to repair." if report.tests.collected else "No tests were collected."


def show_check(console: Console, report: CheckReport) -> None:
    """The verdict on a foreign patch."""
    verdict = report.verdict
    if isinstance(verdict, Plausible):
        evidence = verdict.evidence
        console.line(f"plausible, {evidence.grade}", "bold", "green" if evidence.is_proved else "yellow")
        console.line(
            f"  targets passed: {len(evidence.targets_passed)}, tests still passing: {evidence.still_passing} "
            f"(level {evidence.level}, {evidence.runs} runs, isolation {report.isolation.words})"
        )
        console.line(f"  {pinning(evidence)}; {evidence.alternatives_rejected} other edits there fail a test")
        _show_lines(console, evidence.behaviour.lines, "cyan")
        _show_lines(console, [f"⚠ {flag}: review before you accept" for flag in evidence.flags], "yellow")
        _show_lines(console, [f"note: {note}" for note in evidence.all_notes], "dim")
        return
    console.line(type(verdict).__name__.lower(), "bold", "red" if type(verdict).__name__ == "Rejected" else "yellow")
    console.line(f"  {', '.join(verdict.reasons)}: {verdict.detail}")


def _show_lines(console: Console, lines: Sequence[str], style: str) -> None:
    for line in lines:
        console.line(f"  {line}", style)
