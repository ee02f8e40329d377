"""The ledger: stores the engine's events in SQLite and never deletes any."""

import contextlib
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Generator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Literal, Self

from lsp_repair.domain import events
from lsp_repair.domain.money import CallId, Caps, Intent, Refusal, Settlement, Usage
from lsp_repair.domain.redaction import Redactor
from lsp_repair.domain.runs import FailureGroup, NodeId
from lsp_repair.ledger import figures, model_calls, rows, user_answers
from lsp_repair.ledger.opening import BUSY_SECONDS, open_file

Decision = Literal["accepted", "rejected", "stale", "reverted"]
_BUSY_MILLISECONDS_AFTER_A_LOSS = 250


class Ledger:
    """Stores events as they come, each durable when the call returns; use as a context manager.

    One ledger hears one session at a time; any number of them, in any processes, may be open on one file. A storage
    that fails never disturbs a repair: what cannot be stored is dropped, and `notices` says so once.
    """

    def __init__(
        self, connection: sqlite3.Connection, notices: tuple[str, ...] = (), clock: Callable[[], float] = time.time
    ) -> None:
        self._connection = connection
        self._notices = notices
        self._clock = clock
        self._lock = threading.RLock()
        self._started: events.SessionStarted | None = None
        self._session: int | None = None
        self._failures: dict[tuple[str, NodeId], int] = {}
        self._attempts: dict[int, int] = {}
        self._lost = 0
        self._first_loss = ""
        self._run = uuid.uuid4().hex
        self._mask: Callable[[str], str] = Redactor().masked

    @classmethod
    def open(cls, path: Path, clock: Callable[[], float] = time.time) -> Self:
        """Open or make the file; one that is damaged is moved aside to `<name>.corrupt-<n>`, with a notice.

        Raises UsageError (`newer-ledger`), and OSError or sqlite3.Error when the place cannot be written.
        """
        connection, notices = open_file(path)
        return cls(connection, notices, clock)

    @classmethod
    def open_in(cls, state: Path) -> Self:
        """The ledger of a state folder; raises as `open` does."""
        return cls.open(state / "ledger.sqlite3")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @property
    def notices(self) -> tuple[str, ...]:
        """What the user should know: a damaged file that was replaced, records that were lost."""
        if not self._lost:
            return self._notices
        return (*self._notices, f"{self._lost} records could not be written to the ledger: {self._first_loss}")

    def __call__(self, event: events.Event) -> None:
        """The `Observer` port."""
        with self._lock:
            if isinstance(event, events.SessionStarted):
                self._started, self._session = event, None
                self._failures.clear()
                self._attempts.clear()
            known = self._session, dict(self._failures), dict(self._attempts)
            try:
                with self._transaction():
                    self._store(event)
            except (sqlite3.Error, OSError, ValueError, OverflowError) as error:
                # Rows that were rolled back must not be referred to later.
                self._session, self._failures, self._attempts = known
                self._lose(error)

    def _lose(self, error: Exception) -> None:
        self._lost += 1
        self._first_loss = self._first_loss or str(error)
        with contextlib.suppress(sqlite3.Error):  # a repair does not wait the full time again for each event
            self._connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS_AFTER_A_LOSS}")

    @contextlib.contextmanager
    def _patiently(self) -> Generator[None, None, None]:
        """Money is waited for, whatever was lost before."""
        self._connection.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
        try:
            yield
        finally:
            if self._lost:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS_AFTER_A_LOSS}")

    @contextlib.contextmanager
    def _transaction(self) -> Generator[None, None, None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # SQLite rolls back by itself when the disk is full
                self._connection.execute("ROLLBACK")
            raise

    def _store(self, event: events.Event) -> None:
        match event:
            case events.SessionStarted():
                self._session_row()
            case events.BaselineFinished(run):
                self._insert("baseline", {"session": self._session_row(), **rows.baseline(run)})
            case events.RepairStarted(group):
                self._failure_row(group)
            case events.ScreeningFinished(group) | events.AttemptFinished(group):
                failure = self._failure_row(group)
                self._attempts[failure] = self._insert("attempt", {"failure": failure, **rows.attempt(event)})
            case events.PatchJudged(group):
                failure = self._failure_row(group)
                attempt = self._attempts.get(failure)
                self._insert("judged", {"failure": failure, "attempt": attempt, **rows.judged(event)})
            case events.ProposalFound(group, proposal):
                self._insert("proposal", {"failure": self._failure_row(group), **rows.proposal(proposal)})
            case events.RepairFinished(report):
                self._insert("outcome", {"failure": self._failure_row(report.group), **rows.outcome(event)})
            case _:
                pass

    def _session_row(self) -> int:
        """Made when it is first needed: a session whose beginning could not be stored is kept from then on."""
        if self._session is None:
            if self._started is None:
                raise ValueError("an event arrived before its session")
            self._session = self._insert("session", rows.session(self._started))
        return self._session

    def _failure_row(self, group: FailureGroup) -> int:
        """Made when the group is first heard of, and known by its first test: others may join while it is worked on.

        The fingerprint is not enough: flaky tests of one fingerprint are groups of their own.
        """
        key = (group.fingerprint, group.representative.node_id)
        if key not in self._failures:
            columns = {"session": self._session_row(), **rows.failure(group)}
            self._failures[key] = self._insert("failure", columns)
        return self._failures[key]

    def _insert(self, table: str, columns: dict[str, rows.Value]) -> int:
        columns = columns if table == "baseline" else {"at": self._clock(), **columns}
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - our own names, never a user's
        values = [self._kept(value) for value in columns.values()]
        return int(self._connection.execute(statement, values).lastrowid or 0)

    def _kept(self, value: rows.Value) -> rows.Value:
        """As it is stored: without secrets."""
        return rows.storable(self._mask(value) if isinstance(value, str) else value)

    def hide(self, mask: Callable[[str], str]) -> None:
        """From now on no text is stored but through `mask`, which takes secrets out."""
        self._mask = mask

    def record_decision(self, proposal_id: str, kind: Decision) -> bool:
        """Note what became of the latest proposal of this id; False if it is unknown or could not be noted."""
        with self._lock:
            try:
                with self._transaction():
                    row = self._connection.execute(
                        "SELECT proposal.id FROM proposal JOIN failure ON proposal.failure = failure.id "
                        "WHERE proposal_id = ? ORDER BY session IS ? DESC, proposal.id DESC LIMIT 1",
                        (proposal_id, self._session),
                    ).fetchone()
                    if row is not None:
                        self._insert("decision", {"proposal": row[0], "kind": kind})
            except (sqlite3.Error, OSError) as error:
                self._lose(error)
                return False
        return row is not None

    def reserve_call(self, intent: Intent, caps: Caps) -> CallId | Refusal:
        """Book a call at its worst, or say which cap forbids it; what cannot be booked is not sent."""
        with self._lock:
            known = self._session, dict(self._failures), dict(self._attempts)
            try:
                with self._patiently(), self._transaction():
                    now = self._clock()
                    model_calls.settle_the_dead(self._connection, now)
                    row = {"at": now, "run": self._run, "failure": self._failure_row(intent.purpose.group)}
                    return model_calls.reserve(self._connection, intent, caps, row)
            except (sqlite3.Error, OSError, ValueError) as error:
                self._session, self._failures, self._attempts = known
                return Refusal("no-ledger", f"the call cannot be recorded in the ledger, so it is not made: {error}")

    def settle_call(self, call: CallId, settlement: Settlement) -> bool:
        """Book what a call came to; False when it cannot be booked: it counts at its worst then."""
        with self._lock:
            try:
                with self._patiently(), self._transaction():
                    bare = replace(settlement, served_by=self._mask(settlement.served_by))
                    model_calls.settle(self._connection, call, bare, self._clock())
            except (sqlite3.Error, OSError, ValueError) as error:
                self._lose(error)
                return False
        return True

    def spent_on(self, group: FailureGroup | None) -> tuple[Usage, Decimal | None]:
        """Tokens and US dollars of a failure's calls, or of all calls of this ledger; None when a price is unknown."""
        with self._lock:
            if group is None:
                return figures.spent(self._connection, "run", self._run)
            row = self._failures.get((group.fingerprint, group.representative.node_id))
            return figures.spent(self._connection, "failure", row)

    def spent_today(self) -> Decimal | None:
        """US dollars of the last 24 hours, of all processes; None when a price is unknown."""
        with self._lock:
            return figures.spent_since(self._connection, self._clock() - model_calls.DAY_SECONDS)

    def recall(self, root: str, fingerprint: str) -> tuple[str, ...]:
        """Reflections on a failure from earlier trials, the oldest first."""
        with self._lock:
            found = self._connection.execute(
                "SELECT text FROM reflection WHERE root = ? AND fingerprint = ? ORDER BY id",
                (self._mask(root), fingerprint),
            )
            return tuple(str(text) for (text,) in found)

    def remember(self, root: str, fingerprint: str, text: str) -> None:
        """Keep a reflection; one that cannot be kept is lost, with a notice."""
        self._keep("reflection", {"root": root, "fingerprint": fingerprint, "text": text})

    def expectations(self, root: str) -> dict[str, tuple[str, ...]]:
        """The user's answers in a root, by the failure's fingerprint: expressions that have to be true."""
        with self._lock:
            return user_answers.expectations(self._connection, self._mask(root))

    def expect(self, root: str, fingerprint: str, expression: str) -> None:
        """Keep an answer; one that cannot be kept is lost, with a notice."""
        self._keep("answer", {"root": root, "fingerprint": fingerprint, "expression": expression})

    def latest_habit(self, host: str, model: str, what: str) -> tuple[str, float, str] | None:
        """Value, time and the tool's version of what was learned last of a model; raises sqlite3.Error."""
        with self._lock:
            return user_answers.latest_habit(self._connection, tuple(map(self._mask, (host, model, what))))

    def keep_habit(self, columns: dict[str, rows.Value]) -> None:
        """Keep what was learned of a model."""
        self._keep("habit", columns)

    def _keep(self, table: str, columns: dict[str, rows.Value]) -> None:
        with self._lock:
            try:
                with self._transaction():
                    self._insert(table, columns)
            except (sqlite3.Error, OSError) as error:
                self._lose(error)

    def rejected_patches(self, root: str | Path) -> frozenset[str]:
        """Ids of patches that the user rejected in this root and did not accept later."""
        return user_answers.rejected_patches(self._connection, self._mask(str(root)))

    def costs(self, root: str | Path | None = None, limit: int = 50) -> tuple[figures.FixCost, ...]:
        """The cost of each fix, the latest first; -1 for all."""
        return figures.costs(self._connection, None if root is None else self._mask(str(root)), limit)

    def summary(self, root: str | Path | None = None) -> figures.Summary:
        """Everything of a root (or of all) in a few figures."""
        return figures.summary(self._connection, None if root is None else self._mask(str(root)))

    def report(self, root: str | Path | None = None) -> figures.Report:
        """What repair came to in a root (or in all), by model, role, strategy, day and fix, as it is at this moment."""
        with self._lock, self._reading():
            return figures.report(self._connection, None if root is None else self._mask(str(root)))

    @contextlib.contextmanager
    def _reading(self) -> Generator[None, None, None]:
        """What is read within agrees, whatever other processes write meanwhile."""
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.execute("ROLLBACK")
