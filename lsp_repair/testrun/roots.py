"""pytest's roots: where configuration and node ids start, found by pytest's own rules."""

import configparser
import os
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import cast

from lsp_repair.errors import UsageError
from lsp_repair.testrun.exclusions import excluded_folder

_MAX_ENTRIES = 20_000
USUAL_TEST_FILES = ("test_*.py", "*_test.py")
"""pytest's patterns of test files, unless a configuration names others."""
_MARKS = ("pyproject.toml", "setup.py", "setup.cfg")


@dataclass(frozen=True, slots=True)
class Root:
    """A pytest root and the part of it that was requested."""

    folder: Path
    config_file: Path | None
    selected: tuple[str, ...] = ()


def find_root(path: Path) -> Root:
    """The one root that a path belongs to.

    Raises UsageError: `path-not-found`, `no-python-project`, `several-roots` (naming them).
    """
    roots = find_roots(path)
    if len(roots) > 1:
        listed = "".join(f"\n  {root.folder}" for root in roots)
        raise UsageError(
            "several-roots",
            f"{path} contains {len(roots)} pytest roots:{listed}",
            "name one of them, or use --all-roots",
        )
    return next(iter(roots))


def find_roots(path: Path) -> tuple[Root, ...]:
    """The root of a path, or every root below it when it holds several; raises UsageError like `find_root`."""
    if not path.exists():
        raise UsageError(
            "path-not-found", f"{path} does not exist", "name a folder of a Python project, or a test file"
        )
    path = path.resolve()
    folder = path if path.is_dir() else path.parent
    if path.is_dir() and not _holds_python(path):
        raise UsageError("no-python-project", f"{path} contains no Python file", "name a folder of a Python project")
    config = _config_of(folder)
    if config is None:
        found = _roots_below(folder) if path.is_dir() else []
        below = _gathered(folder, found) if _is_project(folder) else found
        if below:
            return tuple(Root(each, _config_of(each)) for each in below)
    top = _top(folder)
    selected = () if path == top else (path.relative_to(top).as_posix(),)
    return (Root(top, _config_of(top), selected),)


def _top(folder: Path) -> Path:
    """The nearest folder with a pytest configuration; else with a project file; else the repository's top, or itself."""
    around = [folder, *folder.parents]
    stop = next((index for index, each in enumerate(around) if (each / ".git").exists()), None)
    within = around[: stop + 1] if stop is not None else around
    for each in within:
        if _config_of(each) is not None:
            return each
    for each in within:
        if _is_project(each):
            return each
    return around[stop] if stop is not None else folder


def _is_project(folder: Path) -> bool:
    return any((folder / name).is_file() for name in _MARKS)


def _config_of(folder: Path) -> Path | None:
    """The file in this folder that pytest reads its configuration from."""
    for name in ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini"):
        if (folder / name).is_file():
            return folder / name
    pyproject = folder / "pyproject.toml"
    if pyproject.is_file() and "pytest" in _tool_table(pyproject):
        return pyproject
    for name, section in (("tox.ini", "pytest"), ("setup.cfg", "tool:pytest")):
        if (folder / name).is_file() and _has_section(folder / name, section):
            return folder / name
    return None


def _tool_table(pyproject: Path) -> dict[str, object]:
    try:
        table: object = tomllib.loads(pyproject.read_text("utf-8")).get("tool", {})
    except (OSError, ValueError):
        return {}
    return cast("dict[str, object]", table) if isinstance(table, dict) else {}


def _has_section(path: Path, section: str) -> bool:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(path.read_text("utf-8"))
    except (OSError, ValueError, configparser.Error):
        return False
    return parser.has_section(section)


def _holds_python(folder: Path) -> bool:
    return next(_walk(folder, lambda entry: entry.name.endswith(".py") and entry.is_file()), None) is not None


def _roots_below(folder: Path) -> list[Path]:
    """Sub-folders that are projects or have a pytest configuration; those inside another one belong to it."""
    found: list[Path] = []
    for entry in _walk(folder, lambda entry: entry.is_dir()):
        path = Path(entry.path)
        if not any(path.is_relative_to(each) for each in found) and (_config_of(path) or _is_project(path)):
            found.append(path)
    return sorted(each for each in found if _holds_python(each))


def _gathered(folder: Path, below: Sequence[Path]) -> Sequence[Path]:
    """The projects that a project file only gathers, as in a workspace of uv: those that have all the tests, if several."""
    tests = [Path(entry.path) for entry in _walk(folder, _is_test_file)]
    homes = {next((root for root in below if test.is_relative_to(root)), None) for test in tests}
    return [root for root in below if root in homes] if None not in homes and len(homes) > 1 else ()


def _is_test_file(entry: os.DirEntry[str]) -> bool:
    return any(fnmatchcase(entry.name, each) for each in USUAL_TEST_FILES)


def _walk(folder: Path, requested: Callable[[os.DirEntry[str]], bool]) -> Iterator[os.DirEntry[str]]:
    """Entries of the project's own folders, nearest first, within a bound; links are not followed."""
    waiting, seen = [folder], 0
    while waiting:
        current = waiting.pop(0)
        try:
            entries = list(os.scandir(current))
        except OSError:
            continue
        if current != folder and excluded_folder(current.name, {entry.name for entry in entries}):
            continue
        for entry in sorted(entries, key=lambda each: each.name):
            seen += 1
            if seen > _MAX_ENTRIES:
                return
            if requested(entry):
                yield entry
            if entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
