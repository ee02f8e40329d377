"""What clients are told that show more than the protocol knows: failures as a tree, diffs as whole texts."""

import difflib
from typing import Any

from lsp_repair.server.features import code_actions
from lsp_repair.server.root_session import RootSession
from lsp_repair.server.workers.reports import Offer, Report


def reported_folder(work: RootSession) -> dict[str, Any]:
    """All failures of a folder with their proposals."""
    view = work.view
    reported = {key for report in view.reports.values() for key in report.tests}
    failures = [
        _failure(work, report) for report in view.reports.values() if any(key in view.failing for key in report.tests)
    ]
    for test in view.failing.values():
        if test.id not in reported:
            place = {"uri": code_actions.uri_of(work, test.place.path), "line": test.place.line - 1}
            title = f"{test.error_type}: {test.id}"
            failures.append(
                {
                    "id": test.id,
                    "tests": [test.id],
                    "title": title,
                    "explanation": test.message,
                    "status": "red",
                    "locations": [place],
                    "proposals": [],
                }
            )
    return {"root": str(work.root), "failures": failures}


def _failure(work: RootSession, report: Report) -> dict[str, Any]:
    failing = [work.view.failing[key] for key in report.tests if key in work.view.failing]
    places = [*report.places, *(test.place for test in failing)]
    return {
        "id": report.fingerprint,
        "tests": list(report.tests),
        "title": f"{report.error_type}: {report.tests[0]}",
        "explanation": report.explanation,
        "status": report.status,
        "locations": [{"uri": code_actions.uri_of(work, each.path), "line": each.line - 1} for each in places],
        "proposals": [
            {
                "id": offer.id,
                "title": offer.title,
                "flagged": offer.flagged,
                "origin": offer.origin,
                "costUsd": offer.cost_usd,
            }
            for offer in work.view.offers(report)
        ],
    }


def reported_diff(work: RootSession, proposal: str) -> dict[str, Any] | None:
    """Whole texts before and after, for a diff editor."""
    found = work.view.find(proposal)
    if found is None:
        return None
    files = [
        {"uri": code_actions.uri_of(work, file.path), "before": file.before, "after": file.after}
        for file in found[1].files
    ]
    return {"title": found[1].title, "files": files}


def diff_text(offer: Offer) -> str:
    """A unified diff."""
    pieces: list[str] = [f"# {offer.title}\n", f"# proved in isolation {offer.isolation}\n"]
    for file in offer.files:
        before, after = file.before.splitlines(keepends=True), file.after.splitlines(keepends=True)
        pieces += difflib.unified_diff(before, after, f"a/{file.path}", f"b/{file.path}")
    return "".join(each if each.endswith("\n") else f"{each}\n" for each in pieces)
