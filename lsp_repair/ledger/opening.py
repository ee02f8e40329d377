"""Opens the ledger's file: durable settings, the present schema, and a damaged file moved aside, never removed."""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Generator
from pathlib import Path

from lsp_repair.ledger import schema

BUSY_SECONDS = 5.0
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_SIDE_FILES = ("-wal", "-shm")


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
        schema.prepare(connection)
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
