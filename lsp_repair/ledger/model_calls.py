"""Calls of models in the books: a durable reservation of the worst case first, the settlement after."""

import os
import sqlite3
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from lsp_repair.domain.money import CallId, Caps, Intent, Refusal, Settlement, Usage
from lsp_repair.ledger.rows import storable
from lsp_repair.processes import is_gone, place, started

_PICO = 10**12
_MAX_PICO = 10**16
"""$10,000: no bill of one call is larger, and the sum of many such still is a number that SQLite holds."""
DAY_SECONDS = 86_400.0
_MAX_CALL_SECONDS = 3_600.0
"""A reservation this old (or of a clock this wrong) belongs to nobody, whatever became of its process."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Charged in one scope: settled calls at what they came to, others at their worst."""

    pico: int
    tokens: int
    unknown: int
    """Calls of which not even the worst is known."""


def reserve(connection: sqlite3.Connection, intent: Intent, caps: Caps, row: dict[str, Any]) -> CallId | Refusal:
    """Book the worst case if every cap allows it; inside the caller's transaction, so that no other process gets between.

    Raises ValueError for figures that no call can have.
    """
    worst = in_pico(intent.usd)
    if worst is not None and worst > _MAX_PICO:
        raise ValueError(f"${intent.usd:f} for one call is more than the ledger can record")
    refused = _forbidden(connection, intent, caps, row)
    if refused is not None:
        return refused
    pid = os.getpid()
    columns = {
        **row,
        "role": str(intent.purpose.role),
        "strategy": intent.purpose.strategy,
        "sample": intent.purpose.sample,
        "model": intent.model,
        "host": intent.host,
        "worst_input_tokens": intent.input_tokens,
        "worst_output_tokens": intent.output_tokens,
        "worst_pico": worst,
        "request": intent.request_digest,
        "pid": pid,
        "pid_since": started(pid) or "",
        "pid_place": place(),
    }
    return CallId(insert(connection, "call", columns))


def _forbidden(connection: sqlite3.Connection, intent: Intent, caps: Caps, row: dict[str, Any]) -> Refusal | None:
    if intent.usd is None and caps.on_money:
        return Refusal(
            "unknown-price",
            f"the price of {intent.model} at {intent.host} is unknown, so a cap on money cannot be enforced: declare price in "
            "the model's settings or with --price (--price 0 if it is free), or set max_usd_per_fix, max_usd_per_session and "
            'max_usd_per_day to "none" (a token cap works)',
        )
    tokens = intent.input_tokens + intent.output_tokens
    fix = _spent(connection, "charge.failure = ?", row["failure"])
    if caps.tokens_per_fix is not None and fix.tokens + tokens > caps.tokens_per_fix:
        return Refusal(
            "budget",
            f"the cap of {caps.tokens_per_fix:,} tokens per fix would be exceeded: {fix.tokens:,} are spent or reserved, and "
            f"the next call may need {tokens:,} (--max-tokens, max_tokens_per_fix)",
        )
    scopes = (
        ("per fix", caps.usd_per_fix, fix, "--max-usd, max_usd_per_fix"),
        ("per session", caps.usd_per_session, _spent(connection, "charge.run = ?", row["run"]), "max_usd_per_session"),
        ("per day", caps.usd_per_day, _spent(connection, "charge.at > ?", row["at"] - DAY_SECONDS), "max_usd_per_day"),
    )
    for scope, cap, spent, setting in scopes:
        refused = None if cap is None else _over(f"the cap of ${cap:f} {scope}", cap, spent, in_pico(intent.usd) or 0)
        if refused is not None:
            return Refusal(refused.code, f"{refused.detail} ({setting})")
    return None


def _over(name: str, cap: Decimal, spent: Spent, worst: int) -> Refusal | None:
    """Why this cap forbids a call that may cost so much."""
    if Decimal(spent.pico + worst).scaleb(-12) > cap:
        return Refusal(
            "budget",
            f"{name} would be exceeded: ${shown(spent.pico)} is spent or reserved, and the next call may cost ${shown(worst)}",
        )
    if spent.unknown:
        calls = "1 call" if spent.unknown == 1 else f"{spent.unknown} calls"
        return Refusal("unknown-price", f"{name} cannot be enforced: the cost of {calls} within it is unknown")
    return None


def _spent(connection: sqlite3.Connection, where: str, value: object) -> Spent:
    """A bill that nobody knows counts at the worst case that was reserved for it."""
    pico, tokens, unknown = connection.execute(
        "SELECT coalesce(sum(coalesce(charge.pico, call.worst_pico)), 0), "  # noqa: S608 - `where` is our own
        "coalesce(sum(charge.input_tokens + charge.output_tokens), 0), "
        "count(*) - count(coalesce(charge.pico, call.worst_pico)) "
        f"FROM charge JOIN call ON call.id = charge.call WHERE {where}",
        (value,),
    ).fetchone()
    return Spent(int(pico), int(tokens), int(unknown))


def settle(connection: sqlite3.Connection, call: CallId, settlement: Settlement, now: float) -> None:
    """Book what a call came to; more than any call can cost is booked as the most, which is far above every cap.

    Raises ValueError for figures that no call can have.
    """
    pico = in_pico(settlement.usd)
    columns: dict[str, Any] = {
        "call": call,
        "at": now,
        "outcome": settlement.outcome,
        "pico": None if pico is None else min(pico, _MAX_PICO),
        "estimated": int(settlement.estimated),
        "served_by": settlement.served_by,
        "seconds": settlement.seconds,
        **asdict(settlement.usage),
    }
    insert(connection, "settlement", columns)


def settle_the_dead(connection: sqlite3.Connection, now: float) -> int:
    """Book the open calls of processes that died at their worst case: what was sampled for them nobody knows."""
    rows = connection.execute(
        "SELECT call, at, pid, pid_since, pid_place, input_tokens, output_tokens, pico FROM charge WHERE outcome = 'open'"
    ).fetchall()
    dead = [row for row in rows if abs(now - row[1]) > _MAX_CALL_SECONDS or is_gone(row[2], row[3], row[4])]
    for call, _, _, _, _, input_tokens, output_tokens, pico in dead:
        usd = None if pico is None else Decimal(pico).scaleb(-12)
        usage = Usage(input_tokens, output_tokens=output_tokens)
        settle(connection, call, Settlement("crashed", usage, usd, estimated=True), now)
    return len(dead)


def insert(connection: sqlite3.Connection, table: str, columns: dict[str, Any]) -> int:
    """One row; its id.

    Raises ValueError for a number that is negative or too large: it would make sums wrong for ever.
    """
    if any(isinstance(value, int) and not 0 <= value <= _MAX_PICO for value in columns.values()):
        raise ValueError(f"a figure in {table} is not one that the ledger can record")
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - our own names, never a user's
    return int(connection.execute(statement, [storable(each) for each in columns.values()]).lastrowid or 0)


def in_pico(usd: Decimal | None) -> int | None:
    """Whole 1e-12 dollars, rounded up, whatever the number of digits.

    Raises ValueError for what is no amount.
    """
    if usd is None:
        return None
    if not usd.is_finite() or usd < 0:
        raise ValueError(f"{usd} is not an amount of dollars")
    numerator, denominator = usd.as_integer_ratio()
    return -(-numerator * _PICO // denominator)


def shown(pico: int) -> str:
    """Dollars without needless zeros."""
    return f"{Decimal(pico).scaleb(-12).normalize():f}"
