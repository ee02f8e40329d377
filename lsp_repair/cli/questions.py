"""Questions about behaviour, asked on an interactive terminal; an answer is kept, and what it concerns is repaired again."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace

from lsp_repair.app.console import Console
from lsp_repair.cli import rendering
from lsp_repair.domain.events import FailureReport, FixReport
from lsp_repair.ledger import Ledger
from lsp_repair.repair.fix_request import FixRequest, Selection

Fix = Callable[[FixRequest], FixReport]


def with_answers(report: FixReport, request: FixRequest, fix: Fix, kept: tuple[Ledger | None, Console]) -> FixReport:
    """The report with the failures repaired again whose questions the user answered."""
    ledger, console = kept
    answers = dict(_answers(report, console))
    if not answers:
        return report
    for failure, expression in answers.items():
        if ledger is not None:
            ledger.expect(report.root, failure, expression)
    asked = [each for each in report.failures if each.group.fingerprint in answers]
    again = fix(_told(request, answers, tuple(test for each in asked for test in each.group.node_ids)))
    others = tuple(each for each in report.failures if each.group.fingerprint not in answers)
    seconds, cpu = report.seconds + again.seconds, report.cpu_seconds + again.cpu_seconds
    return replace(report, failures=(*others, *again.failures), seconds=seconds, cpu_seconds=cpu)


def _told(request: FixRequest, answers: Mapping[str, str], tests: tuple[str, ...]) -> FixRequest:
    known = dict(request.expectations)
    for failure, expression in answers.items():
        known[failure] = (*known.get(failure, ()), expression)
    return replace(request, selection=Selection(tests), expectations=known)


def _answers(report: FixReport, console: Console) -> list[tuple[str, str]]:
    """By fingerprint; a person may leave a question open."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return []
    found = [(each.group.fingerprint, _answer(each, console)) for each in report.failures if each.question is not None]
    return [(failure, expression) for failure, expression in found if expression]


def _answer(failure: FailureReport, console: Console) -> str:
    """The expression of the chosen answer; empty for none."""
    question = failure.question
    told = (
        [(each.value, text) for each in question.answers if (text := question.expectation(each.value))]
        if question
        else []
    )
    if question is None or not told:
        return ""
    console.clear_status()
    rendering.show_failure(console, failure)
    for number, (value, _) in enumerate(told, 1):
        console.line(f"  {number}. {question.call} is {value}")
    console.line("which is right? (a number, or Enter to leave it open)", "bold")
    chosen = sys.stdin.readline().strip()  # not `input`, which would write to standard output, where JSON may go
    return told[int(chosen) - 1][1] if chosen.isdecimal() and 0 < int(chosen) <= len(told) else ""
