"""Files that pytest could not collect: which ones, why, and what usually mends it."""

from collections.abc import Iterator
from pathlib import Path

from lsp_repair.domain.events import CollectionError
from lsp_repair.domain.runs import Failure, TestRun
from lsp_repair.repair.missing_modules import missing_module

SAME_NAME = (
    "two test files have the same name: give each folder an `__init__.py`, rename one of them, or set pytest's "
    "`--import-mode=importlib`; a stale `__pycache__` has the same effect"
)
"""The usual cures of https://docs.pytest.org/en/stable/explanation/pythonpath.html"""


def is_name_clash(failure: Failure) -> bool:
    """Whether pytest found another file under the name of this one."""
    return failure.error_type == "ImportPathMismatchError"


def collection_errors(run: TestRun, root: Path, home: Path, python: Path) -> Iterator[CollectionError]:
    """All files of a run that were not collected; `root` is the copy of `home` that ran."""
    for result in run.failing:
        failure = result.failure
        if failure is not None and failure.while_collecting:
            first_line = next(iter(failure.message.strip().splitlines()), "")
            error = f"{failure.error_type}: {first_line}".replace(f"{home}/", "")
            yield CollectionError(result.node_id, error, _advice(failure, root, python))


def _advice(failure: Failure, root: Path, python: Path) -> str:
    if is_name_clash(failure):
        return SAME_NAME
    missing = missing_module(failure, root, python)
    return f"it needs {missing}" if missing is not None else ""
