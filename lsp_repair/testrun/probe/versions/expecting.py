"""An expression of the user's that has to be true of the code."""

from __future__ import annotations

import sys
from collections import ChainMap
from collections.abc import Collection, Sequence
from types import CodeType, FrameType
from typing import Any, Optional

from .. import limits
from ..replay.lazy_results import driven
from ..replay.outside import Outside, TouchedOutsideError
from .wording import error_text, one_line

_SECONDS = 2.0


class Called:
    """Notices whether a function that stands where one of these does is called; a profiler that is never changed within, which is refused there."""

    def __init__(self, codes: Collection[CodeType]) -> None:
        self._places = {(code.co_filename, code.co_firstlineno, code.co_name) for code in codes}
        self.any = False

    def __enter__(self) -> Called:
        sys.setprofile(self._event)
        return self

    def __exit__(self, *exc: object) -> None:
        sys.setprofile(None)

    def _event(self, frame: FrameType, event: str, argument: object) -> None:
        self.any = self.any or (event == "call" and self._is_one(frame.f_code))

    def _is_one(self, code: CodeType) -> bool:
        return (code.co_filename, code.co_firstlineno, code.co_name) in self._places


def expected(expression: str, files: Sequence[str]) -> tuple[bool, Optional[str]]:
    """Whether it is true, or what it raised; names are looked up in the modules of these files, then in the built-in ones."""
    loaded = {getattr(module, "__file__", None): module for module in list(sys.modules.values())}
    names: ChainMap[str, Any] = ChainMap({}, *(vars(loaded[file]) for file in files if file in loaded))
    outside = Outside()
    try:
        with outside.refused(), limits.cpu_limit(_SECONDS):
            code = compile(expression.strip(), "<expectation>", "eval")
            holds = bool(driven(eval(code, {}, names)))  # noqa: S307 - the user wrote it, and it runs in the sandbox
    except TouchedOutsideError as touched:
        return False, one_line(f"it reaches outside of the process ({touched})")
    except limits.TestTimeout:
        return False, "it does not end"
    except BaseException as error:  # noqa: BLE001 - the error is the outcome
        return False, one_line(error_text(error).removeprefix("raises "))
    return holds, None
