"""From a path to a project: its pytest root and the interpreter that runs its tests."""

from collections.abc import Mapping
from pathlib import Path

from lsp_repair.domain.projects import Project
from lsp_repair.settings import Settings
from lsp_repair.testrun.interpreters import find_interpreter
from lsp_repair.testrun.roots import Root, find_root, find_roots


def discover(path: Path, python: Path | None, environ: Mapping[str, str], settings: Settings) -> Project:
    """The one project of a path; raises UsageError and CannotRunTestsError with what is wrong."""
    return _project(find_root(path), python, environ, settings)


def discover_all(
    path: Path, python: Path | None, environ: Mapping[str, str], settings: Settings
) -> tuple[Project, ...]:
    """Every project at or below a path."""
    return tuple(_project(root, python, environ, settings) for root in find_roots(path))


def _project(root: Root, python: Path | None, environ: Mapping[str, str], settings: Settings) -> Project:
    interpreter = find_interpreter(root.folder, python, environ, settings.python)
    return Project(root.folder, interpreter, root.config_file, root.selected, settings.pytest_args)
