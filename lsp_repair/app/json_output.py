"""The JSON of the command line, contract version 1."""

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from lsp_repair.domain.isolation import IsolationReport
from lsp_repair.domain.outcomes import CheckReport, FailureReport, FixReport, Proposal, TestCounts
from lsp_repair.domain.usage import Usage
from lsp_repair.domain.verdicts import Evidence, Plausible
from lsp_repair.errors import LspRepairError, UsageError

SCHEMA = 1
Json = dict[str, Any]


def error_json(error: LspRepairError) -> Json:
    """What stopped a command."""
    return {"code": error.code, "message": error.message, "hint": error.hint}


def fix_json(report: FixReport) -> Json:
    """The whole result of `fix`."""
    return {
        "schema": SCHEMA,
        "root": report.root,
        "python": report.python,
        "seconds": round(report.seconds, 3),
        "cpu_seconds": round(report.cpu_seconds, 3),
        "tests": _counts(report.tests),
        "isolation": isolation_json(report.isolation),
        "failures": [_failure(each) for each in report.failures],
        "usage": _usage(report.usage),
        "cost_usd": _money(report.cost_usd),
        "notices": list(report.notices),
    }


def empty_fix_json() -> Json:
    """A `fix` that ended before anything was known: every key is there."""
    return {
        "schema": SCHEMA,
        "root": None,
        "python": None,
        "seconds": 0.0,
        "cpu_seconds": 0.0,
        "tests": _counts(TestCounts()),
        "isolation": None,
        "failures": [],
        "usage": _usage(Usage()),
        "cost_usd": "0",
        "notices": [],
    }


def _counts(counts: TestCounts) -> Json:
    return {
        "collected": counts.collected,
        "passed": counts.passed,
        "failed": counts.failed,
        "errors": counts.errors,
        "skipped": counts.skipped,
        "not_run": counts.not_run,
    }


def isolation_json(isolation: IsolationReport) -> Json:
    """Tier, effects, what holds and what the user opened."""
    return {
        "tier": str(isolation.tier),
        "effects": {name: str(effect) for name, effect in isolation.effects.items()},
        "mechanism": isolation.mechanism,
        "opened": list(isolation.opened),
    }


def _failure(report: FailureReport) -> Json:
    return {
        "tests": list(report.group.node_ids),
        "fingerprint": report.group.fingerprint,
        "status": str(report.status),
        "reason": str(report.reason) if report.reason else None,
        "detail": report.detail,
        "explanation": report.explanation,
        "locations": [
            {"path": each.path, "line": each.line, "suspiciousness": round(each.suspiciousness, 4)}
            for each in report.locations
        ],
        "proposals": [_proposal(each) for each in report.proposals],
    }


def _proposal(proposal: Proposal) -> Json:
    return {
        "id": proposal.id,
        "origin": str(proposal.origin),
        "title": proposal.title,
        "diff": proposal.patch.diff,
        "files": list(proposal.patch.paths),
        "evidence": evidence_json(proposal.evidence),
        "usage": _usage(proposal.usage),
        "cost_usd": _money(proposal.cost_usd),
        "distinguishing_input": proposal.distinguishing_input,
    }


def evidence_json(evidence: Evidence) -> Json:
    """What a plausible verdict rests on."""
    return {
        "targets_passed": list(evidence.targets_passed),
        "still_passing": evidence.still_passing,
        "level": str(evidence.level),
        "runs": evidence.runs,
        "not_applicable": list(evidence.not_applicable),
        "flags": [str(flag) for flag in evidence.flags],
        "findings": [
            {"code": str(each.code), "path": each.path, "line": each.line, "message": each.message}
            for each in evidence.findings
        ],
        "notes": list(evidence.all_notes),
        "isolation": evidence.isolation,
    }


def _usage(usage: Usage) -> Json:
    return {
        "input_tokens": usage.input_tokens,
        "cached_tokens": usage.cached_tokens,
        "output_tokens": usage.output_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
    }


def _money(cost: Decimal | None) -> str | None:
    return None if cost is None else f"{cost:f}"


def check_json(report: CheckReport) -> Json:
    """The whole result of `check`."""
    verdict = report.verdict
    return {
        "schema": SCHEMA,
        "root": report.root,
        "python": report.python,
        "seconds": round(report.seconds, 3),
        "isolation": isolation_json(report.isolation),
        "targets": list(report.targets),
        "verdict": type(verdict).__name__.lower(),
        "reasons": [] if isinstance(verdict, Plausible) else [str(reason) for reason in verdict.reasons],
        "detail": "" if isinstance(verdict, Plausible) else verdict.detail,
        "evidence": evidence_json(verdict.evidence) if isinstance(verdict, Plausible) else None,
    }


def empty_check_json() -> Json:
    """A `check` that ended before anything was known."""
    return {
        "schema": SCHEMA,
        "root": None,
        "python": None,
        "seconds": 0.0,
        "isolation": None,
        "targets": [],
        "verdict": "unproven",
        "reasons": [],
        "detail": "",
        "evidence": None,
    }


def write_json(document: Json, destination: str) -> None:
    """To a file, or to standard output for `-`; undecodable bytes of the user's become escapes."""
    text = json.dumps(document, indent=2, ensure_ascii=True) + "\n"
    if destination == "-":
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        try:
            Path(destination).write_text(text, encoding="ascii")
        except OSError as error:
            raise UsageError(
                "cannot-write", f"{destination} cannot be written: {error.strerror}", "name a file in a folder that can"
            ) from error
