"""The `report` command: what was repaired and what it cost."""

from collections.abc import Sequence
from typing import Any

from lsp_repair.cli.console import Console
from lsp_repair.ledger import FixCost, Summary


def show_report(console: Console, summary: Summary, fixes: Sequence[FixCost]) -> None:
    """Totals first, then the latest fixes."""
    if not summary.sessions:
        console.line("nothing was repaired yet")
        return
    money = "unknown" if summary.cost_usd is None else f"${summary.cost_usd.normalize():f}"
    console.line(
        f"{summary.sessions} sessions, {summary.failures} failures, {summary.proposed} with a proposal, "
        f"{summary.accepted} accepted, {summary.rejected} rejected",
        "bold",
    )
    console.line(
        f"{summary.candidates:,} candidates tried, {summary.seconds:.1f} s of repair, {summary.tokens:,} tokens, {money}"
    )
    for fix in fixes:
        cost = "unknown" if fix.cost_usd is None else f"${fix.cost_usd.normalize():f}"
        decision = f", {fix.decision}" if fix.decision else ""
        more = f" and {len(fix.tests) - 1} more" if len(fix.tests) > 1 else ""
        console.line(f"  {fix.status or 'cut off'}{decision}: {next(iter(fix.tests), '')}{more} ({fix.error_type})")
        console.line(
            f"    {fix.title or 'no proposal'} · {fix.candidates} candidates · {fix.seconds:.1f} s · {fix.tokens} tokens · {cost}",
            "dim",
        )


def report_json(summary: Summary, fixes: Sequence[FixCost]) -> dict[str, Any]:
    """The same as data; money is a decimal string or null."""
    return {
        "schema": 1,
        "sessions": summary.sessions,
        "failures": summary.failures,
        "proposed": summary.proposed,
        "accepted": summary.accepted,
        "rejected": summary.rejected,
        "candidates": summary.candidates,
        "tokens": summary.tokens,
        "seconds": round(summary.seconds, 3),
        "cost_usd": None if summary.cost_usd is None else f"{summary.cost_usd:f}",
        "fixes": [
            {
                "root": fix.root,
                "tests": list(fix.tests),
                "error_type": fix.error_type,
                "status": fix.status,
                "title": fix.title,
                "decision": fix.decision,
                "candidates": fix.candidates,
                "tokens": fix.tokens,
                "seconds": round(fix.seconds, 3),
                "cost_usd": None if fix.cost_usd is None else f"{fix.cost_usd:f}",
            }
            for fix in fixes
        ],
    }
