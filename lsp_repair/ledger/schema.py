"""The ledger's tables: append-only history, and views that answer the questions people ask."""

import sqlite3

from lsp_repair.errors import UsageError

VERSION = 1

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

_COST_OF_FIX = """
CREATE VIEW cost_of_fix AS
SELECT failure.id AS failure, session.root AS root, failure.error_type AS error_type, failure.tests AS tests,
  (SELECT status FROM outcome WHERE outcome.failure = failure.id ORDER BY id DESC LIMIT 1) AS status,
  (SELECT title FROM proposal WHERE proposal.failure = failure.id ORDER BY id LIMIT 1) AS title,
  (SELECT kind FROM decision JOIN proposal ON decision.proposal = proposal.id
    WHERE proposal.failure = failure.id ORDER BY decision.id DESC LIMIT 1) AS decision,
  coalesce(sum(attempt.candidates), 0) AS candidates,
  coalesce(sum(attempt.input_tokens + attempt.output_tokens + attempt.reasoning_tokens), 0) AS tokens,
  CASE WHEN count(attempt.id) = count(attempt.cost_usd)
    THEN coalesce(sum(CAST(round(CAST(attempt.cost_usd AS REAL) * 1e9) AS INTEGER)), 0) END AS nano_usd,
  (SELECT sum(seconds) FROM outcome WHERE outcome.failure = failure.id) AS seconds
FROM failure JOIN session ON failure.session = session.id LEFT JOIN attempt ON attempt.failure = failure.id
GROUP BY failure.id
"""


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables of a new file; raises UsageError (`newer-ledger`) for one that a newer version wrote."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise UsageError(
            "newer-ledger", f"the ledger has schema {version}, this version knows {VERSION}", "upgrade lsp-repair"
        )
    if version == VERSION:
        return
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == VERSION:
            return
        for table, columns in _HISTORY.items():
            connection.execute(f"CREATE TABLE {table} ({columns}) STRICT")
            for verb in ("UPDATE", "DELETE"):
                connection.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
                )
        connection.execute("CREATE INDEX failure_by_session ON failure (session)")
        connection.execute("CREATE INDEX proposal_by_id ON proposal (proposal_id)")
        connection.execute(_COST_OF_FIX)
        connection.execute(f"PRAGMA user_version = {VERSION}")
