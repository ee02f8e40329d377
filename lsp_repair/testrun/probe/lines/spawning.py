"""Every way in which this process starts a program: each gets a folder on PYTHONPATH, so that it can be followed if it is Python.

Only what the program is given differs; `os.environ` and the mappings of the caller stay as they are.
"""

from __future__ import annotations

import _posixsubprocess
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Callable, Optional

_PATH = "PYTHONPATH"
_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh"})


class Spawning:
    """`folder` gives what comes first on PYTHONPATH, empty where nothing is to be followed; `started` is told of each program.

    The process id is None where it is not known.
    """

    def __init__(self, folder: Callable[[], str], started: Callable[[Optional[int], str], None]) -> None:
        self._folder = folder
        self._started = started

    def install(self) -> None:
        """For as long as this process lives."""
        self._fork_exec: Callable[..., int] = _posixsubprocess.fork_exec
        _posixsubprocess.fork_exec = self._forking
        subprocess: Any = sys.modules.get("subprocess")
        if hasattr(subprocess, "_fork_exec"):  # since Python 3.11
            subprocess._fork_exec = self._forking
        for name in ("posix_spawn", "posix_spawnp"):
            if hasattr(os, name):
                setattr(os, name, self._posix_spawning(getattr(os, name)))
        os.execve = self._executing_in(os.execve)
        os.execv = self._executing(os.execv)
        os.system = self._shell(os.system)

    def _forking(self, *given: Any) -> int:
        folder = self._folder()
        if not folder:
            return self._fork_exec(*given)
        if given[5] is None:
            with _Inherited(folder):
                pid = self._fork_exec(*given)
        else:
            pid = self._fork_exec(*given[:5], _listed(given[5], folder), *given[6:])
        self._started(pid, program(given[0]))
        return pid

    def _posix_spawning(self, real: Callable[..., int]) -> Callable[..., int]:
        def posix_spawn(path: Any, argv: Any, env: Any, **options: Any) -> int:
            folder = self._folder()
            if not folder:
                return real(path, argv, env, **options)
            with _Inherited(folder):
                pid = real(path, argv, env if env is None else _mapped(env, folder), **options)
            self._started(pid, program(argv))
            return pid

        return posix_spawn

    def _executing_in(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def execve(path: Any, argv: Any, env: Any) -> Any:
            folder = self._folder()
            if folder:
                self._started(os.getpid(), program(argv))
                env = _mapped(env, folder)
            return real(path, argv, env)

        return execve

    def _executing(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def execv(path: Any, argv: Any, /) -> Any:
            folder = self._folder()
            if not folder:
                return real(path, argv)
            self._started(os.getpid(), program(argv))
            with _Inherited(folder):
                return real(path, argv)

        return execv

    def _shell(self, real: Callable[..., int]) -> Callable[..., int]:
        def system(command: Any) -> int:
            folder = self._folder()
            if not folder:
                return real(command)
            self._started(None, program(["sh", "-c", command]))
            with _Inherited(folder):
                return real(command)

        return system


class _Inherited:
    """Meanwhile programs inherit the folder on PYTHONPATH, which `os.environ` does not show."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def __enter__(self) -> None:
        self._before = os.environ.get(_PATH)
        os.putenv(_PATH, _first(self._folder, self._before))

    def __exit__(self, *exc: object) -> None:
        if self._before is None:
            os.unsetenv(_PATH)
        else:
            os.putenv(_PATH, self._before)


def _first(folder: str, path: Optional[str]) -> str:
    return folder if path is None else folder + os.pathsep + path


def _listed(env: Sequence[bytes], folder: str) -> list[bytes]:
    start = os.fsencode(_PATH) + b"="
    before = next((os.fsdecode(each[len(start) :]) for each in env if each.startswith(start)), None)
    return [*(each for each in env if not each.startswith(start)), start + os.fsencode(_first(folder, before))]


def _mapped(env: Mapping[Any, Any], folder: str) -> dict[Any, Any]:
    given = dict(env)
    before = given.pop(_PATH, None)
    if before is None:
        before = given.pop(os.fsencode(_PATH), None)
    given[_PATH] = _first(folder, None if before is None else os.fsdecode(before))
    return given


def program(argv: Sequence[Any]) -> str:
    """The program that an argument list starts; of a shell's command its first word."""
    try:
        words = [os.fsdecode(each) for each in argv]
    except TypeError:
        return ""
    is_shell = len(words) > 2 and os.path.basename(words[0]) in _SHELLS and words[1] == "-c"
    named = words[2].split()[:1] if is_shell else words[:1]
    return named[0] if named else ""
