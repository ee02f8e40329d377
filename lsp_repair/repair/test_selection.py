"""From what the user typed to what pytest collects: node ids, files, the last failures."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lsp_repair.domain.projects import Project
from lsp_repair.errors import UsageError
from lsp_repair.repair.fix_request import Selection


@dataclass(frozen=True, slots=True)
class Chosen:
    """Collection arguments relative to the root; empty when nothing was narrowed."""

    targets: tuple[str, ...] = ()
    """Node ids or files asked for."""

    @property
    def files(self) -> tuple[str, ...]:
        """The files to collect."""
        return tuple(dict.fromkeys(target.split("::", 1)[0] for target in self.targets))

    def names(self, node_id: str) -> bool:
        """Whether a collected id is one of the targets: itself, below it, or one of its parameter sets."""
        return any(
            node_id == target or node_id.startswith((f"{target}::", f"{target}[", f"{target}/"))
            for target in self.targets
        )


def chosen(project: Project, selection: Selection, working_directory: Path) -> Chosen:
    """Resolve the selection; raises UsageError (`test-not-found`, `no-last-failed`)."""
    targets = [_resolved(project, test, working_directory) for test in selection.tests]
    if selection.last_failed:
        targets += _last_failed(project)
    return Chosen(tuple(dict.fromkeys(targets)))


def _resolved(project: Project, test: str, working_directory: Path) -> str:
    path, separator, rest = test.partition("::")
    bases = [project.root, *(project.root / each for each in project.selected), working_directory]
    for base in bases:
        folder = base if base.is_dir() else base.parent
        file = (folder / path).resolve()
        if file.exists() and file.is_relative_to(project.root.resolve()):
            return file.relative_to(project.root.resolve()).as_posix() + separator + rest
    raise UsageError(
        "test-not-found",
        f"--test {test}: there is no file {path} below {project.root}",
        "give a node id relative to the root",
    )


def _last_failed(project: Project) -> Iterable[str]:
    record = project.root / ".pytest_cache" / "v" / "cache" / "lastfailed"
    try:
        failed: dict[str, bool] = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        failed = {}
    if not failed:
        raise UsageError(
            "no-last-failed", f"{record} names no failed test", "run pytest once, or name tests with --test"
        )
    return [key for key in failed if (project.root / key.split("::", 1)[0]).exists()]
