"""A failure in words for models: error, expected and got, where it was raised and how it came there."""

from collections.abc import Callable

from lsp_repair.domain.runs import Failure, Frame

_VALUE = 300
"""Characters of a value, as in the paper on self-repair."""
_MAX_LOCALS = 6
_MAX_FRAMES = 8


def described(failure: Failure, clean: Callable[[str], str] = str) -> str:
    """A failure as models are told it: missing name, error, or wrong answer; every value cut.

    `clean` takes secrets out before anything is cut: half a token is not recognised any more.
    """
    lines = [
        f"{failure.error_type}: {clean(failure.message.strip())[:_VALUE]}" if failure.message else failure.error_type
    ]
    if failure.comparison is not None:
        lines = [
            failure.error_type,
            f"expected: {clean(failure.comparison.expected)[:_VALUE]}",
            f"got: {clean(failure.comparison.actual)[:_VALUE]}",
        ]
    frame = failure.innermost_project_frame
    if frame is not None and failure.phase != "collect":
        values = ", ".join(f"{name}={clean(value)[:60]}" for name, value in frame.locals[:_MAX_LOCALS])
        lines.append(f"at {_place(frame)}" + (f" with {values[:_VALUE]}" if values else ""))
        callers = [each for each in failure.frames if each.in_project and each is not frame]
        lines += [f"called from {_place(each)}" for each in reversed(callers[-_MAX_FRAMES:])]
    return "\n".join(lines)


def _place(frame: Frame) -> str:
    return f"{frame.path}:{frame.line} in {frame.function}"


def with_source(told: str, failure: Failure, read: Callable[[str], bytes | None]) -> str:
    """The description with the line that raised, where it may be shown."""
    frame = failure.innermost_project_frame
    data = read(frame.path) if frame is not None else None
    if frame is None or data is None:
        return told
    lines = data.decode("utf-8", "replace").splitlines()
    line = lines[frame.line - 1].strip() if 0 < frame.line <= len(lines) else ""
    return f"{told}\nthat line: {line[:_VALUE]}" if line else told
