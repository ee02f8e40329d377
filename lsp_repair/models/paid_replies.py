"""Replies that were paid for and not used to the end, because their run was interrupted."""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_KEPT_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class PaidReplies:
    """Those of a run that is not finished, in a folder of the cache, one small file each.

    A run that was interrupted is taken up by the next one; one that finished forgets, so that trying again samples
    again. A cache that cannot be written keeps nothing.
    """

    folder: Path
    clock: Callable[[], float] = time.time

    def find(self, digest: str, sample: int) -> str | None:
        """The reply's text; None when it was never paid for."""
        file = self._file(digest, sample)
        try:
            if self.clock() - file.stat().st_mtime > _KEPT_SECONDS:
                return None
            kept: Any = json.loads(file.read_text("utf-8"))
            text: object = kept["text"]
        except (OSError, ValueError, LookupError, TypeError):
            return None
        return text if isinstance(text, str) else None

    def keep(self, digest: str, sample: int, text: str) -> None:
        """Whole or not at all."""
        file = self._file(digest, sample)
        with contextlib.suppress(OSError):
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=file.parent)
            with os.fdopen(descriptor, "w", encoding="utf-8") as out:
                json.dump({"sample": sample, "text": text}, out)
            Path(name).replace(file)

    def forget(self) -> None:
        """The run that they belong to is finished."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _file(self, digest: str, sample: int) -> Path:
        key = hashlib.sha256(f"{digest}/{sample}".encode()).hexdigest()
        return self.folder / key[:2] / f"{key}.json"
