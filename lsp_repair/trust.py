"""What the user decided once for all: which folders are trusted, and whether edits may run weakly isolated."""

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import cast

_FOLDERS = "trusted.json"
_CONSENTS = "consents.json"
WEAK_ISOLATION = "weak-isolation"
"""The built-in engine's edits of the user's own code may run without a sandbox, where there is none."""


def is_trusted(state: Path | None, folder: Path) -> bool:
    """Whether this folder or one around it was trusted."""
    real = Path(os.path.realpath(folder))
    return any(real.is_relative_to(each) for each in trusted_folders(state))


def trusted_folders(state: Path | None) -> tuple[Path, ...]:
    """All of them; a file that cannot be read trusts nothing."""
    return tuple(map(Path, _kept(state, _FOLDERS)))


def trust(state: Path, folder: Path) -> Path:
    """Keep it, whole or not at all; raises OSError."""
    real = Path(os.path.realpath(folder))
    _keep(state, _FOLDERS, str(real))
    return real


def has_consented(state: Path | None, what: str) -> bool:
    """Whether the user said yes to this."""
    return what in _kept(state, _CONSENTS)


def consent(state: Path, what: str) -> None:
    """Keep that the user said yes; raises OSError."""
    _keep(state, _CONSENTS, what)


def _kept(state: Path | None, name: str) -> tuple[str, ...]:
    if state is None:
        return ()
    try:
        kept: object = json.loads((state / name).read_text("utf-8"))
    except (OSError, ValueError):
        return ()
    listed = cast("list[object]", kept) if isinstance(kept, list) else []
    return tuple(each for each in listed if isinstance(each, str))


def _keep(state: Path, name: str, entry: str) -> None:
    kept = sorted({*_kept(state, name), entry})
    descriptor, temporary = tempfile.mkstemp(dir=state)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            json.dump(kept, out)
        Path(temporary).replace(state / name)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise
