"""What a confined interpreter has to see of the machine: itself, what it imports from, and the tool's probe."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from lsp_repair.domain.projects import Project

_WHOLE = ("/nix/store", "/gnu/store", "/home/linuxbrew/.linuxbrew", "/opt/homebrew")
"""Where programs depend on their neighbours: an interpreter in one of these sees all of it."""
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64")
"""Always visible."""
_PREFIX_PARTS = ("bin", "lib", "lib64", "include", "share", "pyvenv.cfg")
_MAX_LINKS = 16


def readable_paths(project: Project, environ: Mapping[str, str], tool_folders: tuple[Path, ...]) -> tuple[Path, ...]:
    """Absolute paths, none inside another; the home folder and what lies above it never, whatever `sys.path` lists.

    The project itself is not among them: a copy of it is what the tests get. `tool_folders` are ours, wherever they lie.
    """
    interpreter = project.interpreter
    requested = [
        *_links(interpreter.executable),
        interpreter.prefix,
        interpreter.base_prefix,
        *(Path(each) for each in interpreter.sys_path),
        *(Path(where) for _, where in interpreter.editable_roots if not where.endswith("/.")),
        *(Path(each) for each in environ.get("LD_LIBRARY_PATH", "").split(os.pathsep) if each.startswith(os.sep)),
    ]
    requested += [Path(whole) for whole in _WHOLE if any(each.is_relative_to(whole) for each in requested)]
    homes = [Path(each) for each in _homes(environ)]
    both = (each for path in requested for each in (Path(os.path.normpath(path)), Path(os.path.realpath(path))))
    allowed = (part for path in dict.fromkeys(both) for part in _allowed(path, homes, project.root))
    return tuple(_outermost(path for path in (*allowed, *tool_folders) if path.exists()))


def _links(executable: Path) -> Iterator[Path]:
    """The interpreter, and each link on the way to the real file: environments name it by links of links."""
    path = executable
    for _ in range(_MAX_LINKS):
        yield path
        if not path.is_symlink():
            return
        path = Path(os.path.normpath(path.parent / path.readlink()))


def _homes(environ: Mapping[str, str]) -> Iterator[str]:
    for home in (environ.get("HOME"), os.path.expanduser("~")):  # noqa: PTH111 - raises nothing where there is none
        if home and home != "~":
            yield os.path.normpath(home)
            yield os.path.realpath(home)


def _allowed(path: Path, homes: Iterable[Path], root: Path) -> Iterator[Path]:
    """The path itself, or the parts that an interpreter needs of a folder that holds more than it may show."""
    holds_too_much = path == Path("/") or any(home.is_relative_to(path) for home in homes)
    holds_the_project = Path(os.path.realpath(root)).is_relative_to(os.path.realpath(path))
    is_of_the_project = path.is_relative_to(root) and not _in_environment(path, root)
    if is_of_the_project and not holds_too_much and path != root:
        return
    if holds_too_much or holds_the_project:
        if (path / "pyvenv.cfg").is_file() or (path / "bin" / "python3").exists():
            yield from (path / part for part in _PREFIX_PARTS)
        return
    yield path


def _in_environment(path: Path, root: Path) -> bool:
    """Whether a path in the project belongs to a virtual environment that lies there."""
    return any((each / "pyvenv.cfg").is_file() for each in (path, *path.parents) if each.is_relative_to(root))


def _outermost(paths: Iterable[Path]) -> Iterator[Path]:
    kept: list[Path] = [Path(each) for each in _SYSTEM]
    for path in sorted(set(paths), key=lambda each: len(each.parts)):
        if not any(path.is_relative_to(each) for each in kept):
            kept.append(path)
            yield path
