"""The `report` command: report what was repaired and what it cost, for people and for other programs."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Context, Decimal
from pathlib import Path

from lsp_repair.app.console import Console
from lsp_repair.app.json_output import SCHEMA, Json, picked
from lsp_repair.ledger import FixCost, Summary
from lsp_repair.ledger.figures import GroupCost, Report, Spending
from lsp_repair.ledger.user_answers import GradeDecisions

_LATEST = 20
_MEAN_DIGITS = 4
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_TOKENS = ("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens")
_SUMMARY = ("sessions", "failures", "proposed", "accepted", "rejected", "candidates", "tokens", "seconds", "cost_usd")
_DECIDED = ("root", "tests", "error_type", "status", "title", "decision", "strategy", "origin", "candidates", "tokens")
_CSV_COLUMNS = ("at", *_DECIDED, *_TOKENS, "cache_write_tokens", "seconds", "cost_usd")


def show_report(console: Console, report: Report) -> None:
    """Totals first, then their breakdown, then the latest fixes."""
    if not report.summary.sessions:
        console.line("nothing has been repaired yet")
        return
    _show_totals(console, report.summary)
    per = report.cost_per
    groups = {"fix": per.fix, "accepted fix": per.accepted, "rejected fix": per.rejected, "failed repair": per.failed}
    _show_groups(console, groups)
    _show_grades(console, report.by_grade)
    for title, spending in _breakdowns(report).items():
        _show_spending(console, title, spending)
    _show_fixes(console, report.fixes)


def _breakdowns(report: Report) -> dict[str, Sequence[Spending]]:
    return {
        "model": report.by_model,
        "role": report.by_role,
        "strategy": report.by_strategy,
        "day": report.by_day,
    }


def _show_totals(console: Console, summary: Summary) -> None:
    console.line(
        f"{counted(summary.sessions, 'session')}, {counted(summary.failures, 'failure')}, "
        f"{summary.proposed:,} with a proposal, "
        f"{summary.accepted:,} accepted, {summary.rejected:,} rejected",
        "bold",
    )
    console.line(
        f"{summary.candidates:,} candidates tried, {summary.seconds:.1f} s of repair, {summary.tokens:,} tokens, "
        f"{_dollars(summary.cost_usd)}"
    )


def _show_groups(console: Console, groups: Mapping[str, GroupCost]) -> None:
    rows = [(name, f"{group.count:,}", _dollars(group.cost_usd), _mean(group)) for name, group in groups.items()]
    _show_table(console, ("cost per", "count", "together", "each"), rows)


def _show_grades(console: Console, grades: Sequence[GradeDecisions]) -> None:
    rows = [
        (each.grade, *(f"{figure:,}" for figure in (each.proposals, each.accepted, each.rejected))) for each in grades
    ]
    if rows:
        _show_table(console, ("by grade", "proposals", "accepted", "rejected"), rows)


def _show_spending(console: Console, title: str, spending: Sequence[Spending]) -> None:
    rows = [
        (
            each.key,
            *(f"{figure:,}" for figure in (each.calls, *picked(each.usage, *_TOKENS).values())),
            _dollars(each.cost_usd),
        )
        for each in spending
    ]
    if rows:
        _show_table(console, (f"by {title}", "calls", "input", "cached", "output", "reasoning", "cost"), rows)


def _show_table(console: Console, heading: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """The first column to the left, figures to the right."""
    lines = [[" ".join(cell.split()) for cell in line] for line in (heading, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    console.line()
    for number, (name, *figures) in enumerate(lines):
        aligned = (figure.rjust(width) for figure, width in zip(figures, widths[1:], strict=True))
        console.line("  ".join((name.ljust(widths[0]), *aligned)), *(() if number else ("bold",)))


def _show_fixes(console: Console, fixes: Sequence[FixCost]) -> None:
    if not fixes:
        return
    console.line()
    console.line("the latest fixes", "bold")
    for fix in fixes[:_LATEST]:
        _show_fix(console, fix)
    if len(fixes) > _LATEST:
        console.line(f"  and {len(fixes) - _LATEST:,} before them: --json, --csv and --html write them all", "dim")


def _show_fix(console: Console, fix: FixCost) -> None:
    decision = f", {fix.decision}" if fix.decision else ""
    more = f" and {len(fix.tests) - 1} more" if len(fix.tests) > 1 else ""
    how = f" · {fix.strategy}" if fix.strategy else ""
    where = f" in {Path(fix.root).name}" if fix.root else ""
    console.line(f"  {fix.status or 'cut off'}{decision}{where}: {next(iter(fix.tests), '')}{more} ({fix.error_type})")
    console.line(
        f"    {_local(fix.at):%Y-%m-%d %H:%M} · {fix.title or 'no proposal'}{how} · {fix.candidates:,} candidates · "
        f"{fix.seconds:.1f} s · {fix.tokens:,} tokens · {_dollars(fix.cost_usd)}",
        "dim",
    )


def counted(count: int, noun: str) -> str:
    """A figure with its noun."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _dollars(amount: Decimal | None) -> str:
    return "unknown" if amount is None else f"${amount.normalize():f}"


def _mean(group: GroupCost) -> str:
    """Of each member; rounded, for a quotient may have no end."""
    if not group.count:
        return "-"
    if group.cost_usd is None:
        return "unknown"
    return _dollars(Context(prec=_MEAN_DIGITS).divide(group.cost_usd, Decimal(group.count)))


def _local(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC).astimezone()


def report_json(report: Report) -> Json:
    """The same as data, with every fix; money is a decimal string, or null where a part of it is unknown."""
    return {
        "schema": SCHEMA,
        **picked(report.summary, *_SUMMARY),
        **picked(report, "cost_per", "by_grade"),
        **{f"by_{name}": [_spending_json(each) for each in rows] for name, rows in _breakdowns(report).items()},
        "fixes": [_fix_json(each) for each in report.fixes],
    }


def _fix_json(fix: FixCost) -> Json:
    return {"at": fix.at, **picked(fix, *_DECIDED, "seconds", "cost_usd", "usage")}


def _spending_json(spending: Spending) -> Json:
    return {**picked(spending, "key", "calls"), **picked(spending.usage, *_TOKENS), **picked(spending, "cost_usd")}


def report_csv(report: Report) -> str:
    """One row for each fix, the latest first; no cell of it is a formula to a spreadsheet."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")  # a line end that it knows is quoted within a cell
    rows.writerow(_CSV_COLUMNS)
    for fix in report.fixes:
        reported = _fix_json(fix) | asdict(fix.usage)
        reported["at"] = _local(fix.at).isoformat(timespec="seconds")
        reported["tests"] = "\n".join(fix.tests)
        reported["cost_usd"] = reported["cost_usd"] or "unknown"
        rows.writerow([_harmless(reported[column]) for column in _CSV_COLUMNS])
    return text.getvalue()


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
