"""Which files a repair may touch: the product's code, never what decides outcomes."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from lsp_repair.domain.runs import TestRun

_TEST_FOLDER = re.compile(r"(^|[_-])test(s|ing|cases?|suite)?($|[_-])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Editable:
    """Decides by path (relative to the root)."""

    oracle_paths: frozenset[str]
    test_folders: frozenset[str]
    ignored: tuple[str, ...] = ()

    def __call__(self, path: str) -> bool:
        """Whether a repair may change this file."""
        pure = PurePosixPath(path)
        if pure.is_absolute() or ".." in pure.parts or pure.suffix != ".py" or path in self.oracle_paths:
            return False
        if pure.name in {"conftest.py", "setup.py", "noxfile.py", "sitecustomize.py", "usercustomize.py"}:
            return False
        if any(pure.match(pattern) for pattern in self.ignored):
            return False
        return not any(str(parent) in self.test_folders for parent in pure.parents)


def editable_files(run: TestRun, ignored: Iterable[str] = ()) -> Editable:
    """From what was collected: test files, configuration, and the helpers that live in a folder of tests."""
    oracle = set(run.oracle_paths)
    folders: set[str] = set()
    for path in oracle:
        folders |= {str(parent) for parent in PurePosixPath(path).parents if _TEST_FOLDER.search(parent.name)}
    return Editable(frozenset(oracle), frozenset(folders), tuple(ignored))
