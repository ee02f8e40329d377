"""What a snapshot leaves out: version control, virtual environments, caches, secrets, and special files."""

import re
import stat
from collections.abc import Iterable, Mapping
from enum import StrEnum
from fnmatch import fnmatch
from pathlib import PurePosixPath


class Exclusion(StrEnum):
    """Why a file is left out, as users read it."""

    CACHE = "cache of a tool"
    SECRETS = "may contain secrets"
    PRIVATE_KEY = "contains a private key"
    SPECIAL = "socket, pipe or device"


_FOLDERS = frozenset(
    {".git", ".hg", ".svn", ".jj", ".bzr", "node_modules", "__pycache__", ".pytest_cache", ".mypy_cache"}
    | {".ruff_cache", ".tox", ".nox", ".hypothesis", ".venv", ".idea", ".vscode", ".ipynb_checkpoints", ".eggs"}
    | {".pytype", ".pyre", ".testmondata", ".direnv", ".terraform"}
)
KEPT_WITHIN: Mapping[str, str] = {".hypothesis": "examples"}
"""What a left-out folder has all the same: counter-examples that tests replay, which make their failures steady."""
_ENVIRONMENT_MARKS = ("pyvenv.cfg", "conda-meta")
_CACHE_FILE = re.compile(r"^\.coverage($|\.)|^coverage\.xml$|\.py[co]$|^\.testmondata|^\.git$")
_SECRET_FILE = re.compile(
    r"^\.env($|\.(?!example|sample|template|dist)[^.]*)|^id_(rsa|dsa|ecdsa|ed25519)|\.(key|p12|pfx|jks|keystore)$"
    r"|^\.(netrc|pypirc|npmrc|pgpass|git-credentials)$|^credentials(\.json)?$|^secrets?\.(json|ya?ml|toml)$",
    re.IGNORECASE,
)
_KEYS = frozenset({".key", ".pem", ".p12", ".pfx", ".jks", ".keystore"})
_TEST_FOLDERS = frozenset({"test", "tests", "testing", "testdata", "test_data", "test-data", "fixtures"})
_MARKED_KEY = b"PRIVATE KEY-----"


def excluded_folder(name: str, entries: Iterable[str]) -> str | None:
    """Why a folder with these entries is left out, None when it belongs to the project."""
    if name in _FOLDERS:
        return "folder of a tool"
    if any(mark in entries for mark in _ENVIRONMENT_MARKS):
        return "virtual environment: read in place"
    return None


def excluded_file(path: PurePosixPath, mode: int, allowed: tuple[str, ...]) -> Exclusion | None:
    """Why a file is left out by its name and kind, None when it belongs to the project."""
    if not stat.S_ISREG(mode):
        return Exclusion.SPECIAL
    if any(fnmatch(str(path), pattern) or fnmatch(path.name, pattern) for pattern in allowed):
        return None
    if _CACHE_FILE.search(path.name):
        return Exclusion.CACHE
    if _SECRET_FILE.search(path.name):
        return Exclusion.SECRETS
    return None


def is_test_key(path: PurePosixPath) -> bool:
    """Whether a key or certificate lies among tests: made for them, and no secret that they would be protected from."""
    is_key = path.suffix.lower() in _KEYS or path.name.startswith("id_")
    return is_key and any(part.lower() in _TEST_FOLDERS for part in path.parts[:-1])


def holds_key(path: PurePosixPath, head: bytes) -> bool:
    """Whether a certificate file contains a private key, by its first bytes."""
    return path.suffix.lower() == ".pem" and _MARKED_KEY in head
