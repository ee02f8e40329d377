"""Which folders the user trusts: their tests may run without being asked for by name."""

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import cast

_FILE = "trusted.json"


def is_trusted(state: Path | None, folder: Path) -> bool:
    """Whether this folder or one around it was trusted."""
    real = Path(os.path.realpath(folder))
    return any(real.is_relative_to(each) for each in trusted_folders(state))


def trusted_folders(state: Path | None) -> tuple[Path, ...]:
    """All of them; a file that cannot be read trusts nothing."""
    if state is None:
        return ()
    try:
        kept: object = json.loads((state / _FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return ()
    listed = cast("list[object]", kept) if isinstance(kept, list) else []
    return tuple(Path(each) for each in listed if isinstance(each, str))


def trust(state: Path, folder: Path) -> Path:
    """Keep it, whole or not at all; raises OSError."""
    real = Path(os.path.realpath(folder))
    kept = sorted({*map(str, trusted_folders(state)), str(real)})
    descriptor, name = tempfile.mkstemp(dir=state)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            json.dump(kept, out)
        Path(name).replace(state / _FILE)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    return real
