"""Opens the ledger's file: append-only tables, durable settings, and a damaged file moved aside, never removed."""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path

from lsp_repair.errors import UsageError

Migration = Callable[[sqlite3.Connection], None]

_HISTORY = {
    "session": """
        id INTEGER PRIMARY KEY, at REAL NOT NULL, root TEXT NOT NULL, python TEXT NOT NULL, tool_version TEXT NOT NULL,
        isolation_tier TEXT NOT NULL, effects TEXT NOT NULL""",
    "baseline": """
        id INTEGER PRIMARY KEY, session INTEGER NOT NULL REFERENCES session, collected INTEGER NOT NULL,
        red INTEGER NOT NULL, complete INTEGER NOT NULL, seconds REAL NOT NULL, cpu_seconds REAL NOT NULL""",
    "failure": """
        id INTEGER PRIMARY KEY, session INTEGER NOT NULL REFERENCES session, at REAL NOT NULL,
        fingerprint TEXT NOT NULL, error_type TEXT NOT NULL, message TEXT NOT NULL, tests TEXT NOT NULL""",
    "attempt": """
        id INTEGER PRIMARY KEY, failure INTEGER NOT NULL REFERENCES failure, at REAL NOT NULL, strategy TEXT NOT NULL,
        candidates INTEGER NOT NULL, survivors INTEGER NOT NULL, seconds REAL NOT NULL, cpu_seconds REAL NOT NULL,
        input_tokens INTEGER NOT NULL DEFAULT 0, cached_tokens INTEGER NOT NULL DEFAULT 0,
        output_tokens INTEGER NOT NULL DEFAULT 0, reasoning_tokens INTEGER NOT NULL DEFAULT 0,
        cost_usd TEXT""",
    "judged": """
        id INTEGER PRIMARY KEY, failure INTEGER NOT NULL REFERENCES failure, at REAL NOT NULL, patch TEXT NOT NULL,
        title TEXT NOT NULL, verdict TEXT NOT NULL, reasons TEXT NOT NULL, evidence TEXT NOT NULL,
        seconds REAL NOT NULL""",
    "proposal": """
        id INTEGER PRIMARY KEY, failure INTEGER NOT NULL REFERENCES failure, at REAL NOT NULL,
        proposal_id TEXT NOT NULL, origin TEXT NOT NULL, title TEXT NOT NULL, diff TEXT NOT NULL,
        evidence TEXT NOT NULL""",
    "decision": """
        id INTEGER PRIMARY KEY, proposal INTEGER NOT NULL REFERENCES proposal, at REAL NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('accepted', 'rejected', 'stale', 'reverted'))""",
    "outcome": """
        id INTEGER PRIMARY KEY, failure INTEGER NOT NULL REFERENCES failure, at REAL NOT NULL, status TEXT NOT NULL,
        reason TEXT, detail TEXT NOT NULL, seconds REAL NOT NULL, cpu_seconds REAL NOT NULL""",
}
_PRICED_PROPOSALS = (
    # What was written before these columns came from the built-in engine: nothing is unknown about it.
    "ALTER TABLE attempt ADD COLUMN origin TEXT NOT NULL DEFAULT 'search'",
    "ALTER TABLE judged ADD COLUMN attempt INTEGER REFERENCES attempt",
    "ALTER TABLE proposal ADD COLUMN patch TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE proposal ADD COLUMN input_tokens INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE proposal ADD COLUMN cached_tokens INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE proposal ADD COLUMN output_tokens INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE proposal ADD COLUMN reasoning_tokens INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE proposal ADD COLUMN cost_usd TEXT DEFAULT '0'",
    *(
        f"CREATE INDEX {table}_by_{column} ON {table} ({column})"
        for column, tables in (("failure", ("attempt", "judged", "proposal", "outcome")), ("proposal", ("decision",)))
        for table in tables
    ),
    "DROP VIEW IF EXISTS cost_of_fix",
)
_GROWING_FAILURES = (
    # A failure takes in the tests that turn out to have the same cause: only its end knows them all.
    "ALTER TABLE outcome ADD COLUMN tests TEXT",
    "DROP VIEW IF EXISTS cost_of_fix",
)
_CALLS = {
    "call": """
        id INTEGER PRIMARY KEY, at REAL NOT NULL, run TEXT NOT NULL, failure INTEGER NOT NULL REFERENCES failure,
        role TEXT NOT NULL, strategy TEXT NOT NULL, model TEXT NOT NULL, host TEXT NOT NULL, sample INTEGER NOT NULL,
        worst_input_tokens INTEGER NOT NULL, worst_output_tokens INTEGER NOT NULL, worst_pico INTEGER,
        request TEXT NOT NULL, pid INTEGER NOT NULL, pid_since TEXT NOT NULL, pid_place TEXT NOT NULL""",
    "settlement": """
        call INTEGER PRIMARY KEY REFERENCES call, at REAL NOT NULL, outcome TEXT NOT NULL,
        input_tokens INTEGER NOT NULL, cached_tokens INTEGER NOT NULL, cache_write_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL, reasoning_tokens INTEGER NOT NULL, pico INTEGER, estimated INTEGER NOT NULL,
        served_by TEXT NOT NULL, seconds REAL NOT NULL""",
    "reflection": """
        id INTEGER PRIMARY KEY, at REAL NOT NULL, root TEXT NOT NULL, fingerprint TEXT NOT NULL, text TEXT NOT NULL""",
}
_ANSWERS = {
    "answer": """
        id INTEGER PRIMARY KEY, at REAL NOT NULL, root TEXT NOT NULL, fingerprint TEXT NOT NULL,
        expression TEXT NOT NULL""",
}
_HABITS = {
    "habit": """
        id INTEGER PRIMARY KEY, at REAL NOT NULL, host TEXT NOT NULL, model TEXT NOT NULL, what TEXT NOT NULL,
        value TEXT NOT NULL, tool_version TEXT NOT NULL""",
}
_CALL_VIEWS = (
    "ALTER TABLE proposal ADD COLUMN cache_write_tokens INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX call_by_failure ON call (failure)",
    "CREATE INDEX call_by_run ON call (run)",
    "CREATE INDEX call_by_time ON call (at)",
    "CREATE INDEX reflection_by_fingerprint ON reflection (fingerprint)",
    # What a call counts for: what it was settled at, and its worst case until then.
    """
    CREATE VIEW charge AS
    SELECT call.id AS call, call.at AS at, call.run AS run, call.failure AS failure, call.role AS role,
      call.strategy AS strategy, call.model AS model, call.host AS host, call.pid AS pid, call.pid_since AS pid_since,
      call.pid_place AS pid_place, coalesce(settlement.outcome, 'open') AS outcome,
      coalesce(settlement.input_tokens, call.worst_input_tokens) AS input_tokens,
      coalesce(settlement.cached_tokens, 0) AS cached_tokens,
      coalesce(settlement.cache_write_tokens, 0) AS cache_write_tokens,
      coalesce(settlement.output_tokens, call.worst_output_tokens) AS output_tokens,
      coalesce(settlement.reasoning_tokens, 0) AS reasoning_tokens,
      CASE WHEN settlement.call IS NULL THEN call.worst_pico ELSE settlement.pico END AS pico,
      coalesce(settlement.estimated, 1) AS estimated, coalesce(settlement.seconds, 0.0) AS seconds
    FROM call LEFT JOIN settlement ON settlement.call = call.id
    """,
    "DROP VIEW IF EXISTS cost_of_fix",
    # Money is summed in whole 1e-12 dollars, exactly: the price of a single token lies above that.
    """
    CREATE VIEW cost_of_fix AS
    WITH entry AS (
      SELECT failure, candidates, input_tokens, cached_tokens, output_tokens, reasoning_tokens,
        CAST(round(CAST(cost_usd AS REAL) * 1e12) AS INTEGER) AS pico FROM attempt
      UNION ALL
      SELECT failure, 0, input_tokens, cached_tokens, output_tokens, reasoning_tokens, pico FROM charge
    ), spent AS (
      SELECT failure, sum(candidates) AS candidates, sum(input_tokens) AS input_tokens,
        sum(cached_tokens) AS cached_tokens, sum(output_tokens) AS output_tokens,
        sum(reasoning_tokens) AS reasoning_tokens,
        CASE WHEN count(*) = count(pico) THEN sum(pico) END AS pico
      FROM entry GROUP BY failure
    ), ended AS (
      SELECT failure, max(id) AS id, sum(seconds) AS seconds, sum(cpu_seconds) AS cpu_seconds
      FROM outcome GROUP BY failure
    )
    SELECT session.id AS session, session.root AS root, failure.id AS failure, failure.at AS at,
      failure.fingerprint AS fingerprint, failure.error_type AS error_type,
      coalesce((SELECT tests FROM outcome WHERE outcome.id = ended.id), failure.tests) AS tests,
      (SELECT status FROM outcome WHERE outcome.id = ended.id) AS status,
      (SELECT strategy FROM attempt WHERE attempt.failure = failure.id ORDER BY id DESC LIMIT 1) AS strategy,
      proposal.id AS proposal, proposal.proposal_id AS proposal_id, proposal.origin AS origin, proposal.title AS title,
      (SELECT kind FROM decision WHERE decision.proposal = proposal.id ORDER BY id DESC LIMIT 1) AS decision,
      (SELECT max(id) FROM decision WHERE decision.proposal = proposal.id) AS decided,
      coalesce(spent.candidates, 0) AS candidates, coalesce(spent.input_tokens, 0) AS input_tokens,
      coalesce(spent.cached_tokens, 0) AS cached_tokens, coalesce(spent.output_tokens, 0) AS output_tokens,
      coalesce(spent.reasoning_tokens, 0) AS reasoning_tokens,
      CASE WHEN spent.failure IS NULL THEN '0.000000000000'
        WHEN pico IS NOT NULL THEN printf('%d.%012d', pico / 1000000000000, pico % 1000000000000) END AS cost_usd,
      coalesce(ended.seconds, 0.0) AS seconds, coalesce(ended.cpu_seconds, 0.0) AS cpu_seconds
    FROM failure JOIN session ON failure.session = session.id
      LEFT JOIN spent ON spent.failure = failure.id LEFT JOIN ended ON ended.failure = failure.id
      LEFT JOIN proposal ON proposal.failure = failure.id
    """,
)
BUSY_SECONDS = 5.0
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_SIDE_FILES = ("-wal", "-shm")


def _make(connection: sqlite3.Connection, tables: Mapping[str, str]) -> None:
    """Tables whose rows are never changed and never removed."""
    for table, columns in tables.items():
        connection.execute(f"CREATE TABLE {table} ({columns}) STRICT")
        for verb in ("UPDATE", "DELETE"):
            connection.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
            )


def _history(connection: sqlite3.Connection) -> None:
    _make(connection, _HISTORY)
    connection.execute("CREATE INDEX failure_by_session ON failure (session)")
    connection.execute("CREATE INDEX proposal_by_id ON proposal (proposal_id)")


def _statements(*statements: str) -> Migration:
    return _tables({}, *statements)


def _tables(tables: Mapping[str, str], *statements: str) -> Migration:
    def migrate(connection: sqlite3.Connection) -> None:
        _make(connection, tables)
        for statement in statements:
            connection.execute(statement)

    return migrate


MIGRATIONS: tuple[Migration, ...] = (
    _history,
    _statements(*_PRICED_PROPOSALS),
    _statements(*_GROWING_FAILURES),
    _tables(_CALLS, *_CALL_VIEWS),
    _tables(_ANSWERS),
    _tables(_HABITS, "CREATE INDEX habit_by_model ON habit (host, model, what)"),
)
"""What leads from each version to the next; only ever appended to."""


def prepare(connection: sqlite3.Connection, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Bring a file (new or older) to the present schema in one transaction; the connection must be in autocommit mode.

    Raises UsageError (`newer-ledger`) for one that a newer version wrote.
    """
    if _version(connection, len(migrations)) == len(migrations):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for migrate in migrations[_version(connection, len(migrations)) :]:
            migrate(connection)
        connection.execute(f"PRAGMA user_version = {len(migrations)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection, known: int) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > known:
        raise UsageError(
            "newer-ledger",
            f"the ledger has schema {version}, but this version of lsp-repair only knows {known}",
            "upgrade lsp-repair, or set LSP_REPAIR_STATE to another folder",
        )
    return version


def open_file(path: Path) -> tuple[sqlite3.Connection, tuple[str, ...]]:
    """The connection, and a notice when a damaged file was replaced.

    Raises UsageError (`newer-ledger`), and OSError or sqlite3.Error where the place cannot be written.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(path):
        try:
            return _connected(path), ()
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _DAMAGED:
                raise
            aside = _moved_aside(path)
            return _connected(path), (
                f"the ledger was damaged ({error}); it was moved to {aside} and a new one was started",
            )


@contextlib.contextmanager
def _alone(path: Path) -> Generator[None, None, None]:
    """Only one process at a time decides that a file is damaged, or it would move the other's new one aside."""
    descriptor = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        with contextlib.suppress(OSError):  # some network file systems know no locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _connected(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))  # its side files get the same mode
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")  # on macOS a plain fsync stops at the drive's cache
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA recursive_triggers = ON")  # so that REPLACE does not slip past "append-only"
        _check(connection)
        prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection) -> None:
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        error = sqlite3.DatabaseError(found.replace("\n", " "))
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def _moved_aside(path: Path) -> Path:
    """The log goes with its file and goes first: left behind, it would be replayed into the new one."""
    number = 1
    while any(_aside(path, number, suffix).exists() for suffix in ("", *_SIDE_FILES)):
        number += 1
    for suffix in (*_SIDE_FILES, ""):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(_aside(path, number, suffix))
    return _aside(path, number)


def _aside(path: Path, number: int, suffix: str = "") -> Path:
    return path.with_name(f"{path.name}.corrupt-{number}{suffix}")
