"""What a private copy holds of a project and what not, by the defaults and by the user's settings."""

from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from lsp_repair.settings import Settings
from lsp_repair.testrun.exclusions import Exclusion, excluded_file, holds_key, is_test_key


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that was not copied."""

    path: str
    """Relative to the root."""
    why: str


@dataclass(frozen=True, slots=True)
class SnapshotRules:
    """What the user allows beyond the defaults."""

    include: tuple[str, ...] = ()
    """Globs of files that are copied even if they may contain secrets."""
    exclude: tuple[str, ...] = ()
    """Globs of files and folders that are not copied."""
    max_bytes: int = 2 << 30

    @classmethod
    def of(cls, settings: Settings) -> "SnapshotRules":
        """As the user's settings say."""
        return cls(settings.snapshot_include, settings.snapshot_exclude)

    def leave_out(self, path: PurePosixPath) -> bool:
        """Whether the user excluded a path, relative to the root."""
        return any(fnmatch(str(path), each) or fnmatch(path.name, each) for each in map(_without_slash, self.exclude))

    def why_not(self, source: Path, relative: PurePosixPath) -> str | None:
        """Why a file is not copied; None when it is. Raises OSError for one that cannot be looked at."""
        why = excluded_file(relative, source.stat().st_mode, self.include)
        if why is None and relative.suffix.lower() == ".pem" and str(relative) not in self.include:
            with source.open("rb") as file:
                why = Exclusion.PRIVATE_KEY if holds_key(relative, file.read(200)) else None
        return None if why in {Exclusion.SECRETS, Exclusion.PRIVATE_KEY} and is_test_key(relative) else why


def _without_slash(pattern: str) -> str:
    return pattern.removesuffix("/")
