"""Replies that were paid for: the same request, asked for the same sample, is not paid for twice."""

import contextlib
import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class PaidReplies:
    """Kept in a folder of the cache, one small file each; a cache that cannot be written keeps nothing."""

    folder: Path

    def find(self, digest: str, sample: int) -> str | None:
        """The reply's text; None when it was never paid for."""
        try:
            kept: Any = json.loads(self._file(digest, sample).read_text("utf-8"))
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

    def _file(self, digest: str, sample: int) -> Path:
        key = hashlib.sha256(f"{digest}/{sample}".encode()).hexdigest()
        return self.folder / key[:2] / f"{key}.json"
