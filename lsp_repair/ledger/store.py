"""The ledger's file: SQLite with a write-ahead log and full synchronisation; hears the engine and forgets nothing."""

import json
import sqlite3
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Self

from lsp_repair import __version__
from lsp_repair.domain.events import (
    BaselineFinished,
    Event,
    PatchJudged,
    ProposalFound,
    RepairFinished,
    RepairStarted,
    ScreeningFinished,
    SessionStarted,
)
from lsp_repair.domain.groups import FailureGroup
from lsp_repair.domain.verdicts import Plausible, Rejected, Unproven, Verdict
from lsp_repair.ledger import figures, schema

_BUSY_SECONDS = 10.0


class Ledger:
    """Stores events as they come, each durable when the call returns; use as a context manager.

    A storage that fails never disturbs a repair: the event is dropped and `notices` says so once.
    """

    def __init__(self, connection: sqlite3.Connection, notices: tuple[str, ...] = ()) -> None:
        self._connection = connection
        self._session: int | None = None
        self._failures: dict[str, int] = {}
        self.notices: list[str] = list(notices)

    @classmethod
    def open(cls, path: Path, clock: Callable[[], float] = time.time) -> "Ledger":
        """Open or make the file; one that is damaged is moved aside, never removed.

        Raises UsageError (`newer-ledger`) and OSError or sqlite3.Error when the place cannot be written.
        """
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            return cls(_connected(path))
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            aside = path.with_name(f"{path.name}.corrupt-{int(clock())}")
            path.rename(aside)
            for suffix in ("-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            return cls(_connected(path), (f"the ledger was damaged; it is kept as {aside} and a new one begins",))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __call__(self, event: Event) -> None:
        """The `Observer` port."""
        try:
            with self._connection:
                self._store(event)
        except (sqlite3.Error, OSError) as error:
            notice = f"the ledger could not be written: {error}"
            if notice not in self.notices:
                self.notices.append(notice)

    def _store(self, event: Event) -> None:
        match event:
            case SessionStarted():
                self._session = self._begin_session(event)
                self._failures.clear()
            case BaselineFinished(run):
                self._insert(
                    "baseline",
                    session=self._session,
                    collected=len(run.collected),
                    red=len(run.red),
                    complete=int(run.complete),
                    seconds=run.seconds,
                    cpu_seconds=run.cpu_seconds,
                )
            case RepairStarted(group):
                self._failure(group)
            case ScreeningFinished():
                self._add_attempt(event)
            case PatchJudged():
                self._add_judgement(event)
            case ProposalFound(group, proposal):
                self._insert(
                    "proposal",
                    failure=self._failure(group),
                    at=time.time(),
                    proposal_id=proposal.id,
                    origin=proposal.origin,
                    title=proposal.title,
                    diff=_storable(proposal.patch.diff),
                    evidence=json.dumps(asdict(proposal.evidence)),
                )
            case RepairFinished():
                self._add_outcome(event)
            case _:
                pass

    def _begin_session(self, event: SessionStarted) -> int:
        return self._insert(
            "session",
            at=time.time(),
            root=event.root,
            python=event.python,
            tool_version=__version__,
            isolation_tier=event.isolation.tier,
            effects=json.dumps(dict(event.isolation.effects)),
        )

    def _add_attempt(self, event: ScreeningFinished) -> None:
        self._insert(
            "attempt",
            failure=self._failure(event.group),
            at=time.time(),
            strategy=event.strategy,
            candidates=event.candidates,
            survivors=event.survivors,
            seconds=event.seconds,
            cpu_seconds=event.cpu_seconds,
            cost_usd="0",
        )

    def _add_judgement(self, event: PatchJudged) -> None:
        verdict, reasons, evidence = _verdict(event.verdict)
        self._insert(
            "judged",
            failure=self._failure(event.group),
            at=time.time(),
            patch=event.patch.id,
            title=event.title,
            verdict=verdict,
            reasons=reasons,
            evidence=evidence,
            seconds=event.seconds,
        )

    def _add_outcome(self, event: RepairFinished) -> None:
        report = event.report
        self._insert(
            "outcome",
            failure=self._failure(report.group),
            at=time.time(),
            status=report.status,
            reason=report.reason,
            detail=_storable(report.detail),
            seconds=event.seconds,
            cpu_seconds=event.cpu_seconds,
        )

    def _failure(self, group: FailureGroup) -> int:
        """The row of a failure group, made when it is first heard of."""
        known = self._failures.get(group.fingerprint)
        if known is not None:
            return known
        failure = group.representative
        made = self._insert(
            "failure",
            session=self._session,
            at=time.time(),
            fingerprint=group.fingerprint,
            error_type=failure.error_type,
            message=_storable(failure.message[:2000]),
            tests=json.dumps(group.node_ids),
        )
        self._failures[group.fingerprint] = made
        return made

    def _insert(self, table: str, **columns: object) -> int:
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - our own names, never a user's
        return int(self._connection.execute(statement, tuple(columns.values())).lastrowid or 0)

    def record_decision(self, proposal_id: str, kind: str) -> bool:
        """Note `accepted`, `rejected`, `stale` or `reverted` for the latest proposal of this id; False if unknown."""
        row = self._connection.execute(
            "SELECT id FROM proposal WHERE proposal_id = ? ORDER BY id DESC LIMIT 1", (proposal_id,)
        ).fetchone()
        if row is None:
            return False
        with self._connection:
            self._insert("decision", proposal=row[0], at=time.time(), kind=kind)
        return True

    def rejected_patches(self, root: str) -> frozenset[str]:
        """Ids of patches that the user rejected and did not accept later."""
        rows = self._connection.execute(
            "SELECT proposal_id, (SELECT kind FROM decision JOIN proposal AS same ON decision.proposal = same.id "
            "WHERE same.proposal_id = proposal.proposal_id ORDER BY decision.id DESC LIMIT 1) AS latest "
            "FROM proposal JOIN failure ON proposal.failure = failure.id JOIN session ON failure.session = session.id "
            "WHERE session.root = ? GROUP BY proposal_id HAVING latest = 'rejected'",
            (root,),
        )
        return frozenset(row[0] for row in rows)

    def costs(self, root: str | None = None, limit: int = 50) -> tuple[figures.FixCost, ...]:
        """The cost of each fix, the latest first; -1 for all."""
        return figures.costs(self._connection, root, limit)

    def summary(self, root: str | None = None) -> figures.Summary:
        """Everything of a root (or of all) in a few figures."""
        return figures.summary(self._connection, root)


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS)
    try:
        path.chmod(0o600)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        schema.prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _verdict(verdict: Verdict) -> tuple[str, str, str]:
    match verdict:
        case Plausible(evidence):
            return "plausible", "[]", json.dumps(asdict(evidence))
        case Rejected(reasons, detail):
            return "rejected", json.dumps(reasons), json.dumps({"detail": _storable(detail)})
        case Unproven(reasons, detail):
            return "unproven", json.dumps(reasons), json.dumps({"detail": _storable(detail)})


def _storable(text: str) -> str:
    """Undecodable bytes of the user's files come as lone surrogates, which SQLite does not take."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
