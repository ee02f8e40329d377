"""The JSON of the command line, contract version 2."""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from lsp_repair.domain.blame import ChangeToBlame
from lsp_repair.domain.events import CheckReport, FailureReport, FixReport, Proposal, TestCounts
from lsp_repair.domain.isolation import IsolationReport, Tier
from lsp_repair.domain.verdicts import Evidence, Plausible, Unproven
from lsp_repair.errors import LspRepairError, UsageError

SCHEMA = 2
Json = dict[str, Any]


def plain(value: Any) -> Any:
    """A value of ours as JSON: records by their fields, money as decimal text, seconds to a millisecond."""
    if is_dataclass(value):
        return picked(value, *(each.name for each in fields(value)))
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    if isinstance(value, Decimal):
        return f"{value:f}"
    return round(value, 3) if isinstance(value, float) else value


def picked(value: object, *names: str) -> Json:
    """Some attributes of a value, in this order."""
    return {name: plain(getattr(value, name)) for name in names}


def error_json(error: LspRepairError) -> Json:
    """What stopped a command."""
    return picked(error, "code", "message", "hint")


def fix_json(report: FixReport) -> Json:
    """The whole result of `fix`."""
    return {
        "schema": SCHEMA,
        **picked(report, "root", "python", "seconds", "cpu_seconds", "tests", "collection_errors"),
        "isolation": isolation_json(report.isolation),
        "failures": [_failure(each) for each in report.failures],
        "candidates": _candidates(report.failures),
        **picked(report, "usage", "cost_usd", "notices"),
    }


def empty_fix_json() -> Json:
    """A `fix` that ended before anything was known: every key is there."""
    empty = FixReport("", "", TestCounts(), IsolationReport(Tier.WEAK, {}), (), seconds=0.0, cpu_seconds=0.0)
    return fix_json(empty) | {"root": None, "python": None, "isolation": None}


def isolation_json(isolation: IsolationReport) -> Json:
    """Tier, effects, what enforces them, and what the user opened."""
    return picked(isolation, "tier", "effects", "mechanism", "opened")


def _failure(report: FailureReport) -> Json:
    return {
        "tests": list(report.group.node_ids),
        "fingerprint": report.group.fingerprint,
        **picked(report, "status", "reason", "detail", "explanation"),
        "candidates": _candidates([report]),
        "locations": [
            {**picked(each, "path", "line", "function"), "suspiciousness": round(each.suspiciousness, 4)}
            for each in report.locations
        ],
        "since": _since(report.history.change),
        **picked(report.history, "never_passed", "bisection"),
        "proposals": [_proposal(each) for each in report.proposals],
        "question": plain(report.question),
        "attempts": [
            {"strategy": each.strategy, "patch": each.patch_id, **picked(each, "reason", "detail")}
            for each in report.attempts
        ],
    }


def _candidates(reports: Iterable[FailureReport]) -> Json:
    """How many edits the search had made, and how many of them were tried."""
    of_each = [(each.candidates_tried, each.candidates_made) for each in reports]
    return {"tried": sum(tried for tried, _ in of_each), "made": sum(made for _, made in of_each)}


def _since(change: ChangeToBlame | None) -> Json | None:
    """`from` is no name in Python; the commit of a hunk is there where it is known."""
    if change is None:
        return None
    return {
        "from": change.revision,
        "hunks": [{key: each for key, each in plain(hunk).items() if key != "commit" or each} for hunk in change.hunks],
        **picked(change, "files", "is_committed", "is_minimal", "commit"),
    }


def _proposal(proposal: Proposal) -> Json:
    return {
        **picked(proposal, "id", "origin", "title"),
        "diff": proposal.patch.diff,
        "files": list(proposal.patch.paths),
        **_grading(proposal.evidence),
        "evidence": _evidence(proposal.evidence),
        **picked(proposal, "usage", "cost_usd", "distinguishing_input"),
    }


def _grading(evidence: Evidence) -> Json:
    return picked(evidence, "grade", "behaviour")


def _evidence(evidence: Evidence) -> Json:
    """With what follows from the findings; what stands beside it is left out."""
    names = (each.name for each in fields(evidence) if each.name not in {"grade", "behaviour"})
    return {**picked(evidence, *names), "flags": plain(evidence.flags), "notes": plain(evidence.all_notes)}


def check_json(report: CheckReport) -> Json:
    """The whole result of `check`."""
    verdict = report.verdict
    return {
        "schema": SCHEMA,
        **picked(report, "root", "python", "seconds"),
        "isolation": isolation_json(report.isolation),
        "targets": list(report.targets),
        "verdict": type(verdict).__name__.lower(),
        "reasons": [] if isinstance(verdict, Plausible) else list(verdict.reasons),
        "detail": "" if isinstance(verdict, Plausible) else verdict.detail,
        **_check_grading(verdict.evidence if isinstance(verdict, Plausible) else None),
        "evidence": _evidence(verdict.evidence) if isinstance(verdict, Plausible) else None,
    }


def _check_grading(evidence: Evidence | None) -> Json:
    """What a plausible patch is worth; nothing is known of others."""
    names = ("grade", "behaviour", "pinned_by", "alternatives_rejected")
    return dict.fromkeys(names) if evidence is None else picked(evidence, *names)


def empty_check_json() -> Json:
    """A `check` that ended before anything was known."""
    empty = CheckReport("", "", (), Unproven(()), IsolationReport(Tier.WEAK, {}), seconds=0.0)
    return check_json(empty) | {"root": None, "python": None, "isolation": None}


def write_json(document: Json, destination: str) -> None:
    """To a file, or to standard output for `-`; undecodable bytes of the user's become escapes.

    Raises UsageError (`cannot-write`).
    """
    text = json.dumps(document, indent=2, ensure_ascii=True) + "\n"
    if destination == "-":
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        write_text(text, Path(destination))


def write_text(text: str, destination: Path) -> None:
    """As UTF-8, with the line ends of the text.

    Raises UsageError (`cannot-write`).
    """
    try:
        destination.write_bytes(text.encode("utf-8", "backslashreplace"))
    except (OSError, ValueError) as error:  # a name with a NUL in it is a ValueError
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            "cannot-write", f"{destination} cannot be written: {why}", "choose a writable folder"
        ) from error
