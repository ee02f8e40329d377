"""What the ledger answers: the cost of each fix, and everything in a few figures."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from itertools import groupby
from typing import Literal

from lsp_repair.domain.events import Status
from lsp_repair.domain.money import Usage
from lsp_repair.ledger.model_calls import shown
from lsp_repair.ledger.user_answers import GradeDecisions, by_grade


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
    at: float = 0.0
    """When the work on it began, in seconds since 1970."""
    strategy: str | None = None
    """Of the latest attempt."""


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


@dataclass(frozen=True, slots=True)
class Spending:
    """What calls of models came to that have one thing in common; an open call counts at its worst."""

    key: str
    calls: int
    usage: Usage
    cost_usd: Decimal | None
    """None when a part of it is unknown."""


@dataclass(frozen=True, slots=True)
class GroupCost:
    """Several failures and what they cost together."""

    count: int
    cost_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class CostPer:
    """Failures by how they ended; one may be in several of these groups or in none."""

    fix: GroupCost
    """With a proposal."""
    accepted: GroupCost
    rejected: GroupCost
    failed: GroupCost
    """Ended without a proposal, though it was neither flaky nor the environment's."""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that the ledger tells about money, as it was at one moment."""

    summary: Summary
    cost_per: CostPer
    by_model: tuple[Spending, ...]
    """The most expensive first, like those below; unknown costs come before."""
    by_role: tuple[Spending, ...]
    by_strategy: tuple[Spending, ...]
    by_grade: tuple[GradeDecisions, ...]
    """What the user made of proposals that were proved, and of those that were only possible."""
    by_day: tuple[Spending, ...]
    """By local date (`YYYY-MM-DD`), the earliest first."""
    fixes: tuple[FixCost, ...]
    """The latest first."""


_COLUMNS = (
    "failure, root, error_type, tests, status, title, decision, candidates, cost_usd, seconds, input_tokens, "
    "cached_tokens, output_tokens, reasoning_tokens, cpu_seconds, fingerprint, proposal, proposal_id, origin, decided, "
    "at, strategy, (SELECT coalesce(sum(charge.cache_write_tokens), 0) FROM charge "
    "WHERE charge.failure = cost_of_fix.failure) AS cache_write_tokens"
)
_AS_STORED = frozenset(
    {"root", "error_type", "status", "title", "decision", "candidates", "seconds", "cpu_seconds", "fingerprint"}
    | {"proposal_id", "origin", "at", "strategy"}
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
    usage = Usage(**{each.name: row[each.name] for each in fields(Usage)})
    return FixCost(
        **{name: row[name] for name in _AS_STORED},
        tests=tuple(json.loads(row["tests"])),
        tokens=usage.total,
        cost_usd=_money(row["cost_usd"]),
        usage=usage,
        proposals=sum(each["proposal"] is not None for each in rows),
    )


def _money(text: str | None) -> Decimal | None:
    """Without the zeros at its end; write it with the format `f`, for `str` gives small amounts an exponent."""
    if text is None:
        return None
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


def spent(
    connection: sqlite3.Connection, scope: Literal["failure", "run"], value: object
) -> tuple[Usage, Decimal | None]:
    """What the calls for one failure or of one run came to; None for the money when a price is unknown."""
    only: dict[str, object] = {"failure": None, "run": None, scope: value}
    row = connection.execute(
        "SELECT coalesce(sum(input_tokens), 0), coalesce(sum(cached_tokens), 0), coalesce(sum(output_tokens), 0), "
        "coalesce(sum(reasoning_tokens), 0), coalesce(sum(cache_write_tokens), 0), "
        "CASE WHEN count(*) = count(pico) THEN coalesce(sum(pico), 0) END "
        "FROM charge WHERE failure = :failure OR run = :run",
        only,
    ).fetchone()
    return Usage(*row[:5]), _dollars(row[5])


def spent_since(connection: sqlite3.Connection, moment: float) -> Decimal | None:
    """US dollars of all calls since then (epoch seconds); None when a price is unknown."""
    (pico,) = connection.execute(
        "SELECT CASE WHEN count(*) = count(pico) THEN coalesce(sum(pico), 0) END FROM charge WHERE at > ?", (moment,)
    ).fetchone()
    return _dollars(pico)


def _dollars(pico: int | None) -> Decimal | None:
    return None if pico is None else Decimal(shown(pico))


def summary(connection: sqlite3.Connection, root: str | None) -> Summary:
    """The figures of one root, or of all."""
    return _summary(connection, root, costs(connection, root, -1))


def _summary(connection: sqlite3.Connection, root: str | None, fixes: Sequence[FixCost]) -> Summary:
    (sessions,) = connection.execute(
        "SELECT count(*) FROM session WHERE :root IS NULL OR root = :root", {"root": root}
    ).fetchone()
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


def report(connection: sqlite3.Connection, root: str | None) -> Report:
    """Everything of one root, or of all; within the caller's transaction, so that its parts agree."""
    fixes = costs(connection, root, -1)
    spending = _spending(connection, root)
    return Report(
        summary=_summary(connection, root, fixes),
        cost_per=_cost_per(fixes),
        by_model=_by(0, spending),
        by_role=_by(1, spending),
        by_strategy=_by(2, spending),
        by_grade=by_grade(connection, root),
        by_day=tuple(sorted(_by(3, spending), key=lambda each: each.key)),
        fixes=fixes,
    )


def _cost_per(fixes: Sequence[FixCost]) -> CostPer:
    return CostPer(
        fix=_group(fix for fix in fixes if fix.proposals),
        accepted=_group(fix for fix in fixes if fix.decision == "accepted"),
        rejected=_group(fix for fix in fixes if fix.decision == "rejected"),
        failed=_group(fix for fix in fixes if not fix.proposals and fix.status not in _NOT_FAILED),
    )


_NOT_FAILED = frozenset({None, Status.FLAKY, Status.ENVIRONMENT})
"""Under way or cut off, or nothing that a patch could have repaired."""


def _group(fixes: Iterable[FixCost]) -> GroupCost:
    amounts = [fix.cost_usd for fix in fixes]
    return GroupCost(len(amounts), _total(amounts))


def _spending(connection: sqlite3.Connection, root: str | None) -> list[tuple[tuple[str, ...], Spending]]:
    """Calls that agree in model, role, strategy and local day, taken together."""
    rows = connection.execute(
        "SELECT charge.model, charge.role, charge.strategy, date(charge.at, 'unixepoch', 'localtime') AS day, count(*), "
        "sum(charge.input_tokens), sum(charge.cached_tokens), sum(charge.output_tokens), sum(charge.reasoning_tokens), "
        "sum(charge.cache_write_tokens), CASE WHEN count(*) = count(charge.pico) THEN sum(charge.pico) END "
        "FROM charge JOIN failure ON charge.failure = failure.id JOIN session ON failure.session = session.id "
        "WHERE :root IS NULL OR session.root = :root GROUP BY charge.model, charge.role, charge.strategy, day",
        {"root": root},
    )
    return [(tuple(map(str, row[:4])), Spending("", row[4], Usage(*row[5:10]), _dollars(row[10]))) for row in rows]


def _by(column: int, spending: Sequence[tuple[tuple[str, ...], Spending]]) -> tuple[Spending, ...]:
    """Summed for each value of one column."""
    parts: dict[str, list[Spending]] = {}
    for keys, part in spending:
        parts.setdefault(keys[column], []).append(part)
    return tuple(sorted((_added(key, each) for key, each in parts.items()), key=_most_expensive_first))


def _added(key: str, parts: Sequence[Spending]) -> Spending:
    usage = sum((part.usage for part in parts), start=Usage())
    return Spending(key, sum(part.calls for part in parts), usage, _total(part.cost_usd for part in parts))


def _most_expensive_first(spending: Spending) -> tuple[bool, Decimal, str]:
    return spending.cost_usd is not None, -(spending.cost_usd or Decimal(0)), spending.key
