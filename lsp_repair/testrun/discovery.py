"""From a path to a project: its pytest root and the interpreter that runs its tests."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lsp_repair.domain.projects import Interpreter, Project
from lsp_repair.errors import CannotRunTestsError
from lsp_repair.settings import Settings
from lsp_repair.testrun.environments import environments, in_environment
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


def find_interpreter(
    root: Path, explicit: Path | None, environ: Mapping[str, str], configured: Path | None = None
) -> Interpreter:
    """The interpreter for a root, with the reason for the choice, and what was passed over for it.

    Raises CannotRunTestsError when the one that the user named cannot run tests, or none of the project's environments
    can. One on PATH serves where the project has none that works, and the tool's own where none on PATH can.
    """
    if explicit is not None:
        return interrogate(_given(explicit, environ), "--python")
    if configured is not None:
        return interrogate(_given(configured, environ), "the setting python")
    passed: list[str] = []
    unfit: CannotRunTestsError | None = None
    for each in environments(root, environ):
        if each.executable is None:
            passed.append(each.problem)
            continue
        try:
            return _instead(interrogate(each.executable, each.source), passed)
        except CannotRunTestsError as error:
            passed.append(error.message)
            unfit = unfit or (error if error.code != "broken-interpreter" else None)
    if unfit is not None:
        raise unfit
    return _instead(_on_path(environ), passed)


def _instead(found: Interpreter, passed: Sequence[str]) -> Interpreter:
    notes = (f"{'; '.join(passed)}; {found.executable} was taken instead ({found.source})",) if passed else ()
    return replace(found, notes=notes)


def _on_path(environ: Mapping[str, str]) -> Interpreter:
    on_path = shutil.which("python3", path=environ.get("PATH")) or shutil.which("python", path=environ.get("PATH"))
    if on_path is not None:
        try:
            return interrogate(Path(on_path), "PATH")
        except CannotRunTestsError:
            pass
    return interrogate(Path(sys.executable), "the tool's own, since none on PATH has pytest")


def _given(path: Path, environ: Mapping[str, str]) -> Path:
    """A path, a folder of an environment, or a command on PATH."""
    if path.is_dir():
        return in_environment(path) or path
    if path.parent == Path() and not path.exists():
        found = shutil.which(str(path), path=environ.get("PATH"))
        return Path(found) if found else path
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolving would leave the virtual environment


_MARK = "lsp-repair-interpreter:"
_SECONDS = 20.0
_OLDEST_PYTHON = (3, 9)
_OLDEST_PYTEST = 7

_QUESTION = r"""
import json, sys
try:
    from importlib import metadata
except ImportError:
    metadata = None
def version():
    try:
        return metadata.version("pytest") if metadata else ""
    except Exception:
        return ""
def editable():
    found = []
    for name, module in list(sys.modules.items()):
        if name.startswith("__editable__"):
            for key in ("MAPPING", "NAMESPACES"):
                for top, where in getattr(module, key, {}).items():
                    found += [(top, each) for each in ([where] if isinstance(where, str) else where)]
    for finder in sys.meta_path:
        for key in ("known_source_files", "_tree", "_top_level_modules", "submodule_search_locations"):
            known = getattr(finder, key, None)
            if isinstance(known, dict) and key == "known_source_files":
                found += [(top, where) for top, where in known.items() if "." not in top]
        for attribute in ("_source_path", "_srcdir", "_path"):
            where = getattr(finder, attribute, None)
            if isinstance(where, str):
                found.append((attribute, where + "/."))
    return found
print("\n" + %r + json.dumps({
    "executable": sys.executable, "version": list(sys.version_info[:3]), "pytest": version(), "prefix": sys.prefix,
    "base_prefix": getattr(sys, "base_prefix", sys.prefix), "path": [each for each in sys.path if each], "editable": editable()}))
""" % (_MARK,)  # noqa: UP031 - the program is full of braces


def interrogate(executable: Path, source: str) -> Interpreter:
    """What the interpreter reports about itself.

    Raises CannotRunTestsError: `broken-interpreter`, `old-interpreter`, `no-pytest`, `old-pytest`.
    """
    answer = _answer(executable, source)
    interpreter = Interpreter(
        executable=executable,
        version=(answer["version"][0], answer["version"][1], answer["version"][2]),
        pytest_version=answer["pytest"],
        source=source,
        prefix=Path(answer["prefix"]),
        base_prefix=Path(answer["base_prefix"]),
        sys_path=tuple(answer["path"]),
        editable_roots=tuple((name, where) for name, where in answer["editable"]),
    )
    _require_supported(interpreter)
    return replace(interpreter, executable=_itself(executable, answer["executable"]))


def _itself(executable: Path, reported: str) -> Path:
    """The interpreter behind a script such as pyenv's: what the script looks up is not visible in a sandbox."""
    try:
        with executable.open("rb") as file:
            is_script = file.read(2) == b"#!"
    except OSError:
        return executable
    return Path(reported) if is_script and reported else executable


def _answer(executable: Path, source: str) -> dict[str, Any]:
    environ = {key: value for key, value in os.environ.items() if key not in {"PYTHONSTARTUP", "PYTHONINSPECT"}}
    try:
        done = subprocess.run(
            [str(executable), "-c", _QUESTION],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
            env=environ,
            cwd=os.sep,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _broken(executable, source, str(error)) from error
    for line in reversed(done.stdout.decode("utf-8", "replace").splitlines()):
        if line.startswith(_MARK):
            answer: dict[str, Any] = json.loads(line[len(_MARK) :])
            return answer
    words = done.stderr.decode("utf-8", "replace").strip().splitlines() or [f"exit status {done.returncode}"]
    raise _broken(executable, source, words[-1])


def _broken(executable: Path, source: str, why: str) -> CannotRunTestsError:
    return CannotRunTestsError(
        "broken-interpreter",
        f"the interpreter {executable} (chosen by {source}) does not work: {why}",
        "choose another with --python EXE",
    )


def _require_supported(interpreter: Interpreter) -> None:
    named, install = (
        f"{interpreter.executable} (chosen by {interpreter.source})",
        f"{interpreter.executable} -m pip install",
    )
    if interpreter.version[:2] < _OLDEST_PYTHON:
        message = f"{named} is Python {'.'.join(map(str, interpreter.version))}; Python 3.9 or later is required"
        raise CannotRunTestsError("old-interpreter", message, "choose another with --python EXE")
    if not interpreter.pytest_version:
        raise CannotRunTestsError("no-pytest", f"pytest is not installed in {named}", f"install it: {install} pytest")
    if int(interpreter.pytest_version.split(".", 1)[0]) < _OLDEST_PYTEST:
        message = f"{named} has pytest {interpreter.pytest_version}; pytest 7 or later is required"
        raise CannotRunTestsError("old-pytest", message, f"upgrade it: {install} -U pytest")
