"""The engine's events as columns of the ledger's tables."""

import json
from dataclasses import asdict

from lsp_repair import __version__
from lsp_repair.domain import events
from lsp_repair.domain.runs import FailureGroup, TestRun
from lsp_repair.domain.verdicts import Plausible, Rejected, Unproven, Verdict

Value = str | int | float | None
Columns = dict[str, Value]


def storable(value: Value) -> Value:
    """Undecodable bytes of the user's files come as lone surrogates, which SQLite does not take."""
    return value.encode("utf-8", "backslashreplace").decode("utf-8") if isinstance(value, str) else value


def session(event: events.SessionStarted) -> Columns:
    """Of the session's row."""
    return {
        "root": event.root,
        "python": event.python,
        "tool_version": __version__,
        "isolation_tier": event.isolation.tier,
        "effects": json.dumps(dict(event.isolation.effects)),
    }


def baseline(run: TestRun) -> Columns:
    """The baseline's figures."""
    return {
        "collected": len(run.collected),
        "red": len(run.failing),
        "complete": int(run.complete),
        "seconds": run.seconds,
        "cpu_seconds": run.cpu_seconds,
    }


def failure(group: FailureGroup) -> Columns:
    """The cause, as the failure that is shown tells it."""
    return {
        "fingerprint": group.fingerprint,
        "error_type": group.representative.error_type,
        "message": group.representative.message[:2000],
        "tests": json.dumps(group.node_ids),
    }


def attempt(event: events.ScreeningFinished | events.AttemptFinished) -> Columns:
    """An attempt of the built-in engine costs no money; what one with models costs stands with its calls."""
    return {
        "strategy": event.strategy,
        "origin": events.Origin.SEARCH if isinstance(event, events.ScreeningFinished) else events.Origin.MODEL,
        "candidates": event.candidates,
        "survivors": event.survivors,
        "seconds": event.seconds,
        "cpu_seconds": event.cpu_seconds if isinstance(event, events.ScreeningFinished) else 0.0,
        "cost_usd": "0",
    }


def judged(event: events.PatchJudged) -> Columns:
    """One verdict."""
    verdict, reasons, evidence = _verdict(event.verdict)
    return {
        "patch": event.patch.id,
        "title": event.title,
        "verdict": verdict,
        "reasons": reasons,
        "evidence": evidence,
        "seconds": event.seconds,
    }


def _verdict(verdict: Verdict) -> tuple[str, str, str]:
    match verdict:
        case Plausible(evidence):
            return "plausible", "[]", json.dumps(asdict(evidence))
        case Rejected(reasons, detail):
            return "rejected", json.dumps(reasons), json.dumps({"detail": detail})
        case Unproven(reasons, detail):
            return "unproven", json.dumps(reasons), json.dumps({"detail": detail})


def proposal(found: events.Proposal) -> Columns:
    """What the user was shown; an unknown price stays unknown."""
    return {
        "proposal_id": found.id,
        "patch": found.patch.id,
        "origin": found.origin,
        "title": found.title,
        "diff": found.patch.diff,
        "evidence": json.dumps(asdict(found.evidence)),
        "cost_usd": None if found.cost_usd is None else f"{found.cost_usd:f}",
        **asdict(found.usage),
    }


def outcome(event: events.RepairFinished) -> Columns:
    """How the work on a failure ended."""
    return {
        "status": event.report.status,
        "reason": event.report.reason,
        "detail": event.report.detail,
        "tests": json.dumps(event.report.group.node_ids),
        "seconds": event.seconds,
        "cpu_seconds": event.cpu_seconds,
    }
