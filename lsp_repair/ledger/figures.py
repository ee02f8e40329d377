"""What the ledger answers: the cost of each fix, and everything in a few figures."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import astuple, dataclass, field
from decimal import Decimal
from itertools import groupby

from lsp_repair.domain.outcomes import Usage


@dataclass(frozen=True, slots=True)
class FixCost:
    """One failure from its first attempt to the user's decision."""

    root: str
    error_type: str
    tests: tuple[str, ...]
    status: str | None
    """None while the work is under way, or when it was cut off."""
    title: str | None
    """Of the proposal that was decided on last, else of the best; None without a proposal."""
    decision: str | None
    candidates: int
    tokens: int
    cost_usd: Decimal | None
    """None when a part of it is unknown."""
    seconds: float
    usage: Usage = field(default_factory=Usage)
    cpu_seconds: float = 0.0
    fingerprint: str = ""
    proposal_id: str | None = None
    origin: str | None = None
    proposals: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """All fixes taken together."""

    sessions: int
    failures: int
    proposed: int
    accepted: int
    rejected: int
    candidates: int
    tokens: int
    cost_usd: Decimal | None
    seconds: float


_COLUMNS = (
    "failure, root, error_type, tests, status, title, decision, candidates, cost_usd, seconds, input_tokens, "
    "cached_tokens, output_tokens, reasoning_tokens, cpu_seconds, fingerprint, proposal, proposal_id, origin, decided"
)


def costs(connection: sqlite3.Connection, root: str | None, limit: int) -> tuple[FixCost, ...]:
    """The latest failures first, at most so many (-1 for all)."""
    cursor = connection.execute(
        f"SELECT {_COLUMNS} FROM cost_of_fix WHERE failure IN (SELECT failure.id FROM failure "  # noqa: S608 - our own
        "JOIN session ON failure.session = session.id WHERE :root IS NULL OR root = :root ORDER BY failure.id DESC LIMIT :limit) "
        "ORDER BY failure DESC, proposal",
        {"root": root, "limit": limit},
    )
    cursor.row_factory = sqlite3.Row
    return tuple(_cost(tuple(rows)) for _, rows in groupby(cursor, key=lambda row: int(row["failure"])))


def _cost(rows: tuple[sqlite3.Row, ...]) -> FixCost:
    """From the rows of one failure, one for each proposal."""
    row = max(rows, key=lambda each: each["decided"] or 0)
    usage = Usage(row["input_tokens"], row["cached_tokens"], row["output_tokens"], row["reasoning_tokens"])
    return FixCost(
        root=row["root"],
        error_type=row["error_type"],
        tests=tuple(json.loads(row["tests"])),
        status=row["status"],
        title=row["title"],
        decision=row["decision"],
        candidates=row["candidates"],
        tokens=sum(astuple(usage)),
        cost_usd=_money(row["cost_usd"]),
        seconds=row["seconds"],
        usage=usage,
        cpu_seconds=row["cpu_seconds"],
        fingerprint=row["fingerprint"],
        proposal_id=row["proposal_id"],
        origin=row["origin"],
        proposals=sum(each["proposal"] is not None for each in rows),
    )


def _money(text: str | None) -> Decimal | None:
    """Without the zeros at its end; write it with the format `f`, for `str` gives small amounts an exponent."""
    return None if text is None else Decimal(text.rstrip("0").rstrip("."))


def summary(connection: sqlite3.Connection, root: str | None) -> Summary:
    """The figures of one root, or of all."""
    (sessions,) = connection.execute(
        "SELECT count(*) FROM session WHERE :root IS NULL OR root = :root", {"root": root}
    ).fetchone()
    fixes = costs(connection, root, -1)
    return Summary(
        sessions=sessions,
        failures=len(fixes),
        proposed=sum(fix.proposals > 0 for fix in fixes),
        accepted=sum(fix.decision == "accepted" for fix in fixes),
        rejected=sum(fix.decision == "rejected" for fix in fixes),
        candidates=sum(fix.candidates for fix in fixes),
        tokens=sum(fix.tokens for fix in fixes),
        cost_usd=_total(fix.cost_usd for fix in fixes),
        seconds=sum(fix.seconds for fix in fixes),
    )


def _total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """What is unknown makes the sum unknown."""
    total = Decimal(0)
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total
