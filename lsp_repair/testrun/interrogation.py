"""Asking an interpreter about itself, without importing anything heavy in it."""

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

from lsp_repair.domain.projects import Interpreter
from lsp_repair.errors import CannotRunTestsError

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
