"""What the user's project and interpreter say about protected paths: pytest's patterns, and names that can be imported."""

import configparser
import os
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

from lsp_repair.domain.projects import Project
from lsp_repair.judge.policy.protected_paths import ProjectRules

_SUFFIXES = (".py", ".so", ".pyd", ".pyc")
_MAX_ENTRIES = 50_000


def project_rules(project: Project, source_roots: Iterable[Path] = (), *, test_edits: bool = False) -> ProjectRules:
    """The rules of a project; reads its pytest configuration and lists the folders of `sys.path`, once."""
    root = project.root
    inside = {Path(each) for each in project.interpreter.sys_path} | {Path(each) for each in source_roots}
    inside = {each for each in inside if each.is_relative_to(root) and "site-packages" not in each.parts}
    own = {root, root / "src", root / "lib", *inside}
    listed = (*(Path(each) for each in project.interpreter.sys_path if each), *own)
    editable = {name for name, _ in project.interpreter.editable_roots}
    return ProjectRules(
        python_files=_python_files(project) or ProjectRules().python_files,
        importable=frozenset(_top_level_names(dict.fromkeys(listed))) | editable,
        import_roots=frozenset(each.relative_to(root).as_posix() for each in own),
        test_edits=test_edits,
    )


def _top_level_names(folders: Iterable[Path]) -> Iterator[str]:
    """Modules and packages in folders; a folder of another name, such as package metadata, is none."""
    left = _MAX_ENTRIES
    for folder in folders:
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    left -= 1
                    if left < 0:
                        return
                    name, _, _ = entry.name.partition(".")
                    if name.isidentifier() and (entry.name.endswith(_SUFFIXES) or _is_package(entry)):
                        yield name
        except OSError:
            continue


def _is_package(entry: os.DirEntry[str]) -> bool:
    """A folder with an `__init__`; a namespace gives way to every module anyway."""
    return "." not in entry.name and entry.is_dir() and Path(entry.path, "__init__.py").is_file()


def _python_files(project: Project) -> tuple[str, ...]:
    config = project.config_file
    if config is None:
        return ()
    try:
        given = _from_toml(config) if config.suffix == ".toml" else _from_ini(config)
    except (OSError, ValueError, configparser.Error):
        return ()
    match given:
        case str():
            return tuple(given.split())
        case list():
            return tuple(each for each in cast("list[object]", given) if isinstance(each, str))
        case _:
            return ()


def _from_toml(config: Path) -> Any:
    """From `pytest.toml`'s own table, or from those of `pyproject.toml`."""
    document: dict[str, Any] = tomllib.loads(config.read_text("utf-8"))
    table: Any = document.get("tool", {}).get("pytest", document.get("pytest", {}))
    return table.get("ini_options", table).get("python_files")


def _from_ini(config: Path) -> str | None:
    parser = configparser.RawConfigParser()
    parser.read_string(config.read_text("utf-8"))
    section = "tool:pytest" if config.name == "setup.cfg" else "pytest"
    return parser.get(section, "python_files", fallback=None)
