"""What the ledger answers: the cost of each fix, and everything in a few figures."""

import json
import sqlite3
from dataclasses import dataclass
from decimal import Decimal

_NANO = Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class FixCost:
    """One failure from its first attempt to the user's decision."""

    root: str
    error_type: str
    tests: tuple[str, ...]
    status: str | None
    """None while the work is under way, or when it was cut off."""
    title: str | None
    decision: str | None
    candidates: int
    tokens: int
    cost_usd: Decimal | None
    """None when a part of it is unknown."""
    seconds: float


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


def costs(connection: sqlite3.Connection, root: str | None, limit: int) -> tuple[FixCost, ...]:
    """The latest fixes first."""
    rows = connection.execute(
        "SELECT root, error_type, tests, status, title, decision, candidates, tokens, nano_usd, seconds FROM cost_of_fix "
        "WHERE ?1 IS NULL OR root = ?1 ORDER BY failure DESC LIMIT ?2",
        (root, limit),
    )
    return tuple(_cost(row) for row in rows)


def _cost(row: tuple[str, str, str, str | None, str | None, str | None, int, int, int | None, float | None]) -> FixCost:
    root, error_type, tests, status, title, decision, candidates, tokens, nano, seconds = row
    cost = nano * _NANO if nano is not None else None
    return FixCost(
        root, error_type, tuple(json.loads(tests)), status, title, decision, candidates, tokens, cost, seconds or 0.0
    )


def summary(connection: sqlite3.Connection, root: str | None) -> Summary:
    """The figures of one root, or of all."""
    (sessions,) = connection.execute("SELECT count(*) FROM session WHERE ?1 IS NULL OR root = ?1", (root,)).fetchone()
    fixes = costs(connection, root, -1)
    known = [fix.cost_usd for fix in fixes]
    return Summary(
        sessions=sessions,
        failures=len(fixes),
        proposed=sum(fix.title is not None for fix in fixes),
        accepted=sum(fix.decision == "accepted" for fix in fixes),
        rejected=sum(fix.decision == "rejected" for fix in fixes),
        candidates=sum(fix.candidates for fix in fixes),
        tokens=sum(fix.tokens for fix in fixes),
        cost_usd=sum((cost for cost in known if cost is not None), Decimal(0)) if None not in known else None,
        seconds=sum(fix.seconds for fix in fixes),
    )
