"""A pytest plugin: which functions a run executed, and the innermost frame of each failure; written as JSON.

Loaded with `-p executed_functions`; `EXECUTED_FUNCTIONS` names the file. It sees which functions are entered (only calls are
traced, so that a suite is not slowed by its lines); the top level of modules and classes counts as no function.
"""

import json
import os
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

_ROOT = str(Path.cwd().resolve()) + os.sep
_entered: set[tuple[str, int, str]] = set()
_frames: dict[str, tuple[str, int]] = {}


def _trace(frame: FrameType, event: str, _argument: object) -> None:
    code = frame.f_code
    if event == "call" and code.co_filename.startswith(_ROOT):
        _entered.add((code.co_filename, code.co_firstlineno, code.co_name))


def pytest_exception_interact(node: Any, call: Any) -> None:
    """Keep where a test failed: the innermost frame of the project that is not of a test file, else of one."""
    entries = [(str(each.path), each.lineno + 1) for each in call.excinfo.traceback]
    inside = [each for each in entries if each[0].startswith(_ROOT) and "site-packages" not in each[0]]
    if inside and node.nodeid not in _frames:
        own = [each for each in inside if not _is_test(Path(each[0]).relative_to(_ROOT))]
        path, line = (own or inside)[-1]
        _frames[node.nodeid] = (path.removeprefix(_ROOT), line)


def _is_test(path: Path) -> bool:
    return path.name.startswith(("test_", "conftest")) or path.stem.endswith("_test") or "test" in path.parts[0]


def pytest_sessionfinish() -> None:
    """Write what was seen."""
    sys.settrace(None)
    functions = sorted((path.removeprefix(_ROOT), line) for path, line, name in _entered if not name.startswith("<"))
    Path(os.environ["EXECUTED_FUNCTIONS"]).write_text(json.dumps({"functions": functions, "frames": _frames}), "utf-8")


sys.settrace(_trace)
threading.settrace(_trace)
