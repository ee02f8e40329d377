"""While an assertion that failed is put into words, no line is recorded: `__repr__` and comparison helpers run for that."""

from __future__ import annotations

import unittest.case
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Callable

from _pytest.assertion import rewrite

from ..lines.recorder import Recorder

_PLACES: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (rewrite, ("_saferepr", "_call_reprcompare", "_format_assertmsg", "_should_repr_global_name")),
    (unittest.case, ("safe_repr", "_common_shorten_repr")),
)
"""What rewritten assertions and those of unittest call in order to explain."""


@contextmanager
def explaining_paused(recorder: Recorder) -> Iterator[None]:
    """Pause the recorder in all of these."""
    with ExitStack() as undone:
        for module, names in _PLACES:
            for name in names:
                real = getattr(module, name, None)
                if real is not None:
                    undone.callback(setattr, module, name, real)
                    setattr(module, name, _pausing(recorder, real))
        yield


def _pausing(recorder: Recorder, real: Callable[..., Any]) -> Callable[..., Any]:
    def explained(*args: Any, **kwargs: Any) -> Any:
        with recorder.paused():
            return real(*args, **kwargs)

    return explained
