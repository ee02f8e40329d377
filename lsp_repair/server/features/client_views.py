"""What clients with views of their own get beside the protocol: status, failures as a tree, diffs as whole texts."""

from collections.abc import Iterable
from typing import Any

from lsp_repair.server.state.view import Offer, Place, Report, View


def status(view: View, cost_usd: str | None) -> dict[str, Any]:
    """`lspRepair/status`."""
    return {
        "root": str(view.root),
        "phase": str(view.phase),
        "failing": len(view.failing),
        "proposals": sum(len(view.offers(each)) for each in view.reports.values()),
        "costUsd": cost_usd,
        "text": view.text,
    }


def failures(view: View) -> dict[str, Any]:
    """The failures of a root with their proposals, for `lspRepair/failures`."""
    reported = [_failure(view, each) for each in view.reports.values() if view.is_current(each)]
    unreported = [
        {
            "id": test.id,
            "tests": [test.id],
            "title": f"{test.error_type}: {test.id}",
            "explanation": test.message,
            "status": "red",
            "locations": _locations(view, [test.place]),
            "proposals": [],
        }
        for test in map(view.failing.__getitem__, view.unexplained)
    ]
    return {"root": str(view.root), "failures": reported + unreported}


def _failure(view: View, report: Report) -> dict[str, Any]:
    failing = (view.failing[key].place for key in report.tests if key in view.failing)
    return {
        "id": report.fingerprint,
        "tests": list(report.tests),
        "title": f"{report.error_type}: {report.tests[0]}",
        "explanation": report.explanation,
        "status": report.status,
        "locations": _locations(view, [*report.places, *failing]),
        "proposals": [_proposal(each) for each in view.offers(report)],
    }


def _locations(view: View, places: Iterable[Place]) -> list[dict[str, Any]]:
    return [{"uri": view.uri_of(each.path), "line": each.line - 1} for each in places]


def _proposal(offer: Offer) -> dict[str, Any]:
    return {
        "id": offer.id,
        "title": offer.title,
        "flagged": offer.flagged,
        "grade": "proved" if offer.proved else "possible",
        "behaviour": list(offer.behaviour),
        "origin": offer.origin,
        "costUsd": offer.cost_usd,
    }


def diff(view: View, proposal: str) -> dict[str, Any] | None:
    """Whole texts before and after, for `lspRepair/diff`."""
    offer = view.find(proposal)
    if offer is None:
        return None
    files = [{"uri": view.uri_of(file.path), "before": file.before, "after": file.after} for file in offer.files]
    return {"title": offer.title, "files": files}
