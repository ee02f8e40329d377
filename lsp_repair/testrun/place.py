"""Where tests run: a snapshot, an interpreter and an environment, made into a command for the probe."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from lsp_repair.isolation import Command

_START = Path(__file__).parent / "probe" / "start.py"


@dataclass(frozen=True, slots=True)
class Place:
    """A root on the disk with everything needed to run its tests there."""

    root: Path
    python: Path
    environ: Mapping[str, str] = field(repr=False)
    source_roots: tuple[str, ...] = ()
    """Folders that come first on PYTHONPATH, so that this copy is imported and not an installed one."""
    arguments: tuple[str, ...] = ()
    """The user's pytest arguments."""
    selected: tuple[str, ...] = ()
    """What to collect when nothing narrower is asked for."""

    def at(self, root: Path) -> "Place":
        """The same place in another copy of the project."""
        moved = tuple(_moved(each, self.root, root) for each in self.source_roots)
        return replace(self, root=root, source_roots=moved)

    def command(self, hash_seed: str) -> Command:
        """Start the probe with the root as the current directory."""
        given = self.environ.get("PYTHONPATH", "")
        path = os.pathsep.join([*self.source_roots, *([given] if given else [])])
        environ = {**self.environ, "PYTHONPATH": path, "PYTHONHASHSEED": hash_seed}
        return Command([str(self.python), str(_START)], self.root, environ)


def _moved(path: str, old: Path, new: Path) -> str:
    where = Path(path)
    return str(new / where.relative_to(old)) if where.is_relative_to(old) else path
