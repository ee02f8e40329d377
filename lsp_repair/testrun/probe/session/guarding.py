"""Which patched files reach for frames, code or all objects while tests run, however the access is spelled.

An audit hook sees every such access before it happens, and no code can remove the hook. Findings are reported at once over
a channel that no attribute leads to, so that nothing reached afterwards can take them back.
"""

from __future__ import annotations

import os
import sys
from _thread import get_ident
from collections.abc import Mapping, Sequence
from types import CodeType, FrameType
from typing import Any, Callable, Optional

_FRAMES = {"tb_frame", "gi_frame", "cr_frame", "ag_frame"}
_CODES = {"gi_code", "cr_code", "ag_code", "__code__"}
_ATTRIBUTES = {"object.__getattr__", "object.__setattr__", "object.__delattr__"}
_OBJECTS = {
    "gc.get_objects": "get_objects",
    "gc.get_referents": "get_referents",
    "gc.get_referrers": "get_referrers",
    "sys._current_exceptions": "_current_exceptions",
    "sys._current_frames": "_current_frames",
}
_CALLS = {
    "code.__new__": "CodeType",
    "compile": "compile",
    "marshal.loads": "marshal",
    "sys._getframe": "_getframe",
    "sys.addaudithook": "addaudithook",
    "sys.monitoring.register_callback": "register_callback",
    "sys.setprofile": "setprofile",
    "sys.settrace": "settrace",
}
_HELPED = {*_FRAMES, *_CODES, *_OBJECTS.values()}
"""What a helper of the standard library or of a package can reach for on behalf of its caller."""
_INSTALLED = os.sep + "site-packages" + os.sep
NAMES = frozenset({*_FRAMES, *_CODES, *_OBJECTS.values(), *_CALLS.values()})
"""What a record can say was reached for."""

_LENDERS = frozenset(
    {
        *("currentframe", "<lambda>", "stack", "trace", "getouterframes", "getinnerframes", "getframeinfo"),
        *("walk_tb", "walk_stack", "_task_get_stack"),
        *("getgeneratorlocals", "getcoroutinelocals", "getasyncgenlocals"),
    }
)
"""Functions of the standard library that give their caller what they reach for."""

Emit = Callable[[dict[str, Any]], None]
identity = object.__hash__
"""`id` raises an audit event at each call."""


def guard(root: str, files: Mapping[str, Sequence[str]], emit: Emit) -> None:
    """Report once for each of `files` (relative to the root) what it reaches for, except the names listed with it.

    A forked child cannot report: there the access fails.
    """
    sys.addaudithook(_hook(_teller(_Patched(root, files), emit)))


class _Patched:
    """The patched files, and which of them stands behind a frame that reaches for something."""

    def __init__(self, root: str, files: Mapping[str, Sequence[str]]) -> None:
        self._inside = root + os.sep
        self._standard = os.path.dirname(os.__file__) + os.sep
        self._thread = get_ident()
        self.free: dict[tuple[str, int], CodeType] = {}
        """Code that is known to reach for a name for its own purposes."""
        self._files: dict[str, tuple[str, frozenset[str]]] = {}
        for path, names in files.items():
            file = os.path.join(root, *path.split("/"))
            self._files[file] = self._files[os.path.realpath(file)] = path, frozenset(names)

    def behind(self, frame: FrameType, name: str) -> Optional[str]:
        """The path of the file that is responsible; empty where it must be one of them but is unknown, None where none is.

        Code of a file that spells the name acts for itself. Otherwise the name was composed while the tests ran, and the
        project's nearest code is responsible. Honest code finds no frames that way, whoever asks.
        """
        code = frame.f_code
        path = code.co_filename
        if path in self._files:
            return self._news(path, name)
        if self._lends(code):
            caller = frame.f_back
            return self.behind(caller, name) if caller is not None and self._borrows(caller.f_code) else None
        is_text = _is_made_up(path)
        if not is_text and (name not in _HELPED or _spells(code, name)):
            self.free[name, identity(code)] = code
            return None
        path = self._nearest(frame.f_back)
        if path in self._files:
            return self._news(path, name)
        is_strange = not path and (is_text or get_ident() != self._thread)
        return "" if is_strange or (name in _FRAMES and not _spells(code, name)) else None

    def _news(self, path: str, name: str) -> Optional[str]:
        known, used = self._files[path]
        return None if name in used else known

    def _lends(self, code: CodeType) -> bool:
        return code.co_name in _LENDERS and code.co_filename.startswith(self._standard)

    def _borrows(self, code: CodeType) -> bool:
        return code.co_filename in self._files or _is_made_up(code.co_filename) or self._lends(code)

    def _nearest(self, frame: Optional[FrameType]) -> str:
        while frame is not None:
            path = frame.f_code.co_filename
            if path in self._files or (path.startswith(self._inside) and _INSTALLED not in path):
                return path
            frame = frame.f_back
        return ""


def _teller(patched: _Patched, emit: Emit) -> Callable[[str], None]:
    """What reports who reaches for a name; all it needs is bound before the user's code is imported."""
    this_frame, getpid, owner = sys._getframe, os.getpid, os.getpid()  # pyright: ignore[reportPrivateUsage] - the caller of an audit event has no other name
    behind, free, address = patched.behind, patched.free, identity
    reported: set[tuple[str, str]] = set()

    def reached(name: str) -> None:
        frame: Any = this_frame()  # of this function, whose caller is the hook
        frame = frame.f_back.f_back
        if frame is None or (name, address(frame.f_code)) in free:
            return
        path = behind(frame, name)
        if path is None:
            return
        if getpid() != owner:
            raise RuntimeError(name)
        if (path, name) not in reported:
            reported.add((path, name))
            # No `ReachedFor`: the code that is reported here could change the class.
            emit({"kind": "reached-for", "path": path, "name": name})

    return reached


def _hook(reached: Callable[[str], None]) -> Callable[[str, tuple[Any, ...]], None]:
    """Looking at the frame that reaches is an audit event too, and our own."""
    names, watched, own = {**_OBJECTS, **_CALLS, **dict.fromkeys(_ATTRIBUTES, "")}, NAMES, globals()

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in names:
            return
        name = names[event] or arguments[1]
        if name == "_getframe":
            if arguments[0].f_globals is not own:
                reached(name)
        elif name in watched and (name != "compile" or not _is_made_up(arguments[1])):
            reached(name)

    return hook


def _is_made_up(path: object) -> bool:
    """Whether code under this name comes from no file: a text that was executed."""
    return type(path) is str and path.startswith("<") and not path.startswith("<frozen ")


def _spells(code: CodeType, name: str) -> bool:
    """Whether the name stands in the code as such."""
    if name in code.co_names:
        return True
    return any(each == name or (type(each) is tuple and name in each) for each in code.co_consts)
