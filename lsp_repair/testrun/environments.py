"""Where an interpreter for a project's tests may be: what its user activated, and what tools made for it."""

import os
import shutil
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_TOOL_SECONDS = 20.0
_NAMES = (".venv", "venv", "env")
_MARK = "pyvenv.cfg"


@dataclass(frozen=True, slots=True)
class Found:
    """An environment of the project, or what names one that is not there."""

    source: str
    """What named it, as users are told."""
    executable: Path | None
    problem: str = ""
    """Why there is no interpreter."""


def environments(root: Path, environ: Mapping[str, str]) -> Iterator[Found]:
    """All that belong to a root, those that the user activated first; tools are asked only where the project uses them."""
    yield from _named(environ.get("VIRTUAL_ENV"), "VIRTUAL_ENV")
    yield from _named(environ.get("UV_PROJECT_ENVIRONMENT"), "UV_PROJECT_ENVIRONMENT", root)
    for folder in _up_to_repository(root):
        for name in _NAMES:
            if (folder / name / _MARK).is_file():
                yield from _named(str(folder / name), str(folder / name))
    tools = _tools_of(root)
    yield from _asked(root, environ, ("poetry", "env", "info", "-p"), applies="poetry" in tools)
    yield from _asked(root, environ, ("pipenv", "--venv"), applies=(root / "Pipfile").is_file())
    yield from _asked(root, environ, ("hatch", "env", "find"), applies="hatch" in tools or _has(root, "hatch.toml"))
    yield from _named(environ.get("CONDA_PREFIX"), "CONDA_PREFIX")
    for tool in (".tox", ".nox"):
        for mark in sorted((root / tool).glob(f"*/{_MARK}"), reverse=True):
            yield from _named(str(mark.parent), str(mark.parent))


def in_environment(folder: str | Path, base: Path = Path()) -> Path | None:
    """The interpreter of an environment's folder; None where there is none that can be started."""
    for name in ("bin/python", "Scripts/python.exe", "python.exe"):
        executable = base / folder / name
        if executable.exists():
            return executable
    return None


def _named(folder: str | None, source: str, base: Path = Path()) -> Iterator[Found]:
    if not folder:
        return
    executable = in_environment(folder, base)
    if executable is not None:
        yield Found(source, executable)
    elif not (base / folder).is_dir():
        yield Found(source, None, f"{source} names {folder}, which is not there")
    elif (base / folder / _MARK).is_file():
        yield Found(source, None, f"the environment {folder} is broken: its Python is not there any more")
    else:
        yield Found(source, None, f"{source} names {folder}, which is no environment of Python")


def _up_to_repository(root: Path) -> Iterator[Path]:
    """The root and the folders above it, up to the top of the repository."""
    yield root
    if any((each / ".git").exists() for each in (root, *root.parents)):
        for folder in (root, *root.parents):
            if folder != root:
                yield folder
            if (folder / ".git").exists():
                return


def _tools_of(root: Path) -> frozenset[str]:
    """Names of the tools that the project file configures."""
    try:
        return frozenset(tomllib.loads((root / "pyproject.toml").read_text("utf-8")).get("tool", {}))
    except (OSError, ValueError, TypeError):
        return frozenset()


def _has(root: Path, name: str) -> bool:
    return (root / name).is_file()


def _asked(root: Path, environ: Mapping[str, str], words: tuple[str, ...], *, applies: bool) -> Iterator[Found]:
    """What a tool answers, in the last line that it prints; nothing where it is not installed or knows none."""
    command = shutil.which(words[0], path=environ.get("PATH")) if applies else None
    if command is None:
        return
    try:
        done = subprocess.run(
            [command, *words[1:]], cwd=root, capture_output=True, timeout=_TOOL_SECONDS, check=False, env=dict(environ)
        )
    except (OSError, subprocess.TimeoutExpired):
        return
    lines = done.stdout.decode("utf-8", "replace").strip().splitlines()
    executable = in_environment(os.path.expanduser(lines[-1])) if lines and done.returncode == 0 else None  # noqa: PTH111 - a tool's own output
    if executable is not None:
        yield Found(words[0], executable)
