"""The facts about an exception, as plain data: type, message, frames with locals, the two sides of a comparison."""

from __future__ import annotations

import os
import reprlib
from collections.abc import Sequence
from types import FrameType, TracebackType
from typing import Any, Optional

from .run_records import ReportedFailure, ReportedFrame, Sides

CAP = 300
"""Characters kept of any value or message line (the figure of Olausson et al., arXiv 2306.09896)."""
_MESSAGE_CAP = 4000
_FRAMES_WITH_LOCALS = 6
_LOCALS_PER_FRAME = 24


class _Capped(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = CAP
        self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdeque = self.maxdict = 20
        self.maxlevel = 4


def shown(value: object) -> str:
    """A capped repr that never raises."""
    try:
        text = _Capped().repr(value)
    except Exception:  # noqa: BLE001 - a broken __repr__ of the user's must not lose the failure
        return "<" + type(value).__name__ + " whose repr fails>"
    return text if len(text) <= CAP else text[: CAP - 1] + "…"


def failure_of(error: BaseException, root: str, comparison: Optional[Sides]) -> ReportedFailure:
    """The failure that an exception is; `comparison` counts only for assertion errors."""
    frames = _frames(error.__traceback__)
    is_assertion = isinstance(error, AssertionError)
    if is_assertion and comparison is None:
        comparison = _unittest_sides(frames)
    return ReportedFailure(
        type(error).__name__,
        _message(error),
        _described(frames, root),
        comparison if is_assertion else None,
        _missing(error),
        _owner(error),
    )


def _message(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - the same for a broken __str__
        text = ""
    return text[:_MESSAGE_CAP]


def _missing(error: BaseException) -> Optional[str]:
    if isinstance(error, KeyError) and error.args:
        return shown(error.args[0])
    if isinstance(error, ImportError):
        return error.name
    name = getattr(error, "name", None) if isinstance(error, (NameError, AttributeError)) else None
    return name if isinstance(name, str) else None


def _owner(error: BaseException) -> Optional[str]:
    if not isinstance(error, AttributeError) or not hasattr(error, "obj"):
        return None
    owner = error.obj
    return owner.__name__ if isinstance(owner, type) else type(owner).__name__


def _frames(traceback: Optional[TracebackType]) -> list[tuple[FrameType, int]]:
    frames: list[tuple[FrameType, int]] = []
    while traceback is not None:
        frames.append((traceback.tb_frame, traceback.tb_lineno or 0))
        traceback = traceback.tb_next
    return frames


def _unittest_sides(frames: list[tuple[FrameType, int]]) -> Optional[Sides]:
    for frame, _ in reversed(frames):
        if frame.f_globals.get("__name__") == "unittest.case" and {"first", "second"} <= set(frame.f_locals):
            operator = "!=" if "NotEqual" in frame.f_code.co_name else "=="
            sides = frame.f_locals
            return Sides(operator, shown(sides["first"]), shown(sides["second"]))
    return None


def is_hidden(frame: FrameType) -> bool:
    """Whether a frame belongs to pytest and its machinery, not to the user's code."""
    name = frame.f_globals.get("__name__") or ""
    top = str(name).split(".", 1)[0]
    return top in {"_pytest", "pluggy", "pytest", "_lsp_repair_probe", "importlib"}


def _described(frames: list[tuple[FrameType, int]], root: str) -> list[ReportedFrame]:
    visible = [(frame, line) for frame, line in frames if not is_hidden(frame)]
    inside = [entry for entry in visible if entry[0].f_code.co_filename.startswith(root + os.sep)]
    with_locals = {id(frame) for frame, _ in inside[-_FRAMES_WITH_LOCALS:]}
    visible = visible[:20] + visible[-20:] if len(visible) > 40 else visible
    return [_frame(frame, line, root, with_locals=id(frame) in with_locals) for frame, line in visible]


def _frame(frame: FrameType, line: int, root: str, *, with_locals: bool) -> ReportedFrame:
    code = frame.f_code
    return frame_in(code.co_filename, line, code.co_name, root, _locals(frame) if with_locals else [])


def frame_in(path: str, line: int, function: str, root: str, names: Sequence[tuple[str, str]] = ()) -> ReportedFrame:
    """A frame at an absolute path, with the local names that are shown."""
    return ReportedFrame(relative(path, root), line, function, path.startswith(root + os.sep), names)


def _locals(frame: FrameType) -> list[tuple[str, str]]:
    names = [name for name in frame.f_locals if not name.startswith(("__", "@"))][:_LOCALS_PER_FRAME]
    return [(name, shown(frame.f_locals[name])) for name in names]


def relative(path: str, root: str) -> str:
    """`path` relative to `root` with `/` where it lies in it, unchanged elsewhere."""
    return path[len(root) + 1 :].replace(os.sep, "/") if path.startswith(root + os.sep) else path


def unwrapped(error: BaseException) -> BaseException:
    """The one exception inside exception groups that hold nothing else."""
    inner: Any = getattr(error, "exceptions", ())
    while len(inner) == 1:
        error = inner[0]
        inner = getattr(error, "exceptions", ())
    return error


def doctest_failure(error: BaseException, root: str) -> Optional[ReportedFailure]:
    """The failure of an example, None for any other error."""
    failures = getattr(error, "failures", None)
    first: Any = failures[0] if failures else error
    example, test = getattr(first, "example", None), getattr(first, "test", None)
    if example is None or test is None:
        return None
    frame = frame_in(str(test.filename), (test.lineno or 0) + example.lineno + 1, "<doctest>", root)
    if getattr(first, "exc_info", None) is not None:
        failure = failure_of(first.exc_info[1], root, None)
        failure.frames.insert(0, frame)
        return failure
    got, requested = str(getattr(first, "got", "")).rstrip("\n"), example.want.rstrip("\n")
    message = f"{example.source.strip()} gave {got!r} instead of {requested!r}"[:4000]
    return ReportedFailure("DocTestFailure", message, [frame], Sides("==", got[:300], requested[:300]))
